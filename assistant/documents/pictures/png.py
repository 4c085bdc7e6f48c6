"""PNG (ISO/IEC 15948): its filters and compression are those of a PDF with "predictor" 15."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from assistant.documents.parse_errors import ParseFault
from assistant.documents.pictures.picture_pdf import (
    GREY_ALPHA,
    RGB_ALPHA,
    Picture,
    Piece,
    check_size,
)

_HEADER = struct.Struct(">IIBBBBB")
_CHANNELS = {0: (1, b"/DeviceGray"), 2: (3, b"/DeviceRGB"), 4: (2, GREY_ALPHA), 6: (4, RGB_ALPHA)}
_PALETTE = 3


def read_png(data: bytes | bytearray) -> Picture:
    """Return the picture of a PNG file. Raises `ParseFault`."""
    view = memoryview(data)
    pixels: list[memoryview] = []
    kinds: dict[bytes, memoryview] = {}
    for kind, body in _chunks(view):
        if kind == b"IDAT":
            pixels.append(body)
        else:
            kinds.setdefault(kind, body)
    header = kinds.get(b"IHDR")
    if header is None or len(header) != _HEADER.size or not pixels or b"IEND" not in kinds:
        raise ParseFault("picture_damaged")
    width, height, bits, colour, compression, filtering, interlaced = _HEADER.unpack(header)
    check_size(width, height)
    if interlaced or compression or filtering or bits not in (1, 2, 4, 8, 16):
        raise ParseFault("picture_unusual")
    channels, space = _CHANNELS.get(colour, (1, b""))
    if colour == _PALETTE:
        space = _palette(kinds)
    if not space:
        raise ParseFault("picture_damaged")
    filters = (
        b"/Filter /FlateDecode /DecodeParms << /Predictor 15 /Colors %d /BitsPerComponent %d "
        b"/Columns %d >>" % (channels, bits, width)
    )
    piece = Piece(width, height, bits, space, b"".join(pixels), filters)
    return Picture(width, height, [piece])


def _chunks(view: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    at = 8
    while at + 12 <= len(view):
        length = int.from_bytes(view[at : at + 4], "big")
        kind = bytes(view[at + 4 : at + 8])
        if at + 12 + length > len(view):
            return  # cut off: the end is missing, which the caller sees
        yield kind, view[at + 8 : at + 8 + length]
        if kind == b"IEND":
            return
        at += 12 + length


def _palette(kinds: dict[bytes, memoryview]) -> bytes:
    """Return the colour space of a palette, its transparent colours laid over white."""
    colours = bytearray(kinds.get(b"PLTE", b""))
    if not colours or len(colours) % 3 or len(colours) > 768:
        raise ParseFault("picture_damaged")
    for index, alpha in enumerate(bytes(kinds.get(b"tRNS", b""))[: len(colours) // 3]):
        for at in range(3 * index, 3 * index + 3):
            colours[at] = 255 - (255 - colours[at]) * alpha // 255
    return b"[/Indexed /DeviceRGB %d <%s>]" % (len(colours) // 3 - 1, colours.hex().encode())
