"""Extract the text of a PDF, page by page, with pypdfium2. Only in the child process."""

from __future__ import annotations

import ctypes
import re
import unicodedata
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium_c

from assistant.documents.document_title import clean_title, first_line_title, metadata_title
from assistant.documents.file_type import MEDIA_TYPES
from assistant.documents.parse_errors import ParseFault
from assistant.documents.size_limits import MAX_CHARACTERS, MAX_PAGES
from assistant.documents.text_encoding import has_visible_text, normal_newlines
from assistant.text.signs import phrase_pattern
from assistant.types.documents import Heading, ParsedDocument

HeadingSpan = tuple[int, int, str]

_MAX_BOOKMARKS = 5_000
_TAIL = 2048
_LINE_END_HYPHEN = re.compile("[\ufffe\x02]")
_CODES = {
    pdfium_c.FPDF_ERR_PASSWORD: "pdf_encrypted",
    pdfium_c.FPDF_ERR_SECURITY: "pdf_security",
}


def read_pdf(data: bytearray) -> ParsedDocument:
    """Return the document.

    PDFium gives a hyphen at the end of a line as U+FFFE and swallows the line break; here
    it is the hyphen and the break that stand on the page. Every page ends with a newline,
    except one without any text, which is empty. The headings are the bookmarks whose
    words stand on the page that they lead to. Raises `ParseFault`.
    """
    document = _open(data)
    count = len(document)
    if count > MAX_PAGES:
        raise ParseFault("too_many_pages", number=count)
    pages: list[str] = []
    starts: list[int] = []
    length = 0
    for number in range(count):
        starts.append(length)
        pages.append(_page_text(document, number))
        length += len(pages[-1])
        if length > MAX_CHARACTERS:
            raise ParseFault("too_much_text", number=length)
    text = "".join(pages)
    if not text:
        raise ParseFault("pdf_no_text", number=count)
    title = metadata_title(_metadata(document)) or first_line_title(text)
    headings = tuple(Heading(*found) for found in _bookmarks(document, pages, starts))
    return ParsedDocument(text, tuple(starts), MEDIA_TYPES["pdf"], title, headings)


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


def _page_text(document: pypdfium2.PdfDocument, number: int) -> str:
    try:
        page = document[number]
        textpage = page.get_textpage()
        raw = textpage.get_text_range(errors="replace")
        textpage.close()
        page.close()
    except pypdfium2.PdfiumError as error:
        raise ParseFault("pdf_page", number=number + 1) from error
    text = unicodedata.normalize("NFC", normal_newlines(_LINE_END_HYPHEN.sub("-\n", raw)))
    if not has_visible_text(text):
        return ""
    return text if text.endswith("\n") else text + "\n"


def _metadata(document: pypdfium2.PdfDocument) -> str:
    try:
        return str(document.get_metadata_value("Title"))
    except (pypdfium2.PdfiumError, UnicodeDecodeError):
        return ""


def _bookmarks(
    document: pypdfium2.PdfDocument, pages: list[str], starts: list[int]
) -> list[HeadingSpan]:
    """Find the bookmarks' words on their pages; those that are not there are left out."""
    found: list[HeadingSpan] = []
    after = 0
    for level, number, title in _outline(document, len(pages)):
        page = pages[number]
        begin = max(0, after - starts[number])
        match = phrase_pattern(title).search(page, begin)
        if match:
            start = starts[number] + match.start()
            found.append((start, level, title))
            after = start + 1
    return found


def _outline(document: pypdfium2.PdfDocument, pages: int) -> list[tuple[int, int, str]]:
    entries: list[tuple[int, int, str]] = []
    try:
        for bookmark in document.get_toc(max_depth=6):
            if len(entries) >= _MAX_BOOKMARKS:
                break
            number = _target(bookmark)
            title = clean_title(bookmark.get_title())
            if number is not None and 0 <= number < pages and title:
                entries.append((bookmark.level + 1, number, title))
    except (pypdfium2.PdfiumError, UnicodeDecodeError):
        return []
    return entries


def _target(bookmark: Any) -> int | None:
    destination = bookmark.get_dest()
    return None if destination is None else destination.get_index()
