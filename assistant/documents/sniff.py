"""Detect what a file is by its bytes; its name only chooses between kinds of text.

- Bytes that begin like a PDF, a package or a compound file are read as what they are,
  whatever the name says; bytes of a known format that can't be read are refused by name.
- The rest is text, of the kind that the name says. A web page may call itself anything, as
  many a download does. But a file that calls itself a PDF, a Word document or the like and
  is none is refused: it is often an error page that a download left.
"""

from __future__ import annotations

import re

from assistant.documents.file_type import Kind, picture_kind
from assistant.documents.office.compound_file import compound_kind
from assistant.documents.office.package import package_kind
from assistant.documents.parse_errors import ParseFault

_PDF_HEADER_WITHIN = 1024  # readers accept junk before the header, so files have it

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"GIF8", "picture"),
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
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PACKAGE = (b"PK\x03\x04", b"PK\x05\x06")
_BINARY: frozenset[Kind] = frozenset(
    ["docx", "pptx", "xlsx", "xlsb", "odt", "odp", "ods", "epub", "msg", "png", "jpeg", "tiff"]
)
"""What can't be text, whatever is in it. Old Excel's name is on many a web page and table."""

_MAIL_FIELD = re.compile(
    rb"^(?:return-path|received|delivered-to|message-id|mime-version|date|from|to|subject|cc|"
    rb"reply-to|content-type)(?=:)",
    re.IGNORECASE | re.MULTILINE,
)
_MARKS_A_MAIL = frozenset([b"message-id", b"mime-version", b"received", b"return-path"])


def sniff(data: bytes | bytearray | memoryview, named: Kind) -> Kind:
    """Return what `data` is. Raises `ParseFault` if it is nothing that can be read."""
    head = bytes(data[:4096])
    if not head:
        raise ParseFault("empty")
    if named == "pdf":
        return _named_pdf(head)
    if head.startswith(_PACKAGE):
        return package_kind(data)
    if head.startswith(_COMPOUND_FILE):
        return compound_kind(data)
    picture = picture_kind(head)
    if picture is not None:
        return picture
    other = _other_kind(head)
    if other is not None:
        raise ParseFault("other_kind", label=other)
    if b"%PDF-" in head[:_PDF_HEADER_WITHIN] and named != "eml":
        return "pdf"
    return _kind_of_text(head, named)


def _named_pdf(head: bytes) -> Kind:
    other = _other_kind(head)
    if other is None and b"%PDF-" in head[:_PDF_HEADER_WITHIN]:
        return "pdf"
    raise ParseFault("not_pdf", label=other or _label_of_text(head))


def _kind_of_text(head: bytes, named: Kind) -> Kind:
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{\\rtf"):
        return "rtf"
    label = _label_of_text(head)
    if named in _BINARY:
        raise ParseFault("not_office", label=label)
    if label == "html" and named != "markdown":
        return "html"
    if named == "text" and _is_mail(head):
        return "eml"
    return "tsv" if named == "xls" else "text" if named == "rtf" else named


def _is_mail(head: bytes) -> bool:
    """A text that begins with the head of a mail, with what only programs write."""
    start, found, _ = head.replace(b"\r\n", b"\n").partition(b"\n\n")
    if not found or not _MAIL_FIELD.match(start):
        return False
    fields = {name.lower() for name in _MAIL_FIELD.findall(start)}
    return len(fields) >= 3 and bool(fields & _MARKS_A_MAIL)


def _other_kind(head: bytes) -> str | None:
    if picture_kind(head) is not None:
        return "picture"
    if head.startswith(_PACKAGE):
        return "office" if b"[Content_Types].xml" in head else "archive"
    if head.startswith(_COMPOUND_FILE):
        return "old_office"
    if head[:4] == b"RIFF" and head[8:12] in (b"WEBP", b"WAVE", b"AVI "):
        return "picture" if head[8:12] == b"WEBP" else "media"
    if head[4:8] == b"ftyp":
        return "media"
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)


def _label_of_text(head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "html"
    return "unknown" if b"\x00" in head else "text"
