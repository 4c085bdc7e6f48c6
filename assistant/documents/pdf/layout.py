"""The parts of a page's layout, as plain values.

Coordinates are in points as a reader sees the page: `left` to `right` grows to the right,
`top` to `bottom` grows downwards, and a page that is shown turned is turned already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal

from assistant.documents.pdf.right_to_left import RIGHT_TO_LEFT
from assistant.types.documents import RegionKind

Box = tuple[float, float, float, float]
"""left, top, right, bottom as a reader sees the page."""

_FULL = 0.75
"""Share of the width of a column that a line fills which goes on below."""

FLUSH = 0.1
"""How far apart lines of a column begin or end, in heights of a line."""

_LEAST_RUNNING = 2
_DOUBLE = 2.5
_MORE = 0.3
_SMALL = 0.3


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of characters on one line without a wide gap: words, a table's cell, a form's value.

    `kind` names what is no plain text of the page ("" for plain text).
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    kind: RegionKind | Literal[""] = ""

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def right_to_left(self) -> bool:
        """Whether most of its letters are of a script that is written from right to left."""
        leftwards = len(RIGHT_TO_LEFT.findall(self.text))
        return leftwards > 0 and 2 * leftwards > sum(map(str.isalpha, self.text))


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of a table's columns, and where each begins and ends, in points."""

    names: tuple[str, ...]
    extents: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page's text, in reading order.

    `apart` tells that a paragraph ends before it. `top` and `bottom` are -1 where the place on
    the page was not needed. `columns` are those of the table that the line is a row of.
    """

    text: str
    apart: bool = False
    kind: RegionKind | Literal[""] = ""
    top: float = -1.0
    bottom: float = -1.0
    columns: Columns | None = None


@dataclass(frozen=True, slots=True)
class PageLines:
    """The lines of a page in reading order, the page's height, and what a person can't see.

    `hidden` counts characters that were left out because they can't be seen, `unreadable`
    tells that the letters have no meaning (private use, not mapped), `scanned` that the text
    lies over a picture of the page.
    """

    lines: tuple[Line, ...]
    height: float
    hidden: int = 0
    unreadable: bool = False
    scanned: bool = False


def line_height(segments: Sequence[Segment]) -> float:
    """Return the usual height of a line, in points; 10 if there is none."""
    heights = [s.height for s in segments if s.height > 0]
    return median(heights) if heights else 10.0


def paragraph_starts(
    rows: Sequence[Box], texts: Sequence[str], height: float, least: float
) -> list[bool]:
    """Tell for each line, from top to bottom, whether a paragraph begins with it.

    The white above it is wider than `least` heights. In running text, which may be double-spaced,
    it is wider than between other lines as well, or the line above ends early.
    """
    if len(rows) < 2:
        return [False] * len(rows)
    start = min(row[0] for row in rows)
    width = max(row[2] for row in rows) - start
    full = [row[2] > start + _FULL * width for row in rows]
    whites = [below[1] - above[3] for above, below in pairwise(rows)]
    running = [n for n, goes_on in enumerate(full[:-1]) if goes_on]
    usual = 0.0
    if len(running) >= _LEAST_RUNNING and _goes_on([texts[n + 1] for n in running]):
        common = sorted(whites[n] for n in running)[len(running) // 4]
        usual = min(common, _DOUBLE * least * height) + _MORE * height
    pairs = zip(whites, full, strict=False)
    return [False, *(white > max(least * height, usual * goes_on) for white, goes_on in pairs)]


def is_running_text(segments: Sequence[Segment]) -> bool:
    """Tell text that goes on from line to line: half of its lines at least fill their column."""
    wide = max(s.right for s in segments) - min(s.left for s in segments)
    filling = sum(s.width >= _FULL * wide for s in segments)
    return filling >= 0.5 * len(segments) and _goes_on([s.text for s in segments])


def _goes_on(lines: Sequence[str]) -> bool:
    """Tell running text, of which some lines begin in small letters, from lines of their own."""
    cased = [line[0] for line in lines if line[:1].isupper() or line[:1].islower()]
    return sum(map(str.islower, cased)) >= _SMALL * len(cased)


def is_justified(segments: Sequence[Segment]) -> bool:
    """Tell whether lines, all but the last at least, end at one place, as items do not."""
    ends = [s.right for s in segments]
    close = max(ends) - FLUSH * segments[0].height
    return all(end >= close for end in ends[:-1]) and sum(end >= close for end in ends) > 1


def overlap(a0: float, a1: float, b0: float, b1: float) -> float:
    """Return by how much two stretches overlap; negative if there is a gap between them."""
    return min(a1, b1) - max(a0, b0)
