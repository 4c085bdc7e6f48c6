"""Take the characters of a page with their boxes out of PDFium, as segments.

A segment ends where PDFium ends a line, where the next character stands on another line, and
where the gap to it is wider than a space can be.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Collection, Iterator

import pypdfium2
import pypdfium2.raw as pdfium_c

from assistant.documents.pdf.layout import Segment, overlap

WIDE_GAP = 0.9
"""In heights of a line: a space is a quarter of it, a justified one seldom twice that."""

_LINE_END_HYPHENS = (0xFFFE, 0x02)
_BREAKS = (0x0A, 0x0D)
_SPACES = (0x20, 0x09, 0xA0)

Box = tuple[float, float, float, float]
"""left, top, right, bottom as a reader sees the page."""

ToView = Callable[[float, float, float, float], Box]


Character = tuple[int, int, Box, int]
"""Its number in PDFium's text page, its code, its box, how it is turned (quarters)."""


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


def segments_of(
    textpage: pypdfium2.PdfTextPage, view: ToView, left_out: Collection[int] = ()
) -> list[tuple[int, Segment]]:
    """Return the segments in the order of painting, each with how it is turned (quarters).

    The boxes of turned ones are turned upright. Characters numbered in `left_out` are not there.
    """
    found: list[tuple[int, Segment]] = []
    run: list[Character] = []
    spaced = False
    codes: list[int] = []
    for character in _characters(textpage, view):
        index, code, _, _ = character
        if code in _BREAKS or index in left_out:
            _close(found, run, codes)
            spaced = False
            continue
        if code in _SPACES:
            spaced = bool(run)
            continue
        if run and not _goes_on(run[-1], character):
            _close(found, run, codes)
            spaced = False
        if spaced:
            codes.append(0x20)
            spaced = False
        run.append(character)
        codes.append(0x2D if code in _LINE_END_HYPHENS else code)
        if code in _LINE_END_HYPHENS:
            _close(found, run, codes)
    _close(found, run, codes)
    return found


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


def _goes_on(last: Character, new: Character) -> bool:
    """Tell whether a character belongs to the run that ends with `last`."""
    a, b, turned = last[2], new[2], last[3]
    if turned != new[3]:
        return False
    if turned:
        a, b = upright(a, turned), upright(b, turned)
    one, other = a[3] - a[1], b[3] - b[1]
    if a[1] != b[1] and overlap(a[1], a[3], b[1], b[3]) < 0.4 * min(one, other):
        return False
    gap = b[0] - a[2] if b[0] >= a[0] else a[0] - b[2]
    return gap <= WIDE_GAP * (max(other, one))


def _close(found: list[tuple[int, Segment]], run: list[Character], codes: list[int]) -> None:
    """End a segment, and empty the lists that it was made in."""
    if run:
        turned = run[0][3]
        boxes = [upright(c[2], turned) for c in run] if turned else [c[2] for c in run]
        text = "".join(map(chr, codes)).encode("utf-16", "surrogatepass")
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        segment = Segment(
            text.decode("utf-16", "replace").replace("\x00", ""),
            min(lefts),
            min(tops),
            max(rights),
            max(bottoms),
        )
        if segment.text.strip():
            found.append((turned, segment))
    run.clear()
    codes.clear()
