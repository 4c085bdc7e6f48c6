"""Tell scanned pages: with a few words of text (a stamp, a fax's head), or read by OCR before."""

from __future__ import annotations

import pypdfium2
import pypdfium2.raw as pdfium_c

from assistant.documents.pdf.layout import PageLines

_FEW = 120
"""Characters: fewer than stand on nearly any page that was written."""

_SHARE = 0.5
_DEEPEST = 3


def is_scan(page: pypdfium2.PdfPage, read: PageLines) -> bool:
    """Whether a picture covers half of the page, and there is little text besides.

    A scan with a layer of text that OCR has made before has much text, and is none of these.
    """
    return _has_few_words(read) and _is_covered(page)


def was_read_before(page: pypdfium2.PdfPage, read: PageLines) -> bool:
    """Whether the page's text lies over a picture of the page, as OCR leaves it."""
    return not _has_few_words(read) and _is_covered(page)


def _has_few_words(read: PageLines) -> bool:
    return sum(len(line.text) for line in read.lines) <= _FEW


def _is_covered(page: pypdfium2.PdfPage) -> bool:
    """Whether pictures cover half of the page."""
    width, height = page.get_size()
    area = 0.0
    for picture in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=_DEEPEST):
        left, bottom, right, top = picture.get_bounds()
        across = min(right, width) - max(left, 0.0)
        area += max(0.0, across) * max(0.0, min(top, height) - max(bottom, 0.0))
    return bool(area >= _SHARE * width * height)
