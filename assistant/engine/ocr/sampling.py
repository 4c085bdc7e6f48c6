"""Resampling of grey pictures: smaller by areas, and cut out along tilted boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assistant.engine.ocr.components import Box

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Grey = NDArray[np.float32]


def resized(picture: Grey, height: int, width: int) -> Grey:
    """Return the picture at another size: each axis as one product with a triangle filter.

    Where it becomes smaller the filter grows with the step, so that thin strokes stay.
    """
    while picture.shape[0] >= 2 * height and picture.shape[1] >= 2 * width:
        picture = halved(picture)
    down, across = _weights(picture.shape[0], height), _weights(picture.shape[1], width)
    return np.asarray(down @ picture @ across.T, dtype=np.float32)


def _weights(source: int, target: int) -> Grey:
    step = source / target
    centres = (np.arange(target) + 0.5) * step - 0.5
    reach = max(1.0, step)
    apart = np.abs(np.arange(source)[None, :] - centres[:, None]) / reach
    weights = np.clip(1.0 - apart, 0.0, None)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)


def halved(picture: Grey) -> Grey:
    """Return the picture at half its size, each pixel the mean of four."""
    height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
    blocks = picture[:height, :width].reshape(height // 2, 2, width // 2, 2)
    return np.asarray(blocks.mean(axis=(1, 3)), dtype=np.float32)


class LineCutter:
    """Cuts the lines of one picture out, upright and at one height."""

    def __init__(self, picture: Grey, height: int, widest: int = 3_200) -> None:
        self._levels = [picture]
        self._height = height
        self._widest = widest

    def cut(self, box: Box) -> Grey:
        """Return a box as a lying picture `height` pixels high.

        It is at least as wide as high, and at most `widest`: a longer line becomes narrower.
        """
        level = 0
        while box.height / 2 ** (level + 1) >= self._height:  # else every other pixel is lost
            level += 1
            if level == len(self._levels):
                self._levels.append(halved(self._levels[-1]))
        return self._sampled(self._levels[level], box, 0.5**level)

    def _sampled(self, picture: Grey, box: Box, scale: float) -> Grey:
        width = round(self._height * box.length / max(box.height, 1.0))
        width = min(max(width, self._height), self._widest)
        cos, sin = np.cos(box.angle) * scale, np.sin(box.angle) * scale
        along = ((np.arange(width) + 0.5) / width - 0.5) * box.length
        across = ((np.arange(self._height) + 0.5) / self._height - 0.5) * box.height
        xs = box.x * scale - 0.5 + cos * along[None, :] - sin * across[:, None]
        ys = box.y * scale - 0.5 + sin * along[None, :] + cos * across[:, None]
        return _bilinear(picture, xs.astype(np.float32), ys.astype(np.float32))


def _bilinear(picture: Grey, xs: Grey, ys: Grey) -> Grey:
    """Return the picture's values between its pixels; its edge goes on outside."""
    height, width = picture.shape
    xs = np.clip(xs, 0, width - 1)
    ys = np.clip(ys, 0, height - 1)
    left = np.minimum(xs.astype(np.int32), max(width - 2, 0))
    top = np.minimum(ys.astype(np.int32), max(height - 2, 0))
    dx, dy = xs - left, ys - top
    flat = picture.ravel()
    at = top * width + left
    right, below = min(1, width - 1), width * min(1, height - 1)
    upper = flat[at] * (1 - dx) + flat[at + right] * dx
    lower = flat[at + below] * (1 - dx) + flat[at + below + right] * dx
    return np.asarray(upper * (1 - dy) + lower * dy, dtype=np.float32)
