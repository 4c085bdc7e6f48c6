"""Units of measure, money and time: what each counts, and how much of the base unit it is."""

from __future__ import annotations

import re
from decimal import Decimal

_UNITS = """
    months 1 month mo|months 3 quarter|months 12 year yr|months 120 decade
    seconds 1 second sec s|seconds 60 minute min|seconds 3600 hour hr h
    seconds 86400 day d|seconds 604800 week wk|seconds 1209600 fortnight
    percent 1 % percent pct|permille 1 \u2030
    usd 1 dollar usd|usd 0.01 cent ct|eur 1 euro eur|gbp 1 gbp|pound 1 pound|chf 1 chf franken
    gram 0.000000001 ng|gram 0.000001 mcg \u03bcg microgram|gram 0.001 mg milligram
    gram 1 g gram|gram 1000 kg kilogram kilo|gram 1000000 tonne|ounce 1 oz ounce|pound 1 lb lbs
    litre 0.000001 \u03bcl|litre 0.001 ml millilitre milliliter|litre 0.01 cl|litre 0.1 dl
    litre 1 l litre liter|litre 100 hl
    metre 0.000001 \u03bcm|metre 0.001 mm millimetre millimeter|metre 0.01 cm centimetre centimeter
    metre 1 m metre meter|metre 1000 km kilometre kilometer|mile 1 mile|foot 1 foot feet ft
    inch 1 inch inches|area 1 m2 sqm|area 10000 ha hectare|area 1000000 km2|area 0.0001 cm2
    litre 1000 m3|litre 0.001 cm3
    degree 1 \u00b0 degree \u00b0c celsius|fahrenheit 1 \u00b0f fahrenheit|kelvin 1 k kelvin
    volt 1 v volt|volt 1000 kv|volt 0.001 mv|ampere 1 a amp ampere|ampere 0.001 ma
    watt 1 w watt|watt 1000 kw kilowatt|watt 1000000 mw megawatt|watthour 1000 kwh
    hertz 1 hz hertz|hertz 1000 khz|hertz 1000000 mhz|newtonmetre 1 nm|newton 1 n newton
    newton 1000 kn|bar 1 bar|pascal 1 pa|pascal 1000 kpa|psi 1 psi|decibel 1 db
    joule 1 j joule|joule 1000 kj|kcal 1 kcal|iu 1 iu|mmol 1 mmol|mole 1 mol|ppm 1 ppm
"""
_FAMILIES = {
    name: (family, Decimal(factor))
    for family, factor, *names in (u.split() for u in re.split(r"\||\n", _UNITS) if u.strip())
    for name in names
}
_BY_CASE: dict[str, tuple[str, Decimal] | None] = {
    "MW": ("watt", Decimal(10**6)), "mW": ("watt", Decimal("0.001")), "a": None, "k": None,
    "MV": ("volt", Decimal(10**6)), "C": ("degree", Decimal(1)), "c": None, "n": None,
}  # fmt: skip
"""Where capitals tell, or the small letter is another word."""

PER = frozenset("kg g l ml dl cl m2 m3 m km ha kwh litre liter".split())
"""What a unit is given for and belongs to it: "mg/kg". "5 mg/day" is an amount of 5 mg."""

MONEY = {
    "$": "usd", "\u20ac": "eur", "\u00a3": "gbp", "usd": "usd", "eur": "eur", "gbp": "gbp",
    "chf": "chf",
}  # fmt: skip


def family_of(unit: str) -> tuple[str, Decimal] | None:
    """Return what a unit counts and how much of the base unit it is; None for other words."""
    if unit in MONEY:
        return MONEY[unit], Decimal(1)
    if unit in _BY_CASE:
        return _BY_CASE[unit]
    word = re.sub(r"\s", "", unit.lower())
    return _FAMILIES.get(word) or _FAMILIES.get(word.removesuffix("s"))
