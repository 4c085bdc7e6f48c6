"""Parse the bytes of one file to a document. Runs in the sandboxed child process."""

from __future__ import annotations

from assistant.documents.document_title import first_line_title
from assistant.documents.file_type import MEDIA_TYPES, Kind, sniff
from assistant.documents.markdown import markdown_headings
from assistant.documents.parse_errors import ParseFault
from assistant.documents.pdf import read_pdf
from assistant.documents.size_limits import MAX_CHARACTERS
from assistant.documents.text_encoding import decode_text, has_visible_text
from assistant.types.documents import Heading, ParsedDocument, ReadOptions


def parse_bytes(data: bytearray, named: Kind, options: ReadOptions) -> ParsedDocument:
    """Parse a file of which the name says that it is `named`. Raises `ParseFault`."""
    kind = sniff(data, named)
    if kind == "pdf":
        return read_pdf(data)
    text = decode_text(data, options.encoding)
    if len(text) > MAX_CHARACTERS:
        raise ParseFault("too_much_text", number=len(text))
    if not has_visible_text(text):
        raise ParseFault("blank")
    if kind == "markdown":
        title, found = markdown_headings(text)
        headings = tuple(Heading(*heading) for heading in found)
        return ParsedDocument(text, (0,), MEDIA_TYPES[kind], title, headings)
    return ParsedDocument(text, (0,), MEDIA_TYPES[kind], first_line_title(text))
