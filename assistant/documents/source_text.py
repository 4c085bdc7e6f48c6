"""Read source code and other texts in which a place is a line."""

from __future__ import annotations

from assistant.documents.document_builder import MAX_PLACES, DocumentBuilder
from assistant.documents.file_type import Kind
from assistant.documents.text_encoding import decode_text
from assistant.types.documents import ParsedDocument, ReadOptions


def read_source(data: bytearray, kind: Kind, options: ReadOptions) -> ParsedDocument:
    """Return the text as it is, with the number of each line. Raises `ParseFault`."""
    builder = DocumentBuilder(kind)
    write_lines(builder, decode_text(data, options.encoding))
    return builder.finish()


def write_lines(builder: DocumentBuilder, text: str) -> None:
    """Add `text` with the place of each line; of very many lines, of every so many."""
    lines = text.splitlines(keepends=True)
    step = 1 + len(lines) // (MAX_PLACES // 2)
    for at in range(0, len(lines), step):
        builder.locate(f"line {at + 1}")
        builder.write("".join(lines[at : at + step]))
