"""Records of events while the library is locked, when no key is there to seal them.

They stand in the chain, but without a seal: until the next successful unlock, which seals
them as it finds them, somebody who may write to the data folder can change, add or remove
them. What came before them he can't touch unseen.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.audit.chain import Chain
from assistant.audit.log_file import VERIFY_HINT, LogFile, refusal
from assistant.audit.log_record import (
    MAX_LINE,
    WITHOUT_KEY,
    BadRecordError,
    read_record,
)
from assistant.config import Settings
from assistant.errors import AssistantError


def append_unsealed(path: Path, action: str, **fields: Any) -> None:
    """Record an action for which the library need not be open (see `records.WITHOUT_KEY`).

    Does nothing while there is no log at `path` yet. Raises `AuditError` when the record can't
    be written: then the action must not be carried out.
    """
    if action not in WITHOUT_KEY:
        raise ValueError(f"'{action}' is recorded with the library's key only")
    try:
        file = LogFile(path)
    except FileNotFoundError:
        return
    try:
        with file.locked():
            if file.size() > 0:
                _append(file, action, fields)
    finally:
        file.close()


def _append(file: LogFile, action: str, fields: dict[str, Any]) -> None:
    chain, torn = _end_of(file)
    if torn:
        fields = {**fields, "torn": torn}
    _, line = chain.next(action, fields, secrets.token_hex(4), datetime.now(UTC))
    file.append(line, chain.offset)


def _end_of(file: LogFile) -> tuple[Chain, int]:
    """Return the end of the chain and the bytes of a torn record after it."""
    size = file.size()
    start = max(0, size - 2 * MAX_LINE)
    tail = file.read(start, size - start)
    whole, _, torn = tail.rpartition(b"\n")
    line = whole.rpartition(b"\n")[2]
    try:
        record = read_record(line)
    except BadRecordError as error:
        raise refusal(file.path, f"its last record is spoiled: {error}", VERIFY_HINT) from None
    return Chain(None, record.seq + 1, record.hash, size - len(torn)), len(torn)


@contextmanager
def changing(settings: Settings, action: str, op: str) -> Iterator[dict[str, Any]]:
    """Record a change that concerns every library of the data folder, before and after it.

    What is put into the dictionary given to the block stands in the record of the outcome.
    Raises `AuditError` before the block if a log can't be written.
    """
    _everywhere(settings, action, {"op": op, "phase": "intent"})
    done: dict[str, Any] = {}
    try:
        yield done
    except AssistantError as error:
        _everywhere(settings, action, {"op": op, "phase": "failed", "error": error.code})
        raise
    _everywhere(settings, action, {"op": op, "phase": "done", **done})


def _everywhere(settings: Settings, action: str, fields: dict[str, Any]) -> None:
    for path in sorted(settings.data_dir.glob("*.audit")):
        append_unsealed(path, action, **fields)
