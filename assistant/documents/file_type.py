"""Detect a file's type by its bytes; its name only chooses between kinds of text.

- Bytes that begin like a PDF are read as PDF, whatever the name says.
- Bytes of another known format are refused with its name.
- The rest is text: Markdown if the name ends so. But a file that calls itself .pdf and
  is none is refused, because it is often an error page that a download left.
"""

from __future__ import annotations

from typing import Literal

from assistant.documents.parse_errors import ParseFault

Kind = Literal["pdf", "markdown", "text"]
KINDS: tuple[Kind, ...] = ("pdf", "markdown", "text")

SUFFIXES: dict[str, Kind] = {
    ".pdf": "pdf",
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
    ".text": "text",
}
MEDIA_TYPES: dict[Kind, str] = {
    "pdf": "application/pdf",
    "markdown": "text/markdown",
    "text": "text/plain",
}

_PDF_HEADER_WITHIN = 1024  # readers accept junk before the header, so files have it

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"II*\x00", "picture"),
    (b"MM\x00*", "picture"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old_office"),
    (b"{\\rtf", "rtf"),
    (b"\xffWPC", "wordperfect"),
    (b"%!PS", "postscript"),
    (b"\x1f\x8b", "compressed"),
    (b"7z\xbc\xaf\x27\x1c", "compressed"),
    (b"Rar!\x1a\x07", "compressed"),
    (b"\xfd7zXZ\x00", "compressed"),
    (b"BZh", "compressed"),
    (b"\x28\xb5\x2f\xfd", "compressed"),
    (b"\x7fELF", "program"),
    (b"MZ\x90\x00", "program"),
    (b"\xcf\xfa\xed\xfe", "program"),
    (b"SQLite format 3\x00", "database"),
    (b"GGUF", "model"),
    (b"ID3", "media"),
    (b"OggS", "media"),
    (b"fLaC", "media"),
    (b"\x1aE\xdf\xa3", "media"),
)


def sniff(data: bytes | bytearray | memoryview, named: Kind) -> Kind:
    """Return what `data` is. Raises `ParseFault` if it is nothing that can be read."""
    head = bytes(data[:4096])
    if not head:
        raise ParseFault("empty")
    other = _other_kind(head)
    if other is None and b"%PDF-" in head[:_PDF_HEADER_WITHIN]:
        return "pdf"
    if named == "pdf":
        raise ParseFault("not_pdf", label=other or _kind_of_text(head))
    if other is not None:
        raise ParseFault("other_kind", label=other)
    return named


def _other_kind(head: bytes) -> str | None:
    if head.startswith(b"PK\x03\x04"):
        return _zip_kind(head)
    if head[:4] == b"RIFF" and head[8:12] in (b"WEBP", b"WAVE", b"AVI "):
        return "picture" if head[8:12] == b"WEBP" else "media"
    if head[4:8] == b"ftyp":
        return "media"
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)


def _zip_kind(head: bytes) -> str:
    if b"application/epub" in head:
        return "ebook"
    marks = (b"[Content_Types].xml", b"word/", b"xl/", b"ppt/", b"application/vnd.oasis")
    return "office" if any(mark in head for mark in marks) else "archive"


def _kind_of_text(head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "html"
    return "unknown" if b"\x00" in head else "text"
