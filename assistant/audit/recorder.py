"""Write to the audit log of the open library, on behalf of the workspace and the store."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from assistant import __version__
from assistant.audit.log import AuditLog
from assistant.audit.open_log import open_log
from assistant.config import Settings
from assistant.errors import AssistantError
from assistant.lockdown import current
from assistant.store import SqliteStore
from assistant.types import DocumentRecord

MOST_LISTED = 100
"""Documents or places that one record names; the count says how many there were."""


class AuditRecorder:
    """The log of the library that a workspace works on. Content-free unless the settings say so.

    `about` gives what else is to stand in the record of the opening, such as the model in use.
    """

    def __init__(
        self, settings: Settings, about: Callable[[], Mapping[str, Any]] | None = None
    ) -> None:
        self._path = settings.audit_path
        self._content = settings.audit_content
        self._about = about or dict
        self.log: AuditLog | None = None

    def attach(self, store: SqliteStore) -> None:
        """Open the log of a store and record that it was opened.

        Raises `AuditError` when there is no log that can be written: the store is then closed.
        """
        try:
            log = open_log(self._path, store.audit, version=__version__)
            try:
                lag: dict[str, Any] = {"lag": log.lag} if log.lag > 0 else {}
                log.append("open", **_who(), **_lock(), **lag, **self._about())
            except BaseException:
                log.abandon()
                raise
        except BaseException:
            store.close()
            raise
        self.log = log

    def close(self) -> None:
        """Record that the library was closed. Safe to repeat."""
        log, self.log = self.log, None
        if log is not None:
            log.close()

    def record(self, action: str, *, pages: bool = False, **fields: Any) -> int:
        """Write a record, if there is a library that has a log; return its number or -1."""
        if fields.get("of") == -1:  # what it is about came before there was a log
            del fields["of"]
        return self.log.append(action, pages=pages, **fields) if self.log else -1

    def identifier(self, kind: str, text: str) -> str:
        return self.log.keys.identifier(kind, text) if self.log else ""

    def named(self, kind: str, text: str) -> dict[str, Any]:
        """Return the fields that stand for a text: its keyed identifier, and no more.

        Only the setting `audit_content` adds the text itself.
        """
        table: dict[str, Any] = {kind: self.identifier(kind, text)}
        if self._content:
            table[f"{kind}_text"] = text[:2000].encode("utf-8", "replace").decode()
        return table

    def document(self, record: DocumentRecord) -> dict[str, Any]:
        table = {"document": record.id, "content": self.identifier("content", record.content_hash)}
        return table | self.named("name", record.name)

    @contextmanager
    def change(self, action: str, *, pages: bool = True, **fields: Any) -> Iterator[dict[str, Any]]:
        """Record a change of the store before and after the block that makes it.

        What the block puts into the dictionary stands in the record of its outcome. Raises
        `AuditError` before the block when the log can't be written, or when the store is not
        as it was left (see `AuditLog.before_write`).
        """
        if self.log is not None:
            self.log.before_write()
        of = self.record(action, phase="intent", **fields)
        done: dict[str, Any] = {}
        with self.outcome(action, of, pages=pages):
            yield done
        self.record(action, of=of, phase="done", pages=pages, **done)

    @contextmanager
    def outcome(self, action: str, of: int, *, pages: bool = False) -> Iterator[None]:
        """Record an error that ends the block, as the outcome of record `of`."""
        try:
            yield
        except AssistantError as error:
            self.record(action, pages=pages, of=of, phase="failed", error=error.code)
            raise


def _who() -> dict[str, Any]:
    user = os.getuid() if hasattr(os, "getuid") else None
    return {"user": user, "process": os.getpid(), "version": __version__}


def _lock() -> dict[str, Any]:
    report = current()
    if report is None:
        return {"lockdown": "none"}
    missing = [*(facility.name for facility in report.missing), *report.failed]
    return {"lockdown": report.tier, "degraded": report.degraded, "missing": missing}
