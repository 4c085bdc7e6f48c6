"""The parts of a page's layout, as plain values.

Coordinates are in points as a reader sees the page: `left` to `right` grows to the right,
`top` to `bottom` grows downwards, and a page that is shown turned is turned already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from assistant.types.documents import RegionKind


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
        rtl = sum("\u0590" <= c <= "\u08ff" or "\ufb1d" <= c <= "\ufefc" for c in self.text)
        return 2 * rtl > sum(map(str.isalpha, self.text))


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page's text, in reading order.

    `apart` tells that a paragraph ends before it. `top` and `bottom` are -1 where the place on
    the page was not needed.
    """

    text: str
    apart: bool = False
    kind: RegionKind | Literal[""] = ""
    top: float = -1.0
    bottom: float = -1.0


@dataclass(frozen=True, slots=True)
class PageLines:
    """The lines of a page in reading order, the page's height, and what a person can't see.

    `hidden` counts characters that were left out because they can't be seen, `unreadable`
    tells that the letters have no meaning (private use, not mapped).
    """

    lines: tuple[Line, ...]
    height: float
    hidden: int = 0
    unreadable: bool = False


def line_height(segments: Sequence[Segment]) -> float:
    """Return the usual height of a line, in points; 10 if there is none."""
    heights = [s.height for s in segments if s.height > 0]
    return median(heights) if heights else 10.0


def overlap(a0: float, a1: float, b0: float, b1: float) -> float:
    """Return by how much two stretches overlap; negative if there is a gap between them."""
    return min(a1, b1) - max(a0, b0)
