"""Finding the lines of text in a picture: PP-OCR's detector with DB post-processing.

The model gives each pixel the probability that it lies in the *core* of a line, which is
shrunk so that lines keep apart (Liao et al. 2020, "Real-time Scene Text Detection with
Differentiable Binarization"). The cores above a threshold are grown back to boxes of lines.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.engine.ocr.components import Box, find_components
from assistant.engine.ocr.sampling import resized

if TYPE_CHECKING:
    from assistant.engine.ocr.sampling import Grey

LONGEST_SIDE = 1280
"""Pixels of the picture that the detector sees: a page of small print still has 9 a line."""

_GRAIN = 32  # the network halves the picture five times
_THRESHOLD = 0.3
_LEAST_SCORE = 0.5
_UNCLIP = 1.6
_SMALLEST = 3.0
_MOST_LINES = 1_000


class Detector:
    """Wraps the session of a detector."""

    def __init__(self, session: Any, longest_side: int = LONGEST_SIDE) -> None:
        self._session = session
        self._longest = longest_side

    def find(self, picture: Grey) -> list[Box]:
        """Return the boxes of the lines (0..255, shape (height, width)), in no order."""
        height, width = picture.shape
        scale = min(1.0, self._longest / max(height, width))
        rows = max(_GRAIN, round(height * scale / _GRAIN) * _GRAIN)
        columns = max(_GRAIN, round(width * scale / _GRAIN) * _GRAIN)
        small = resized(picture, rows, columns) / 127.5 - 1.0
        feed = np.broadcast_to(small, (1, 3, rows, columns))
        values = self._session.run(None, {"x": np.ascontiguousarray(feed)})[0][0, 0]
        found = find_components(values, _THRESHOLD, smallest=_SMALLEST, most=_MOST_LINES)
        back = (width / columns, height / rows)
        return [_in_picture(grown(c.box), *back) for c in found if c.score >= _LEAST_SCORE]


def grown(box: Box) -> Box:
    """Undo the shrinking: move each side out by area x ratio / circumference."""
    by = box.length * box.height * _UNCLIP / (2 * (box.length + box.height))
    return replace(box, length=box.length + 2 * by, height=box.height + 2 * by)


def _in_picture(box: Box, by_x: float, by_y: float) -> Box:
    """Return the box in the pixels of the picture; both factors are nearly the same."""
    mean = (by_x * by_y) ** 0.5
    return replace(
        box, x=box.x * by_x, y=box.y * by_y, length=box.length * mean, height=box.height * mean
    )
