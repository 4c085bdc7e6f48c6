"""The messages between the parser's parent and child: fixed headers, JSON, raw text.

A reply comes from a process that has read hostile bytes, so it is believed in nothing:
its length is limited before it is read, and each field is checked before it is used.
Nothing is ever unpickled or evaluated.
"""

from __future__ import annotations

import json
import struct
from itertools import pairwise
from typing import Any

from assistant.documents.document_title import LONGEST_TITLE
from assistant.documents.file_type import KINDS, MEDIA_TYPES, Kind
from assistant.documents.parse_errors import CODES, OTHER_KINDS, ParseFault
from assistant.documents.size_limits import MAX_CHARACTERS, MAX_PAGES

REQUEST = struct.Struct(">4sBQ")
REPLY = struct.Struct(">4sBIQ")
_MAGIC = b"AQ1\n"
_DOCUMENT, _FAULT = 1, 2
_MAX_META = 32 * 1024 * 1024
_MAX_HEADINGS = 1_000_000

Meta = dict[str, Any]


def pack_request(named: Kind, size: int) -> bytes:
    """Return the header that precedes the `size` bytes of a document."""
    return REQUEST.pack(_MAGIC, KINDS.index(named), size)


def unpack_request(header: bytes) -> tuple[Kind, int]:
    magic, kind, size = REQUEST.unpack(header)
    if magic != _MAGIC:
        raise ValueError("not a request")
    return KINDS[kind], size


def pack_document(
    text: str, page_starts: list[int], media_type: str, title: str, headings: list[Any]
) -> list[bytes]:
    """Return the parts of a reply that carries a document."""
    meta = {"pages": page_starts, "media": media_type, "title": title, "headings": headings}
    return _reply(_DOCUMENT, meta, text.encode("utf-8"))


def pack_fault(fault: ParseFault) -> list[bytes]:
    meta = {"code": fault.code, "number": fault.number, "label": fault.label}
    return _reply(_FAULT, meta, b"")


def _reply(kind: int, meta: Meta, text: bytes) -> list[bytes]:
    packed = json.dumps(meta).encode("ascii")
    return [REPLY.pack(_MAGIC, kind, len(packed), len(text)), packed, text]


def unpack_reply(reply: bytes | bytearray) -> tuple[str, Meta]:
    """Return the text and the checked fields of a reply.

    Raises `ParseFault`: the one that the child reports, or "bad_reply" for anything that
    is not exactly what `pack_document` makes.
    """
    try:
        return _unpack(memoryview(reply))
    except (ValueError, KeyError, TypeError, struct.error, RecursionError) as error:
        raise ParseFault("bad_reply") from error


def _unpack(view: memoryview) -> tuple[str, Meta]:
    magic, kind, meta_size, text_size = REPLY.unpack(view[: REPLY.size])
    _demand(magic == _MAGIC and kind in (_DOCUMENT, _FAULT))
    _demand(meta_size <= _MAX_META and len(view) == REPLY.size + meta_size + text_size)
    meta = json.loads(bytes(view[REPLY.size : REPLY.size + meta_size]))
    _demand(type(meta) is dict)
    if kind == _FAULT:
        raise _fault(meta)
    text = str(view[REPLY.size + meta_size :], "utf-8")
    _check_document(meta, text)
    return text, meta


def _fault(meta: Meta) -> ParseFault:
    code, number, label = meta["code"], meta["number"], meta["label"]
    _demand(code in CODES and label in OTHER_KINDS)
    _demand(type(number) is int and 0 <= number < 2**40)
    return ParseFault(code, number=number, label=label)


def _check_document(meta: Meta, text: str) -> None:
    _demand(set(meta) == {"pages", "media", "title", "headings"})
    _demand(bool(text.strip()) and len(text) <= MAX_CHARACTERS and "\x00" not in text)
    _demand(meta["media"] in MEDIA_TYPES.values())
    _demand(_is_title(meta["title"]) or meta["title"] == "")
    pages, headings = meta["pages"], meta["headings"]
    _demand(type(pages) is list and 0 < len(pages) <= MAX_PAGES and pages[0] == 0)
    _demand(all(type(start) is int and 0 <= start <= len(text) for start in pages))
    _demand(all(a <= b for a, b in pairwise(pages)))
    _demand(type(headings) is list and len(headings) <= _MAX_HEADINGS)
    for heading in headings:
        _demand(type(heading) is list and len(heading) == 3)
        start, level, title = heading
        _demand(type(start) is int and 0 <= start < len(text))
        _demand(type(level) is int and 1 <= level <= 9 and _is_title(title))
    _demand(all(a[0] < b[0] for a, b in pairwise(headings)))


def _is_title(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_TITLE and value.isprintable()


def _demand(condition: bool) -> None:
    if not condition:
        raise ValueError("unusable reply")
