"""Which part of a page is drawn: how near, and around what."""

from __future__ import annotations

from dataclasses import dataclass, replace

from assistant.tui.widgets.page_picture import HIGH, WIDE
from assistant.types import PagePicture, PageView

NEAREST = 4
"""Steps: the whole page, its whole width, and that two, four and eight times."""

_A4 = 2**0.5


@dataclass(frozen=True, slots=True)
class PageFrame:
    """A frame of `columns` x `rows` cells on a page that is `aspect` times as high as wide.

    `x`, `y` is its middle as shares of the page's sides.
    """

    columns: int
    rows: int
    near: int = 1
    x: float = 0.5
    y: float = 0.5
    aspect: float = _A4

    def view(self, quotes: tuple[str, ...]) -> PageView:
        """Return what is to be drawn."""
        across, down = WIDE * self.columns, HIGH * self.rows
        if self.near == 0:
            return PageView(max(1, min(across, int(down / self.aspect))), quotes=quotes)
        width = across << (self.near - 1)
        wide, high = across / width, min(1.0, down / (width * self.aspect))
        left = min(max(self.x - wide / 2, 0.0), 1.0 - wide)
        top = min(max(self.y - high / 2, 0.0), 1.0 - high)
        return PageView(width, (left, top, left + wide, top + high), quotes)

    def nearer(self, step: int) -> PageFrame:
        return replace(self, near=min(max(self.near + step, 0), NEAREST))

    def moved(self, across: int, down: int) -> PageFrame:
        """Move by half of what is seen."""
        left, top, right, bottom = self.view(()).part
        x = (left + right) / 2 + across * (right - left) / 2
        y = (top + bottom) / 2 + down * (bottom - top) / 2
        return replace(self, x=min(max(x, 0.0), 1.0), y=min(max(y, 0.0), 1.0))

    def around(self, whole: PagePicture) -> PageFrame:
        """Put the frame around the quotes that are marked in a picture of the whole page."""
        aspect = whole.height / whole.width
        if not whole.marks:
            return replace(self, aspect=aspect, x=0.5, y=0.0)
        first = whole.marks[0]
        x = (min(m[0] for m in whole.marks) + max(m[2] for m in whole.marks)) / 2
        return replace(
            self, aspect=aspect, x=x / whole.width, y=(first[1] + first[3]) / 2 / whole.height
        )
