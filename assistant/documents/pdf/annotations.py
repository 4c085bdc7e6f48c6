"""The text of a page that is not painted with it: form values, free text, comments."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import pypdfium2
import pypdfium2.raw as pdfium_c

from assistant.documents.pdf.characters import ToView
from assistant.documents.pdf.layout import Segment
from assistant.documents.text_encoding import normal_newlines
from assistant.types.documents import RegionKind

MOST = 2_000
"""Annotations of a page that are looked at."""

_LONGEST = 20_000
_PASSWORD = 1 << 13
_HIDDEN = 0x02 | 0x20
_COMMENTS = {
    pdfium_c.FPDF_ANNOT_TEXT: "Comment",
    pdfium_c.FPDF_ANNOT_HIGHLIGHT: "Comment on highlighted text",
    pdfium_c.FPDF_ANNOT_UNDERLINE: "Comment on underlined text",
    pdfium_c.FPDF_ANNOT_STRIKEOUT: "Comment on struck-out text",
    pdfium_c.FPDF_ANNOT_SQUIGGLY: "Comment on underlined text",
    pdfium_c.FPDF_ANNOT_CARET: "Comment on an insertion",
    pdfium_c.FPDF_ANNOT_STAMP: "Stamp",
    pdfium_c.FPDF_ANNOT_SQUARE: "Comment",
    pdfium_c.FPDF_ANNOT_CIRCLE: "Comment",
    pdfium_c.FPDF_ANNOT_INK: "Comment",
    pdfium_c.FPDF_ANNOT_LINE: "Comment",
    pdfium_c.FPDF_ANNOT_POLYGON: "Comment",
}
_BUTTONS = (pdfium_c.FPDF_FORMFIELD_CHECKBOX, pdfium_c.FPDF_FORMFIELD_RADIOBUTTON)


def annotation_segments(
    page: pypdfium2.PdfPage, form: object | None, view: ToView
) -> tuple[list[Segment], list[str]]:
    """Return what stands at a place of the page (form values, free text), and comments.

    `form` is PDFium's form environment, None if the document has no form.
    """
    placed: list[Segment] = []
    comments: list[str] = []
    for number in range(min(pdfium_c.FPDFPage_GetAnnotCount(page.raw), MOST)):
        annotation = pdfium_c.FPDFPage_GetAnnot(page.raw, number)
        if not annotation:
            continue
        try:
            _take(annotation, form, view, placed, comments)
        finally:
            pdfium_c.FPDFPage_CloseAnnot(annotation)
    return placed, comments


def _take(
    annotation: object,
    form: object | None,
    view: ToView,
    placed: list[Segment],
    comments: list[str],
) -> None:
    subtype = pdfium_c.FPDFAnnot_GetSubtype(annotation)
    if pdfium_c.FPDFAnnot_GetFlags(annotation) & _HIDDEN:
        return
    if subtype == pdfium_c.FPDF_ANNOT_WIDGET:
        text = _value(annotation, form) if form is not None else ""
    elif subtype == pdfium_c.FPDF_ANNOT_FREETEXT:
        text = _string(annotation, b"Contents")
    else:
        said = _string(annotation, b"Contents") if subtype in _COMMENTS else ""
        if said:
            comments.append(f"{_COMMENTS[subtype]}: {said}")
        return
    if not text:
        return
    rectangle = pdfium_c.FS_RECTF()
    if not pdfium_c.FPDFAnnot_GetRect(annotation, rectangle):
        return
    box = view(rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
    placed += _lines_in(text, box, "form" if subtype == pdfium_c.FPDF_ANNOT_WIDGET else "comment")


def _lines_in(text: str, box: tuple[float, float, float, float], kind: RegionKind) -> list[Segment]:
    """Spread the lines of a text over its box, from top to bottom."""
    left, top, right, bottom = box
    lines = [" ".join(line.split()) for line in text.split("\n")]
    lines = [line for line in lines if line]
    step = min((bottom - top) / max(len(lines), 1), 14.0)
    start = top if len(lines) > 1 else (top + bottom - step) / 2
    return [
        Segment(line, left, start + n * step, right, start + (n + 1) * step, kind)
        for n, line in enumerate(lines)
    ]


def _value(annotation: object, form: object) -> str:
    kind = pdfium_c.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in _BUTTONS:
        checked = bool(pdfium_c.FPDFAnnot_IsChecked(form, annotation))
        if kind == pdfium_c.FPDF_FORMFIELD_RADIOBUTTON:
            get = pdfium_c.FPDFAnnot_GetFormFieldExportValue
            return _read(lambda b, n: get(form, annotation, b, n)) if checked else ""
        return "checked" if checked else "not checked"
    if pdfium_c.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD:
        return ""
    return _read(lambda b, n: pdfium_c.FPDFAnnot_GetFormFieldValue(form, annotation, b, n))


def _string(annotation: object, key: bytes) -> str:
    return _read(lambda b, n: pdfium_c.FPDFAnnot_GetStringValue(annotation, key, b, n))


def _read(get: Callable[[object, int], int]) -> str:
    """Read a string of PDFium's: UTF-16 with a zero at its end, length in bytes."""
    length = min(get(None, 0), _LONGEST)
    if length <= 2:
        return ""
    buffer = ctypes.create_string_buffer(length)
    get(ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), length)
    text = buffer.raw.decode("utf-16-le", "replace")
    return normal_newlines(text.split("\x00")[0]).strip()
