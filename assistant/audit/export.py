r"""A signed copy of the log, to be kept where nobody can take it back.

Whoever can open the library could write a whole new history, or put the data folder back to
an earlier day: nothing inside the folder can show that. A copy on removable media can. It is
the log's own lines, and one line more:

    {"export": {"count", "hash", "library", "root", "time"}, "public_key", "signature"}

`hash` is the last record's, which stands for all before it; the signature is Ed25519 over
"airgap audit export 1\n" + the canonical JSON of `export`. The public key is in the first
record too: who noted it down then can check any export without the passphrase.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from assistant.audit.chain import Chain
from assistant.audit.log import AuditLog
from assistant.audit.log_keys import AuditKeys, is_signature
from assistant.audit.log_record import (
    MAX_LINE,
    BadRecordError,
    canonical,
    parse_table,
    timestamp,
)
from assistant.errors import AuditError, UsageError

_DOMAIN = b"airgap audit export 1\n"
_HINT = "Take another copy of the export, or one from before."


@dataclass(frozen=True, slots=True)
class Export:
    """What an export says: `count` records up to the one with `hash`, signed at `time`."""

    path: Path
    count: int
    hash: str
    time: str
    root: str


def write_export(log: AuditLog, target: Path, library: str) -> Export:
    """Record the export, with a fresh root over the pages, and write the copy to `target`.

    `target` is a new file (an empty one is filled), or a folder. Raises `UsageError` for a
    file that holds something, `AuditError` when it can't be written as a whole.
    """
    if target.is_dir():
        target = target / f"{library}-{log.count + 1}.audit-export"
    if target.exists() and target.stat().st_size:
        raise UsageError(
            f"{target} exists.", hint="Older exports are worth keeping: choose another name."
        )
    log.append("export", pages=True)
    count, lines = log.content()
    root = log.root
    last = parse_table(lines.rstrip(b"\n").rpartition(b"\n")[2])
    table = {
        "count": count,
        "hash": last["hash"],
        "library": library,
        "root": root.root if root else "",
        "time": timestamp(datetime.now(UTC)),
    }
    signature = log.keys.sign(_DOMAIN + canonical(table))
    trailer = {"export": table, "public_key": log.keys.public_key, "signature": signature}
    _write(target, lines + canonical(trailer) + b"\n")
    return Export(target, count, table["hash"], table["time"], table["root"])


def _write(target: Path, content: bytes) -> None:
    try:
        with target.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        whole = target.read_bytes() == content
    except OSError as error:
        raise _unwritten(target, error.strerror or type(error).__name__) from error
    if not whole:
        raise _unwritten(target, "it reads back differently")


def _unwritten(target: Path, reason: str) -> AuditError:
    return AuditError(
        f"The export {target} can't be written: {reason}.",
        hint="Check the medium and its room, then try again with another name.",
    )


def read_export(path: Path, keys: AuditKeys) -> tuple[Export, list[bytes]]:
    """Check an export of this library and return its lines. Raises `AuditError`."""
    try:
        with path.open("rb") as file:
            lines = list(_lines(file))
    except OSError as error:
        raise _refused(path, error.strerror or "it can't be read") from error
    try:
        return _checked(path, lines, keys)
    except BadRecordError as error:
        raise _refused(path, str(error)) from None


def _checked(path: Path, lines: list[bytes], keys: AuditKeys) -> tuple[Export, list[bytes]]:
    trailer = parse_table(lines.pop()) if lines else {}
    table = trailer.get("export")
    if trailer.keys() != {"export", "public_key", "signature"} or not isinstance(table, dict):
        raise BadRecordError("its end is missing")
    if trailer["public_key"] != keys.public_key:
        raise BadRecordError("it is of another library, or of a log that was begun anew")
    signature = trailer["signature"]
    content = _DOMAIN + canonical(table)
    if not isinstance(signature, str) or not is_signature(keys.public_key, content, signature):
        raise BadRecordError("its signature is wrong")
    chain = Chain(None)
    for number, line in enumerate(lines):
        try:
            chain.follow(line)
        except BadRecordError as error:
            raise BadRecordError(f"record {number}: {error}") from None
    if (chain.count, chain.hash) != (table.get("count"), table.get("hash")):
        raise BadRecordError("records are missing in it")
    said: dict[str, Any] = table
    return Export(path, chain.count, chain.hash, said["time"], said["root"]), lines


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(MAX_LINE + 1):
        yield line.removesuffix(b"\n")


def _refused(path: Path, reason: str) -> AuditError:
    return AuditError(f"{path} is no sound export of this library's log: {reason}.", hint=_HINT)
