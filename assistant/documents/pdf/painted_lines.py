"""Cut the lines of a page, as they were painted, to segments.

A segment ends where PDFium ends a line, where the next character stands on another line, and
where the gap to it is wider than a space can be.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from assistant.documents.pdf.characters import PageText, upright
from assistant.documents.pdf.gaps import WIDE_GAP, allowed, is_even, pitch_of
from assistant.documents.pdf.layout import Box, Segment, overlap
from assistant.documents.pdf.right_to_left import RIGHT_TO_LEFT, reading_order

_NEIGHBOURS = 4
_SAME_PLACE = 0.12
_FLUSH = 0.04
"""In heights: the same where lines end at one place, as justified ones do and few cells."""
_CELL_GAP = 0.6
"""Least white before a cell, in heights of a line, where others begin at its place."""
_ALIKE = 2
_BEHIND_SENTENCE = 1.9
_WIDEST_STOP = 1.2
"""The widest white behind a sentence: in spaces of its line, and in heights of it."""

_LEAST_ALIGNED = 4
_WIDER = 1.3
"""By how much the white before a column is wider than the line's spaces at least."""

_WORD = re.compile("[^\r\n \t\xa0\ufffe\x02]+[\ufffe\x02]?|[\ufffe\x02]")
_LINE_END_HYPHENS = "\ufffe\x02"
_WIDEST_LETTER = 0.8
"""In heights of a line, on the average of a word."""


class Word(NamedTuple):
    """The characters `start` to `end` of a page's text, how they are turned, and their box.

    Boxes are upright; `first` and `last` are those of the characters at its ends.
    """

    start: int
    end: int
    turned: int
    box: Box
    first: Box
    last: Box

    @classmethod
    def of(cls, start: int, end: int, turned: int, first: Box, last: Box) -> Word:
        box = first
        if first is not last:
            (a, b, c, d), (e, f, g, h) = first, last
            box = min(a, e), min(b, f), max(c, g), max(d, h)
        return cls(start, end, turned, box, first, last)


@dataclass(frozen=True, slots=True)
class _Painted:
    """The words of a line, how many spaces stand before each, where each begins and ends.

    `stops` are the numbers of the words that end a sentence.
    """

    words: list[Word]
    spaces: list[int]
    extents: list[tuple[float, float]]
    height: float
    stops: frozenset[int]

    @property
    def gaps(self) -> list[float]:
        return [max(b[0] - a[1], a[0] - b[1]) for a, b in pairwise(self.extents)]

    @property
    def torn(self) -> list[bool]:
        """Whether the gap before each word but the first is wider than a space can be."""
        gaps, spaces, height = self.gaps, self.spaces[1:], self.height
        torn = [gap > allowed(n, height) for gap, n in zip(gaps, spaces, strict=True)]
        others = [gap for n, gap in enumerate(gaps) if n not in self.stops]
        if any(torn) and is_even(others, height):
            # A stretched line has more white behind a sentence than between its words.
            most = min(_BEHIND_SENTENCE * median(others), _WIDEST_STOP * height)
            torn = [t and not (n in self.stops and gaps[n] <= most) for n, t in enumerate(torn)]
        pitch = any(torn) and pitch_of((w.first[0], w.last[0], w.end - w.start) for w in self.words)
        if pitch:
            torn = [gap > allowed(round(gap / pitch), height) for gap in gaps]
        return torn


def segments_of(page: PageText, left_out: Collection[int] = ()) -> list[tuple[int, Segment]]:
    """Return the segments in the order of painting, each with how it is turned (quarters).

    The boxes of turned ones are turned upright. Characters numbered in `left_out` are not there.
    """
    lines = list(_painted_lines(page, left_out))
    tears = [line.torn for line in lines]
    cells = [
        [left for (left, _), apart in zip(line.extents[1:], torn, strict=True) if apart]
        for line, torn in zip(lines, tears, strict=True)
    ]
    columns = _column_starts(lines, cells)
    found: list[tuple[int, Segment]] = []
    for number, (line, wide) in enumerate(zip(lines, tears, strict=True)):
        near = slice(max(0, number - _NEIGHBOURS), number + _NEIGHBOURS + 1)
        whole = any(wide) and is_even(line.gaps, line.height)
        below = not whole and any(cells[near])
        torn = _before_cells(page, line, wide, cells[near]) if below else wide
        torn = _before_columns(line, torn, columns)
        whole = whole and not _in_table(page, line, lines[near])
        own = [line.words[0]]
        for word, apart in zip(line.words[1:], torn, strict=True):
            if apart and not whole:
                found += _segment(page, own)
                own = []
            own.append(word)
        found += _segment(page, own)
    return found


def _before_cells(
    page: PageText, line: _Painted, torn: Sequence[bool], near: Sequence[Sequence[float]]
) -> list[bool]:
    """Tear a line as well before a number that stands below others: a long cell leaves less white.

    `near` are the places of what stands behind a wide white in lines nearby.
    """
    close, narrow = _SAME_PLACE * line.height, _CELL_GAP * line.height
    found = list(torn)
    for at, (word, gap, apart) in enumerate(zip(line.words[1:], line.gaps, torn, strict=True)):
        if not apart and gap > narrow and page.text[word.start].isdigit():
            alike = sum(any(abs(word.box[0] - left) < close for left in own) for own in near)
            found[at] = alike >= _ALIKE
    return found


def _column_starts(lines: Sequence[_Painted], cells: Sequence[Sequence[float]]) -> frozenset[float]:
    """Return where (to a tenth of a point) lines begin that stand beside others' lines."""
    beside = Counter(round(left, 1) for own in cells for left in own)
    alone = Counter(round(line.extents[0][0], 1) for line in lines)
    return frozenset(x for x in beside if beside[x] + alone[x] >= _LEAST_ALIGNED)


def _before_columns(line: _Painted, torn: list[bool], columns: Collection[float]) -> list[bool]:
    """Tear a line, too, where it ran over its column's end and a note or a column begins.

    There its white is widest, if no wider than a space can be.
    """
    gaps = line.gaps
    if len(gaps) < _LEAST_ALIGNED or any(torn):
        return torn
    at = gaps.index(max(gaps))
    wider = gaps[at] >= _WIDER * median(gaps)
    if wider and round(line.words[at + 1].box[0], 1) in columns:
        return [n == at for n in range(len(gaps))]
    return torn


def _in_table(page: PageText, line: _Painted, near: Sequence[_Painted]) -> bool:
    """Tell whether words stand below those of a line nearby: equal gaps are not by justifying.

    A line of narrow justified text has wide spaces, but all of them are equally wide, and at
    other places than those of the lines above and below.
    """
    digits = (any(map(str.isdigit, page.text[w.start : w.end])) for w in line.words)
    if 2 * sum(digits) > len(line.words):
        return True
    inner = [left for left, _ in line.extents[1:]]
    alike = 0
    for other in near:
        if other is not line and any(other.torn):
            flush = abs(other.extents[-1][1] - line.extents[-1][1]) < _FLUSH * line.height
            close = (_FLUSH if flush else _SAME_PLACE) * line.height
            lefts = [left for left, _ in other.extents[1:]]
            alike += all(any(abs(a - b) < close for b in lefts) for a in inner)
    return alike >= _ALIKE


def _painted_lines(page: PageText, left_out: Collection[int]) -> Iterator[_Painted]:
    words: list[Word] = []
    spaces: list[int] = []
    text = page.text
    for word in _words(page, left_out):
        between = text[words[-1].end : word.start] if words else ""
        if words and (_ends_line(between, words[-1], text) or not _on_one_line(words[-1], word)):
            yield _painted(words, spaces, text)
            words, spaces, between = [], [], ""
        words.append(word)
        spaces.append(len(between))
    if words:
        yield _painted(words, spaces, text)


def _words(page: PageText, left_out: Collection[int]) -> Iterator[Word]:
    """Yield what stands between spaces and breaks; only its ends are measured, as a rule."""
    text = page.text
    if left_out:
        text = "".join("\n" if at in left_out else c for at, c in enumerate(text))
    spans = [match.span() for match in _WORD.finditer(text)]
    ends = page.boxes([n for start, end in spans for n in (start, end - 1)])
    turned, before = 0, (0.0, 0.0, 0.0, 0.0)
    for (start, end), one, other in zip(spans, ends[::2], ends[1::2], strict=True):
        if one[1] != before[1] or one[3] != before[3]:  # another line, or another size
            turned = page.turned(start)
        before = other
        first, last = (upright(one, turned), upright(other, turned)) if turned else (one, other)
        word = Word.of(start, end, turned, first, last)
        if end - start > 1 and _is_odd(word, text):
            yield from _pieces(page, range(start, end))
        else:
            yield word


def _is_odd(word: Word, text: str) -> bool:
    """Tell whether a word may stand on two lines, have a gap in it, or run to the left."""
    first, last = word.first, word.last
    most = _WIDEST_LETTER * (first[3] - first[1]) * (word.end - word.start)
    if not first[0] <= last[0] <= first[0] + most or not _level(first, last):
        return True
    return RIGHT_TO_LEFT.search(text, word.start, word.end) is not None


def _pieces(page: PageText, indices: range) -> Iterator[Word]:
    """Cut a word, character by character, where a gap is wide or the line changes."""
    piece: Word | None = None
    before = (0.0, 0.0, 0.0, 0.0)
    turned = 0
    for index, seen in zip(indices, page.boxes(indices), strict=True):
        if seen[1] != before[1] or seen[3] != before[3]:
            turned = page.turned(index)
        before, box = seen, upright(seen, turned)
        new = Word.of(index, index + 1, turned, box, box)
        if piece is None:
            piece = new
        elif _on_one_line(piece, new) and _gap(piece.last, box) <= WIDE_GAP * (box[3] - box[1]):
            piece = Word.of(piece.start, index + 1, turned, piece.first, box)
        else:
            yield piece
            piece = new
    if piece is not None:
        yield piece


def _ends_line(between: str, last: Word, text: str) -> bool:
    return "\n" in between or "\r" in between or text[last.end - 1] in _LINE_END_HYPHENS


def _painted(words: list[Word], spaces: list[int], text: str) -> _Painted:
    boxes = [word.box for word in words]
    height = max(bottom - top for _, top, _, bottom in boxes)
    stops = frozenset(n for n, word in enumerate(words) if text[word.end - 1] in ".?!")
    return _Painted(words, spaces, [(b[0], b[2]) for b in boxes], height, stops)


def _on_one_line(last: Word, new: Word) -> bool:
    return last.turned == new.turned and _level(last.last, new.first)


def _level(a: Box, b: Box) -> bool:
    return a[1] == b[1] or overlap(a[1], a[3], b[1], b[3]) >= 0.4 * min(a[3] - a[1], b[3] - b[1])


def _gap(a: Box, b: Box) -> float:
    """Return the white between two characters of a line, whichever stands to the left."""
    return b[0] - a[2] if b[0] >= a[0] else a[0] - b[2]


def _segment(page: PageText, words: list[Word]) -> Iterator[tuple[int, Segment]]:
    text = _text(page, words)
    if text.strip():
        lefts, tops, rights, bottoms = zip(*(word.box for word in words), strict=True)
        box = min(lefts), min(tops), max(rights), max(bottoms)
        yield words[0].turned, Segment(text, *box)


def _text(page: PageText, words: list[Word]) -> str:
    text = " ".join(page.text[word.start : word.end] for word in words)
    if RIGHT_TO_LEFT.search(text):
        text = "".join(map(chr, reading_order([_placed(page, word) for word in words])))
    text = text.replace("\ufffe", "-").replace("\x02", "-").replace("\x00", "")
    return (
        text if page.exact else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )


def _placed(page: PageText, word: Word) -> list[tuple[float, int]]:
    indices = range(word.start, word.end)
    boxes = page.boxes(indices)
    return [
        (upright(b, word.turned)[0], ord(page.text[n])) for n, b in zip(indices, boxes, strict=True)
    ]
