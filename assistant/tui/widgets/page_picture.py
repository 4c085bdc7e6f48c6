"""A page as it is printed, in characters: four dots of grey to a cell, the quotes in colour.

Each cell shows two by two dots with the sixteen quadrant blocks of Unicode (U+2580 to U+259F) and
two greys: the mean of its dark dots and that of its light ones. A dot is twice as high as wide,
so that the picture that is drawn has four rows of pixels to a cell, of which two make a dot.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from assistant.tui import safe_content
from assistant.types import PagePicture, PixelBox

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Dots = npt.NDArray[np.float64]

WIDE, HIGH = 2, 4
"""Pixels of the drawn picture in a cell: across, and down."""

_QUADRANTS = (
    " \u2598\u259d\u2580\u2596\u258c\u259e\u259b\u2597\u259a\u2590\u259c\u2584\u2599\u259f\u2588"
)
"""By the sum of the dark dots: 1 above left, 2 above right, 4 below left, 8 below right."""

_PLAIN = 24
"""Least difference between the dots of a cell that is shown, of 255."""

_STEP = 17
"""Greys are rounded to sixteen: fewer changes of colour are less to send."""

_MARK = (1.0, 0.86, 0.35)
"""What is left of red, green and blue where a quote stands: a yellow marker pen."""

_BRACKET = (0, 255, False)
"""How a bracket is drawn: black on paper, beside the quote and not in its colour."""

Cell = tuple[str, int, int, bool]
"""The block, the grey of its dark dots and of its light ones, and whether a quote is there."""


class PagePictureView(Widget):
    """Shows what it was handed by `show`; its size in cells is that of the picture."""

    DEFAULT_CSS = "PagePictureView { width: 1fr; height: 1fr; }"

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._rows: list[list[Cell]] = []

    def show(self, picture: PagePicture) -> None:
        self._rows = cells_of(picture)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        row = self._rows[y][:width]
        side = (width - len(row)) // 2
        edge = Segment(" " * side, self.rich_style)
        strip = Strip([edge, *_segments(row)], side + len(row))
        return strip.extend_cell_length(width, self.rich_style)


def _segments(row: Iterable[Cell]) -> list[Segment]:
    return [
        safe_content.painted(
            "".join(cell[0] for cell in cells),
            _colour(dark, marked=marked),
            _colour(light, marked=marked),
        )
        for (dark, light, marked), cells in groupby(row, key=lambda cell: cell[1:])
    ]


def _colour(grey: int, *, marked: bool) -> str:
    red, green, blue = (round(grey * part) if marked else grey for part in _MARK)
    return f"#{red:02x}{green:02x}{blue:02x}"


def cells_of(picture: PagePicture) -> list[list[Cell]]:
    """Return the cells of a picture, row by row; what is over at its edges is paper."""
    import numpy as np

    rows, columns = -(-picture.height // HIGH), -(-picture.width // WIDE)
    pixels = np.full((rows * HIGH, columns * WIDE), 255.0)
    grey = np.frombuffer(picture.grey, np.uint8).reshape(picture.height, picture.width)
    pixels[: picture.height, : picture.width] = grey
    dots = pixels.reshape(rows * 2, HIGH // 2, columns * WIDE).mean(axis=1)
    blocks = dots.reshape(rows, 2, columns, 2).transpose(0, 2, 1, 3).reshape(rows, columns, 4)
    marked = _marked(picture.marks, rows, columns)
    return [
        _bracketed([_cell(block, bool(mark)) for block, mark in zip(line, marks, strict=True)])
        for line, marks in zip(blocks.tolist(), marked.tolist(), strict=True)
    ]


def _bracketed(row: list[Cell]) -> list[Cell]:
    """Put brackets around what is quoted in a row, so that it can be seen without colours, too.

    A quote that reaches the edge of the picture has none there: it may go on beyond it.
    """
    framed = list(row)
    for at, (before, after) in enumerate(pairwise(row)):
        if after[3] and not before[3]:
            framed[at] = ("[", *_BRACKET)
        elif before[3] and not after[3]:
            framed[at + 1] = ("]", *_BRACKET)
    return framed


def _cell(dots: list[float], marked: bool) -> Cell:
    middle = sum(dots) / 4
    if max(dots) - min(dots) < _PLAIN:
        return " ", 0, _rounded(middle), marked
    dark = [dot for dot in dots if dot < middle]
    light = [dot for dot in dots if dot >= middle]
    which = sum(1 << n for n, dot in enumerate(dots) if dot < middle)
    return _QUADRANTS[which], _mean(dark), _mean(light), marked


def _mean(dots: list[float]) -> int:
    return _rounded(sum(dots) / len(dots))


def _rounded(grey: float) -> int:
    return round(grey / _STEP) * _STEP


def _marked(marks: Iterable[PixelBox], rows: int, columns: int) -> Any:
    import numpy as np

    found = np.zeros((rows, columns), bool)
    for left, top, right, bottom in marks:
        low, high = round(top / HIGH), max(round(bottom / HIGH), round(top / HIGH) + 1)
        found[low:high, left // WIDE : -(-right // WIDE)] = True
    return found
