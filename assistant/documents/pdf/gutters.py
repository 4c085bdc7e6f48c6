"""Find the white gutters between the columns of a page."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from assistant.documents.pdf.layout import Segment, overlap

GUTTER = 0.8
"""Least width of a gutter, in heights of a line."""

LEAST_EACH = 2

_CANDIDATES = 80

PARAGRAPH_GAP = 0.55

_LEAST_NARROW = 4

_SURELY = 2.0
"""Heights of a line that are never a space, whatever is beside them."""

_LABEL = re.compile(
    r"[-\u2022*\u25aa\u2013\u2014o\u00b7]"
    r"|[(\[]?(?:\d{1,3}(?:\.\d{1,3})*|[a-zA-Z]{1,2}|[ivxlcIVXLC]{1,6})[.):\]]{0,2}"
)


@dataclass(frozen=True, slots=True)
class Band:
    """The segments of one line of sight across the page."""

    segments: tuple[Segment, ...]
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Gutter:
    """A white stretch `left` to `right` between the bands `first` and `last`; its worth."""

    left: float
    right: float
    first: int
    last: int
    worth: int


def bands_of(segments: Sequence[Segment], height: float) -> list[Band]:
    """Group segments to bands: those whose middles lie on one line."""
    groups: list[list[Segment]] = []
    bottom = float("-inf")
    for segment in sorted(segments, key=_middle):
        if groups and _middle(segment) <= bottom:
            groups[-1].append(segment)
        else:
            groups.append([segment])
            bottom = _middle(segment) + 0.3 * min(segment.height, height)
    return [
        Band(
            tuple(sorted(group, key=_left)),
            min(s.top for s in group),
            max(s.bottom for s in group),
        )
        for group in groups
    ]


def _middle(segment: Segment) -> float:
    return (segment.top + segment.bottom) / 2


def best_gutter(bands: Sequence[Band], height: float) -> Gutter | None:
    width = GUTTER * height
    segments = [s for band in bands for s in band.segments]
    ends, starts = sorted(s.right for s in segments), sorted(s.left for s in segments)
    edges = [
        edge
        for edge in sorted({round(start, 1) for start in starts})
        if bisect_left(ends, edge - width + 0.1) >= LEAST_EACH
        and len(starts) - bisect_left(starts, edge - 0.1) >= LEAST_EACH
    ]
    step = max(1, -(-len(edges) // _CANDIDATES))
    found: list[Gutter] = []
    for edge in edges[::step]:
        found += _gutters_before(bands, edge - width, edge, height)
    best = max(found, key=lambda g: (g.worth, g.left), default=None)
    return best if best is None else _widened(bands, best)


def _gutters_before(
    bands: Sequence[Band], left: float, right: float, height: float
) -> list[Gutter]:
    """Return the runs of bands that leave `left` to `right` white, with text on both sides."""
    found: list[Gutter] = []
    first = 0
    for number in range(len(bands) + 1):
        if number < len(bands) and not _crossed(bands[number], left, right):
            continue
        if number - first >= 1:
            gutter = _judged(bands, left, right, first, number - 1, height)
            found += [gutter] if gutter else []
        first = number + 1
    return found


def _crossed(band: Band, left: float, right: float) -> bool:
    return any(s.left < right - 0.05 and s.right > left + 0.05 for s in band.segments)


def _judged(
    bands: Sequence[Band], left: float, right: float, first: int, last: int, height: float
) -> Gutter | None:
    """Weigh a run of bands; ends that lie apart and have text on one side only are left out."""
    sides = {n: _sides(bands[n], right) for n in range(first, last + 1)}
    while first < last and not all(sides[first]) and _far(bands, first, first + 1, height):
        first += 1
    while first < last and not all(sides[last]) and _far(bands, last - 1, last, height):
        last -= 1
    inside = range(first, last + 1)
    counts = [sum(sides[n][side] for n in inside) for side in (0, 1)]
    if min(counts) < LEAST_EACH:
        return None
    extents = [
        (min(bands[n].top for n in own), max(bands[n].bottom for n in own))
        for own in ([n for n in inside if sides[n][side]] for side in (0, 1))
    ]
    if overlap(*extents[0], *extents[1]) < 1.5 * height:
        return None
    run = bands[first : last + 1]
    if _only_labels(run, right) or not (
        _white(run, right) >= _SURELY * height
        or (min(counts) >= _LEAST_NARROW and _aligned(run, right, height))
    ):
        return None
    return Gutter(left, right, first, last, min(counts))


def _white(bands: Sequence[Band], right: float) -> float:
    """Return the width of the white between what ends before `right` and what begins there."""
    segments = [s for band in bands for s in band.segments]
    ends = max(s.right for s in segments if s.left < right - 0.1)
    return min(s.left for s in segments if s.left >= right - 0.1) - ends


def _aligned(bands: Sequence[Band], right: float, height: float) -> bool:
    """Tell a gutter from a river of spaces: text begins, or ends, at the same place beside it."""
    firsts = [
        next(s for s in band.segments if s.left >= right - 0.1)
        for band in bands
        if band.segments[-1].left >= right - 0.1
    ]
    for edges in ([s.left for s in firsts], [s.right for s in firsts]):
        usual = median(edges)
        if sum(abs(edge - usual) <= 0.4 * height for edge in edges) >= 0.6 * len(edges):
            return True
    return False


def _only_labels(bands: Sequence[Band], right: float) -> bool:
    """Tell whether all that stands before a gutter are numbers and marks of a list's items."""
    before = [s.text for band in bands for s in band.segments if s.left < right - 0.1]
    return all(_LABEL.fullmatch(text.strip()) for text in before)


def _sides(band: Band, right: float) -> tuple[int, int]:
    before = bisect_left(band.segments, right - 0.1, key=_left)
    return before, len(band.segments) - before


def _left(segment: Segment) -> float:
    return segment.left


def _far(bands: Sequence[Band], one: int, other: int, height: float) -> bool:
    return bands[other].top - bands[one].bottom > PARAGRAPH_GAP * height


def _widened(bands: Sequence[Band], gutter: Gutter) -> Gutter:
    """Return the gutter as wide as the text beside it leaves it."""
    inside = [s for band in bands[gutter.first : gutter.last + 1] for s in band.segments]
    left = max(s.right for s in inside if s.left < gutter.right - 0.1)
    right = min(s.left for s in inside if s.left >= gutter.right - 0.1)
    return Gutter(left, right, gutter.first, gutter.last, gutter.worth)
