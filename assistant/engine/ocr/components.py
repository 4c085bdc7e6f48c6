"""Connected components of a mask, and the smallest rectangle around each, in numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle that may be tilted: centre, length along the line, height across it.

    Lengths are pixels; `angle` (radians, -pi/4..pi/4 for lying text) is that of the line, its
    direction being (cos, sin) with y pointing down.
    """

    x: float
    y: float
    length: float
    height: float
    angle: float


@dataclass(frozen=True, slots=True)
class Component:
    """Pixels that hang together: their box, and their mean value in the map."""

    box: Box
    score: float


def find_components(
    values: NDArray[np.float32], threshold: float, *, smallest: float, most: int
) -> list[Component]:
    """Return the components of `values > threshold`, in 8 directions.

    Those whose box is less than `smallest` pixels high are left out; of more than `most` the
    largest are taken. Rows of pixels are joined as runs: a page has some thousands.
    """
    rows, starts, stops = _runs(values > threshold)
    if not len(rows):
        return []
    labels = _joined(rows, starts, stops)
    order = np.argsort(labels, kind="stable")
    ends = np.flatnonzero(np.diff(labels[order], append=-1)) + 1
    sums = np.concatenate(
        [np.zeros((len(values), 1)), np.cumsum(values, axis=1, dtype=np.float64)], axis=1
    )
    totals = sums[rows, stops] - sums[rows, starts]
    groups = sorted(np.split(order, ends[:-1]), key=len, reverse=True)[: 4 * most]
    found = []
    for group in groups:
        pixels = int((stops[group] - starts[group]).sum())
        box = smallest_box(_outline(rows[group], starts[group], stops[group]))
        if box.height >= smallest:
            found.append((pixels, Component(box, float(totals[group].sum()) / pixels)))
    found.sort(key=lambda pair: -pair[0])
    return [component for _, component in found[:most]]


def _runs(mask: NDArray[np.bool_]) -> tuple[Any, Any, Any]:
    """Return row, first and last (half open) column of each run of true pixels, by rows."""
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), dtype=np.int8)
    padded[:, 1:-1] = mask
    steps = np.diff(padded, axis=1)
    rows, starts = np.nonzero(steps == 1)
    _, stops = np.nonzero(steps == -1)
    return rows, starts, stops


def _joined(rows: Any, starts: Any, stops: Any) -> Any:
    """Return a label for each run; runs of neighbouring rows that touch have the same one."""
    width = int(stops.max()) + 2
    # Along one axis: runs do not overlap within a row, so both keys rise.
    first = np.searchsorted(rows * width + stops, (rows - 1) * width + starts)
    last = np.searchsorted(rows * width + starts, (rows - 1) * width + stops, side="right")
    parent = list(range(len(rows)))

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = parent[parent[run]]
            run = parent[run]
        return run

    for run, (begin, end) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        for above in range(begin, end):
            one, other = root(run), root(above)
            parent[max(one, other)] = min(one, other)
    return np.array([root(run) for run in range(len(rows))])


def _outline(rows: Any, starts: Any, stops: Any) -> Any:
    """Return the corners of all pixels at the ends of runs, shape (n, 2)."""
    columns = np.concatenate([starts, starts, stops, stops])
    lines = np.concatenate([rows, rows + 1, rows, rows + 1])
    return np.stack([columns, lines], axis=1).astype(np.float64)


def convex_hull(points: Any) -> Any:
    """Return the corners of the convex hull in order (Andrew's monotone chain)."""
    ordered = np.unique(points, axis=0).tolist()
    if len(ordered) < 3:
        return np.array(ordered)

    def half(chain: list[list[float]]) -> list[list[float]]:
        hull: list[list[float]] = []
        for x, y in chain:
            while len(hull) > 1:
                (ax, ay), (bx, by) = hull[-2], hull[-1]
                if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                    break
                hull.pop()
            hull.append([x, y])
        return hull[:-1]

    return np.array(half(ordered) + half(ordered[::-1]))


def smallest_box(points: Any) -> Box:
    """Return the rectangle of least area around points; one of its sides lies on their hull."""
    hull = convex_hull(points)
    edges = np.roll(hull, -1, axis=0) - hull
    angles = np.unique(np.mod(np.arctan2(edges[:, 1], edges[:, 0]), np.pi / 2))
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    along = cos * hull[:, 0] + sin * hull[:, 1]
    across = -sin * hull[:, 0] + cos * hull[:, 1]
    length, height = np.ptp(along, axis=1), np.ptp(across, axis=1)
    best = int(np.argmin(length * height))
    u = float(along[best].min() + along[best].max()) / 2
    v = float(across[best].min() + across[best].max()) / 2
    c, s, angle = float(cos[best, 0]), float(sin[best, 0]), float(angles[best])
    sides = float(length[best]), float(height[best])
    if angle > np.pi / 4:  # the other side is nearer to lying
        angle, sides = angle - np.pi / 2, (sides[1], sides[0])
    return Box(c * u - s * v, s * u + c * v, *sides, angle)
