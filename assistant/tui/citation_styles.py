"""A quote with its reference, as lawyers and clinicians write it.

Legal after OSCOLA (4th edition, Faculty of Law, Oxford): single quotation marks, title, date in
brackets, page without "p". Clinical after the ICMJE's "Vancouver" recommendations (Citing
Medicine, 2nd edition): double marks, year first, the day on which it was looked up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reference:
    """A quote, the document that it is of, its day (ISO 8601, "" if unknown), and the place."""

    quote: str
    title: str
    dated: str
    where: str


def plain(reference: Reference, today: date) -> str:
    del today
    return f"\u201c{_folded(reference.quote)}\u201d ({reference.title}, {reference.where})"


def legal(reference: Reference, today: date) -> str:
    del today
    day = _day(reference.dated)
    dated = f" ({day.day} {_MONTHS[day.month - 1]} {day.year})" if day else ""
    inner = _folded(reference.quote).replace("\u2018", "\u201c").replace("\u2019 ", "\u201d ")
    return f"\u2018{inner}\u2019 {reference.title}{dated} {_page(reference.where)}."


def clinical(reference: Reference, today: date) -> str:
    day = _day(reference.dated)
    dated = f"{day.year} {_short(day)}" if day else "date unknown"
    cited = f"[cited {today.year} {_short(today)}]"
    place = reference.where.replace("page ", "p. ", 1).replace("pages ", "p. ", 1)
    return f"\u201c{_folded(reference.quote)}\u201d {reference.title}. {dated} {cited}; {place}."


STYLES: dict[str, Callable[[Reference, date], str]] = {
    "plain": plain,
    "legal": legal,
    "clinical": clinical,
}


def _folded(text: str) -> str:
    return " ".join(text.split())


def _day(dated: str) -> date | None:
    try:
        return date.fromisoformat(dated[:10])
    except ValueError:
        return None


def _short(day: date) -> str:
    return f"{_MONTHS[day.month - 1][:3]} {day.day}"


def _page(where: str) -> str:
    for word in ("pages ", "page "):
        if where.startswith(word):
            return where.removeprefix(word)
    return where
