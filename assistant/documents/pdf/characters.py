"""Take the characters of a page with their boxes out of PDFium."""

from __future__ import annotations

import ctypes
import math
from collections import deque
from collections.abc import Callable, Sequence
from itertools import repeat

import pypdfium2
import pypdfium2.raw as pdfium_c

from assistant.documents.pdf.layout import Box

ToView = Callable[[float, float, float, float], Box]

_LOOSE_BOX = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(
    ctypes.cast(pdfium_c.FPDFText_GetLooseCharBox, ctypes.c_void_p).value or 0
)
"""The same function, called with plain addresses: half the time for each character."""


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


class PageText:
    """The characters of a page in the order of painting: `text` has one for each of PDFium's.

    `exact` tells that it is what PDFium gives as the page's text; otherwise there are halves of
    surrogate pairs and zeros in it.
    """

    def __init__(self, textpage: pypdfium2.PdfTextPage, view: ToView) -> None:
        self._handle = textpage.raw
        self._address = ctypes.cast(textpage.raw, ctypes.c_void_p).value
        self._view = view
        self._page_turned: int = textpage.page.get_rotation() // 90
        count = max(pdfium_c.FPDFText_CountChars(textpage.raw), 0)
        self.text = textpage.get_text_range(errors="replace")
        self.exact = len(self.text) == count
        if not self.exact:
            codes = map(pdfium_c.FPDFText_GetUnicode, repeat(textpage.raw), range(count))
            self.text = "".join(map(chr, codes))

    def edges(self, indices: Sequence[int]) -> list[float]:
        """Return left, top, right, bottom of each character, which is as high as its font.

        In the page's own space, which grows upwards.
        """
        found = (ctypes.c_float * (4 * len(indices)))()
        start = ctypes.addressof(found)
        places = range(start, start + 16 * len(indices), 16)
        deque(map(_LOOSE_BOX, repeat(self._address), indices, places), maxlen=0)
        return found[:]

    def boxes(self, indices: Sequence[int]) -> list[Box]:
        """Return the boxes of characters, as high as their font, as a reader sees them."""
        view, edges = self._view, iter(self.edges(indices))
        return [view(a, d, c, b) for a, b, c, d in zip(*[edges] * 4, strict=True)]

    def turned(self, index: int) -> int:
        """Return how a character is turned, in quarters against the clock."""
        angle = max(float(pdfium_c.FPDFText_GetCharAngle(self._handle, index)), 0.0)
        return (-round(angle / (math.pi / 2)) - self._page_turned) % 4  # PDFium counts clockwise


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
