"""Find quantities in a sentence: numbers with units, dates, amounts of money, percentages."""

from __future__ import annotations

import re

_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|"
    "sixteen|seventeen|eighteen|nineteen|twenty(?:-(?:one|five))?|thirty(?:-six)?|forty(?:-"
    "(?:five|eight))?|fifty|sixty|seventy(?:-(?:two|five))?|eighty|ninety|(?:one )?hundred"
)
_FIGURE = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,9}(?:\.\d{1,4})?"
NUMBER = rf"(?:(?i:{_WORDS})(?:\s+\((?:{_FIGURE})\))?|(?:{_FIGURE}))"
"""A number in words, in figures, or both: "ninety (90)"."""

_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
DATE = (
    rf"(?:\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH},?\s+\d{{4}}|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?"
    rf"\s+\d{{4}}|\d{{4}}-\d\d-\d\d)"
)
MONEY = (
    rf"(?:(?:US|USD|EUR|GBP|CHF|C|A)?\s?[$\u20ac\u00a3]\s?(?:{_FIGURE})(?:\s(?:million|billion))?"
    rf"|(?:USD|EUR|GBP|CHF)\s(?:{_FIGURE})|(?:{_FIGURE})\s(?:dollars|euros|pounds|EUR|USD))"
)
PERCENT = rf"{NUMBER}\s*(?:%|percent|per\s+cent)(?:\s*\(\d{{1,3}}(?:\.\d+)?%\))?"
_TIME = r"(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|quarters?)"
_MEASURE = (
    r"(?:kilograms?|grams?|milligrams?|tonnes?|tons?|pounds?|metres?|meters?|centimetres?|"
    r"millimetres?|kilometres?|miles?|feet|inches|litres?|liters?|millilitres?|degrees?|volts?|"
    r"watts?|points?|kg|mg|ml|mm|cm|km|kW|MW|V|Hz)"
)
UNIT = (
    rf"(?:(?:(?i:business|calendar|working|consecutive|full|successive|additional)\s+)?{_TIME}"
    rf"|{_MEASURE})\b"
)
"""What is counted most often: time and measures."""

_PLURAL = r"(?:[A-Za-z-]{3,20}\s+)?[A-Za-z][a-z]{2,18}(?<![sui])s\b"
"""What else is counted, in the plural: "five core observations"."""

TARGET = re.compile(
    rf"(?P<date>{DATE})|(?P<money>{MONEY})|(?P<percent>{PERCENT})"
    rf"|(?P<quantity>(?<![\w.,:/-]){NUMBER}\s+(?P<unit>{UNIT}|(?<!one )(?<!One ){_PLURAL}))"
)
"""The figures that a sentence can be asked for, one group for each kind."""

_BOTH = re.compile(rf"(?P<word>(?i:{_WORDS}))\s+\((?P<figure>{_FIGURE})%?\)")


def wordings(value: str) -> tuple[str, ...]:
    """Return the value as it stands, and for "ninety (90) days" either number alone."""
    value = " ".join(value.split())
    found = _BOTH.search(value)
    if not found:
        return (value,)
    head, tail = value[: found.start()], value[found.end() :]
    return (value, f"{head}{found['figure']}{tail}", f"{head}{found['word']}{tail}")
