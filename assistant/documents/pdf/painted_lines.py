"""Cut the lines of a page, as they were painted, to segments.

A segment ends where PDFium ends a line, where the next character stands on another line, and
where the gap to it is wider than a space can be.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pypdfium2
import pypdfium2.raw as pdfium_c

from assistant.documents.pdf.characters import (
    BREAKS,
    SPACES,
    Box,
    Character,
    ToView,
    box_at,
    characters_of,
    upright,
)
from assistant.documents.pdf.layout import Segment, overlap
from assistant.documents.pdf.right_to_left import RIGHT_TO_LEFT, reading_order

WIDE_GAP = 0.9
"""In heights of a line: a space is a quarter of it, a justified one seldom twice that."""

_EVEN_GAPS = 2
_WIDEST = 4.0
"""In heights of a line: three words on a line of a narrow column."""

_JUSTIFYING = 3
_EVEN = 0.08
"""By how much the spaces of a justified line differ at most, in heights."""

_LEAST_TORN = 2
"""A single line makes no column."""

_NEIGHBOURS = 4
_SAME_PLACE = 0.12
_ALIKE = 2
_LINE = re.compile(r"[^\r\n]+")
_SPACE = re.compile(r"(?<=\S)[ \t\xa0]+(?=[^\s\ufffe\x02])")
_LIST_LABEL = re.compile(r"\s*\S{1,6}\s")
_LINE_END_HYPHENS = (0xFFFE, 0x02)

Word = list[Character]


@dataclass(frozen=True, slots=True)
class _Painted:
    """The words of a line, how many spaces stand before each, and where each begins and ends."""

    words: list[Word]
    spaces: list[int]
    extents: list[tuple[float, float]]
    height: float

    @property
    def gaps(self) -> list[float]:
        return [max(b[0] - a[1], a[0] - b[1]) for a, b in pairwise(self.extents)]

    @property
    def torn(self) -> list[bool]:
        """Whether the gap before each word but the first is wider than a space can be."""
        pairs = zip(self.gaps, self.spaces[1:], strict=True)
        return [gap > allowed(spaces, self.height) for gap, spaces in pairs]


def has_torn_lines(textpage: pypdfium2.PdfTextPage, text: str, view: ToView) -> bool:
    """Tell whether two lines have a gap between words that is wider than their other spaces.

    `text` is what PDFium gives of the page, character by character. Only the characters beside a
    space are measured, which costs little. A gap behind the number of a list's item is none.
    """
    handle = textpage.raw
    if pdfium_c.FPDFText_CountChars(handle) != len(text):
        return True
    found = 0
    for line in _LINE.finditer(text):
        gaps: list[float] = []
        torn = False
        for space in _SPACE.finditer(text, line.start(), line.end()):
            one, other = (box_at(handle, at, view) for at in (space.start() - 1, space.end()))
            gap, tall = max(other[0] - one[2], one[0] - other[2]), one[3] - one[1]
            if gaps or not _LIST_LABEL.match(line[0]):
                torn = torn or gap > allowed(len(space[0]), tall)
            gaps.append(gap)
        found += torn and not _even(gaps, tall)
        if found == _LEAST_TORN:
            return True
    return False


def allowed(spaces: int, height: float) -> float:
    """Return how wide a gap within a line may be; text in fixed pitch is justified with spaces."""
    return (0.3 + WIDE_GAP * spaces if 2 <= spaces <= _JUSTIFYING else WIDE_GAP) * height


def _even(gaps: Sequence[float], height: float) -> bool:
    if len(gaps) < _EVEN_GAPS or max(gaps) > _WIDEST * height:
        return False
    return max(gaps) - min(gaps) <= _EVEN * height


def segments_of(
    textpage: pypdfium2.PdfTextPage, view: ToView, left_out: Collection[int] = ()
) -> list[tuple[int, Segment]]:
    """Return the segments in the order of painting, each with how it is turned (quarters).

    The boxes of turned ones are turned upright. Characters numbered in `left_out` are not there.
    """
    lines = list(_painted_lines(textpage, view, left_out))
    found: list[tuple[int, Segment]] = []
    for number, line in enumerate(lines):
        torn = line.torn
        near = lines[max(0, number - _NEIGHBOURS) : number + _NEIGHBOURS + 1]
        whole = any(torn) and _even(line.gaps, line.height) and not _in_table(line, near)
        own = [line.words[0]]
        for word, apart in zip(line.words[1:], torn, strict=True):
            if apart and not whole:
                found += _segment(own)
                own = []
            own.append(word)
        found += _segment(own)
    return found


def _in_table(line: _Painted, near: Sequence[_Painted]) -> bool:
    """Tell whether words stand below those of a line nearby: equal gaps are not by justifying.

    A line of narrow justified text has wide spaces, but all of them are equally wide, and at
    other places than those of the lines above and below.
    """
    if 2 * sum(any(chr(c[1]).isdigit() for c in word) for word in line.words) > len(line.words):
        return True
    inner = [left for left, _ in line.extents[1:]]
    close = _SAME_PLACE * line.height
    alike = 0
    for other in near:
        if other is not line and any(other.torn):
            lefts = [left for left, _ in other.extents[1:]]
            alike += all(any(abs(a - b) < close for b in lefts) for a in inner)
    return alike >= _ALIKE


def _painted_lines(
    textpage: pypdfium2.PdfTextPage, view: ToView, left_out: Collection[int]
) -> Iterator[_Painted]:
    words: list[Word] = []
    spaces: list[int] = []
    seen = 0
    for character in characters_of(textpage, view):
        index, code, _, _ = character
        if code in SPACES:
            seen += 1
            continue
        ended = code in BREAKS or index in left_out
        if ended or (words and not _on_one_line(words[-1][-1], character)):
            yield from _painted(words, spaces)
            words, spaces, seen = [], [], 0
        if ended:
            continue
        if seen or not words or _gap(words[-1][-1], character) > WIDE_GAP * _height(character):
            words.append([])
            spaces.append(seen)
        seen = 0
        words[-1].append(character)
        if code in _LINE_END_HYPHENS:
            yield from _painted(words, spaces)
            words, spaces = [], []
    yield from _painted(words, spaces)


def _painted(words: list[Word], spaces: list[int]) -> Iterator[_Painted]:
    if words:
        height = max(_height(c) for word in words for c in word)
        yield _Painted(words, spaces, [_extent(word) for word in words], height)


def _extent(word: Word) -> tuple[float, float]:
    boxes = [_box(c) for c in word]
    return min(b[0] for b in boxes), max(b[2] for b in boxes)


def _on_one_line(last: Character, new: Character) -> bool:
    if last[3] != new[3]:
        return False
    a, b = _box(last), _box(new)
    return a[1] == b[1] or overlap(a[1], a[3], b[1], b[3]) >= 0.4 * min(a[3] - a[1], b[3] - b[1])


def _gap(last: Character, new: Character) -> float:
    """Return the white between two characters of a line, whichever stands to the left."""
    a, b = _box(last), _box(new)
    return b[0] - a[2] if b[0] >= a[0] else a[0] - b[2]


def _box(character: Character) -> Box:
    return upright(character[2], character[3]) if character[3] else character[2]


def _height(character: Character) -> float:
    _, top, _, bottom = _box(character)
    return bottom - top


def _segment(words: list[Word]) -> Iterator[tuple[int, Segment]]:
    turned = words[0][0][3]
    boxes = [_box(c) for word in words for c in word]
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    text = _text(words)
    if text.strip():
        yield turned, Segment(text, min(lefts), min(tops), max(rights), max(bottoms))


def _text(words: list[Word]) -> str:
    codes = [[0x2D if c[1] in _LINE_END_HYPHENS else c[1] for c in word] for word in words]
    text = " ".join("".join(map(chr, word)) for word in codes)
    if RIGHT_TO_LEFT.search(text):
        placed = [
            [(upright(c[2], c[3])[0], code) for c, code in zip(word, own, strict=True)]
            for word, own in zip(words, codes, strict=True)
        ]
        text = "".join(map(chr, reading_order(placed)))
    pairs = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return pairs.replace("\x00", "")
