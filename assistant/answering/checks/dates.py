"""Find dates in running text, in any notation, as (year, month, day)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

Day = tuple[int | None, int | None, int | None]
"""(year, month, day); what is not said is None."""

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_NUMBERS = {
    **{name: n for n, name in enumerate(_MONTHS, start=1)},
    **{name[:3]: n for n, name in enumerate(_MONTHS, start=1)},
    "sept": 9,
}
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\b\.?"
)
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>1\d{3}|20\d\d)"
_FORMS = (
    re.compile(rf"\b{_DAY}\s+(?:day\s+of\s+|of\s+)?(?P<month>{_MONTH})(?:,?\s+{_YEAR}\b)?"),
    re.compile(rf"\b(?P<month>{_MONTH})\s+{_DAY}\b(?!\s*%)(?:,?\s+{_YEAR}\b)?"),
    re.compile(rf"\b(?P<month>{_MONTH}),?\s+(?:of\s+)?{_YEAR}\b"),
)
_ISO = re.compile(r"\b(1\d{3}|20\d\d)-(\d{2})-(\d{2})\b")
_NUMERIC = re.compile(r"\b(\d{1,2})([./])(\d{1,2})\2(1\d{3}|20\d\d)\b")


@dataclass(frozen=True, slots=True)
class Date:
    """A date at `start:end` of a text. `5/3/2020` has two readings, all others have one."""

    readings: tuple[Day, ...]
    start: int
    end: int


def find_dates(text: str) -> list[Date]:
    """Return the dates of `text`, in order and not overlapping. A year alone is none."""
    found: list[Date] = []
    for date in sorted(_all(text), key=lambda d: (d.start, -d.end)):
        if not found or date.start >= found[-1].end:
            found.append(date)
    return found


def _all(text: str) -> Iterator[Date]:
    for form in _FORMS:
        for match in form.finditer(text):
            groups = match.groupdict()
            month = _NUMBERS[groups["month"].rstrip(".").lower()]
            day = int(groups["day"]) if groups.get("day") else None
            year = int(groups["year"]) if groups.get("year") else None
            if day is None or 1 <= day <= 31:
                yield Date(((year, month, day),), *match.span())
    for match in _ISO.finditer(text):
        year, month, day = map(int, match.groups())
        if _is_day(month, day):
            yield Date(((year, month, day),), *match.span())
    for match in _NUMERIC.finditer(text):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        pairs = dict.fromkeys([(second, first), (first, second)])
        readings = tuple((year, month, day) for month, day in pairs if _is_day(month, day))
        if readings:
            yield Date(readings, *match.span())


def _is_day(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= 31


def says(given: Date, claimed: Date) -> bool:
    """Tell whether a date that is given holds the claimed one: it may say more, not less."""
    return any(
        all(own is None or own == other for own, other in zip(claim, reading, strict=True))
        for claim in claimed.readings
        for reading in given.readings
    )
