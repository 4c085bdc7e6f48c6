"""The shapes of `assistant audit ... --json`; see `schema.py` for the rules."""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import TypedDict


class AuditFindingJson(TypedDict):
    """Something that a check found; `record` is the number of the record, null if it is none."""

    verdict: Literal["ok", "busy", "interrupted", "tampered"]
    record: int | None
    message: str


class AuditVerifyJson(TypedDict):
    """`records` are right from the first one on, `hash` is that of the last of them.

    `verdict` is the gravest of all findings. `root` is the last root over the library's
    pages ("" if there is none), `pages` how many there were.
    """

    format: int
    library: str
    verdict: Literal["ok", "busy", "interrupted", "tampered"]
    records: int
    hash: str
    root: str
    pages: int
    findings: list[AuditFindingJson]


class AuditRecordJson(TypedDict):
    """A record; `sealed` says whether it was written with the library's key."""

    seq: int
    time: str
    session: str
    action: str
    fields: dict[str, Any]
    sealed: bool
    hash: str


class AuditShowJson(TypedDict):
    """`bad` says why nothing is shown from that record on ("" if nothing is wrong)."""

    format: int
    library: str
    records: list[AuditRecordJson]
    bad: str


class AuditExportJson(TypedDict):
    format: int
    path: str
    records: int
    hash: str
    root: str
    time: str


class AuditAcceptJson(TypedDict):
    """`begun_anew` is true when the log itself had to be begun again."""

    format: int
    begun_anew: bool
    records: int
