"""Find numbers in text and make them comparable: "24 months", "twenty-four (24) months".

Digits and words, thousands separators, percentages, money, lengths of time and dates come to
one form, so that a sentence may say in its own words what the passage says, and a changed
figure is seen. What is no number of its own (the 12 of "B12", a name) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from assistant.answering.checks.dates import Date, find_dates, says
from assistant.text.canonical import canonical

_TO_NINETEEN = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen
    """
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {
    **{word: n for n, word in enumerate(_TO_NINETEEN.split())},
    **{word: 10 * n for n, word in enumerate(_TENS.split(), start=2)},
    "dozen": 12,
}
_SCALES = {
    "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "bn": 10**9, "m": 10**6, "k": 10**3,
}  # fmt: skip
_ORDINALS = {
    "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14,
    "fifteenth": 15, "sixteenth": 16, "seventeenth": 17, "eighteenth": 18, "nineteenth": 19,
    "twentieth": 20,
}  # fmt: skip
_DAY = 86_400
_FAMILIES: dict[str, tuple[str, Decimal | int]] = {
    "month": ("months", 1), "quarter": ("months", 3), "year": ("months", 12),
    "yr": ("months", 12), "decade": ("months", 120),
    "second": ("seconds", 1), "sec": ("seconds", 1), "minute": ("seconds", 60),
    "min": ("seconds", 60), "hour": ("seconds", 3_600), "hr": ("seconds", 3_600),
    "day": ("seconds", _DAY), "week": ("seconds", 7 * _DAY), "fortnight": ("seconds", 14 * _DAY),
    "%": ("percent", 1), "percent": ("percent", 1), "pct": ("percent", 1),
    "dollar": ("usd", 1), "usd": ("usd", 1), "euro": ("eur", 1), "eur": ("eur", 1),
    "gbp": ("gbp", 1), "pound": ("pound", 1),
    "mcg": ("gram", Decimal("0.000001")), "\u00b5g": ("gram", Decimal("0.000001")),
    "mg": ("gram", Decimal("0.001")), "milligram": ("gram", Decimal("0.001")),
    "g": ("gram", 1), "gram": ("gram", 1), "kg": ("gram", 1_000), "kilogram": ("gram", 1_000),
    "ml": ("litre", Decimal("0.001")), "l": ("litre", 1), "litre": ("litre", 1),
    "liter": ("litre", 1),
    "mm": ("metre", Decimal("0.001")), "cm": ("metre", Decimal("0.01")), "m": ("metre", 1),
    "metre": ("metre", 1), "meter": ("metre", 1), "km": ("metre", 1_000),
    "kilometre": ("metre", 1_000), "kilometer": ("metre", 1_000),
    "mile": ("mile", 1), "foot": ("foot", 1), "feet": ("foot", 1),
}  # fmt: skip
_MONEY = {"$": "usd", "\u20ac": "eur", "\u00a3": "gbp", "usd": "usd", "eur": "eur", "gbp": "gbp"}
_WORD_NUMBER = "|".join([*_SMALL, "hundred", "thousand", "million", "billion", "trillion"])
_TOKEN = re.compile(
    r"(?P<money>[$\u20ac\u00a3]|\b(?:USD|EUR|GBP)\b)?\s?"
    r"(?P<digits>(?<![\w.,:/])(?<![A-Za-z]-)(?:(?<!\d)-(?=\d))?\d+(?:[.,:/]\d+)*)"
    r"(?P<ordinal>(?:st|nd|rd|th)\b)?"
    rf"|\b(?P<words>(?:{_WORD_NUMBER})(?:(?:[\s-]+|\s+and\s+)(?:{_WORD_NUMBER}))*)\b"
    rf"|\b(?P<place>{'|'.join(_ORDINALS)})\b",
    re.IGNORECASE,
)
_SCALE = re.compile(
    r"\s?(?P<scale>hundred|thousand|million|billion|trillion|bn|[mk](?![\w%]))\b", re.IGNORECASE
)
_UNIT = re.compile(
    r"(?:\s*\(\s*\d+(?:[.,]\d+)*\s*\))?[\s-]*"
    r"(?:(?:calendar|business|working|full|consecutive|whole|US|U\.S\.)\s+)?"
    r"(?P<unit>%|per\s?cent\b|[A-Za-z\u00b5]+)"
)
_GROUPED = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_LONGEST = 60_000
"""Characters that are looked at: more than any sentence of an answer or passage has."""


@dataclass(frozen=True, slots=True)
class Value:
    """A number at `start:end` of its canonical text, as `surface` writes it.

    `family` says what it counts ("months", "usd", "ordinal", ...; "" if that is not known),
    `amount` how much in the family's base unit, `raw` the bare number. A code such as
    "4.2.1" or "12:30" has no amount. A date has `date` instead.
    """

    surface: str
    start: int
    end: int
    family: str = ""
    amount: Decimal | None = None
    raw: Decimal | None = None
    date: Date | None = None


def find_values(text: str) -> list[Value]:
    """Return the numbers of `text`, in order, the text brought to canonical form first."""
    plain = canonical(text[:_LONGEST]).text
    dates = find_dates(plain)
    found = [Value(plain[d.start : d.end], d.start, d.end, "date", date=d) for d in dates]
    taken = [(d.start, d.end) for d in dates]
    at, after = 0, 0
    for value in _numbers(plain):
        while at < len(taken) and taken[at][1] <= value.start:
            at += 1
        inside = at < len(taken) and value.end > taken[at][0]
        if not inside and value.start >= after:
            found.append(value)
            after = value.end
    return sorted(found, key=lambda v: v.start)


def _numbers(plain: str) -> Iterator[Value]:
    for match in _TOKEN.finditer(plain):
        if match["place"]:
            amount = Decimal(_ORDINALS[match["place"].lower()])
            yield Value(match.group(), *match.span(), "ordinal", amount, amount)
        elif match["words"]:
            yield from _in_words(plain, match)
        elif match["ordinal"]:
            if match["digits"].isdecimal():
                amount = Decimal(match["digits"])
                yield Value(match.group().strip(), *match.span(), "ordinal", amount, amount)
        else:
            yield _in_digits(plain, match)


def _in_digits(plain: str, match: re.Match[str]) -> Value:
    digits = match["digits"]
    raw = _decimal(digits)
    start = match.start() + len(match.group()) - len(match.group().lstrip())
    if raw is None:
        return Value(digits, start, match.end())
    return _measured(plain, start, match.end(), raw, _MONEY.get((match["money"] or "").lower(), ""))


def _in_words(plain: str, match: re.Match[str]) -> Iterator[Value]:
    """Read "one hundred and twenty". A lone "one" counts only before a unit: it is no number
    in "one of the parties".
    """
    raw = _spoken(re.split(r"[\s-]+", match["words"].lower()))
    value = _measured(plain, *match.span(), raw, "")
    if match["words"].lower() != "one" or value.family:
        yield value


def _spoken(parts: Sequence[str]) -> Decimal:
    total, group = 0, 0
    for part in parts:
        if part in _SMALL:
            group += _SMALL[part]
        elif part == "hundred":
            group = max(group, 1) * 100
        elif part in _SCALES:
            total += max(group, 1) * _SCALES[part]
            group = 0
    return Decimal(total + group)


def _measured(plain: str, start: int, end: int, raw: Decimal, family: str) -> Value:
    """Take in the scale and the unit that follow a number."""
    amount = raw
    if scale := _SCALE.match(plain, end):
        amount *= _SCALES[scale["scale"].lower()]
        end = scale.end()
    raw = amount
    if not family and (unit := _UNIT.match(plain, end)):
        known = _family(unit["unit"])
        if known is not None:
            family, factor = known
            amount *= Decimal(factor)
            end = unit.end()
    return Value(plain[start:end], start, end, family, amount, raw)


def _family(unit: str) -> tuple[str, Decimal | int] | None:
    word = re.sub(r"\s", "", unit.lower())
    return _FAMILIES.get(word) or _FAMILIES.get(word.removesuffix("s"))


def _decimal(digits: str) -> Decimal | None:
    """Read "1,000,000", "1.5", "0,5"; None for what is no number (12:30, 4.2.1, 1/2)."""
    if _GROUPED.fullmatch(digits):
        digits = digits.replace(",", "")
    elif digits.count(",") == 1 and "." not in digits:
        digits = digits.replace(",", ".")
    try:
        return Decimal(digits) if len(digits) <= 40 else None
    except InvalidOperation:
        return None


def comparable(one: Value, other: Value) -> bool:
    """Tell whether two values could stand for the same thing: months and years can."""
    if one.date is not None or other.date is not None:
        return one.date is not None and other.date is not None
    if one.amount is None or other.amount is None:
        return False
    return one.family == other.family


def equal(one: Value, other: Value) -> bool:
    """Tell whether two values say the same; of dates, one may say less than the other."""
    if one.date is not None and other.date is not None:
        return says(one.date, other.date) or says(other.date, one.date)
    if one.amount is None or other.amount is None:
        return one.surface == other.surface
    return one.family == other.family and one.amount == other.amount


def missing(claimed: Sequence[Value], given: Sequence[Value]) -> list[Value]:
    """Return the claimed values that the given ones don't hold, in order.

    A number without a unit may be given with any; one with a unit must not be given with
    another. A date may be given in parts (the year in one place, day and month in another).
    """
    return [value for value in claimed if not any(_holds(g, value, given) for g in given)]


def _holds(given: Value, claimed: Value, all_given: Sequence[Value]) -> bool:
    if claimed.date is not None:
        return given.date is not None and _date_held(given.date, claimed.date, all_given)
    if given.date is not None:
        years = {reading[0] for reading in given.date.readings}
        days = {reading[2] for reading in given.date.readings}
        return not claimed.family and claimed.raw is not None and claimed.raw in years | days
    if claimed.amount is None or given.amount is None:
        return claimed.surface == given.surface
    if not claimed.family or not given.family:
        return claimed.raw == given.raw
    return equal(given, claimed)


def _date_held(given: Date, claimed: Date, all_given: Sequence[Value]) -> bool:
    if says(given, claimed):
        return True
    years = {value.raw for value in all_given if value.raw is not None and not value.family}
    for year, month, day in claimed.readings:
        bare = Date(((None, month, day),), claimed.start, claimed.end)
        if year is not None and Decimal(year) in years and says(given, bare):
            return True
    return False
