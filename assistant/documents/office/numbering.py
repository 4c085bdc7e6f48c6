"""Count the automatic numbers of paragraphs in a Word document, as its reader sees them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from assistant.documents.office.xml_tree import value

_PLACE = re.compile(r"%([1-9])")
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"),
    (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_MOST = 3_000


@dataclass(frozen=True, slots=True)
class _Level:
    style: str
    text: str
    start: int
    legal: bool


class Numbering:
    """Numbers paragraphs by the part "numbering" of a Word document, in their order."""

    def __init__(self, root: Element | None) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}
        self._lists: dict[str, str] = {}
        self._counts: defaultdict[str, list[int]] = defaultdict(lambda: [0] * 9)
        for abstract in () if root is None else root.iter("abstractNum"):
            number = abstract.get("abstractNumId", "")
            self._levels[number] = {_index(x): _level(x) for x in abstract.iter("lvl")}
        for concrete in () if root is None else root.iter("num"):
            self._lists[concrete.get("numId", "")] = value(concrete, "abstractNumId")

    def next(self, list_id: str, level: int) -> str:
        """Return what stands before the next paragraph of a list's level: "4.2", "(a)", "-"."""
        abstract = self._lists.get(list_id, "")
        levels = self._levels.get(abstract, {})
        if level not in levels:
            return ""
        counts = self._counts[abstract]
        counts[level] = counts[level] + 1 if counts[level] else levels[level].start
        counts[level + 1 :] = [0] * (8 - level)
        own = levels[level]
        if own.style == "bullet":
            return "-"
        if own.style == "none":
            return ""

        def shown(place: re.Match[str]) -> str:
            at = int(place.group(1)) - 1
            other = levels.get(at, own)
            style = "decimal" if own.legal else other.style
            return _worded(counts[at] or other.start, style)

        return _PLACE.sub(shown, own.text).strip()


def _index(level: Element) -> int:
    number = level.get("ilvl", "0")
    return int(number) if number.isdecimal() and len(number) == 1 else 0


def _level(level: Element) -> _Level:
    start = value(level, "start", default="1")
    return _Level(
        value(level, "numFmt", default="decimal"),
        value(level, "lvlText")[:40],
        int(start) if start.isdecimal() and len(start) < 6 else 1,
        level.find("isLgl") is not None,
    )


def _worded(number: int, style: str) -> str:
    if style in {"lowerLetter", "upperLetter"} and number:
        letter = chr(ord("a") + (number - 1) % 26) * min(10, 1 + (number - 1) // 26)
        return letter.upper() if style == "upperLetter" else letter
    if style in {"lowerRoman", "upperRoman"} and 0 < number < _MOST:
        roman = _roman(number)
        return roman.upper() if style == "upperRoman" else roman
    if style == "decimalZero":
        return f"{number:02d}"
    return str(number)


def _roman(number: int) -> str:
    letters = ""
    for worth, letter in _ROMAN:
        letters += letter * (number // worth)
        number %= worth
    return letters
