"""The messages between the parser's parent and child: fixed headers, JSON, raw text.

A reply comes from a process that has read hostile bytes, so it is believed in nothing:
its length is limited before it is read, and each field is checked before it is used.
Nothing is ever unpickled or evaluated.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

import msgspec

from assistant.documents.charsets import named_charset
from assistant.documents.document_title import LONGEST_TITLE
from assistant.documents.file_type import KINDS, MEDIA_TYPES, Kind
from assistant.documents.parse_errors import CODES, OTHER_KINDS, ParseFault
from assistant.documents.reading_notes import NOTES
from assistant.documents.size_limits import (
    MAX_ATTACHED,
    MAX_ATTACHMENTS,
    MAX_CHARACTERS,
    MAX_PAGES,
    MAX_PICTURE,
)
from assistant.types.documents import AS_FOUND, Attachment, ParsedDocument, ReadOptions
from assistant.types.ocr import PagePicture, PageView, PixelBox

JOB = struct.Struct(">QQ")
"""Address space in bytes, processor time in seconds."""

RESULT = struct.Struct(">iQ")
"""Exit status as `os.waitstatus_to_exitcode` gives it, peak resident memory in KiB."""

REQUEST = struct.Struct(">4sBHIQ")
REPLY = struct.Struct(">4sBIQ")
_SIZE = struct.Struct(">Q")
_MAGIC = b"AQ2\n"
_DOCUMENT, _FAULT, _PICTURE = 1, 2, 3
_MAX_META = 96 * 1024 * 1024
_MOST_PARTS = 2_000_000
_LONGEST_RUNNING = 4_000
_MOST_NOTES = 1_000
_MOST_PAGES_NAMED = 100
_MOST_MARKS = 10_000
_T = TypeVar("_T")
_Unpacked = Callable[[int, memoryview, memoryview, memoryview], _T]


@dataclass(frozen=True, slots=True)
class Request:
    """What goes before the `size` bytes of a document; its options follow the header.

    With a `page` (from 1) that page is wanted as a picture, and the options are a `PageView`;
    with 0 the document's text, and they are `ReadOptions`.
    """

    named: Kind
    options_size: int
    page: int
    size: int


@dataclass(frozen=True, slots=True)
class _Fault:
    code: str
    number: int
    label: str


@dataclass(frozen=True, slots=True)
class _Drawn:
    width: int
    height: int
    marks: tuple[PixelBox, ...] = ()


_document = msgspec.json.Decoder(ParsedDocument)
_fault = msgspec.json.Decoder(_Fault)
_drawn = msgspec.json.Decoder(_Drawn)
_options = msgspec.json.Decoder(ReadOptions)
_view = msgspec.json.Decoder(PageView)


def pack_request(
    named: Kind, size: int, options: ReadOptions | PageView = AS_FOUND, page: int = 0
) -> bytes:
    """Return the header and the options that precede the `size` bytes of a document."""
    packed = msgspec.json.encode(options)
    return REQUEST.pack(_MAGIC, KINDS.index(named), len(packed), page, size) + packed


def unpack_request(header: bytes) -> Request:
    magic, kind, options_size, page, size = REQUEST.unpack(header)
    if magic != _MAGIC:
        raise ValueError("not a request")
    return Request(KINDS[kind], options_size, page, size)


def unpack_options(packed: bytes) -> ReadOptions:
    return _options.decode(packed)


def unpack_view(packed: bytes) -> PageView:
    return _view.decode(packed)


def pack_document(document: ParsedDocument) -> list[bytes]:
    """Return the parts of a reply that carries a document."""
    names = tuple(Attachment(attached.name, b"") for attached in document.attachments)
    meta = msgspec.json.encode(replace(document, text="", attachments=names))
    reply = _reply(_DOCUMENT, meta, document.text.encode("utf-8"))
    for attached in document.attachments:
        reply += [_SIZE.pack(len(attached.data)), attached.data]
    return reply


def pack_picture(picture: PagePicture) -> list[bytes]:
    """Return the parts of a reply that carries a page's picture."""
    meta = msgspec.json.encode(_Drawn(picture.width, picture.height, picture.marks))
    return _reply(_PICTURE, meta, picture.grey)


def pack_fault(fault: ParseFault) -> list[bytes]:
    meta = msgspec.json.encode(_Fault(fault.code, fault.number, fault.label))
    return _reply(_FAULT, meta, b"")


def _reply(kind: int, meta: bytes, text: bytes) -> list[bytes]:
    return [REPLY.pack(_MAGIC, kind, len(meta), len(text)), meta, text]


def unpack_reply(reply: bytes | bytearray) -> ParsedDocument:
    """Return the checked document of a reply.

    Raises `ParseFault`: the one that the child reports, or "bad_reply" for anything that
    is not exactly what `pack_document` makes.
    """
    return _checked(reply, _unpacked_document)


def unpack_picture(reply: bytes | bytearray) -> PagePicture:
    """Return the checked picture of a reply. Raises `ParseFault` as `unpack_reply` does."""
    return _checked(reply, _unpacked_picture)


def _checked(reply: bytes | bytearray, unpacked: _Unpacked[_T]) -> _T:
    try:
        view = memoryview(reply)
        magic, kind, meta_size, size = REPLY.unpack(view[: REPLY.size])
        end = REPLY.size + meta_size + size
        _demand(magic == _MAGIC and meta_size <= _MAX_META and len(view) >= end)
        meta, body = view[REPLY.size :][:meta_size], view[REPLY.size + meta_size :][:size]
        if kind == _FAULT:
            _demand(len(view) == end and not size)
            raise _checked_fault(_fault.decode(meta))
        return unpacked(kind, meta, body, view[end:])
    except (ValueError, TypeError, struct.error, RecursionError) as error:
        raise ParseFault("bad_reply") from error


def _unpacked_document(
    kind: int, meta: memoryview, text: memoryview, rest: memoryview
) -> ParsedDocument:
    document = _document.decode(meta)
    _demand(kind == _DOCUMENT and not document.text)
    attachments = _attachments(document.attachments, rest)
    document = replace(document, text=str(text, "utf-8"), attachments=attachments)
    _check_document(document)
    return document


def _attachments(named: tuple[Attachment, ...], view: memoryview) -> tuple[Attachment, ...]:
    """Return the attachments with their bytes, which are all that is in `view`."""
    _demand(len(named) <= MAX_ATTACHMENTS and len({one.name for one in named}) == len(named))
    attachments = []
    for one in named:
        _demand(_is_title(one.name) and not one.data and not set("/\\") & set(one.name))
        (size,) = _SIZE.unpack(view[: _SIZE.size])
        _demand(0 < size <= MAX_ATTACHED and size <= len(view) - _SIZE.size)
        attachments.append(Attachment(one.name, bytes(view[_SIZE.size :][:size])))
        view = view[_SIZE.size + size :]
    _demand(not view)
    return tuple(attachments)


def _unpacked_picture(
    kind: int, meta: memoryview, grey: memoryview, rest: memoryview
) -> PagePicture:
    drawn = _drawn.decode(meta)
    width, height = drawn.width, drawn.height
    _demand(not rest)
    _demand(kind == _PICTURE and width > 0 and height > 0)
    _demand(width * height == len(grey) and len(grey) <= 2 * MAX_PICTURE)
    _demand(len(drawn.marks) <= _MOST_MARKS)
    for left, top, right, bottom in drawn.marks:
        _demand(0 <= left < right <= width and 0 <= top < bottom <= height)
    return PagePicture(width, height, bytes(grey), drawn.marks)


def _checked_fault(fault: _Fault) -> ParseFault:
    known = fault.label in OTHER_KINDS or all(map(named_charset, fault.label.split(" or ")))
    _demand(fault.code in CODES and known)
    _demand(0 <= fault.number < 2**40)
    return ParseFault(fault.code, number=fault.number, label=fault.label)


def _check_document(document: ParsedDocument) -> None:
    text, pages = document.text, document.page_starts
    length = len(text)
    _demand(bool(text.strip()) and length <= MAX_CHARACTERS and "\x00" not in text)
    _demand(document.media_type in MEDIA_TYPES.values())
    _demand(document.title == "" or _is_title(document.title))
    _demand(0 < len(pages) <= MAX_PAGES and pages[0] == 0)
    _demand(min(pages) >= 0 and max(pages) <= length and _rising(pages, strictly=False))
    parts = (document.headings, document.locators, document.regions, document.running)
    _demand(all(len(part) <= _MOST_PARTS for part in parts))
    _demand(all(1 <= h.level <= 9 and _is_title(h.title) for h in document.headings))
    _demand(all(_is_title(place.label) for place in document.locators))
    for starts in ([h.start for h in document.headings], [p.start for p in document.locators]):
        _demand(_rising(starts) and all(0 <= start < length for start in starts))
    _demand(_rising([region.start for region in document.regions], strictly=False))
    for region in document.regions:
        _demand(0 <= region.start < region.end <= length and 0.0 <= region.confidence <= 1.0)
    for running in document.running:
        _demand(1 <= running.page <= len(pages) and len(running.text) <= _LONGEST_RUNNING)
        _demand("\x00" not in running.text)
    _check_notes(document)


def _check_notes(document: ParsedDocument) -> None:
    _demand(len(document.notes) <= _MOST_NOTES)
    for note in document.notes:
        _demand(note.code in NOTES and 0 <= note.number < 2**40)
        _demand(note.label == "" or _is_title(note.label))
        _demand(len(note.pages) <= _MOST_PAGES_NAMED)
        _demand(all(1 <= page <= document.page_count for page in note.pages))


def _rising(values: Iterable[int], *, strictly: bool = True) -> bool:
    return all(a < b if strictly else a <= b for a, b in pairwise(values))


def _is_title(value: str) -> bool:
    return 0 < len(value) <= LONGEST_TITLE and value.isprintable()


def _demand(condition: bool) -> None:
    if not condition:
        raise ValueError("unusable reply")
