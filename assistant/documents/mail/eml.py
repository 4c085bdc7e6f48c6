"""Read a mail as it travels (RFC 5322, MIME): head, texts, attachments."""

from __future__ import annotations

import binascii
import io
from email.generator import BytesGenerator
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

from assistant.documents.charsets import decode_html, decode_named
from assistant.documents.document_builder import DocumentBuilder, one_line
from assistant.documents.file_type import Kind
from assistant.documents.mail.head import SHOWN, decoded
from assistant.documents.mail.mail_writer import (
    with_attachments,
    write_head,
    write_html,
    write_plain,
)
from assistant.documents.parse_errors import ParseFault
from assistant.documents.text_encoding import decode_text, has_visible_text
from assistant.types.documents import ParsedDocument, ReadOptions

_WIDE = (b"\xff\xfe", b"\xfe\xff")
_MAX_DEPTH = 100
_MAX_PARTS = 5_000
_MOST_FIELDS = 20
_SIGNATURES = frozenset(["pkcs7-signature", "x-pkcs7-signature", "pgp-signature", "pgp-keys"])
_ENCRYPTED = frozenset(["pkcs7-mime", "x-pkcs7-mime", "pgp-encrypted"])
_Found = list[tuple[str, str, bytes]]


def read_eml(data: bytearray, kind: Kind, _options: ReadOptions) -> ParsedDocument:
    """Return the mail with its attachments; mails in it are attachments too.

    Of a text that is there both plain and as HTML, the one that says more is taken. Raises
    `ParseFault`.
    """
    message = _parsed(data)
    builder = DocumentBuilder(kind)
    fields = _fields(message)
    if not fields:
        raise ParseFault("not_a_mail")
    write_head(builder, fields)
    reader = _Reader(builder)
    reader.read(message)
    return with_attachments(
        builder.finish(dict(fields).get("Subject", "")), builder, reader.attached
    )


def _parsed(data: bytearray) -> Message:
    raw = bytes(data)
    if raw.startswith(_WIDE) or b"\x00" in raw[:64]:  # saved by an editor as UTF-16
        raw = decode_text(data).encode("utf-8")
    try:
        return BytesParser(policy=compat32).parsebytes(raw.lstrip(b"\r\n"))
    except RecursionError as error:
        raise ParseFault("nested_too_deep", number=_MAX_DEPTH) from error


def _fields(message: Message) -> list[tuple[str, str]]:
    """Return the fields of a head that are shown, in the order in which they are."""
    found = [(name.title(), value) for name, value in message.raw_items()]
    return [
        (name, words)
        for name in SHOWN
        for value in [value for other, value in found if other == name][:_MOST_FIELDS]
        if (words := decoded(value))
    ]


class _Reader:
    def __init__(self, builder: DocumentBuilder) -> None:
        self._builder = builder
        self._texts = 0
        self._parts = 0
        self.attached: _Found = []

    def read(self, part: Message, depth: int = 0) -> None:
        """Write the texts of a part, and collect what is attached."""
        self._parts += 1
        if depth > _MAX_DEPTH:
            raise ParseFault("nested_too_deep", number=_MAX_DEPTH)
        if self._parts > _MAX_PARTS:
            raise ParseFault("mail_parts", number=self._parts)
        if part.defects:
            self._builder.note("mail_damaged", len(part.defects))
        kind = part.get_content_type()
        subtype = kind.partition("/")[2]
        if kind == "message/rfc822" and (inner := _parts(part)):
            self._mail(part, inner[0])
        elif part.is_multipart():
            self._several(_parts(part), subtype, depth)
        elif subtype in _ENCRYPTED and part.get_param("smime-type") != "signed-data":
            self._builder.note("mail_encrypted")
        elif subtype not in _SIGNATURES:
            self._single(part, kind)

    def _several(self, parts: list[Message], subtype: str, depth: int) -> None:
        if subtype == "encrypted":
            self._builder.note("mail_encrypted")
        elif subtype == "alternative":
            self._alternatives(parts, depth)
        elif subtype == "signed":
            for part in parts[:1]:
                self.read(part, depth + 1)
        else:
            for part in parts:
                self.read(part, depth + 1)

    def _alternatives(self, parts: list[Message], depth: int) -> None:
        """Take the plain text or the HTML, and what is attached to either."""
        texts = [part for part in parts if not _is_attached(part)]
        plain = next((p for p in texts if p.get_content_type() == "text/plain"), None)
        html = next((p for p in texts if _html_of(p) is not None), None)
        dropped = None
        if plain is not None and html is not None:
            dropped = html if _says_enough(plain, _html_of(html)) else plain
        for part in parts:
            if part is not dropped and part.get_content_type() != "text/calendar":
                self.read(part, depth + 1)
            elif part is html and part.is_multipart():  # its pictures and files remain
                for inner in _parts(part):
                    if inner is not _html_of(part):
                        self.read(inner, depth + 1)

    def _single(self, part: Message, kind: str) -> None:
        data = _bytes_of(part)
        name = part.get_filename()
        if kind.startswith("multipart/"):  # which lacks what would tell its parts apart
            kind = "text/plain"
        if kind in {"text/plain", "text/html"} and not _is_attached(part):
            self._text(data, part, kind)
        elif kind.startswith("image/") and part.get("Content-ID") and not _is_attached(part):
            self._builder.note("pictures_left_out")
        elif data:
            self.attached.append((decoded(name) if name else "", kind, data))

    def _text(self, data: bytes, part: Message, kind: str) -> None:
        charset = _charset(part)
        try:
            text = (
                decode_html(data, charset) if kind == "text/html" else decode_named(data, charset)
            )
        except ParseFault:
            self._builder.note("mail_damaged")
            return
        if not has_visible_text(text):
            return
        self._texts += 1
        place = "body" if self._texts == 1 else f"part {self._texts}"
        write = write_html if kind == "text/html" else write_plain
        write(self._builder, text, place)

    def _mail(self, part: Message, inner: Message) -> None:
        try:
            written = io.BytesIO()
            BytesGenerator(written, mangle_from_=False, policy=compat32).flatten(inner)
        except (ValueError, LookupError, TypeError, RecursionError, AttributeError, KeyError):
            self._builder.note("mail_damaged")
            return
        name = part.get_filename()
        subject = dict(_fields(inner)).get("Subject", "")
        self.attached.append(
            (decoded(name) if name else subject or "mail", "message/rfc822", written.getvalue())
        )


def _is_attached(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or (
        part.get_filename() is not None and part.get_content_disposition() != "inline"
    )


def _bytes_of(part: Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, binascii.Error):
        payload = None
    return payload if isinstance(payload, bytes) else b""


def _charset(part: Message) -> str:
    try:
        return one_line(str(part.get_content_charset() or ""))
    except (ValueError, LookupError):
        return ""


def _parts(part: Message) -> list[Message]:
    payload = part.get_payload()
    return (
        [inner for inner in payload if isinstance(inner, Message)]
        if isinstance(payload, list)
        else []
    )


def _html_of(part: Message) -> Message | None:
    """Return the HTML that a part is, or that it holds with its pictures."""
    if part.get_content_type() == "text/html":
        return part
    if part.get_content_type() != "multipart/related":
        return None
    return next((p for p in _parts(part) if p.get_content_type() == "text/html"), None)


def _says_enough(plain: Message, html: Message | None) -> bool:
    """Programs put "your reader can't show HTML" where the plain text should be.

    A table with heads is worth more as HTML, which says what is in which column.
    """
    if html is None:
        return True
    page, said = _bytes_of(html), len(_bytes_of(plain).split())
    return b"<th" not in page.lower() and (said >= 20 or 20 * said >= len(page.split()))
