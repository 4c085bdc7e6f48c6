"""Take the characters of a page with their boxes out of PDFium."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Iterator

import pypdfium2
import pypdfium2.raw as pdfium_c

BREAKS = (0x0A, 0x0D)
SPACES = (0x20, 0x09, 0xA0)

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


def characters_of(textpage: pypdfium2.PdfTextPage, view: ToView) -> Iterator[Character]:
    """Yield the characters in the order of painting; spaces and breaks have no box of their own."""
    handle = textpage.raw
    rectangle = pdfium_c.FS_RECTF()
    unicode_of, box_of = pdfium_c.FPDFText_GetUnicode, pdfium_c.FPDFText_GetLooseCharBox
    angle_of = pdfium_c.FPDFText_GetCharAngle
    turned, before, page_turned = 0, (0.0, 0.0, 0.0, 0.0), textpage.page.get_rotation() // 90
    for index in range(pdfium_c.FPDFText_CountChars(handle)):
        code = unicode_of(handle, index)
        if code in BREAKS or code in SPACES:
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


def box_at(handle: object, index: int, view: ToView) -> Box:
    """Return the box of a character, as high as its font."""
    rectangle = pdfium_c.FS_RECTF()
    pdfium_c.FPDFText_GetLooseCharBox(handle, index, rectangle)
    return view(rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
