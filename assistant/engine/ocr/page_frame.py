"""How a page lies in its picture: its tilt, and the boxes of its lines when it is upright."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import cos, hypot, pi, sin

from assistant.engine.ocr.components import Box

_LONG = 4.0
"""Times its height: from here on a box knows its angle by itself."""

_TALL = 1.5


@dataclass(frozen=True, slots=True)
class Upright:
    """A box in the upright page: its sides, in pixels, y pointing down."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class PageFrame:
    """A page that is tilted by `angle` (radians) around the middle of its picture."""

    angle: float
    x: float
    y: float

    @classmethod
    def of(cls, boxes: Sequence[Box], height: int, width: int) -> PageFrame:
        """Take the median angle of the long lines, each counted by its length; 0 without any."""
        long = sorted((b.angle, b.length) for b in boxes if b.length > _LONG * b.height)
        half = sum(length for _, length in long) / 2
        for angle, length in long:
            half -= length
            if half <= 0:
                return cls(angle, width / 2, height / 2)
        return cls(0.0, width / 2, height / 2)

    def upright(self, box: Box) -> Upright:
        """Return where a box stands when the page is upright."""
        c, s = cos(self.angle), sin(self.angle)
        dx, dy = box.x - self.x, box.y - self.y
        x, y = self.x + c * dx + s * dy, self.y + c * dy - s * dx
        return Upright(
            x - box.length / 2, y - box.height / 2, x + box.length / 2, y + box.height / 2
        )

    def box(self, place: Upright) -> Box:
        """Return the box of the picture that stands at a place of the upright page."""
        c, s = cos(self.angle), sin(self.angle)
        dx, dy = (place.left + place.right) / 2 - self.x, place.middle - self.y
        x, y = self.x + c * dx - s * dy, self.y + s * dx + c * dy
        return Box(x, y, place.right - place.left, place.height, self.angle)


def standing(boxes: Sequence[Box]) -> bool:
    """Whether most of the writing runs up or down the picture."""
    up = sum(box.height for box in boxes if box.height > _TALL * box.length)
    return up > sum(box.length for box in boxes if box.length > _TALL * box.height)


def turned_over(boxes: Sequence[Box], height: int, width: int) -> list[Box]:
    """Return the boxes of the picture when it is turned by half a circle."""
    return [replace(box, x=width - box.x, y=height - box.y) for box in boxes]


def levelled(box: Box, frame: PageFrame) -> Box:
    """Give a short box the page's angle: its own says more of its letters than of its line."""
    apart = abs(box.angle - frame.angle)
    if box.length > _LONG * box.height or apart > pi / 4:
        return box
    length = box.length * cos(apart) + box.height * sin(apart)
    height = box.height * cos(apart) + box.length * sin(apart)
    grown = hypot(length, height) / hypot(box.length, box.height)  # its corners stick out
    return replace(box, length=length / grown, height=height / grown, angle=frame.angle)


def joined(boxes: Sequence[Box], frame: PageFrame) -> list[Box]:
    """Join boxes that overlap in one row: parts of one line, such as a number and its text."""
    places = sorted(((frame.upright(box), box) for box in boxes), key=lambda pair: pair[0].left)
    done: list[tuple[Upright, Box | None]] = []
    for place, box in places:
        at = next((n for n in reversed(range(len(done))) if _goes_on(done[n][0], place)), None)
        if at is None:
            done.append((place, box))
            continue
        other, _ = done.pop(at)
        both = Upright(
            min(other.left, place.left),
            min(other.top, place.top),
            max(other.right, place.right),
            max(other.bottom, place.bottom),
        )
        done.append((both, None))
    return [frame.box(place) if box is None else box for place, box in done]


def _goes_on(line: Upright, after: Upright) -> bool:
    level = abs(line.middle - after.middle) < min(line.height, after.height) / 3
    alike = max(line.height, after.height) < 1.6 * min(line.height, after.height)
    return level and alike and after.left < line.right
