"""The shapes of `assistant audit ... --json`; see `schema.py` for the rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.audit.verify import Finding, Verdict
from assistant.console.json_output import Document, Shape


class AuditVerifyJson(Document, frozen=True):
    """`records` are right from the first one on, `hash` is that of the last of them.

    `verdict` is the gravest of all findings. `root` is the last root over the library's
    pages ("" if there is none), `pages` how many there were.
    """

    library: str
    verdict: Verdict
    records: int
    hash: str
    root: str
    pages: int
    findings: list[Finding]


class AuditRecordJson(Shape, frozen=True):
    """A record; `sealed` says whether it was written with the library's key."""

    seq: int
    time: str
    session: str
    action: str
    fields: Mapping[str, Any]
    sealed: bool
    hash: str


class AuditShowJson(Document, frozen=True):
    """`bad` says why nothing is shown from that record on ("" if nothing is wrong)."""

    library: str
    records: list[AuditRecordJson]
    bad: str


class AuditExportJson(Document, frozen=True):
    path: str
    records: int
    hash: str
    root: str
    time: str


class AuditAcceptJson(Document, frozen=True):
    """`begun_anew` is true when the log itself had to be begun again."""

    begun_anew: bool
    records: int
