"""Read the value of a column's type from a quote, by code: dates, amounts, numbers, yes or no."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from assistant.answering.yes_no import yes_no_of
from assistant.text.canonical import plain_form
from assistant.text.dates import find_dates, in_words
from assistant.text.quantities import Value, find_values, in_two_ways
from assistant.text.units import MONEY
from assistant.types.tabular import ColumnType

_LONGEST = 400
"""Characters of a text value; the whole quote stands beside it."""

_UNIT_WORD = re.compile(r"(?:[^\W\d_]+[23]?(?:\s?/\s?\w+)?|[%\u2030]|\u00b0\s?\w?)\s*$")
_MONEY = frozenset(MONEY.values())
_EXISTENCE = re.compile(
    r"^(?:is|are|was|were) there\b|^does (?:the|this) (?:agreement|contract|lease|document|policy"
    r"|letter|report|guideline|licen[cs]e) (?:contain|include|have|provide)\b"
    r"|^is (?:\w+ ){1,4}(?:required|agreed|granted|included|mentioned|named)\b",
    re.IGNORECASE,
)


_ABSENCE = re.compile(
    r"\bthere (?:is|are|was|were|shall be|will be) no\b|\bno (?:\w+[ -]){1,4}(?:is|are|was|were|"
    r"shall be|will be)\b|\b(?:does|do|did) not (?:contain|include|have|provide)\b"
    r"|\b(?:is|are|was|were) not (?:required|agreed|granted|included|mentioned)\b|^\W*none\b",
    re.IGNORECASE,
)
"""A quote that says that something is not there. "Shall not compete" is a clause that is."""


@dataclass(frozen=True, slots=True)
class ReadValue:
    """A value as it is shown, "" if there is none, and what a person should know of it."""

    value: str
    note: str = ""


def read_value(kind: ColumnType, quote: str, question: str = "") -> ReadValue:
    """Return the value of a type that a quote holds."""
    return _READERS[kind](quote, question)


def sort_key(kind: ColumnType, value: str) -> tuple[int, str, Decimal, str]:
    """Return by what a cell is sorted; empty ones come last, amounts by what they count."""
    if not value:
        return 1, "", Decimal(0), ""
    if kind in ("amount", "number"):
        for found in find_values(value):
            if found.amount is not None:
                return 0, found.family, found.amount, value
    return 0, "", Decimal(0), value.casefold()


def _text(quote: str, question: str) -> ReadValue:
    del question
    folded = " ".join(quote.split())
    return ReadValue(folded if len(folded) <= _LONGEST else folded[: _LONGEST - 1] + "\u2026")


def _date(quote: str, question: str) -> ReadValue:
    del question
    dates = find_dates(plain_form(quote))
    if not dates:
        return ReadValue("", "No date is in the quote.")
    first = dates[0]
    if first.ambiguous:
        return ReadValue("", f"It may be {in_words(first)}.")
    others = {in_words(d) for d in dates[1:]} - {in_words(first)}
    note = f"Also: {', '.join(sorted(others))}." if others else ""
    year, month, day = first.readings[0]
    parts = [f"{n:0{w}}" for n, w in ((year, 4), (month, 2), (day, 2)) if n is not None]
    return ReadValue("-".join(parts), note if year else f"The year is not said. {note}".strip())


def _amount(quote: str, question: str) -> ReadValue:
    del question
    values = [v for v in find_values(quote) if v.amount is not None and v.family]
    values = [v for v in values if v.family != "ordinal"]
    money = [v for v in values if v.family in _MONEY]
    return _chosen(money or values, _measure, "No amount with a unit is in the quote.")


def _number(quote: str, question: str) -> ReadValue:
    del question
    values = [v for v in find_values(quote) if v.raw is not None]
    return _chosen(values, lambda v: f"{v.raw:f}", "No number is in the quote.")


def _chosen(values: list[Value], written: Callable[[Value], str], none: str) -> ReadValue:
    if not values:
        return ReadValue("", none)
    first = values[0]
    if first.ambiguous:
        return ReadValue("", " ".join(f"{said}." for said in in_two_ways(first.surface)))
    said = dict.fromkeys(written(v) for v in values if v.family == first.family)
    others = [value for value in said if value != written(first)]
    return ReadValue(written(first), f"Also: {', '.join(others[:5])}." if others else "")


def _measure(value: Value) -> str:
    if value.family in _MONEY:
        return f"{value.amount:f} {value.family}"
    unit = _UNIT_WORD.search(value.surface)
    return f"{value.raw:f} {unit.group().strip()}" if unit else " ".join(value.surface.split())


def _yes_no(quote: str, question: str) -> ReadValue:
    """Say only what the quote says; "Is there ...?" is answered by there being something."""
    if _EXISTENCE.search(question.strip()):
        return ReadValue("no" if _ABSENCE.search(quote) else "yes")
    said = yes_no_of(question, quote)
    if said == "conditional":
        return ReadValue(said, "It has a condition: read the quote.")
    return ReadValue(said, "" if said else "The quote does not say yes or no by itself.")


_READERS: Mapping[ColumnType, Callable[[str, str], ReadValue]] = {
    "text": _text,
    "list": _text,
    "date": _date,
    "amount": _amount,
    "number": _number,
    "yes-no": _yes_no,
}
