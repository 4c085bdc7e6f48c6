"""Find characters that nobody can see, by looking: a character without contrast is not there.

White on white, text under a filled box, render mode 3 without a picture beneath, text outside
the crop box: all of them leave no ink where the character stands. Pages are only rendered if
something on them makes it possible (`may_hide`), as that takes ten times as long as their text.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium_c

from assistant.documents.pdf.characters import ToView
from assistant.documents.pdf.layout import Box
from assistant.documents.text_encoding import has_visible_text

SCALE = 1.5
"""Pixels for each point when a page is looked at."""

CONTRAST = 24
"""Least difference of two shades of grey (0..255) that counts as ink."""

_LIGHT = 190
_INVISIBLE_MODES = (3, 7)
_MOST_OBJECTS = 20_000
_DEEPEST = 4
_MOST_PIXELS = 12_000_000
_COLOUR = tuple(ctypes.c_uint() for _ in range(4))
"""Where PDFium writes a colour; made once, as a page has thousands of objects."""


def may_hide(page: pypdfium2.PdfPage, rectangles: Sequence[Box], size: tuple[float, float]) -> bool:
    """Tell whether a page could have text that can't be seen.

    That takes text in a light colour or without ink, a filled shape painted after text, or text
    beyond the page's edge.
    """
    width, height = size
    if any(b[0] >= width or b[2] <= 0 or b[1] >= height or b[3] <= 0 for b in rectangles):
        return True
    return _hides(_objects(page.raw, page=True), [])


def _hides(items: Iterator[Any], text_before: list[bool]) -> bool:
    """Go through objects as they are painted; `text_before` is not empty once there was text."""
    for kind, item, depth in items:
        if kind == pdfium_c.FPDF_PAGEOBJ_TEXT:
            text_before.append(True)
            if _faint(item):
                return True
        elif kind == pdfium_c.FPDF_PAGEOBJ_FORM:
            if depth >= _DEEPEST or _hides(_objects(item, depth + 1), text_before):
                return True
        elif text_before and _covers(item, kind):
            return True
    return False


def _objects(holder: Any, depth: int = 0, *, page: bool = False) -> Iterator[Any]:
    """Yield the objects of a page or a form: kind, handle, depth."""
    count_of = pdfium_c.FPDFPage_CountObjects if page else pdfium_c.FPDFFormObj_CountObjects
    get = pdfium_c.FPDFPage_GetObject if page else pdfium_c.FPDFFormObj_GetObject
    for number in range(min(count_of(holder), _MOST_OBJECTS)):
        item = get(holder, number)
        yield pdfium_c.FPDFPageObj_GetType(item), item, depth


def unseen(
    page: pypdfium2.PdfPage, textpage: pypdfium2.PdfTextPage, view: ToView
) -> frozenset[int]:
    """Return the numbers of the characters that leave no ink; whole words at a time."""
    width, height = page.get_size()
    scale = min(SCALE, (_MOST_PIXELS / max(width * height, 1.0)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True, may_draw_forms=False, draw_annots=False)
    rows = bytes(bitmap.buffer)
    picture = _Picture(rows, bitmap.width, bitmap.height, bitmap.stride, scale)
    found: set[int] = set()
    for word in _words_of(textpage, view):
        inked = sum(picture.has_ink(box) for _, box in word)
        if 2 * inked < len(word):
            found.update(index for index, _ in word)
    bitmap.close()
    return frozenset(found)


class _Picture:
    """A rendered page in grey, one byte for each pixel."""

    def __init__(self, rows: bytes, width: int, height: int, stride: int, scale: float) -> None:
        self._rows, self._width, self._height = rows, width, height
        self._stride, self._scale = stride, scale

    def has_ink(self, box: Box) -> bool:
        """Tell whether there are two shades within a box (points)."""
        left, top, right, bottom = (at * self._scale for at in box)
        x0, x1 = max(int(left), 0), min(int(right) + 1, self._width)
        y0, y1 = max(int(top), 0), min(int(bottom) + 1, self._height)
        if x0 >= x1 or y0 >= y1:
            return False
        darkest, lightest = 255, 0
        for y in range(y0, y1):
            row = self._rows[y * self._stride + x0 : y * self._stride + x1]
            darkest, lightest = min(darkest, *row), max(lightest, *row)
            if lightest - darkest >= CONTRAST:
                return True
        return False


def _words_of(textpage: pypdfium2.PdfTextPage, view: ToView) -> Iterator[list[tuple[int, Box]]]:
    handle = textpage.raw
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    word: list[tuple[int, Box]] = []
    for index in range(pdfium_c.FPDFText_CountChars(handle)):
        if _blank(pdfium_c.FPDFText_GetUnicode(handle, index)):
            if word:
                yield word
            word = []
            continue
        pdfium_c.FPDFText_GetCharBox(handle, index, left, right, bottom, top)
        word.append((index, view(left.value, bottom.value, right.value, top.value)))
    if word:
        yield word


def _blank(code: int) -> bool:
    return code < 0x21 or not has_visible_text(chr(code))


def _faint(item: object) -> bool:
    if pdfium_c.FPDFTextObj_GetTextRenderMode(item) in _INVISIBLE_MODES:
        return True
    if not pdfium_c.FPDFPageObj_GetFillColor(item, *_COLOUR):
        return False
    red, green, blue, alpha = (part.value for part in _COLOUR)
    return alpha < 64 or min(red, green, blue) >= _LIGHT


def _covers(item: object, kind: int) -> bool:
    """Tell whether an object paints over what is beneath it."""
    if kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
        return True
    if kind != pdfium_c.FPDF_PAGEOBJ_PATH:
        return False
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium_c.FPDFPath_GetDrawMode(item, fill, stroke)
    if fill.value == pdfium_c.FPDF_FILLMODE_NONE:
        return False
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    pdfium_c.FPDFPageObj_GetBounds(item, left, bottom, right, top)
    return min(right.value - left.value, top.value - bottom.value) > 3.0
