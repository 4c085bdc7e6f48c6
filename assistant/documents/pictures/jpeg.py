"""JPEG (ITU-T T.81): a PDF holds it as it is. Only its size, channels and turn are read here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from assistant.documents.parse_errors import ParseFault
from assistant.documents.pictures.picture_pdf import Picture, Piece, check_size

SPACES = {1: b"/DeviceGray", 3: b"/DeviceRGB", 4: b"/DeviceCMYK"}
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive: what PDFium decodes."""

_OTHER_FRAMES = frozenset({0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})
_SCAN, _END, _APP1, _ADOBE = 0xDA, b"\xff\xd9", 0xE1, 0xEE
_ORIENTATION = 0x0112
_TURNS = {3: 180, 6: 90, 8: 270}


def read_jpeg(data: bytes | bytearray) -> Picture:
    """Return the picture of a JPEG file, turned as its camera says. Raises `ParseFault`."""
    turn, adobe = 0, False
    for marker, begin, end in _segments(data):
        if marker == _APP1:
            turn = _exif_turn(bytes(data[begin:end]))
        elif marker == _ADOBE:
            adobe = data[begin : begin + 5] == b"Adobe"
        elif marker in _OTHER_FRAMES:
            raise ParseFault("picture_unusual")
        elif marker in _FRAMES and end - begin > 5:
            height = int.from_bytes(data[begin + 1 : begin + 3], "big")
            width = int.from_bytes(data[begin + 3 : begin + 5], "big")
            channels = data[begin + 5]
            check_size(width, height)
            if channels not in SPACES or data.rfind(_END) < end:
                raise ParseFault("picture_damaged")
            inverted = 4 if channels == 4 and adobe else 0
            filters = b"/Filter /DCTDecode"
            piece = Piece(
                width, height, 8, SPACES[channels], bytes(data), filters, inverted=inverted
            )
            return Picture(width, height, [piece], turn)
    raise ParseFault("picture_damaged")


def _segments(data: bytes | bytearray) -> Iterator[tuple[int, int, int]]:
    """Give (marker, begin, end) of each segment before the pixels."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # fill bytes may stand before a marker
            at += 1
            continue
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _SCAN or end > len(data) or end < at + 4:
            return
        yield marker, at + 4, end
        at = end


def _exif_turn(body: bytes) -> int:
    """Return the turn that EXIF names; 0 if it names none, or a mirror image."""
    if not body.startswith(b"Exif\0\0"):
        return 0
    tiff = body[6:]
    order: Literal["little", "big"] = "little" if tiff[:2] == b"II" else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], order)

    first = number(4, 4)
    for entry in range(min(number(first, 2), 100)):
        at = first + 2 + 12 * entry
        if number(at, 2) == _ORIENTATION:
            return _TURNS.get(number(at + 8, 2), 0)
    return 0
