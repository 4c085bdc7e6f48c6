"""Planted words, and the search for them in every form in the raw bytes of a folder."""

from __future__ import annotations

import base64
import json
import os
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from urllib.parse import quote

FRAGMENT = 8
"""Bytes of a marker's beginning that count as the marker: an index keeps stems and prefixes,
and a page's end may cut a word. In random bytes a fragment does not come up by chance."""

_SHORTEST = 6
_PACKED = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", b"\x1f\x8b\x08", b"PK\x03\x04")
_UNPACKED = 1 << 16


@cache
def forms(marker: bytes) -> frozenset[bytes]:
    """The marker, and its beginning, in every form in which it could have been written.

    As bytes and reversed; as text in capitals, in UTF-8 (composed and not), UTF-16, UTF-32
    and Latin-1, as in an address (percent signs) and in JSON; in hexadecimal, and in base64
    at each offset.
    """
    found = {marker, marker[:FRAGMENT], marker[::-1]}
    try:
        text = marker.decode()
    except UnicodeDecodeError:
        text = ""
    for said in (text, text[:FRAGMENT]):
        found.update(_written(said))
    for raw in (marker, marker[: FRAGMENT + 2]):
        found |= {raw.hex().encode(), raw.hex().upper().encode(), raw.hex(" ").encode()}
        for shift in range(3):
            # The first and last characters of a group depend on the neighbours.
            encoded = base64.b64encode(b"\0" * shift + raw)
            cut = encoded[4 if shift else 0 : len(encoded) - 4]
            found |= {cut, cut.translate(bytes.maketrans(b"+/", b"-_"))}
    return frozenset(form for form in found if len(form) >= _SHORTEST)


def _written(text: str) -> Iterator[bytes]:
    for said in {text, text.upper(), text.lower(), unicodedata.normalize("NFD", text)}:
        yield said.encode()
        yield quote(said).encode()
        yield quote(said).lower().encode()
        yield json.dumps(said)[1:-1].encode()
        for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "latin-1"):
            yield said.encode(encoding, "ignore")


def hits(folder: Path, markers: Iterable[bytes]) -> list[str]:
    """Return "file: marker" for every marker that stands in a file, or in a name.

    Links are looked at and not followed; what is compressed in a file is unpacked.
    """
    wanted = [(marker, form) for marker in markers for form in forms(marker)]
    found = []
    for path in sorted(folder.rglob("*")):
        raw = os.fsencode(path.relative_to(folder)) + b"\n"
        if path.is_symlink():
            raw += os.fsencode(path.readlink())
        elif path.is_file():
            raw += path.read_bytes()
        raw = b"\n".join((raw, *_unpacked(raw)))
        marked = dict.fromkeys(marker for marker, form in wanted if form in raw)
        found += [f"{path.name}: {marker!r}" for marker in marked]
    return found


def _unpacked(raw: bytes) -> Iterator[bytes]:
    """What zlib, gzip and zip find behind each of their beginnings, a piece of it."""
    for start in _PACKED:
        at = raw.find(start)
        while at >= 0:
            yield _inflated(raw[at : at + _UNPACKED], start)
            at = raw.find(start, at + 1)


def _inflated(raw: bytes, start: bytes) -> bytes:
    how = -zlib.MAX_WBITS if start.startswith(b"PK") else zlib.MAX_WBITS | 32
    if how < 0:  # a zip's local header: 30 bytes, the name, an extra field
        raw = raw[
            30 + int.from_bytes(raw[26:28], "little") + int.from_bytes(raw[28:30], "little") :
        ]
    try:
        return zlib.decompressobj(how).decompress(raw, _UNPACKED)
    except zlib.error:
        return b""
