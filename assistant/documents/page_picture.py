"""Draw a page of a document as a grey picture, for OCR. Runs in the sandboxed child process."""

from __future__ import annotations

import ctypes
from math import sqrt
from typing import Any

import pypdfium2

from assistant.documents.file_type import PICTURE_KINDS, Kind
from assistant.documents.parse_errors import ParseFault
from assistant.documents.pictures.jpeg import read_jpeg
from assistant.documents.pictures.picture_pdf import Picture, picture_pdf
from assistant.documents.pictures.png import read_png
from assistant.documents.pictures.tiff import count_frames, read_tiff
from assistant.documents.size_limits import MAX_PICTURE
from assistant.types.ocr import PagePicture

_DOTS_AN_INCH = 200
_POINTS_AN_INCH = 72


def count_pictures(data: bytearray, kind: Kind) -> int:
    """Return how many pages a file of a picture kind has; its first one is checked.

    Raises `ParseFault` for what is damaged, too large, or not read here.
    """
    count = count_frames(data) if kind == "tiff" else 1
    _picture(data, kind, 1)
    return count


def page_picture(data: bytearray, kind: Kind, number: int) -> PagePicture:
    """Return page `number` (from 1) of a PDF, or of a file of a picture kind.

    A PDF's page has 200 dots an inch, a picture its own pixels; both less where that would be
    more than `MAX_PICTURE`. Raises `ParseFault`.
    """
    if kind == "pdf":
        pdf, scale, index = data, _DOTS_AN_INCH / _POINTS_AN_INCH, number - 1
    elif kind in PICTURE_KINDS:
        pdf, scale, index = picture_pdf(_picture(data, kind, number)), 1.0, 0
    else:
        raise ParseFault("pdf_page", number=number)
    try:
        document = pypdfium2.PdfDocument((ctypes.c_char * len(pdf)).from_buffer(pdf))
        return _drawn(document[index], scale)
    except (pypdfium2.PdfiumError, IndexError) as error:
        raise ParseFault("pdf_page", number=number) from error


def _picture(data: bytearray, kind: Kind, number: int) -> Picture:
    if kind == "png":
        return read_png(data)
    return read_jpeg(data) if kind == "jpeg" else read_tiff(data, number)


def _drawn(page: Any, scale: float) -> PagePicture:
    width, height = page.get_size()
    if width <= 0 or height <= 0:
        raise pypdfium2.PdfiumError("a page without a size")
    scale = min(scale, sqrt(MAX_PICTURE / (width * height)))
    scale = max(scale, 1.0 / min(width, height))
    bitmap = page.render(scale=scale, grayscale=True)
    with memoryview(bitmap.buffer).cast("B") as pixels:
        rows = range(0, bitmap.height * bitmap.stride, bitmap.stride)
        if bitmap.stride == bitmap.width:
            grey = bytes(pixels[: bitmap.width * bitmap.height])
        else:
            grey = b"".join(pixels[at : at + bitmap.width] for at in rows)
    return PagePicture(bitmap.width, bitmap.height, grey)
