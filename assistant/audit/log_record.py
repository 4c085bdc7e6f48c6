r"""One record of the log: its form on disk, its hash and its seal.

A record is one line of canonical JSON (ASCII, keys sorted, no white space) and a newline.
Lines were chosen over length-prefixed blocks because an auditor can read, count and hash them
with standard tools, and because JSON never holds a bare newline: a file that does not end
with one was cut off, and nothing else can look like that.

    hash = SHA-256("airgap audit record 1\n" + the canonical JSON of all but hash and mac)
    mac  = HMAC-SHA256(key, hash), or "" for a record that was written without the key

`prev` is the hash of the record before (64 zeros for the first one).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from assistant.audit.log_keys import AuditKeys

MAX_LINE = 1 << 16
"""Bytes of the longest record, its newline included."""

NO_HASH = "0" * 64
UNSEALED = ""

BEGIN, SEALED, RECOVERED, ALARM, ACCEPTED = "begin", "sealed", "recovered", "alarm", "accepted"

WITHOUT_KEY = frozenset({"unlock-failed", "passphrase", "model", "bundle", "lockdown"})
"""Actions that may happen while the library is locked, so that nobody can seal their record."""

_DOMAIN = b"airgap audit record 1\n"
_KEYS = frozenset({"seq", "time", "session", "action", "fields", "prev", "hash", "mac"})
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}", re.ASCII)
_SESSION = re.compile(r"[0-9a-f]{8}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_WRITER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
_MAX_DEPTH = 5
_MAX_NODES = 4096
_MAX_NUMBER = 2**63


class BadRecordError(Exception):
    """A record that is not what it should be; the message says why, and holds none of it."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record. `fields` say what was done, as `docs/audit.md` lists them for each action."""

    seq: int
    time: str
    session: str
    action: str
    fields: Mapping[str, Any]
    prev: str
    hash: str
    mac: str

    @property
    def sealed(self) -> bool:
        return self.mac != UNSEALED

    @property
    def when(self) -> datetime:
        return datetime.fromisoformat(self.time)


def make_record(body: Mapping[str, Any], keys: AuditKeys | None) -> tuple[Record, bytes]:
    """Complete a record (all but hash and mac) and write it as a line.

    Without `keys` it stays unsealed. Raises `ValueError` for what can't be in a record.
    """
    content = canonical(body)
    digest = hashlib.sha256(_DOMAIN + content).digest()
    mac = UNSEALED if keys is None else keys.seal(digest)
    # The same as writing the whole table anew, in half the time: "hash" and "mac" stand
    # before "prev", and nothing that comes after it can look like it.
    at = content.rindex(b',"prev":')
    added = f',"hash":"{digest.hex()}","mac":"{mac}"'.encode("ascii")
    line = content[:at] + added + content[at:] + b"\n"
    if len(line) > MAX_LINE:
        raise ValueError(f"a record of {len(line)} bytes is too long")
    return Record(**body, hash=digest.hex(), mac=mac), line


def record_hash(body: Mapping[str, Any]) -> bytes:
    """Return the hash of a record's content (a table without hash and mac)."""
    return hashlib.sha256(_DOMAIN + canonical(body)).digest()


def canonical(table: Mapping[str, Any]) -> bytes:
    """Return the one form in which a table is written. Raises `ValueError` for NaN."""
    return _WRITER.encode(table).encode("ascii")


def read_record(line: bytes) -> Record:
    """Read a line without its newline, and check its form and its hash (not its seal).

    Raises `BadRecordError`: the line may hold anything.
    """
    if len(line) >= MAX_LINE:
        raise BadRecordError("it is longer than any record")
    table = parse_table(line)
    if table.keys() != _KEYS:
        raise BadRecordError("it has other parts than a record")
    _check_form(table)
    body = {key: value for key, value in table.items() if key not in ("hash", "mac")}
    if record_hash(body).hex() != table["hash"]:
        raise BadRecordError("its content does not fit its hash")
    return Record(**table)


def parse_table(line: bytes) -> dict[str, Any]:
    """Read a table in canonical form. Raises `BadRecordError`."""
    try:
        table = json.loads(line.decode("ascii"), parse_constant=_no_number, parse_float=_no_number)
        same = isinstance(table, dict) and canonical(table) == line
    except (ValueError, RecursionError, OverflowError):
        raise BadRecordError("it is no record (damaged text)") from None
    if not same:
        raise BadRecordError("it is not written in the one form of a record")
    return dict(table)


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def _check_form(table: dict[str, Any]) -> None:
    texts = (("time", _TIME), ("session", _SESSION), ("action", _NAME), ("prev", _HASH))
    for name, pattern in (*texts, ("hash", _HASH)):
        if not isinstance(table[name], str) or not pattern.fullmatch(table[name]):
            raise BadRecordError(f"its '{name}' is malformed")
    if table["mac"] != UNSEALED and not (
        isinstance(table["mac"], str) and _HASH.fullmatch(table["mac"])
    ):
        raise BadRecordError("its 'mac' is malformed")
    if type(table["seq"]) is not int or not 0 <= table["seq"] < _MAX_NUMBER:
        raise BadRecordError("its 'seq' is malformed")
    try:
        datetime.fromisoformat(table["time"])
    except ValueError:
        raise BadRecordError("its 'time' is malformed") from None
    check_fields(table["fields"])


def check_fields(fields: object) -> None:
    """Refuse fields that are too deep, too many, or no texts, whole numbers and lists.

    Raises `BadRecordError`.
    """
    if not isinstance(fields, dict):
        raise BadRecordError("its 'fields' are malformed")
    left = _MAX_NODES
    pending: list[tuple[Any, int]] = [(fields, 0)]
    while pending:
        value, depth = pending.pop()
        left -= 1
        if left < 0 or depth > _MAX_DEPTH:
            raise BadRecordError("its 'fields' are too many or too deep")
        if isinstance(value, dict):
            if not all(isinstance(key, str) for key in value):
                raise BadRecordError("its 'fields' are malformed")
            pending += [(entry, depth + 1) for entry in value.values()]
        elif isinstance(value, list | tuple):
            pending += [(entry, depth + 1) for entry in value]
        elif not _is_plain(value):
            raise BadRecordError("its 'fields' are malformed")


def _is_plain(value: object) -> bool:
    if isinstance(value, int):  # truth values too
        return abs(value) < _MAX_NUMBER
    return value is None or isinstance(value, str)


def timestamp(moment: datetime) -> str:
    """Write a time as records have it: UTC, with microseconds."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(timespec="microseconds").replace("+00:00", "Z")
