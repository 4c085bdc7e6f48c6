"""Put the segments of a page into reading order.

A recursive cut in the manner of XY cut (Nagy and Seth 1984): look for the white gutter with the
most text on both of its sides, from the first to the last line that does not cross it. What
lies between is a table, paragraphs with notes beside them, or columns, which are cut again;
what lies above and below is cut on its own. Lines that no gutter parts are read from top to
bottom. Rules on boxes only, so that a page is read alike whatever its words are.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from assistant.documents.pdf.layout import Line, Segment, line_height, overlap
from assistant.documents.pdf.tables import read_table
from assistant.types.documents import RegionKind

GUTTER = 0.8
"""Least width of a gutter, in heights of a line."""

_LEAST_EACH = 2
_CANDIDATES = 80
_DEEPEST = 12
_PARAGRAPH_GAP = 0.55
_SHORT_WORDS = 4
_LEAST_NARROW = 4
_SURELY = 2.0
"""Heights of a line that are never a space, whatever is beside them."""

_LABEL = re.compile(
    r"[-\u2022*\u25aa\u2013\u2014o\u00b7]"
    r"|[(\[]?(?:\d{1,3}(?:\.\d{1,3})*|[a-zA-Z]{1,2}|[ivxlcIVXLC]{1,6})[.):\]]{0,2}"
)


@dataclass(frozen=True, slots=True)
class _Band:
    """The segments of one line of sight across the page."""

    segments: tuple[Segment, ...]
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class _Gutter:
    """A white stretch `left` to `right` between the bands `first` and `last`; its worth."""

    left: float
    right: float
    first: int
    last: int
    worth: int


def ordered_lines(segments: Sequence[Segment]) -> list[Line]:
    """Return the lines of a page in reading order."""
    return _cut(list(segments), line_height(segments), 0)


def bands_of(segments: Sequence[Segment], height: float) -> list[_Band]:
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
        _Band(
            tuple(sorted(group, key=_left)),
            min(s.top for s in group),
            max(s.bottom for s in group),
        )
        for group in groups
    ]


def _middle(segment: Segment) -> float:
    return (segment.top + segment.bottom) / 2


def _cut(segments: list[Segment], height: float, depth: int) -> list[Line]:
    if not segments:
        return []
    bands = bands_of(segments, height)
    gutter = _best_gutter(bands, height) if depth < _DEEPEST else None
    if gutter is None:
        return _plain(bands, height)
    inside = bands[gutter.first : gutter.last + 1]
    above = bands[: gutter.first]
    table = read_table([b.segments for b in inside], [b.segments for b in above])
    if table is None:
        between = _between(inside, gutter, height, depth)
    else:
        above, between = above[: len(above) - table[0]], table[1]
    lines = _cut([s for band in above for s in band.segments], height, depth + 1)
    lines += _apart(between)
    below = [s for band in bands[gutter.last + 1 :] for s in band.segments]
    return lines + _apart(_cut(below, height, depth + 1))


def _between(bands: list[_Band], gutter: _Gutter, height: float, depth: int) -> list[Line]:
    """Read what a gutter parts: paragraphs with notes beside them, or columns."""
    segments = [s for band in bands for s in band.segments]
    sides = _cells(segments, [(gutter.left, gutter.right)])
    parts = _paragraph_parts(bands, height)
    if _notes_beside(parts, gutter):
        lines: list[Line] = []
        for part in parts:
            own = [s for band in part for s in band.segments]
            for side in _cells(own, [(gutter.left, gutter.right)]):
                lines += _apart(_cut(side, height, depth + 1))
        return lines
    if _mostly_right_to_left(segments):
        sides.reverse()
    return [line for side in sides for line in _apart(_cut(side, height, depth + 1))]


def _notes_beside(parts: Sequence[Sequence[_Band]], gutter: _Gutter) -> bool:
    """Tell whether each paragraph has its term, number or note beside it."""
    if len(parts) < _LEAST_EACH:
        return False
    both, words = 0, []
    for part in parts:
        own = [s for band in part for s in band.segments]
        left, right = _cells(own, [(gutter.left, gutter.right)])
        both += bool(left and right)
        words.append(sum(len(s.text.split()) for s in left))
    return both >= 0.6 * len(parts) and median(words) <= 2 * _SHORT_WORDS


def _paragraph_parts(bands: Sequence[_Band], height: float) -> list[list[_Band]]:
    """Cut bands where the white between them is wider than between lines."""
    parts: list[list[_Band]] = []
    bottom = float("-inf")
    for band in bands:
        if not parts or band.top - bottom > _PARAGRAPH_GAP * height:
            parts.append([])
        parts[-1].append(band)
        bottom = max(bottom, band.bottom) if len(parts[-1]) > 1 else band.bottom
    return parts


def _best_gutter(bands: Sequence[_Band], height: float) -> _Gutter | None:
    width = GUTTER * height
    edges = sorted({round(s.left, 1) for band in bands for s in band.segments})[1:]
    step = max(1, -(-len(edges) // _CANDIDATES))
    found: list[_Gutter] = []
    for edge in edges[::step]:
        found += _gutters_before(bands, edge - width, edge, height)
    best = max(found, key=lambda g: (g.worth, g.left), default=None)
    return best if best is None else _widened(bands, best)


def _gutters_before(
    bands: Sequence[_Band], left: float, right: float, height: float
) -> list[_Gutter]:
    """Return the runs of bands that leave `left` to `right` white, with text on both sides."""
    found: list[_Gutter] = []
    first = 0
    for number in range(len(bands) + 1):
        if number < len(bands) and not _crossed(bands[number], left, right):
            continue
        if number - first >= 1:
            gutter = _judged(bands, left, right, first, number - 1, height)
            found += [gutter] if gutter else []
        first = number + 1
    return found


def _crossed(band: _Band, left: float, right: float) -> bool:
    return any(s.left < right - 0.05 and s.right > left + 0.05 for s in band.segments)


def _judged(
    bands: Sequence[_Band], left: float, right: float, first: int, last: int, height: float
) -> _Gutter | None:
    """Weigh a run of bands; ends that lie apart and have text on one side only are left out."""
    sides = {n: _sides(bands[n], right) for n in range(first, last + 1)}
    while first < last and not all(sides[first]) and _far(bands, first, first + 1, height):
        first += 1
    while first < last and not all(sides[last]) and _far(bands, last - 1, last, height):
        last -= 1
    inside = range(first, last + 1)
    counts = [sum(sides[n][side] for n in inside) for side in (0, 1)]
    if min(counts) < _LEAST_EACH:
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
    return _Gutter(left, right, first, last, min(counts))


def _white(bands: Sequence[_Band], right: float) -> float:
    """Return the width of the white between what ends before `right` and what begins there."""
    segments = [s for band in bands for s in band.segments]
    ends = max(s.right for s in segments if s.left < right - 0.1)
    return min(s.left for s in segments if s.left >= right - 0.1) - ends


def _aligned(bands: Sequence[_Band], right: float, height: float) -> bool:
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


def _only_labels(bands: Sequence[_Band], right: float) -> bool:
    """Tell whether all that stands before a gutter are numbers and marks of a list's items."""
    before = [s.text for band in bands for s in band.segments if s.left < right - 0.1]
    return all(_LABEL.fullmatch(text.strip()) for text in before)


def _sides(band: _Band, right: float) -> tuple[int, int]:
    before = bisect_left(band.segments, right - 0.1, key=_left)
    return before, len(band.segments) - before


def _left(segment: Segment) -> float:
    return segment.left


def _far(bands: Sequence[_Band], one: int, other: int, height: float) -> bool:
    return bands[other].top - bands[one].bottom > _PARAGRAPH_GAP * height


def _widened(bands: Sequence[_Band], gutter: _Gutter) -> _Gutter:
    """Return the gutter as wide as the text beside it leaves it."""
    inside = [s for band in bands[gutter.first : gutter.last + 1] for s in band.segments]
    left = max(s.right for s in inside if s.left < gutter.right - 0.1)
    right = min(s.left for s in inside if s.left >= gutter.right - 0.1)
    return _Gutter(left, right, gutter.first, gutter.last, gutter.worth)


def _cells(
    segments: Sequence[Segment], gutters: Sequence[tuple[float, float]]
) -> list[list[Segment]]:
    """Deal segments out to the columns that gutters part."""
    cells: list[list[Segment]] = [[] for _ in range(len(gutters) + 1)]
    for segment in segments:
        cells[sum(segment.left >= right - 0.1 for _, right in gutters)].append(segment)
    return cells


def _mostly_right_to_left(segments: Sequence[Segment]) -> bool:
    return 2 * sum(s.right_to_left for s in segments) > len(segments)


def _plain(bands: Sequence[_Band], height: float) -> list[Line]:
    """Read bands from top to bottom; a wide white between two ends a paragraph."""
    lines: list[Line] = []
    for number, band in enumerate(bands):
        segments = list(band.segments)
        if _mostly_right_to_left(segments):
            segments.reverse()
        apart = number > 0 and _far(bands, number - 1, number, height)
        for kind, text in _by_kind(segments):
            lines.append(Line(text, apart, kind, band.top, band.bottom))
            apart = False
    return lines


def _by_kind(segments: Sequence[Segment]) -> list[tuple[RegionKind | Literal[""], str]]:
    """Join the segments of a line; a form's value stays with its label, but for its kind."""
    kinds = {s.kind for s in segments if s.kind}
    text = " ".join(s.text for s in segments)
    return [(kinds.pop() if len(kinds) == 1 else "", text)]


def _apart(lines: list[Line]) -> list[Line]:
    if not lines:
        return lines
    first = lines[0]
    return [Line(first.text, True, first.kind, first.top, first.bottom), *lines[1:]]
