"""Tell which of two versions of a document is the older one, and by what."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.types import DocumentRecord

_OLD = re.compile(
    r"(?<![^\W_])(?:old|older|archived?|superseded|obsolete|outdated|previous|former|draft|backup)"
    r"(?![^\W_])",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_VERSION = re.compile(
    r"(?<![^\W_])(?:v|ver|version|rev|revision|no)?[ ._-]?(\d{1,3}(?:\.\d{1,3})*)(?!\d)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Ages:
    """Two documents, the older one first, and what told them apart."""

    older: DocumentRecord
    newer: DocumentRecord
    told_by: str


def by_age(one: DocumentRecord, other: DocumentRecord) -> Ages:
    """Put the older of two documents first.

    By a word in one of their names ("old", "draft"), their own days, a year in their names, a
    version's number in them, and if nothing else tells, by when they were added.
    """
    for told_by, keys in (
        ("its name", [not _OLD.search(r.name) for r in (one, other)]),
        (
            "the documents' dates",
            [r.dated if one.dated and other.dated else "" for r in (one, other)],
        ),
        ("the years in their names", _years(one, other)),
        ("the numbers in their names", [_version(r.name) for r in (one, other)]),
        ("when they were added", [(r.added_at, r.id) for r in (one, other)]),
    ):
        if keys[0] != keys[1]:
            first = keys[0] < keys[1]  # type: ignore[operator]
            return Ages(one, other, told_by) if first else Ages(other, one, told_by)
    return Ages(one, other, "nothing")


def _dates(one: DocumentRecord, other: DocumentRecord) -> list[str]:
    return [one.dated, other.dated] if one.dated and other.dated else ["", ""]


def _years(one: DocumentRecord, other: DocumentRecord) -> list[int]:
    """Return the years in two names; one that has none is as new as the day it was added."""
    found = [[int(year) for year in _YEAR.findall(r.name)] for r in (one, other)]
    if not any(found):
        return [0, 0]
    pairs = zip(found, (one, other), strict=True)
    return [max(years) if years else int(record.added_at[:4] or 0) for years, record in pairs]


def _version(name: str) -> tuple[int, ...]:
    plain = _YEAR.sub("", name.rsplit(".", 1)[0])
    numbers = _VERSION.findall(plain)
    return tuple(int(part) for part in numbers[-1].split(".")) if numbers else ()
