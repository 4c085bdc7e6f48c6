"""Show records of the audit log in the terminal."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from assistant.cli.options import Invocation
from assistant.console.json_output import shaped
from assistant.errors import UsageError

if TYPE_CHECKING:
    from assistant.audit import Record

_WIDEST = 160


@dataclass(frozen=True, slots=True)
class Filter:
    """Which records are wanted; times as a person types them, "" for no limit."""

    actions: tuple[str, ...]
    since: str
    until: str
    last: int | None

    def choose(self, records: Iterator[Record]) -> list[Record]:
        """Return the wanted records, in order. Raises `UsageError` for a time that is none."""
        since, until = _moment(self.since), _moment(self.until)
        chosen: deque[Record] = deque(maxlen=self.last)
        for record in records:
            if self.actions and record.action not in self.actions:
                continue
            if (since and record.when < since) or (until and record.when >= until):
                continue
            chosen.append(record)
        return list(chosen)


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"'{text}' is no time.", hint="Write it as 2026-11-21 or 2026-11-21T16:30 (UTC)."
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def show_records(invocation: Invocation, secret: bytes | None, chosen: Filter) -> str:
    """Show what is chosen; return why the log could not be read on, "" if it could.

    Without `secret` the seals are not checked.
    """
    from assistant.audit import AuditKeys, LogReader

    output, settings = invocation.output, invocation.settings
    log = LogReader(settings.audit_path, AuditKeys(secret) if secret else None)
    records = chosen.choose(log.records())
    bad = log.bad
    if output.as_json:
        from assistant.cli.audit.audit_schema import AuditRecordJson, AuditShowJson

        shown = [shaped(AuditRecordJson, record) for record in records]
        output.json(AuditShowJson(settings.library, shown, bad))
        return bad
    rows = [[str(r.seq), r.time[:19], r.action, _said(r)] for r in records]
    output.table(["record", "time (UTC)", "action", "what"], rows, right=frozenset({0}))
    if bad:
        output.note(("bad ", "bold red"), bad)
    return bad


def _said(record: Record) -> str:
    parts = [] if record.sealed else ["(not sealed)"]
    for name, value in record.fields.items():
        text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        parts.append(f"{name}={text}")
    line = " ".join(parts)
    return line if len(line) <= _WIDEST else f"{line[:_WIDEST]}..."
