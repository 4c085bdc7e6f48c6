"""Show a number as its cell does: number formats of spreadsheets (ECMA-376, 18.8.30 and .31).

What matters to a reader is shown: per cent, currency, separators, decimals, dates and times.
Dates whose format depends on the reader's country stand as year, month, day.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00",
    14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 37: "#,##0;-#,##0",
    38: "#,##0;-#,##0", 39: "#,##0.00;-#,##0.00", 40: "#,##0.00;-#,##0.00", 45: "mm:ss",
    46: "[h]:mm:ss", 47: "mm:ss", 48: "0.0E+0", 49: "@",
}  # fmt: skip
"""Formats that files name by number only."""

_TOKEN = re.compile(
    r'"([^"]*)"|\\(.)|_(.)|\*(.)|\[\$([^\]-]*)(?:-[^\]]*)?\]|\[(h+|m+|s+)\]|\[[^\]]*\]|'
    r"(AM/PM|A/P)|(General)|(y+|m+|d+|h+|s+|e+(?![+-]))|([#0?.,]+(?:E[+-][0#?]+)?)|(.)",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST = 200
_GENERAL = frozenset(["", "General"])
_FIRST_DAY = datetime(1899, 12, 30)  # noqa: DTZ001 - sheets know no time zones
_DAYS_1904 = 1462
_MOST_DAYS = 2_958_465
_MONTHS = "January February March April May June July August September October November December"
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"


def shown_number(raw: str, code: str, *, from_1904: bool = False) -> str:
    """Return the number that a file stores as `raw` by the format `code` ("" is General)."""
    if code in _GENERAL and raw.isdecimal() and raw.isascii() and len(raw) < 12:
        return raw.lstrip("0") or "0"
    try:
        number = Decimal(raw)
    except InvalidOperation:
        return raw
    if not number.is_finite() or abs(number) >= Decimal(10) ** 30:
        return raw
    sections = _sections(code[:_LONGEST])
    index = 1 if number < 0 and len(sections) > 1 else 2 if number == 0 and len(sections) > 2 else 0
    tokens = sections[index]
    if any(kind == "date" for kind, _ in tokens):
        return _date(number, tokens, from_1904=from_1904)
    if index == 1:
        number = -number
    return _number(number, tokens)


Token = tuple[str, str]


@lru_cache(maxsize=1000)
def _sections(code: str) -> list[list[Token]]:
    """Cut a format into what it has for positive, negative and zero, and that into tokens."""
    sections: list[list[Token]] = [[]]
    for found in _TOKEN.finditer(code):
        quoted, escaped, space, _fill, currency, elapsed, half, general, date, mask, other = (
            found.groups()
        )
        if other == ";":
            sections.append([])
        elif quoted or escaped or currency or (other and other != "@"):
            sections[-1].append(("text", quoted or escaped or currency or other))
        elif space:
            sections[-1].append(("text", " "))
        elif elapsed or half or date:
            sections[-1].append(("date", (f"[{elapsed}]" if elapsed else half or date).lower()))
        elif mask or general:
            sections[-1].append(("number", mask or ""))
    return sections


def _number(number: Decimal, tokens: list[Token]) -> str:
    percent = sum(text.count("%") for kind, text in tokens if kind == "text")
    number *= Decimal(100) ** percent
    masks = [text for kind, text in tokens if kind == "number"]
    if not any(masks):
        words = "".join(text for kind, text in tokens if kind == "text")
        plain = general(number)
        return plain if not words else words if not masks else f"{words}{plain}".strip()
    shown = ""
    done = False
    for kind, text in tokens:
        if kind == "text":
            shown += text
        elif not done:
            shown += _masked(number, text)
            done = True
    return shown.strip()


def _masked(number: Decimal, mask: str) -> str:
    mask, has_exponent, _ = mask.partition("E") if "E" in mask else mask.partition("e")
    if has_exponent:
        return f"{number:.{len(mask.partition('.')[2])}E}"
    scaled = mask.rstrip(",")
    number /= Decimal(1000) ** (len(mask) - len(scaled))
    whole, _, decimals = scaled.partition(".")
    most = sum(decimals.count(sign) for sign in "0#?")
    least = decimals.count("0")
    rounded = number.quantize(Decimal(1).scaleb(-most), rounding=ROUND_HALF_UP)
    text = f"{rounded:{',' if ',' in whole else ''}f}"
    if most > least and "." in text:
        keep = len(text) - (most - least)
        text = text[:keep] + text[keep:].rstrip("0")
        text = text.rstrip(".")
    digits = whole.count("0")
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    return sign + ("0" * (digits - len(text.partition(".")[0])) + text if digits > 1 else text)


def general(number: Decimal) -> str:
    """Return a number as a cell without a format shows it: at most eleven digits."""
    rounded = number.normalize() if abs(number) < 1 else +number
    text = f"{float(rounded):.11g}"
    if "e" in text:
        return text.replace("e", "E")
    return "0" if text == "-0" else text


def _date(number: Decimal, tokens: list[Token], *, from_1904: bool) -> str:
    days = float(number) + (_DAYS_1904 if from_1904 else 0)
    if not 0 <= days <= _MOST_DAYS:
        return general(number)
    if days < 60 and not from_1904:  # Excel believes in a 29 February 1900
        days += 1
    moment = _FIRST_DAY + timedelta(seconds=round(days * 86400))
    twelve = any(text in {"am/pm", "a/p"} for _, text in tokens)
    shown = ""
    for at, (kind, text) in enumerate(tokens):
        if kind == "text" or (kind == "number" and not set(text) & set("0#?")):
            shown += text
        elif kind == "date":
            if text.startswith("m") and _means_minutes(tokens, at):
                shown += f"{moment.minute:0{min(2, len(text))}d}"
            else:
                shown += _date_part(moment, text, float(number), twelve=twelve)
    return shown.strip()


def _means_minutes(tokens: list[Token], at: int) -> bool:
    """An "m" beside hours or seconds is minutes, else months."""
    before = next((t for k, t in reversed(tokens[:at]) if k == "date"), "")
    after = next((t for k, t in tokens[at + 1 :] if k == "date"), "")
    return before.lstrip("[").startswith("h") or after.startswith("s")


def _date_part(moment: datetime, text: str, days: float, *, twelve: bool) -> str:
    first = text[0]
    if first == "[":
        unit = {"h": 24, "m": 1440, "s": 86400}[text[1]]
        return f"{int(days * unit + 1e-6):0{len(text) - 2}d}"
    if text in {"am/pm", "a/p"}:
        return "AM" if moment.hour < 12 else "PM"
    if first in "ye":
        return f"{moment.year:04d}" if len(text) > 2 or first == "e" else f"{moment.year % 100:02d}"
    if first == "m" and len(text) > 2:
        name = _MONTHS.split()[moment.month - 1]
        return name if len(text) == 4 else name[:3]
    if first == "d" and len(text) > 2:
        name = _DAYS.split()[moment.weekday()]
        return name if len(text) > 3 else name[:3]
    hour = (moment.hour - 1) % 12 + 1 if twelve else moment.hour
    number = {"m": moment.month, "d": moment.day, "h": hour, "s": moment.second}[first]
    return f"{number:0{min(2, len(text))}d}"
