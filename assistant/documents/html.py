"""Read a web page: headings, paragraphs, lists and tables, without what no reader sees."""

from __future__ import annotations

from assistant.documents.charsets import decode_html
from assistant.documents.document_builder import DocumentBuilder, HeadingTrail, one_line
from assistant.documents.file_type import Kind
from assistant.documents.html_blocks import parse_html, write_body
from assistant.documents.text_encoding import decode_text
from assistant.types.documents import ParsedDocument, ReadOptions


def read_html(data: bytearray, kind: Kind, options: ReadOptions) -> ParsedDocument:
    """Return the document. Nothing that it refers to is ever fetched. Raises `ParseFault`."""
    text = decode_text(data, options.encoding) if options.encoding else decode_html(data)
    page = parse_html(text)
    builder = DocumentBuilder(kind)
    write_body(builder, page, HeadingTrail())
    title = page.css_first("head > title")
    return builder.finish(one_line(title.text()) if title is not None else "")
