"""Parse the bytes of one file to a document. Runs in the sandboxed child process."""

from __future__ import annotations

from dataclasses import dataclass, field

from assistant.documents.document_title import first_line_title
from assistant.documents.file_type import MEDIA_TYPES, Kind, sniff
from assistant.documents.markdown import markdown_headings
from assistant.documents.parse_errors import ParseFault
from assistant.documents.pdf import HeadingSpan, read_pdf
from assistant.documents.size_limits import MAX_CHARACTERS
from assistant.documents.text_encoding import decode_text, has_visible_text


@dataclass(frozen=True, slots=True)
class Parsed:
    """What crosses back to the parent; `types.ParsedDocument` without its imports."""

    text: str
    page_starts: list[int]
    media_type: str
    title: str = ""
    headings: list[HeadingSpan] = field(default_factory=list)


def parse_bytes(data: bytearray, named: Kind) -> Parsed:
    """Parse a file of which the name says that it is `named`. Raises `ParseFault`."""
    kind = sniff(data, named)
    if kind == "pdf":
        text, starts, title, headings = read_pdf(data)
        return Parsed(text, starts, MEDIA_TYPES[kind], title, headings)
    text = decode_text(data)
    if len(text) > MAX_CHARACTERS:
        raise ParseFault("too_much_text", number=len(text))
    if not has_visible_text(text):
        raise ParseFault("blank")
    if kind == "markdown":
        title, headings = markdown_headings(text)
        return Parsed(text, [0], MEDIA_TYPES[kind], title, headings)
    return Parsed(text, [0], MEDIA_TYPES[kind], first_line_title(text))
