"""Parse the bytes of one file to a document. Runs in the sandboxed child process."""

from __future__ import annotations

from collections.abc import Callable

from assistant.documents.csv_table import read_csv
from assistant.documents.document_title import first_line_title
from assistant.documents.epub import read_epub
from assistant.documents.file_type import MEDIA_TYPES, Kind
from assistant.documents.html import read_html
from assistant.documents.json_text import read_json
from assistant.documents.mail.eml import read_eml
from assistant.documents.mail.msg import read_msg
from assistant.documents.markdown import markdown_headings, without_comments
from assistant.documents.office.old_workbook import read_old_workbook
from assistant.documents.office.open_document import read_open_document
from assistant.documents.office.open_sheets import read_open_sheets
from assistant.documents.office.slides import read_slides
from assistant.documents.office.word import read_word
from assistant.documents.office.workbook import read_workbook
from assistant.documents.page_picture import count_pictures
from assistant.documents.parse_errors import ParseFault
from assistant.documents.payloads import without_payloads
from assistant.documents.pdf.document import read_pdf
from assistant.documents.rtf import read_rtf
from assistant.documents.size_limits import MAX_CHARACTERS
from assistant.documents.sniff import sniff
from assistant.documents.source_text import read_source
from assistant.documents.text_encoding import decode, has_visible_text
from assistant.types.documents import Heading, Note, ParsedDocument, ReadOptions

Reader = Callable[[bytearray, Kind, ReadOptions], ParsedDocument]


def parse_bytes(data: bytearray, named: Kind, options: ReadOptions) -> ParsedDocument:
    """Parse a file of which the name says that it is `named`. Raises `ParseFault`."""
    kind = sniff(data, named)
    return READERS[kind](data, kind, options)


def _read_pdf(data: bytearray, _kind: Kind, options: ReadOptions) -> ParsedDocument:
    return read_pdf(data, by_ocr=options.ocr != "never")


def _read_text(data: bytearray, kind: Kind, options: ReadOptions) -> ParsedDocument:
    decoded = decode(data, options.encoding)
    text, encoded = without_payloads(decoded.text)
    comments = 0
    if kind == "markdown":
        text, comments = without_comments(text)
    if len(text) > MAX_CHARACTERS:
        raise ParseFault("too_much_text", number=len(text))
    if not has_visible_text(text):
        raise ParseFault("blank")
    if kind == "markdown":
        title, found = markdown_headings(text)
    else:
        title, found = first_line_title(text), []
    headings = tuple(Heading(*heading) for heading in found)
    left_out = (Note("payloads", encoded), Note("html_comments", comments))
    notes = (*decoded.notes, *(note for note in left_out if note.number))
    return ParsedDocument(text, (0,), MEDIA_TYPES[kind], title, headings, notes=notes)


def _read_picture(data: bytearray, kind: Kind, _options: ReadOptions) -> ParsedDocument:
    raise ParseFault("picture_no_text", number=count_pictures(data, kind))


READERS: dict[Kind, Reader] = {
    "pdf": _read_pdf,
    "png": _read_picture,
    "jpeg": _read_picture,
    "tiff": _read_picture,
    "markdown": _read_text,
    "text": _read_text,
    "docx": read_word,
    "pptx": read_slides,
    "xlsx": read_workbook,
    "xlsb": read_old_workbook,
    "xls": read_old_workbook,
    "ods": read_open_sheets,
    "odt": read_open_document,
    "odp": read_open_document,
    "rtf": read_rtf,
    "epub": read_epub,
    "html": read_html,
    "eml": read_eml,
    "msg": read_msg,
    "csv": read_csv,
    "tsv": read_csv,
    "json": read_json,
    "jsonl": read_json,
    "source": read_source,
}
