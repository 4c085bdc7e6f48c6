"""Read bytes as the parser's child does, without the child."""

from __future__ import annotations

import pytest

from assistant.documents.file_type import Kind
from assistant.documents.parse import parse_bytes
from assistant.documents.parse_errors import ParseFault
from assistant.documents.parser_protocol import pack_document, unpack_reply
from assistant.types.documents import AS_FOUND, ParsedDocument, label_at


def read(data: bytes | str, named: Kind = "text") -> ParsedDocument:
    """Parse, and send the document through the messages between the processes."""
    raw = data.encode() if isinstance(data, str) else data
    return unpack_reply(b"".join(pack_document(parse_bytes(bytearray(raw), named, AS_FOUND))))


def where(document: ParsedDocument, words: str) -> str:
    """Return what a citation of `words` says."""
    return label_at(document.locators, document.text.index(words))


def lines(document: ParsedDocument) -> list[str]:
    """Return the paragraphs of a document."""
    return [line for line in document.text.split("\n") if line]


def kinds(document: ParsedDocument) -> list[tuple[str, str]]:
    """Return each region's kind and text."""
    return [(r.kind, document.text[r.start : r.end]) for r in document.regions]


def codes(document: ParsedDocument) -> dict[str, int]:
    """Return the notes' codes and numbers."""
    return {note.code: note.number for note in document.notes}


def fault(data: bytes | str, named: Kind = "text") -> str:
    """Return the code with which a file is refused."""
    with pytest.raises(ParseFault) as caught:
        read(data, named)
    return caught.value.code
