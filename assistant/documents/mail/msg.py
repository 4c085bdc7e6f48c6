"""Read a mail of Outlook ([MS-OXMSG]): properties in a compound file."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import compressed_rtf
import olefile

from assistant.documents.charsets import decode_html, decode_named
from assistant.documents.document_builder import DocumentBuilder, HeadingTrail, one_line
from assistant.documents.file_type import Kind
from assistant.documents.mail.mail_writer import (
    with_attachments,
    write_head,
    write_html,
    write_plain,
)
from assistant.documents.office.compound_file import DAMAGE, open_compound
from assistant.documents.parse_errors import ParseFault
from assistant.documents.rtf import write_rtf
from assistant.documents.text_encoding import has_visible_text
from assistant.types.documents import ParsedDocument, ReadOptions

_SUBJECT, _CLASS, _BODY, _HTML, _RTF = "0037", "001A", "1000", "1013", "1009"
_SENDER, _SENDER_MAIL, _TO, _CC, _BCC = "0C1A", "5D01", "0E04", "0E03", "0E02"
_SHORT_NAME, _LONG_NAME, _SHOWN_NAME, _MIME, _DATA = "3704", "3707", "3001", "370E", "3701"
_SENT, _DELIVERED, _CODEPAGE = 0x0039, 0x0E06, 0x3FFD
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_MOST_TICKS = 4 * 10**18
_MAX_ATTACHMENTS = 2_000
_MAX_DEPTH = 10
_PROPERTY = struct.Struct("<HHIQ")


def read_msg(data: bytearray, kind: Kind, _options: ReadOptions) -> ParsedDocument:
    """Return the mail with its attachments; mails in it are attachments too.

    Raises `ParseFault`.
    """
    file = open_compound(data)
    try:
        stored = _Stored(file, (), head_size=32)
        builder = DocumentBuilder(kind)
        write_head(builder, stored.head())
        if "smime" in stored.text(_CLASS).lower() and "signed" not in stored.text(_CLASS).lower():
            builder.note("mail_encrypted")
        _write_body(builder, stored)
        found = [attachment.as_file() for attachment in stored.attachments()]
        return with_attachments(builder.finish(stored.text(_SUBJECT)), builder, found)
    except DAMAGE as error:
        raise ParseFault("package_damaged") from error


def _write_body(builder: DocumentBuilder, stored: _Stored) -> None:
    plain, html, rtf = stored.text(_BODY), stored.html(), stored.binary(_RTF)
    if has_visible_text(plain) and "<th" not in html.lower():
        write_plain(builder, plain, "body")
    elif has_visible_text(html):
        write_html(builder, html, "body")
    elif rtf:
        try:
            unpacked = compressed_rtf.decompress(rtf)
        except Exception as error:
            raise ParseFault("package_damaged") from error
        write_rtf(builder, unpacked, HeadingTrail("body"))
    else:
        write_plain(builder, plain, "body")


class _Stored:
    """The properties below one storage of the file: of a mail, or of an attachment."""

    def __init__(self, file: olefile.OleFileIO, at: tuple[str, ...], head_size: int) -> None:
        self._file, self._at = file, at
        self._fixed = dict(self._numbers(head_size))

    def _stream(self, name: str) -> bytes:
        path = [*self._at, name]
        if not self._file.exists(path) or self._file.get_type(path) != olefile.STGTY_STREAM:
            return b""
        with self._file.openstream(path) as stream:
            return bytes(stream.read())

    def _numbers(self, head_size: int) -> Iterator[tuple[int, int]]:
        data = self._stream("__properties_version1.0")[head_size:]
        for at in range(0, len(data) - _PROPERTY.size + 1, _PROPERTY.size):
            _kind, number, _flags, value = _PROPERTY.unpack_from(data, at)
            yield number, value

    @property
    def _charset(self) -> str:
        page = self._fixed.get(_CODEPAGE, 1252) & 0xFFFFFFFF
        return "utf-8" if page == 65001 else f"cp{page}"

    def text(self, number: str) -> str:
        """Return a property that is text, "" if there is none."""
        wide = self._stream(f"__substg1.0_{number}001F")
        if wide:
            return wide.decode("utf-16-le", "replace").rstrip("\x00")
        narrow = self._stream(f"__substg1.0_{number}001E").rstrip(b"\x00")
        return decode_named(narrow, self._charset) if narrow else ""

    def binary(self, number: str) -> bytes:
        """Return a property that is bytes, none if there is none."""
        return self._stream(f"__substg1.0_{number}0102")

    def html(self) -> str:
        """Return the HTML body."""
        data = self.binary(_HTML)
        return decode_html(data) if data else self.text(_HTML)

    def date(self) -> str:
        """Return when the mail was sent or came."""
        ticks = self._fixed.get(_SENT) or self._fixed.get(_DELIVERED) or 0
        if not 0 < ticks < _MOST_TICKS:
            return ""
        return f"{_EPOCH + timedelta(microseconds=ticks // 10):%Y-%m-%d %H:%M} UTC"

    def head(self) -> list[tuple[str, str]]:
        """Return the head of the mail, field by field."""
        sender, address = self.text(_SENDER), self.text(_SENDER_MAIL)
        if address and address != sender:
            sender = f"{sender} <{address}>".strip()
        fields = {"To": _TO, "Cc": _CC, "Bcc": _BCC}
        named = [(name, one_line(self.text(number))) for name, number in fields.items()]
        subject = one_line(self.text(_SUBJECT))
        return [("From", one_line(sender)), *named, ("Date", self.date()), ("Subject", subject)]

    def attachments(self) -> Iterator[_Stored]:
        """Yield the storages of the attachments."""
        depth = len(self._at)
        names = {
            entry[depth]
            for entry in self._file.listdir(streams=True, storages=True)
            if tuple(entry[:depth]) == self._at
            and len(entry) > depth
            and entry[depth].lower().startswith("__attach_version1.0")
        }
        for name in sorted(names)[:_MAX_ATTACHMENTS]:
            yield _Stored(self._file, (*self._at, name), head_size=8)

    def as_file(self) -> tuple[str, str, bytes]:
        """Return an attachment's name, media type and bytes."""
        name = self.text(_LONG_NAME) or self.text(_SHORT_NAME) or self.text(_SHOWN_NAME)
        inner = (*self._at, f"__substg1.0_{_DATA}000D")
        if len(inner) < _MAX_DEPTH and self._file.exists([*inner, "__properties_version1.0"]):
            return name or "mail", "message/rfc822", _as_eml(_Stored(self._file, inner, 24))
        return one_line(name), self.text(_MIME).lower(), self.binary(_DATA)


def _as_eml(stored: _Stored) -> bytes:
    """Return a mail inside a mail as a file of its own."""
    message = MIMEMultipart()
    for name, words in stored.head():
        if words:
            message[name] = Header(words, "utf-8").encode()
    plain, html = stored.text(_BODY), stored.html()
    is_plain = has_visible_text(plain) or not html
    message.attach(MIMEText(plain if is_plain else html, "plain" if is_plain else "html", "utf-8"))
    for attachment in stored.attachments():
        name, media_type, data = attachment.as_file()
        part = MIMEApplication(data)
        ending = ".eml" if media_type == "message/rfc822" else ""
        part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name + ending))
        message.attach(part)
    return message.as_bytes()
