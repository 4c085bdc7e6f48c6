"""The head of a mail in words: who wrote to whom, when, and about what."""

from __future__ import annotations

from email.errors import HeaderParseError
from email.header import decode_header

from assistant.documents.charsets import decode_named
from assistant.documents.document_builder import one_line
from assistant.documents.parse_errors import ParseFault

SHOWN = ("From", "To", "Cc", "Bcc", "Reply-To", "Date", "Subject")
_LONGEST = 100_000


def decoded(value: object) -> str:
    """Return the words of a head field, MIME's encoded words (RFC 2047) decoded."""
    raw = str(value)[:_LONGEST]
    try:
        pieces = decode_header(raw)
    except (HeaderParseError, ValueError):
        return _readable(raw)
    words = []
    for piece, charset in pieces:
        if isinstance(piece, str):
            words.append(_readable(piece))
        else:
            try:
                words.append(decode_named(piece, charset or ""))
            except ParseFault:
                words.append(piece.decode("latin-1"))
    return one_line("".join(words))


def _readable(text: str) -> str:
    """Bytes that are no ASCII stand in heads as surrogates: they are UTF-8 or Windows-1252."""
    data = text.encode("utf-8", "surrogateescape")
    try:
        return one_line(data.decode("utf-8"))
    except UnicodeDecodeError:
        return one_line(data.decode("cp1252", "replace"))
