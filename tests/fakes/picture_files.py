"""Pictures as bytes: honest ones drawn by Pillow, and hostile ones written by hand."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image, ImageDraw
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

DOTS = (37, 23)
"""A size of which no side is a multiple of eight."""


def pattern(mode: str = "L", size: tuple[int, int] = DOTS) -> Image.Image:
    """Return a white picture with a black bar on the left and a black corner below right."""
    image = Image.new("L", size, 255)
    draw = ImageDraw.Draw(image)
    draw.rectangle((3, 2, 6, size[1] - 3), fill=0)
    draw.rectangle((size[0] - 9, size[1] - 7, size[0] - 1, size[1] - 1), fill=0)
    if mode == "P":
        return image.convert("RGB").quantize(8)
    return image.convert(mode)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def png(
    width: int,
    height: int,
    pixels: bytes,
    *,
    bits: int = 8,
    colour: int = 0,
    interlaced: int = 0,
    more: bytes = b"",
) -> bytes:
    """Return a PNG with these very bytes as its compressed pixels."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced)
    chunks = png_chunk(b"IHDR", header) + more + png_chunk(b"IDAT", pixels)
    return b"\x89PNG\r\n\x1a\n" + chunks + png_chunk(b"IEND", b"")


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def tiff(entries: dict[int, tuple[int, ...]], data: bytes = b"", following: int = 0) -> bytes:
    """Return a big-endian TIFF of one directory; each value that fits has 32 bits."""
    at = 8 + 2 + 12 * len(entries) + 4
    body, extra = b"", b""
    for tag, values in sorted(entries.items()):
        packed = struct.pack(f">{len(values)}I", *values)
        where = packed if len(values) == 1 else struct.pack(">I", at + len(extra))
        extra += b"" if len(values) == 1 else packed
        body += struct.pack(">HHI", tag, 4, len(values)) + where
    head = b"MM\x00*" + struct.pack(">IH", 8, len(entries))
    return head + body + struct.pack(">I", following) + extra + data


def jpeg_header(width: int, height: int) -> bytes:
    """Return the head of a JPEG of that size, without pixels."""
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    start = b"\xff\xd8\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame
    return start + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x00\xff\xd9"


def pictures_with_text(*texts: str, side: float = 612) -> bytes:
    """Return a PDF of pages with a picture of that width, and text upon it."""
    out = io.BytesIO()
    made = canvas.Canvas(out, pagesize=(612, 792))
    for text in texts:
        made.drawImage(ImageReader(pattern("L", (200, 260))), 0, 0, side, side * 792 / 612)
        for row in range(0, len(text), 60):
            made.drawString(72, 760 - row / 5, text[row : row + 60])
        made.showPage()
    made.save()
    return out.getvalue()
