"""TIFF 6.0: each strip or tile becomes a picture of a PDF, which knows the same compressions."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace

from assistant.documents.parse_errors import ParseFault
from assistant.documents.pictures.jpeg import SPACES
from assistant.documents.pictures.picture_pdf import (
    GREY_ALPHA,
    RGB_ALPHA,
    Picture,
    Piece,
    check_size,
)
from assistant.documents.pictures.tiff_directory import TiffFile

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER = 256, 257, 258, 259, 262, 266
_STRIPS, _ORIENTATION, _SAMPLES, _ROWS, _STRIP_SIZES, _PLANES = 273, 274, 277, 278, 279, 284
_T4_OPTIONS, _PREDICTOR, _PALETTE, _TILE_WIDTH, _TILE_HEIGHT = 292, 317, 320, 322, 323
_TILES, _TILE_SIZES, _JPEG_TABLES = 324, 325, 347

_PLAIN = {1: b"", 5: b"/LZWDecode", 8: b"/FlateDecode", 32946: b"/FlateDecode"}
_PACKBITS, _JPEG, _FAX = 32773, 7, frozenset({2, 3, 4})
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _INDEXED, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
_CHANNELS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _INDEXED: 1, _CMYK: 4, _YCBCR: 3}
_TURNS = {3: 180, 6: 90, 8: 270}
_MOST_PIECES = 20_000
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True)
class _Frame:
    """What a directory says, with the defaults of the standard."""

    tags: dict[int, tuple[int, ...]]

    def get(self, tag: int, default: int = 0) -> int:
        return self.tags.get(tag, (default,))[0]


def count_frames(data: bytes | bytearray) -> int:
    """Return how many pictures a TIFF file holds. Raises `ParseFault`."""
    return len(TiffFile(data).directories())


def read_tiff(data: bytes | bytearray, number: int) -> Picture:
    """Return picture `number` (from 1) of a TIFF file. Raises `ParseFault`."""
    file = TiffFile(data)
    places = file.directories()
    if not 1 <= number <= len(places):
        raise ParseFault("picture_damaged")
    frame = _Frame(file.directory(places[number - 1]))
    width, height = frame.get(_WIDTH), frame.get(_HEIGHT)
    check_size(width, height)
    if frame.get(_PLANES, 1) != 1 and frame.get(_SAMPLES, 1) != 1:
        raise ParseFault("picture_unusual")
    bits = set(frame.tags.get(_BITS, (1,)))
    if len(bits) != 1 or not bits <= {1, 2, 4, 8, 16}:
        raise ParseFault("picture_unusual")
    space, channels, inverted = _colours(frame)
    pieces = [
        Piece(
            *size,
            bits=frame.get(_BITS, 1),
            colours=space,
            data=_bytes(file, frame, at, length),
            filters=_filters(frame, size, channels),
            inverted=inverted,
            left=left,
            top=top,
        )
        for at, length, size, left, top in _pieces(frame, width, height)
    ]
    if frame.get(_COMPRESSION, 1) == _JPEG:
        tables = file.bytes_of(places[number - 1], _JPEG_TABLES)
        pieces = [_with_tables(piece, tables) for piece in pieces]
    return Picture(width, height, pieces, _TURNS.get(frame.get(_ORIENTATION, 1), 0))


def _pieces(
    frame: _Frame, width: int, height: int
) -> list[tuple[int, int, tuple[int, int], int, int]]:
    """Return place and size in the file, size in pixels, left and top of each strip or tile."""
    tiled = _TILES in frame.tags
    wide = frame.get(_TILE_WIDTH) if tiled else width
    high = frame.get(_TILE_HEIGHT) if tiled else min(frame.get(_ROWS, height), height)
    places = frame.tags.get(_TILES if tiled else _STRIPS, ())
    sizes = frame.tags.get(_TILE_SIZES if tiled else _STRIP_SIZES, ())
    if wide <= 0 or high <= 0:
        raise ParseFault("picture_damaged")
    across, down = -(-width // wide), -(-height // high)
    if across * down > _MOST_PIECES or across * down != len(places) or len(places) != len(sizes):
        raise ParseFault("picture_damaged")
    check_size(wide * across, high if tiled else 1)
    return [
        (
            at,
            length,
            (wide, high if tiled else min(high, height - high * (n // across))),
            wide * (n % across),
            high * (n // across),
        )
        for n, (at, length) in enumerate(zip(places, sizes, strict=True))
    ]


def _colours(frame: _Frame) -> tuple[bytes, int, int]:
    """Return the colour space, the channels, and how many of them are turned round."""
    kind = frame.get(_PHOTOMETRIC, _BLACK_IS_ZERO)
    channels = frame.get(_SAMPLES, 1)
    own = _CHANNELS.get(kind, 0)
    fax = frame.get(_COMPRESSION, 1) in _FAX
    if not own or channels not in (own, own + 1) or (kind == _YCBCR and not _is_jpeg(frame)):
        raise ParseFault("picture_unusual")
    if kind == _INDEXED and channels == 1:
        return _palette(frame), 1, 0
    if channels == own:
        inverted = 1 if kind == _WHITE_IS_ZERO and not fax else 0
        if fax and kind == _BLACK_IS_ZERO:
            inverted = 1  # fax codes say white and black, the file that white is 1
        return SPACES[own], channels, inverted
    if kind not in (_BLACK_IS_ZERO, _RGB) or _is_jpeg(frame):
        raise ParseFault("picture_unusual")
    return (GREY_ALPHA if own == 1 else RGB_ALPHA), channels, 0


def _is_jpeg(frame: _Frame) -> bool:
    return frame.get(_COMPRESSION, 1) == _JPEG


def _palette(frame: _Frame) -> bytes:
    values = frame.tags.get(_PALETTE, ())
    count = len(values) // 3
    if count != 2 ** frame.get(_BITS, 1) or count > 256:
        raise ParseFault("picture_damaged")
    # All reds, then all greens, then all blues, in 16 bits.
    colours = bytes(values[n + count * c] >> 8 for n in range(count) for c in range(3))
    return b"[/Indexed /DeviceRGB %d <%s>]" % (count - 1, colours.hex().encode())


def _filters(frame: _Frame, size: tuple[int, int], channels: int) -> bytes:
    kind = frame.get(_COMPRESSION, 1)
    if kind in _FAX:
        options = frame.get(_T4_OPTIONS)
        k = -1 if kind == 4 else 1 if kind == 3 and options & 1 else 0
        aligned = b"true" if kind == 2 or options & 4 else b"false"
        return b"/Filter /CCITTFaxDecode /DecodeParms << /K %d /Columns %d /Rows %d " % (
            k,
            *size,
        ) + b"/EncodedByteAlign %s /EndOfBlock false >>" % (aligned if k == 0 else b"false")
    if kind == _PACKBITS:
        return b"/Filter /RunLengthDecode"
    if kind == _JPEG:
        return b"/Filter /DCTDecode"
    if kind not in _PLAIN:
        raise ParseFault("picture_unusual")
    predictor = frame.get(_PREDICTOR, 1)
    if predictor not in (1, 2):
        raise ParseFault("picture_unusual")
    if not _PLAIN[kind]:
        return b""
    shape = (channels, frame.get(_BITS, 1), size[0])
    parms = b"/Predictor %d /Colors %d /BitsPerComponent %d /Columns %d" % (predictor, *shape)
    return b"/Filter %s /DecodeParms << %s >>" % (_PLAIN[kind], parms)


def _bytes(file: TiffFile, frame: _Frame, at: int, length: int) -> bytes:
    data = bytes(file.part(at, length))
    kind, bits = frame.get(_COMPRESSION, 1), frame.get(_BITS, 1)
    if frame.get(_FILL_ORDER, 1) == 2 and bits == 1:
        data = data.translate(_REVERSED)
    if bits == 16 and file.order == "little":
        if kind != 1:
            raise ParseFault("picture_unusual")
        words = array("H", data[: len(data) // 2 * 2])
        words.byteswap()
        data = words.tobytes()
    return data


def _with_tables(piece: Piece, tables: bytes) -> Piece:
    """Put the tables that a TIFF shares among its strips into the JPEG of one of them."""
    if not tables.startswith(b"\xff\xd8"):
        return piece
    data = tables.removesuffix(b"\xff\xd9") + piece.data.removeprefix(b"\xff\xd8")
    return replace(piece, data=data)
