"""Write a PDF that shows pictures, so that PDFium decodes them.

PDF knows the compressions of JPEG, PNG and TIFF (ISO 32000-1, 7.4), so the compressed bytes go
into it as they are and no picture is decoded in Python. Colour profiles are left behind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.documents.parse_errors import ParseFault

MAX_PIXELS = 72_000_000
"""Of one picture: A4 at 800 dots an inch. What declares more is refused before it is decoded."""

MAX_SIDE = 65_500

_OVER_WHITE = (
    b"{dup 4 index mul 1 2 index sub add 1 index 4 index mul 1 3 index sub add "
    b"2 index 4 index mul 1 4 index sub add 7 3 roll pop pop pop pop}"
)
_GREY_OVER_WHITE = b"{dup 3 1 roll mul exch 1 exch sub add}"
RGB_ALPHA = b"RGBA"
GREY_ALPHA = b"GA"
_ALPHA = {
    RGB_ALPHA: (b"[/DeviceN [/R /G /B /A] /DeviceRGB %d 0 R]", 4, 3, _OVER_WHITE),
    GREY_ALPHA: (b"[/DeviceN [/G /A] /DeviceGray %d 0 R]", 2, 1, _GREY_OVER_WHITE),
}
"""Colour spaces with alpha: PDF has none, but a function may reckon colours from channels."""

_Add = Callable[[bytes], int]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a picture: its compressed bytes and how PDF says what they are.

    `left` and `top` are its place in the picture. An alpha channel is laid over white where
    `colours` is `RGB_ALPHA` or `GREY_ALPHA`.
    """

    width: int
    height: int
    bits: int
    colours: bytes
    data: bytes
    filters: bytes = b""
    inverted: int = 0
    """Number of channels whose values are turned round (0 is white); 0 for none."""

    left: int = 0
    top: int = 0


@dataclass(frozen=True, slots=True)
class Picture:
    """The size of a picture in pixels, its pieces, and the turn (0, 90, 180, 270) to show it."""

    width: int
    height: int
    pieces: Sequence[Piece]
    turn: int = 0


def check_size(width: int, height: int) -> None:
    """Raise `ParseFault` for a picture without pixels, or with more than can be read."""
    if width <= 0 or height <= 0:
        raise ParseFault("picture_damaged")
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise ParseFault("picture_too_large", number=width * height // 1_000_000)


def picture_pdf(picture: Picture) -> bytearray:
    """Return a PDF of one page, one unit for each pixel, that shows the picture."""
    objects: list[bytes] = []

    def add(body: bytes) -> int:
        objects.append(body)
        return len(objects)

    add(b"<< /Type /Catalog /Pages 2 0 R >>")
    add(b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
    objects.append(b"")  # the page, which names what follows
    content: list[bytes] = []
    names: list[bytes] = []
    for n, piece in enumerate(picture.pieces):
        number = add(_image(piece, add))
        names.append(b"/P%d %d 0 R" % (n, number))
        bottom = picture.height - piece.top - piece.height
        place = (piece.width, piece.height, piece.left, bottom, n)
        content.append(b"q %d 0 0 %d %d %d cm /P%d Do Q" % place)
    drawing = add(_stream(b"", b"\n".join(content)))
    objects[2] = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Rotate %d /Contents %d 0 R "
        b"/Resources << /XObject << %s >> >> >>"
        % (picture.width, picture.height, picture.turn, drawing, b" ".join(names))
    )
    return _file(objects)


def _image(piece: Piece, add: _Add) -> bytes:
    colours = piece.colours
    if colours in _ALPHA:
        space, inputs, outputs, function = _ALPHA[colours]
        about = b"/FunctionType 4 /Domain [%s] /Range [%s]" % (b"0 1 " * inputs, b"0 1 " * outputs)
        colours = space % add(_stream(about, function))
    decode = b" /Decode [%s]" % b" ".join([b"1 0"] * piece.inverted) if piece.inverted else b""
    about = b"/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent %d " % (
        piece.width,
        piece.height,
        piece.bits,
    )
    return _stream(about + b"/ColorSpace %s%s %s" % (colours, decode, piece.filters), piece.data)


def _stream(about: bytes, data: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (about, len(data), data)


def _file(objects: list[bytes]) -> bytearray:
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number
        out += body
        out += b"\nendobj\n"
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n" % (len(objects) + 1)
    out += b"%d\n%%%%EOF\n" % table
    return out
