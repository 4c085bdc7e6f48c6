"""Open the log of a store, or begin a new one."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.audit.log import AuditLog
from assistant.audit.log_file import LONGEST_WAIT, OLD_HINT, VERIFY_HINT, Disk, LogFile, refusal
from assistant.audit.log_head import Head
from assistant.audit.log_keys import AuditKeys, new_secret
from assistant.audit.log_record import BadRecordError, timestamp
from assistant.store.audit_state import AuditState


def open_log(
    path: Path,
    state: AuditState,
    *,
    mend: bool = True,
    disk: Disk | None = None,
    longest_wait: float = LONGEST_WAIT,
    **fields: Any,
) -> AuditLog:
    """Open the log of a store, or begin one for a store that has none yet.

    Unless `mend` is false, a change that a killed process left half done is recorded as such,
    and the store taken as it is. `disk` and `longest_wait` are those of `LogFile`; `fields`
    stand in the first record of a new log. Raises `AuditError` when the log is missing, was
    cut or changed near its end, or can't be written, and `StoreError`.
    """
    secret = state.secret()
    fresh = secret is None
    if secret is None:
        if path.exists() and path.stat().st_size:
            raise refusal(path, "it belongs to no library that is here", OLD_HINT)
        secret = new_secret()
        state.begin(secret)
    try:
        file = LogFile(
            path,
            create=fresh or state.head() is None,
            disk=disk,
            longest_wait=longest_wait,
        )
    except FileNotFoundError:
        raise refusal(path, "it is missing", VERIFY_HINT) from None
    log = AuditLog(file, state, AuditKeys(secret))
    try:
        log.start(fresh, mend, **fields)
    except BaseException:
        log.abandon()
        raise
    return log


def restart_log(path: Path, state: AuditState, reason: str) -> AuditLog:
    """Begin anew for a store whose log is missing or spoiled; the old log is kept beside it.

    The new log's first record says which head the store knew, and why it was begun. The
    secret stays, so that the old log can still be checked as far as it is whole.
    """
    secret = state.secret() or new_secret()
    head: Head | None = None
    with suppress(BadRecordError):
        head = Head.read(state.head())
    fields: dict[str, Any] = {"reason": reason}
    if head is not None:
        fields |= {"known_count": head.count, "known_hash": head.hash}
    if path.exists():
        kept = path.with_name(f"{path.name}.{timestamp(datetime.now(UTC)).replace(':', '')}")
        path.rename(kept)
    state.begin(secret)
    return open_log(path, state, **fields)
