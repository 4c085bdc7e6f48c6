"""Find the white gutters between the columns of a page."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from assistant.documents.pdf.layout import FLUSH, Segment, is_justified, is_running_text, overlap

GUTTER = 0.8
"""Usual width of a gutter at least, in heights of a line."""

_NARROWEST = 0.5
"""The same where a line runs over the end of its column, or a small note fills its own."""

LEAST_EACH = 2

_SHARED = 1.5
"""Least height that the text on both sides of a gutter shares, in heights of a line."""

_CANDIDATES = 80

PARAGRAPH_GAP = 0.55

_LEAST_NARROW = 4

_SURELY = 2.0
"""Heights of a line that are never a space, whatever is beside them."""

_APART = 2.0
"""What parts a running head from text, times the white above a paragraph."""

_LONE = 1.5
"""Heights of a line that part a single line from what is beside it; a loose space is narrower."""

_LINE_WORDS = 3

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
    width = _NARROWEST * height
    segments = [s for band in bands for s in band.segments]
    ends, starts = sorted(s.right for s in segments), sorted(s.left for s in segments)
    edges = [
        edge
        for edge in sorted({round(start, 1) for start in starts})
        if bisect_left(ends, edge - width + 0.1) and bisect_left(starts, edge - 0.1) < len(starts)
    ]
    step = max(1, -(-len(edges) // _CANDIDATES))
    found: list[Gutter] = []
    for edge in edges[::step]:
        alike = starts[bisect_left(starts, edge - 0.1) : bisect_left(starts, edge + FLUSH * height)]
        usual = alike[len(alike) // 2]  # some letters reach a little to the left, as "j" does
        found += _gutters_before(bands, usual - width, edge, height)
    best = max(found, key=lambda g: (g.worth, g.last - g.first, g.left), default=None)
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
        if number > first:
            gutter = _judged(bands, left, right, first, number - 1, height)
            found += [gutter] if gutter else _in_parts(bands, left, right, first, number, height)
        first = number + 1
    return found


def _in_parts(
    bands: Sequence[Band], left: float, right: float, first: int, end: int, height: float
) -> list[Gutter]:
    """Judge what wide whites part on its own: below a running head the columns may be short."""
    cuts = [n for n in range(first + 1, end) if _far(bands, n - 1, n, _APART * height)]
    pieces = pairwise([first, *cuts, end]) if cuts else ()
    judged = (_judged(bands, left, right, one, other - 1, height) for one, other in pieces)
    return [gutter for gutter in judged if gutter]


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
        if _fills_column(bands[last], bands[first:last], right, height):
            break
        last -= 1
    inside = range(first, last + 1)
    counts = [sum(sides[n][side] for n in inside) for side in (0, 1)]
    run = bands[first : last + 1]
    if not min(counts) or _only_labels(run, right) or _usual_white(run, right) < GUTTER * height:
        return None
    extents = [
        (min(bands[n].top for n in own), max(bands[n].bottom for n in own))
        for own in ([n for n in inside if sides[n][side]] for side in (0, 1))
    ]
    shared = overlap(*extents[0], *extents[1]) >= _SHARED * height
    if min(counts) < LEAST_EACH or not shared:
        parts = _beside_running_text(run, right, height)
    else:
        parts = (
            _white(run, right) >= _SURELY * height
            or (min(counts) >= _LEAST_NARROW and _aligned(run, right, height))
            or _beside_running_text(run, right, height)
        )
    return Gutter(left, right, first, last, min(counts)) if parts else None


def _fills_column(band: Band, above: Sequence[Band], right: float, height: float) -> bool:
    """Tell whether a line before a gutter ends where the lines above it do: it goes on above."""
    before = [s.right for b in above for s in b.segments if s.left < right - 0.1]
    end = band.segments[-1].right
    return end < right and sum(abs(end - other) <= FLUSH * height for other in before) > 1


def _beside_running_text(bands: Sequence[Band], right: float, height: float) -> bool:
    """Tell whether a few lines stand beside text that goes on from line to line.

    So does the end of columns that are balanced, and a note. A line of a form or a list is no
    running text: what stands beside it belongs to it.
    """
    near: tuple[list[Segment], list[Segment]] = ([], [])
    for band in bands:
        before = _sides(band, right)[0]
        parts = band.segments[:before][-1:], band.segments[before:][:1]
        for side, own in zip(near, parts, strict=True):
            side.extend(own)
    alone = min(map(len, near)) < LEAST_EACH
    if alone and _white(bands, right) < _LONE * height and not is_justified(near[0]):
        return False
    sides = [[s.left for s in near[1]], [s.right for s in near[1]]]
    return any(max(edges) - min(edges) <= FLUSH * height for edges in sides) and any(
        len(side) >= LEAST_EACH
        and sum(len(s.text.split()) for s in side) >= _LINE_WORDS * len(side)
        and is_running_text(side)
        for side in near
    )


def _white(bands: Sequence[Band], right: float) -> float:
    """Return the width of the white between what ends before `right` and what begins there."""
    segments = [s for band in bands for s in band.segments]
    ends = max(s.right for s in segments if s.left < right - 0.1)
    return min(s.left for s in segments if s.left >= right - 0.1) - ends


def _usual_white(bands: Sequence[Band], right: float) -> float:
    """Return the median width of the white on the lines that have text on both sides."""
    whites = []
    for band in bands:
        before = _sides(band, right)[0]
        if 0 < before < len(band.segments):
            whites.append(band.segments[before].left - band.segments[before - 1].right)
    return median(whites) if whites else float("inf")


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
