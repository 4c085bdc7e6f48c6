"""Write a mail into a document: its head, its text, and what is attached to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from assistant.documents.document_builder import DocumentBuilder, HeadingTrail
from assistant.documents.document_title import clean_title
from assistant.documents.file_type import MEDIA_TYPES, SUFFIXES
from assistant.documents.html_blocks import parse_html, write_body
from assistant.documents.size_limits import MAX_ATTACHED, MAX_ATTACHMENTS
from assistant.types.documents import Attachment, ParsedDocument

_ENDINGS = {
    media: ending for ending, kind in reversed(SUFFIXES.items()) for media in [MEDIA_TYPES[kind]]
}
_ENDINGS |= {
    "text/plain": ".txt", "text/markdown": ".md", "application/msword": ".doc",
    "text/rtf": ".rtf", "message/rfc822": ".eml", "image/png": ".png", "image/jpeg": ".jpg",
    "image/tiff": ".tif", "application/vnd.ms-powerpoint": ".ppt",
}  # fmt: skip
_LONGEST_NAME = 120


def write_head(builder: DocumentBuilder, fields: Iterable[tuple[str, str]]) -> None:
    """Add the head, a line for each field."""
    for name, words in fields:
        if words:
            builder.paragraph(f"{name}: {words}", "head")


def write_plain(builder: DocumentBuilder, text: str, part: str) -> None:
    """Add a plain text, its paragraphs numbered."""
    trail = HeadingTrail(part)
    lines: list[str] = []
    for line in [*text.replace("\r\n", "\n").split("\n"), ""]:
        if line.strip():
            lines.append(line.rstrip())
        elif lines:
            builder.paragraph("\n".join(lines), trail.paragraph())
            lines.clear()


def write_html(builder: DocumentBuilder, text: str, part: str) -> None:
    """Add the body of an HTML mail."""
    write_body(builder, parse_html(text), HeadingTrail(part))


def with_attachments(
    document: ParsedDocument, builder: DocumentBuilder, found: Sequence[tuple[str, str, bytes]]
) -> ParsedDocument:
    """Return a mail with its attachments: each a name, a media type and the bytes.

    What is over the limits is left out, which a note says.
    """
    attachments: list[Attachment] = []
    names: set[str] = set()
    room = MAX_ATTACHED
    for given, media_type, data in found:
        name = _free(_name(given, media_type), names)
        room -= len(data)
        if room < 0 or len(attachments) >= MAX_ATTACHMENTS:
            builder.note("attachments_left_out", 1, name)
        elif data:
            names.add(name)
            attachments.append(Attachment(name, data))
    notes = builder.notes if len(attachments) < len(found) else document.notes
    return replace(document, attachments=tuple(attachments), notes=notes)


def _name(given: str, media_type: str) -> str:
    """Return a file name in one line, with an ending that tells the kind if none does."""
    name = clean_title(given.replace("/", "_").replace("\\", "_"))[-_LONGEST_NAME:].strip(" .")
    ending = _ENDINGS.get(media_type, "")
    stem, dot, last = name.rpartition(".")
    if ending and not (dot and stem and f".{last.lower()}" in SUFFIXES):
        return f"{name or 'attachment'}{ending}" if not (dot and len(last) <= 4) else name
    return name or "attachment"


def _free(wanted: str, taken: set[str]) -> str:
    name, number = wanted, 2
    stem, dot, last = wanted.rpartition(".")
    while name in taken:
        name = f"{stem} ({number}).{last}" if dot and stem else f"{wanted} ({number})"
        number += 1
    return name
