"""Read a PDF to a document, with pypdfium2. Only in the child process."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from dataclasses import replace

import pypdfium2
import pypdfium2.raw as pdfium_c

from assistant.documents.document_title import first_line_title, metadata_title
from assistant.documents.file_type import MEDIA_TYPES
from assistant.documents.parse_errors import ParseFault
from assistant.documents.pdf.layout import PageLines
from assistant.documents.pdf.line_hyphens import joined_words
from assistant.documents.pdf.outline import bookmarks, page_locators
from assistant.documents.pdf.page import read_page
from assistant.documents.pdf.running_text import take_out_running
from assistant.documents.pdf.scanned import is_scan, was_read_before
from assistant.documents.size_limits import MAX_CHARACTERS, MAX_PAGES
from assistant.types.documents import Note, ParsedDocument, Region

_TAIL = 2048
_AT_END = 3
"""Lines at the end of a page among which the last row of a table is: a foot stands below it."""

_MOST_NAMED = 100
_CODES = {
    pdfium_c.FPDF_ERR_PASSWORD: "pdf_encrypted",
    pdfium_c.FPDF_ERR_SECURITY: "pdf_security",
}


def read_pdf(data: bytearray, *, by_ocr: bool = False) -> ParsedDocument:
    """Return the document: pages in reading order, with headings from the outline.

    Heads and feet that repeat are no part of the text (`ParsedDocument.running`), nor is what
    nobody can see. Every page ends with a newline, except one without any text, which is
    empty. With `by_ocr`, the few words beside a scanned picture are left to OCR, which reads
    the whole page. Raises `ParseFault`.
    """
    document = _open(data)
    count = len(document)
    if count > MAX_PAGES:
        raise ParseFault("too_many_pages", number=count)
    read, running = take_out_running(joined_words(_read_pages(document, by_ocr=by_ocr)))
    pages: list[str] = []
    starts: list[int] = []
    regions: list[Region] = []
    length = 0
    for page in read:
        starts.append(length)
        text, own = ("", []) if page.unreadable else _joined(page)
        regions += [Region(length + r.start, length + r.end, r.kind) for r in own]
        pages.append(text)
        length += len(text)
    text = "".join(pages)
    if not text:
        strange = any(page.unreadable for page in read)
        raise ParseFault("pdf_unmapped" if strange else "pdf_no_text", number=count)
    return ParsedDocument(
        text,
        tuple(starts),
        MEDIA_TYPES["pdf"],
        metadata_title(_metadata(document)) or first_line_title(text),
        headings=bookmarks(document, pages, starts),
        locators=page_locators(document, starts, length),
        running=tuple(running),
        regions=tuple(regions),
        notes=_notes(read),
    )


def _read_pages(document: pypdfium2.PdfDocument, *, by_ocr: bool) -> list[PageLines]:
    form = None
    if document.get_formtype():
        document.init_forms()
        form = document.formenv.raw if document.formenv else None
    pages: list[PageLines] = []
    length = 0
    for number in range(len(document)):
        try:
            page = document[number]
            ends = pages[-1].lines[-_AT_END:] if pages else ()
            before = next((line.columns for line in reversed(ends) if line.columns), None)
            read = read_page(page, form, before)
            left = by_ocr and is_scan(page, read)
            if by_ocr and not left and was_read_before(page, read):
                read = replace(read, scanned=True)
            pages.append(PageLines((), read.height) if left else read)
            page.close()
        except pypdfium2.PdfiumError as error:
            raise ParseFault("pdf_page", number=number + 1) from error
        length += sum(len(line.text) + 1 for line in pages[-1].lines)
        if length > MAX_CHARACTERS:
            raise ParseFault("too_much_text", number=length)
    return pages


def _joined(page: PageLines) -> tuple[str, list[Region]]:
    """Return the text of a page, and the regions in it."""
    parts: list[str] = []
    regions: list[Region] = []
    length = 0
    for line in page.lines:
        blank = "\n" if line.apart and parts else ""
        start = length + len(blank)
        parts.append(f"{blank}{line.text}\n")
        length = start + len(line.text) + 1
        if line.kind:
            regions.append(Region(start, start + len(line.text), line.kind))
    return "".join(parts), regions


def _notes(pages: Sequence[PageLines]) -> tuple[Note, ...]:
    notes: list[Note] = []
    hidden = [n for n, page in enumerate(pages, start=1) if page.hidden]
    if hidden:
        total = sum(page.hidden for page in pages)
        notes.append(Note("unseen_text", total, pages=tuple(hidden[:_MOST_NAMED])))
    strange = [n for n, page in enumerate(pages, start=1) if page.unreadable]
    if strange:
        notes.append(Note("unmapped_letters", len(strange), pages=tuple(strange[:_MOST_NAMED])))
    before = [n for n, page in enumerate(pages, start=1) if page.scanned]
    if before:
        notes.append(Note("ocr_layer", len(before), pages=tuple(before[:_MOST_NAMED])))
    return tuple(notes)


def _open(data: bytearray) -> pypdfium2.PdfDocument:
    view = (ctypes.c_char * len(data)).from_buffer(data)
    try:
        document = pypdfium2.PdfDocument(view)
    except pypdfium2.PdfiumError as error:
        code = _CODES.get(getattr(error, "err_code", None))
        if code:
            raise ParseFault(code) from error
        raise ParseFault(_damage(data)) from error
    if _cut_off(data):
        raise ParseFault("pdf_truncated")
    return document


def _damage(data: bytearray) -> str:
    """Name what is wrong with a PDF that PDFium can't open."""
    if _cut_off(data):
        return "pdf_truncated"
    return "pdf_no_pages" if re.search(rb"/Count\s+0\b", data) else "pdf_damaged"


def _cut_off(data: bytearray) -> bool:
    """PDFium mends a file without its end and drops pages silently: don't let it."""
    tail = data[-_TAIL * 4 :].rstrip(b"\x00\r\n\t ")[-_TAIL:]
    return b"%%EOF" not in tail and b"startxref" not in tail


def _metadata(document: pypdfium2.PdfDocument) -> str:
    try:
        return str(document.get_metadata_value("Title"))
    except (pypdfium2.PdfiumError, UnicodeDecodeError):
        return ""
