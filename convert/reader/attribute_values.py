"""Made values with their units, written in the ways in which people write them."""

from __future__ import annotations

import calendar
import random
from collections.abc import Callable, Mapping, Sequence

_UNITS: Mapping[str, Sequence[str]] = {
    "mass": ("kg", "tonnes", "kilograms", "lb"),
    "speed": ("km/h", "knots", "mph"),
    "length": ("m", "metres", "ft"),
    "temperature": ("°C", "degrees", "°F"),
    "pressure": ("bar", "psi", "kPa"),
    "power": ("kW", "watts", "W"),
    "volume": ("litres", "l", "gallons"),
    "flow": ("litres a minute", "m³/h", "l/s"),
    "area": ("m²", "square metres", "hectares"),
    "distance": ("km", "miles", "nautical miles"),
    "days": ("days", "working days"),
    "hours": ("hours", "h"),
    "amount": ("mg", "micrograms", "mg twice a day", "g"),
    "amount2": ("litres", "ml", "g", "kg"),
    "labvalue": ("mmol/l", "mg/dl", "µg/l", "g/l"),
    "age": ("years", "months"),
    "torque": ("Nm", "newton metres"),
    "noise": ("dB", "decibels", "dB(A)"),
}
_SPELLED = ("two", "three", "four", "five", "six", "eight", "ten", "twelve", "twenty")


def attribute_value(kind: str, words: Mapping[str, Sequence[str]], rng: random.Random) -> str:
    """Return a value of a kind: one of its `words`, or a number with its unit.

    Raises `KeyError` for a kind that nobody knows.
    """
    if kind in words:
        return rng.choice(list(words[kind]))
    if kind in _UNITS:
        return f"{_number(rng)} {rng.choice(list(_UNITS[kind]))}"
    return _OTHERS[kind](rng)


def _number(rng: random.Random) -> str:
    whole = rng.choice((rng.randint(2, 20), rng.randint(10, 99), 10 * rng.randint(10, 95)))
    if rng.random() < 0.15 and whole < 20:
        return f"{whole}.{rng.choice((25, 5, 75))}"
    return f"{whole}" if rng.random() < 0.93 else rng.choice(_SPELLED)


def _date(rng: random.Random) -> str:
    day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1998, 2031)
    name = calendar.month_name[month]
    written = (
        f"{day} {name} {year}", f"{name} {day}, {year}", f"{year}-{month:02d}-{day:02d}",
        f"{day}.{month}.{year}", f"{day} {name}",
    )  # fmt: skip
    return rng.choice(written)


def _money(rng: random.Random) -> str:
    amount = rng.randint(2, 990) * rng.choice((1, 10, 100, 1000))
    sign = rng.choice(("EUR ", "€", "$", "£", "USD ", "CHF "))
    return rng.choice((f"{sign}{amount:,}", f"{sign}{amount}", f"{amount:,} euros"))


def _time(rng: random.Random) -> str:
    number = rng.choice((str(rng.randint(2, 60)), rng.choice(_SPELLED)))
    return f"{number} {rng.choice(('days', 'weeks', 'months', 'years', 'hours', 'business days'))}"


def _clock(rng: random.Random) -> str:
    hour, minute = rng.randint(5, 23), rng.choice((0, 10, 15, 30, 40, 45))
    return rng.choice((f"{hour}:{minute:02d}", f"{hour % 12 or 12}.{minute:02d} p.m."))


_OTHERS: Mapping[str, Callable[[random.Random], str]] = {
    "date": _date,
    "money": _money,
    "time": _time,
    "clock": _clock,
    "dose": lambda rng: f"{_number(rng)} {rng.choice(('mg', 'ml', 'drops', 'tablets', 'mcg'))}",
    "bloodpressure": lambda rng: f"{rng.randint(90, 190)}/{rng.randint(55, 110)} mmHg",
    "percent": lambda rng: rng.choice(("{} %", "{}%", "{} per cent")).format(_number(rng)),
    "people": lambda rng: f"{_number(rng)} {rng.choice(('people', 'persons', 'visitors'))}",
    "phone": lambda rng: f"{rng.randint(2, 9)}{rng.randint(100, 999)} {rng.randint(10, 99)}",
    "year": lambda rng: str(rng.randint(1850, 2024)),
    "hours2": lambda rng: f"from {rng.randint(6, 10)} to {rng.randint(16, 22)} o'clock",
    "number": lambda rng: str(rng.choice((rng.randint(2, 30), rng.randint(31, 1400)))),
    "range": lambda rng: f"{rng.randint(1, 40)} {rng.choice(('to', '-'))} {rng.randint(41, 160)}",
    "count": lambda rng: f"{rng.randint(3, 4000)} pieces",
}
