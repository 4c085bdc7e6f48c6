"""Draw a page of a document as a grey picture: for OCR, and for a person. Only in the child."""

from __future__ import annotations

import ctypes
from math import sqrt
from typing import Any

import pypdfium2

from assistant.documents.file_type import PICTURE_KINDS, Kind
from assistant.documents.parse_errors import ParseFault
from assistant.documents.pdf.layout import Box
from assistant.documents.pdf.quote_boxes import boxes_of
from assistant.documents.pictures.jpeg import read_jpeg
from assistant.documents.pictures.picture_pdf import Picture, picture_pdf
from assistant.documents.pictures.png import read_png
from assistant.documents.pictures.tiff import count_frames, read_tiff
from assistant.documents.size_limits import MAX_PICTURE
from assistant.types.ocr import MOST_QUOTES, WHOLE_PAGE, PagePicture, PageView, PixelBox

_DOTS_AN_INCH = 200
_POINTS_AN_INCH = 72
_LEAST_PART = 0.02


def count_pictures(data: bytearray, kind: Kind) -> int:
    """Return how many pages a file of a picture kind has; its first one is checked.

    Raises `ParseFault` for what is damaged, too large, or not read here.
    """
    count = count_frames(data) if kind == "tiff" else 1
    _picture(data, kind, 1)
    return count


def page_picture(
    data: bytearray, kind: Kind, number: int, view: PageView = WHOLE_PAGE
) -> PagePicture:
    """Return page `number` (from 1) of a PDF, or of a file of a picture kind.

    A PDF's page has 200 dots an inch, a picture its own pixels, if the view does not say
    otherwise; both less where that would be more than `MAX_PICTURE`. Raises `ParseFault`.
    """
    if kind == "pdf":
        pdf, scale, index = data, _DOTS_AN_INCH / _POINTS_AN_INCH, number - 1
    elif kind in PICTURE_KINDS:
        pdf, scale, index = picture_pdf(_picture(data, kind, number)), 1.0, 0
    else:
        raise ParseFault("pdf_page", number=number)
    try:
        document = pypdfium2.PdfDocument((ctypes.c_char * len(pdf)).from_buffer(pdf))
        return _drawn(document[index], scale, view)
    except (pypdfium2.PdfiumError, IndexError) as error:
        raise ParseFault("pdf_page", number=number) from error


def _picture(data: bytearray, kind: Kind, number: int) -> Picture:
    if kind == "png":
        return read_png(data)
    return read_jpeg(data) if kind == "jpeg" else read_tiff(data, number)


def _drawn(page: Any, scale: float, view: PageView) -> PagePicture:
    width, height = page.get_size()
    if width <= 0 or height <= 0:
        raise pypdfium2.PdfiumError("a page without a size")
    scale = view.width / width if view.width else scale
    left, top, right, bottom = _inside(view.part)
    area = width * (right - left) * height * (bottom - top)
    scale = min(scale, sqrt(MAX_PICTURE / area))
    scale = max(scale, 3.0 / (min(width, height) * min(right - left, bottom - top)))
    cut = (left * width, (1 - bottom) * height, (1 - right) * width, top * height)
    bitmap = page.render(scale=scale, grayscale=True, crop=cut)
    marks = boxes_of(page, view.quotes[:MOST_QUOTES]) if view.quotes else []
    seen = (_pixels(box, scale, cut[0], cut[3], bitmap) for box in marks)
    return PagePicture(
        bitmap.width, bitmap.height, _grey(bitmap), tuple(box for box in seen if box is not None)
    )


def _inside(part: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Return a part of the page that has a size, whatever was asked for."""
    left, top = (min(max(side, 0.0), 1.0 - _LEAST_PART) for side in part[:2])
    right, bottom = (
        min(max(side, start + _LEAST_PART), 1.0)
        for side, start in zip(part[2:], (left, top), strict=True)
    )
    return left, top, right, bottom


def _pixels(box: Box, scale: float, left: float, top: float, bitmap: Any) -> PixelBox | None:
    x0, x1 = (round((x - left) * scale) for x in (box[0], box[2]))
    y0, y1 = (round((y - top) * scale) for y in (box[1], box[3]))
    x0, y0 = max(x0, 0), max(y0, 0)
    x1, y1 = min(max(x1, x0 + 1), bitmap.width), min(max(y1, y0 + 1), bitmap.height)
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def _grey(bitmap: Any) -> bytes:
    with memoryview(bitmap.buffer).cast("B") as pixels:
        rows = range(0, bitmap.height * bitmap.stride, bitmap.stride)
        if bitmap.stride == bitmap.width:
            return bytes(pixels[: bitmap.width * bitmap.height])
        return b"".join(pixels[at : at + bitmap.width] for at in rows)
