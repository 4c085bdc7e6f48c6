"""Find numbers in text and make them comparable: "24 months", "twenty-four (24) months".

Digits and words, thousands separators, percentages, money, lengths of time and dates come to
one form, so that a sentence may say in its own words what the passage says, and a changed
figure is seen. A unit belongs to its number, and so does its sign. What is no number of its
own (the 12 of "B12", a name) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from assistant.text.canonical import plain_form
from assistant.text.dates import Date, find_dates, in_words, says
from assistant.text.units import MONEY, PER, family_of

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
_WORD_NUMBER = "|".join([*_SMALL, "hundred", "thousand", "million", "billion", "trillion"])
_TOKEN = re.compile(
    r"(?P<money>[$\u20ac\u00a3]|\b(?:USD|EUR|GBP|CHF)\b)?\s?"
    r"(?P<digits>(?:\bminus\s)?(?<![\w.,:/'])(?<![A-Za-z]-)(?:(?<![\d)])-(?=\d))?"
    r"\d+(?:[.,:/']\d+)*(?:\s\d{1,2}/\d{1,2}(?![\d/]))?)"
    r"(?P<ordinal>(?:st|nd|rd|th)\b)?"
    rf"|\b(?P<words>(?:{_WORD_NUMBER})(?:(?:[\s-]+|\s+and\s+)(?:{_WORD_NUMBER}))*)\b"
    rf"|\b(?P<place>{'|'.join(_ORDINALS)})\b",
    re.IGNORECASE,
)
_SCALE = re.compile(
    r"\s?(?P<scale>hundred|thousand|million|billion|trillion|bn|(?<=\d)k(?![\w%]))\b",
    re.IGNORECASE,
)
_MONEY_SCALE = re.compile(
    r"\s?(?P<scale>hundred|thousand|million|billion|trillion|bn|[mk](?![\w%]))\b", re.IGNORECASE
)
_UNIT = re.compile(
    r"(?:\s*\(\s*\d+(?:[.,]\d+)*\s*\))?[\s-]*"
    r"(?:(?:calendar|business|working|full|consecutive|whole|US|U\.S\.)\s+)?"
    r"(?P<unit>%|\u2030|\u00b0\s?[CF]?\b|\u00b0|[$\u20ac\u00a3](?!\d)|per\s?cent\b"
    r"|[A-Za-z\u03bc]+[23]?(?![\w]))(?:\s?/\s?(?P<per>[A-Za-z]+[23]?)\b)?"
)
_GROUPED = re.compile(r"-?\d{1,3}(?:(?:,\d{3})+|(?:'\d{3})+)(?:\.\d+)?")
_GROUPED_BY_STOPS = re.compile(r"-?\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?|-?\d{1,3}\.\d{3},\d+")
_EITHER = re.compile(r"-?[1-9]\d{0,2}\.\d{3}")
_MIXED = re.compile(r"(-?\d+)\s(\d{1,2})/(\d{1,2})")
_THIN_SPACE = re.compile(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?!\d))")
_LONGEST = 60_000
"""Characters that are looked at: more than any sentence of an answer or passage has."""


@dataclass(frozen=True, slots=True)
class Value:
    """A number at `start:end` of its canonical text, as `surface` writes it.

    `family` says what it counts ("months", "usd", "ordinal", ...; "" if that is not known),
    `amount` how much in the family's base unit, `raw` the bare number. A code such as
    "4.2.1" or "12:30" has no amount. A date has `date` instead. `factor` is what the other
    reading is more: 1.240 may be 1240, as it is written in half of Europe.
    """

    surface: str
    start: int
    end: int
    family: str = ""
    amount: Decimal | None = None
    raw: Decimal | None = None
    date: Date | None = None
    factor: int = 1

    @property
    def ambiguous(self) -> bool:
        """Tell whether the number or date can be read in two ways."""
        return self.factor > 1 or (self.date is not None and self.date.ambiguous)

    @property
    def amounts(self) -> frozenset[Decimal]:
        """All that the amount may be; empty for a code or a date."""
        return (
            frozenset()
            if self.amount is None
            else frozenset((self.amount, self.amount * self.factor))
        )

    @property
    def raws(self) -> frozenset[Decimal]:
        """All that the bare number may be."""
        return frozenset() if self.raw is None else frozenset((self.raw, self.raw * self.factor))


def find_values(text: str) -> list[Value]:
    """Return the numbers of `text`, in order, the text brought to canonical form first."""
    plain = plain_form(_THIN_SPACE.sub("'", text[:_LONGEST]))
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
    digits = re.sub(r"(?i)^minus\s", "-", match["digits"])
    start = match.start() + len(match.group()) - len(match.group().lstrip())
    end = match.end()
    raw = read_decimal(digits)
    if raw is None and " " in digits:  # "31 1/12": not one number
        end -= len(digits) - digits.index(" ")
        digits = digits[: digits.index(" ")]
        raw = read_decimal(digits)
    if raw is None:
        return Value(digits, start, end)
    value = _measured(plain, start, end, raw, MONEY.get((match["money"] or "").lower(), ""))
    return replace(value, factor=1000) if _EITHER.fullmatch(digits) else value


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
    if scale := (_MONEY_SCALE if family else _SCALE).match(plain, end):
        amount *= _SCALES[scale["scale"].lower()]
        end = scale.end()
    raw = amount
    if not family and (unit := _UNIT.match(plain, end)):
        decade = unit["unit"] == "s" and unit.start("unit") == end  # the 1990s
        known = None if decade else family_of(unit["unit"])
        if known is not None:
            family, factor = known
            amount *= factor
            end = unit.end("unit")
            per = (unit["per"] or "").lower()
            if per in PER or (per and family == "metre"):
                family, end = f"{family}/{per}", unit.end()
    return Value(plain[start:end], start, end, family, amount, raw)


def read_decimal(digits: str) -> Decimal | None:
    """Read "1,000,000", "1'000", "1.5", "0,5", "1 1/2"; None for 12:30, 4.2.1 and 1/2."""
    if mixed := _MIXED.fullmatch(digits):
        below = int(mixed[3])
        part = Decimal(int(mixed[2])) / below if below else Decimal(1)
        whole = Decimal(mixed[1])
        return (whole - part if digits[0] == "-" else whole + part) if part < 1 else None
    if _GROUPED.fullmatch(digits):
        digits = digits.replace(",", "").replace("'", "")
    elif _GROUPED_BY_STOPS.fullmatch(digits):
        digits = digits.replace(".", "").replace(",", ".")
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
    return one.family == other.family and bool(one.amounts & other.amounts)


def in_two_ways(text: str) -> list[str]:
    """Say of each number and date of `text` that can be read in two ways, in which.

    "03/04/2024 may be 3 April 2024 or 4 March 2024", "1.240 may be 1.24 or 1240".
    """
    said: list[str] = []
    for value in find_values(text):
        if value.date is not None and value.date.ambiguous:
            said.append(f"{value.surface} may be {in_words(value.date)}")
        elif value.ambiguous:
            numbers = " or ".join(format(raw.normalize(), "f") for raw in sorted(value.raws))
            said.append(f"{value.surface} may be {numbers}")
    return list(dict.fromkeys(said))


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
        return bool(claimed.raws & given.raws)
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
