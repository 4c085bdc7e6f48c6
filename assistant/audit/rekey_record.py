"""Keep the log in step with a library that gets a new key, when all its pages are rewritten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from assistant.audit.open_log import open_log
from assistant.config import Settings
from assistant.errors import AssistantError
from assistant.store import StoreKey, open_store


@contextmanager
def rekeying(settings: Settings, old: StoreKey) -> Iterator[Callable[[StoreKey], None]]:
    """Record a rekey before and after; the block calls what it is given with the new key.

    The library must be closed. Raises `AuditError` before the block when the log can't be
    written or the store is not as it was left: then it must not be written anew.

        with rekeying(settings, old) as rekeyed:
            rekeyed(rekey(keys, old, ...))
    """
    new: list[StoreKey] = []
    with open_store(settings.store_path, old, create=False, embedder=None) as store:
        log = open_log(settings.audit_path, store.audit)
        try:
            log.before_write()
            intent = log.append("rekey", phase="intent")
        finally:
            log.abandon()
    try:
        yield new.append
    except AssistantError as error:
        with suppress(AssistantError):
            _end(settings, old, intent, {"phase": "failed", "error": error.code})
        raise
    _end(settings, new[-1], intent, {"phase": "done"})


def _end(settings: Settings, key: StoreKey, intent: int, fields: dict[str, Any]) -> None:
    with open_store(settings.store_path, key, create=False, embedder=None) as store:
        log = open_log(settings.audit_path, store.audit, mend=False)
        try:
            log.append("rekey", pages=True, of=intent, **fields)
        finally:
            log.abandon()
