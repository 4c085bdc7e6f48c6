"""Find dates in running text, in any notation, as (year, month, day)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

Day = tuple[int | None, int | None, int | None]
"""(year, month, day); what is not said is None."""

_ENGLISH = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_OTHERS = """
    januar|jan|janvier|enero februar|februari|f\u00e9vrier|febrero m\u00e4rz|maerz|mars|marzo
    april|avril|abril mai|mayo juni|juin|junio juli|juillet|julio august|ao\u00fbt|agosto
    september|septembre|septiembre oktober|octobre|octubre november|novembre|noviembre
    dezember|d\u00e9cembre|diciembre
"""
_NUMBERS = {
    **{name: n for n, names in enumerate(_OTHERS.split(), 1) for name in names.split("|")},
    **{name.lower(): n for n, name in enumerate(_ENGLISH, 1)},
    **{name[:3].lower(): n for n, name in enumerate(_ENGLISH, 1)},
    "sept": 9,
}
_SHORT = "|".join(name[:3] for name in _ENGLISH if name != "May")
_MONTH = rf"(?:{'|'.join(_ENGLISH)}|{_SHORT}|Sept)\b\.?"
_FOREIGN = rf"(?i:{'|'.join(_OTHERS.split())})\b\.?"
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>1\d{3}|20\d\d)"
_FORMS = (
    re.compile(rf"\b{_DAY}\s+(?:day\s+of\s+|of\s+)?(?P<month>{_MONTH})(?:,?\s+{_YEAR}\b)?"),
    re.compile(rf"\b(?P<month>{_MONTH})\s+{_DAY}\b(?!\s*%)(?:,?\s+{_YEAR}\b)?"),
    re.compile(rf"\b(?P<month>{_MONTH}),?\s+(?:of\s+)?{_YEAR}\b"),
    re.compile(rf"\b(?P<day>[0-3]?\d)(?:\.|er)?\s+(?:de\s+)?(?P<month>{_FOREIGN})"
               rf"(?:\s+(?:de\s+)?{_YEAR}\b)?"),
)  # fmt: skip
_ISO = re.compile(r"\b(1\d{3}|20\d\d)([-/.])(\d{1,2})\2(\d{1,2})\b(?![-/.]\d)")
_NUMERIC = re.compile(r"(?<![\w./-])(\d{1,2})([-./])(\d{1,2})\2(1\d{3}|20\d\d|\d\d)\b(?![-/.]\d)")
_CENTURY = 50
"""Years of two digits below it are of this century."""


@dataclass(frozen=True, slots=True)
class Date:
    """A date at `start:end` of a text. `5/3/2020` has two readings, all others have one."""

    readings: tuple[Day, ...]
    start: int
    end: int

    @property
    def ambiguous(self) -> bool:
        """Tell whether it can be read as another day (the month before the day, or behind)."""
        return len(self.readings) > 1


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
        year, month, day = int(match[1]), int(match[3]), int(match[4])
        if _is_day(month, day):
            yield Date(((year, month, day),), *match.span())
    for match in _NUMERIC.finditer(text):
        readings = _readings(int(match[1]), match[2], int(match[3]), match[4])
        if readings:
            yield Date(readings, *match.span())


def _readings(first: int, sign: str, second: int, year: str) -> tuple[Day, ...]:
    """With full stops the day comes first everywhere; else it is the writer's habit.

    A year of two digits makes a date of slashes only: 1.2.20 and 1-2-20 are numbers of clauses.
    """
    if len(year) == 2 and sign != "/":
        return ()
    full = int(year) + (0 if len(year) > 2 else 2000 if int(year) < _CENTURY else 1900)
    pairs = [(second, first)] if sign == "." else [(second, first), (first, second)]
    return tuple((full, m, d) for m, d in dict.fromkeys(pairs) if _is_day(m, d))


def _is_day(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= 31


def says(given: Date, claimed: Date) -> bool:
    """Tell whether a date that is given holds the claimed one: it may say more, not less."""
    return any(
        all(own is None or own == other for own, other in zip(claim, reading, strict=True))
        for claim in claimed.readings
        for reading in given.readings
    )


def in_words(date: Date) -> str:
    """Return all readings for a person: "3 April 2024 or 4 March 2024"."""
    return " or ".join(
        " ".join(
            str(part)
            for part in (day, _ENGLISH[month - 1] if month else None, year)
            if part is not None
        )
        for year, month, day in date.readings
    )
