"""Take the characters of a page with their boxes out of PDFium, as segments.

A segment ends where PDFium ends a line, where the next character stands on another line, and
where the gap to it is wider than a space can be.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import pairwise

import pypdfium2
import pypdfium2.raw as pdfium_c

from assistant.documents.pdf.layout import Segment, overlap
from assistant.documents.pdf.right_to_left import is_right_to_left, reading_order

WIDE_GAP = 0.9
"""In heights of a line: a space is a quarter of it, a justified one seldom twice that."""

_EVEN_GAPS = 2
_JUSTIFYING = 3
_EVEN = 0.08
"""By how much the spaces of a justified line differ at most, in heights."""

_LINE = re.compile(r"[^\r\n]+")
_SPACE = re.compile(r"(?<=\S)[ \t\xa0]+(?=[^\s\ufffe\x02])")
_LIST_LABEL = re.compile(r"\s*\S{1,6}\s")
_LINE_END_HYPHENS = (0xFFFE, 0x02)
_BREAKS = (0x0A, 0x0D)
_SPACES = (0x20, 0x09, 0xA0)

Box = tuple[float, float, float, float]
"""left, top, right, bottom as a reader sees the page."""

ToView = Callable[[float, float, float, float], Box]


Character = tuple[int, int, Box, int]
"""Its number in PDFium's text page, its code, its box, how it is turned (quarters)."""

Word = list[Character]


def view_of(page: pypdfium2.PdfPage) -> ToView:
    """Return how a box of the page's own space (left, bottom, right, top) is seen."""
    x0, y0, x1, y1 = page.get_cropbox(fallback_ok=True)
    turned = page.get_rotation() // 90 % 4
    if turned == 1:
        return lambda left, bottom, right, top: (bottom - y0, left - x0, top - y0, right - x0)
    if turned == 2:
        return lambda left, bottom, right, top: (x1 - right, bottom - y0, x1 - left, top - y0)
    if turned == 3:
        return lambda left, bottom, right, top: (y1 - top, x1 - right, y1 - bottom, x1 - left)
    return lambda left, bottom, right, top: (left - x0, y1 - top, right - x0, y1 - bottom)


def text_rectangles(textpage: pypdfium2.PdfTextPage, view: ToView) -> list[Box]:
    """Return a box for each stretch of text that was painted as one, in the order of painting."""
    handle = textpage.raw
    count = pdfium_c.FPDFText_CountRects(handle, 0, -1)
    left, top, right, bottom = (ctypes.c_double() for _ in range(4))
    found: list[Box] = []
    for number in range(max(count, 0)):
        pdfium_c.FPDFText_GetRect(handle, number, left, top, right, bottom)
        found.append(view(left.value, bottom.value, right.value, top.value))
    return found


def has_torn_lines(textpage: pypdfium2.PdfTextPage, text: str, view: ToView) -> bool:
    """Tell whether a line has a gap between two words that is wider than its other spaces.

    `text` is what PDFium gives of the page, character by character. Only the characters beside a
    space are measured, which costs little. A gap behind the number of a list's item is none.
    """
    handle = textpage.raw
    if pdfium_c.FPDFText_CountChars(handle) != len(text):
        return True
    for line in _LINE.finditer(text):
        gaps, torn = [], False
        for space in _SPACE.finditer(text, line.start(), line.end()):
            one, other = (_box_at(handle, at, view) for at in (space.start() - 1, space.end()))
            gap, tall = max(other[0] - one[2], one[0] - other[2]), one[3] - one[1]
            if gaps or not _LIST_LABEL.match(line[0]):
                torn = torn or gap > allowed(len(space[0]), tall)
            gaps.append(gap)
        if torn and not _even(gaps, tall):
            return True
    return False


def allowed(spaces: int, height: float) -> float:
    """Return how wide a gap within a line may be; text in fixed pitch is justified with spaces."""
    return max(WIDE_GAP, 0.3 + 0.6 * spaces if spaces <= _JUSTIFYING else 0.0) * height


def _box_at(handle: object, index: int, view: ToView) -> Box:
    rectangle = pdfium_c.FS_RECTF()
    pdfium_c.FPDFText_GetLooseCharBox(handle, index, rectangle)
    return view(rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)


def _even(gaps: Sequence[float], height: float) -> bool:
    return len(gaps) >= _EVEN_GAPS and max(gaps) - min(gaps) <= _EVEN * height


def segments_of(
    textpage: pypdfium2.PdfTextPage, view: ToView, left_out: Collection[int] = ()
) -> list[tuple[int, Segment]]:
    """Return the segments in the order of painting, each with how it is turned (quarters).

    The boxes of turned ones are turned upright. Characters numbered in `left_out` are not there.
    """
    found: list[tuple[int, Segment]] = []
    line: list[Word] = []
    spaces: list[int] = []
    seen = 0
    for character in _characters(textpage, view):
        index, code, _, _ = character
        if code in _BREAKS or index in left_out:
            found += _segments(line, spaces)
            line, spaces, seen = [], [], 0
            continue
        if code in _SPACES:
            seen += 1
            continue
        if line and not _on_one_line(line[-1][-1], character):
            found += _segments(line, spaces)
            line, spaces, seen = [], [], 0
        if seen or not line or _gap(line[-1][-1], character) > WIDE_GAP * _height(character):
            line.append([])
            spaces.append(seen)
        seen = 0
        line[-1].append(character)
        if code in _LINE_END_HYPHENS:
            found += _segments(line, spaces)
            line, spaces, seen = [], [], 0
    return [*found, *_segments(line, spaces)]


def _segments(line: list[Word], spaces: list[int]) -> Iterator[tuple[int, Segment]]:
    """Cut the words of a line where the gap between two is wider than a space can be.

    A line of narrow justified text has wide spaces, but all of them are equally wide.
    """
    extents = [_extent(word) for word in line]
    gaps = [max(b[0] - a[1], a[0] - b[1]) for a, b in pairwise(extents)]
    tall = max((_height(c) for word in line for c in word), default=0.0)
    even = _even(gaps, tall)
    own: list[Word] = []
    for number, word in enumerate(line):
        if own and not even and gaps[number - 1] > allowed(spaces[number], tall):
            yield from _segment(own)
            own = []
        own.append(word)
    if own:
        yield from _segment(own)


def _extent(word: Word) -> tuple[float, float]:
    boxes = [upright(c[2], c[3]) for c in word]
    return min(b[0] for b in boxes), max(b[2] for b in boxes)


def _characters(textpage: pypdfium2.PdfTextPage, view: ToView) -> Iterator[Character]:
    handle = textpage.raw
    rectangle = pdfium_c.FS_RECTF()
    unicode_of, box_of = pdfium_c.FPDFText_GetUnicode, pdfium_c.FPDFText_GetLooseCharBox
    angle_of = pdfium_c.FPDFText_GetCharAngle
    turned, before, page_turned = 0, (0.0, 0.0, 0.0, 0.0), textpage.page.get_rotation() // 90
    for index in range(pdfium_c.FPDFText_CountChars(handle)):
        code = unicode_of(handle, index)
        if code in _BREAKS or code in _SPACES:
            yield index, code, before, turned
            continue
        box_of(handle, index, rectangle)
        box = view(rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
        if box[1] != before[1] or box[3] != before[3]:  # another line, or another size
            quarters = round(max(angle_of(handle, index), 0.0) / (math.pi / 2))
            turned = (-quarters - page_turned) % 4  # PDFium counts clockwise
        before = box
        yield index, code, box, turned


def upright(box: Box, turned: int) -> Box:
    """Turn a box with text that runs downwards (3), upwards (1) or upside down (2) upright."""
    left, top, right, bottom = box
    if turned == 1:
        return (-bottom, left, -top, right)
    if turned == 2:
        return (-right, -bottom, -left, -top)
    if turned == 3:
        return (top, -right, bottom, -left)
    return box


def _on_one_line(last: Character, new: Character) -> bool:
    if last[3] != new[3]:
        return False
    a, b = upright(last[2], last[3]), upright(new[2], new[3])
    return a[1] == b[1] or overlap(a[1], a[3], b[1], b[3]) >= 0.4 * min(a[3] - a[1], b[3] - b[1])


def _gap(last: Character, new: Character) -> float:
    """Return the white between two characters of a line, whichever stands to the left."""
    a, b = upright(last[2], last[3]), upright(new[2], new[3])
    return b[0] - a[2] if b[0] >= a[0] else a[0] - b[2]


def _height(character: Character) -> float:
    _, top, _, bottom = upright(character[2], character[3])
    return bottom - top


def _segment(words: list[Word]) -> Iterator[tuple[int, Segment]]:
    turned = words[0][0][3]
    boxes = [upright(c[2], turned) for word in words for c in word]
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    text = _text(words)
    if text.strip():
        yield turned, Segment(text, min(lefts), min(tops), max(rights), max(bottoms))


def _text(words: list[Word]) -> str:
    codes = [[0x2D if c[1] in _LINE_END_HYPHENS else c[1] for c in word] for word in words]
    if any(is_right_to_left(code) for word in codes for code in word):
        placed = [
            [(upright(c[2], c[3])[0], code) for c, code in zip(word, own, strict=True)]
            for word, own in zip(words, codes, strict=True)
        ]
        text = "".join(map(chr, reading_order(placed)))
    else:
        text = " ".join("".join(map(chr, word)) for word in codes)
    pairs = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return pairs.replace("\x00", "")
