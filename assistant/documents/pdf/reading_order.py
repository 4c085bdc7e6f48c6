"""Put the segments of a page into reading order.

A recursive cut in the manner of XY cut (Nagy and Seth 1984): look for the white gutter with the
most text on both of its sides, from the first to the last line that does not cross it. What
lies between is a table, paragraphs with notes beside them, or columns, which are cut again;
what lies above and below is cut on its own. Lines that no gutter parts are read from top to
bottom. Rules on boxes only, so that a page is read alike whatever its words are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import Literal

from assistant.documents.pdf.gutters import (
    LEAST_EACH,
    PARAGRAPH_GAP,
    Band,
    Gutter,
    bands_of,
    best_gutter,
)
from assistant.documents.pdf.layout import Columns, Line, Segment, line_height, paragraph_starts
from assistant.documents.pdf.tables import read_table
from assistant.types.documents import RegionKind

_DEEPEST = 12
_SHORT_WORDS = 4


def ordered_lines(segments: Sequence[Segment], before: Columns | None = None) -> list[Line]:
    """Return the lines of a page in reading order.

    `before` are the columns of the table with which the page before ends, if it does.
    """
    return _cut(list(segments), line_height(segments), 0, before)


def _cut(
    segments: list[Segment], height: float, depth: int, before: Columns | None = None
) -> list[Line]:
    if not segments:
        return []
    bands = bands_of(segments, height)
    gutter = best_gutter(bands, height) if depth < _DEEPEST else None
    if gutter is None:
        return _plain(bands, height)
    inside = bands[gutter.first : gutter.last + 1]
    above = bands[: gutter.first]
    table = read_table([b.segments for b in inside], [b.segments for b in above], before)
    if table is None:
        between = _between(inside, gutter, height, depth)
    else:
        above, between = above[: len(above) - table[0]], table[1]
    lines = _cut([s for band in above for s in band.segments], height, depth + 1)
    lines += _apart(between)
    below = [s for band in bands[gutter.last + 1 :] for s in band.segments]
    return lines + _apart(_cut(below, height, depth + 1))


def _between(bands: list[Band], gutter: Gutter, height: float, depth: int) -> list[Line]:
    """Read what a gutter parts: paragraphs with notes beside them, or columns."""
    segments = [s for band in bands for s in band.segments]
    sides = _cells(segments, [(gutter.left, gutter.right)])
    main = max(sides, key=lambda side: sum(len(s.text) for s in side))
    parts = _paragraph_parts(bands, main, height)
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


def _notes_beside(parts: Sequence[Sequence[Band]], gutter: Gutter) -> bool:
    """Tell whether each paragraph has its term, number or note beside it."""
    if len(parts) < LEAST_EACH:
        return False
    both, words = 0, []
    for part in parts:
        own = [s for band in part for s in band.segments]
        left, right = _cells(own, [(gutter.left, gutter.right)])
        both += bool(left and right)
        words.append(sum(len(s.text.split()) for s in left))
    return both >= 0.6 * len(parts) and median(words) <= 2 * _SHORT_WORDS


def _paragraph_parts(
    bands: Sequence[Band], main: Sequence[Segment], height: float
) -> list[list[Band]]:
    """Cut bands where a paragraph begins in the column with the most text, `main`."""
    own = set(map(id, main))
    rows, texts = [], []
    for band in bands:
        found = [s for s in band.segments if id(s) in own]
        left, right = (found[0].left, found[-1].right) if found else (main[0].left,) * 2
        rows.append((left, band.top, right, band.bottom))
        texts.append(found[0].text if found else "")
    starting = paragraph_starts(rows, texts, height, PARAGRAPH_GAP)
    parts: list[list[Band]] = [[]]
    for band, starts in zip(bands, starting, strict=True):
        if starts:
            parts.append([])
        parts[-1].append(band)
    return parts


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


def _plain(bands: Sequence[Band], height: float) -> list[Line]:
    """Read bands from top to bottom; a wide white between two ends a paragraph."""
    lines: list[Line] = []
    rows = [(b.segments[0].left, b.top, max(s.right for s in b.segments), b.bottom) for b in bands]
    texts = [b.segments[0].text for b in bands]
    starts = paragraph_starts(rows, texts, height, PARAGRAPH_GAP)
    for band, apart in zip(bands, starts, strict=True):
        segments = list(band.segments)
        if _mostly_right_to_left(segments):
            segments.reverse()
        kind, text = _joined(segments)
        lines.append(Line(text, apart, kind, band.top, band.bottom))
    return lines


def _joined(segments: Sequence[Segment]) -> tuple[RegionKind | Literal[""], str]:
    """Join the segments of a line; a form's value stays with its label, but for its kind."""
    kinds = {s.kind for s in segments if s.kind}
    text = " ".join(s.text for s in segments)
    return kinds.pop() if len(kinds) == 1 else "", text


def _apart(lines: list[Line]) -> list[Line]:
    if not lines:
        return lines
    first = lines[0]
    return [replace(first, apart=True), *lines[1:]]
