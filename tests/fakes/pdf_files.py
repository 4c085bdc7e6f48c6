"""PDF files written by hand, byte by byte, so that tests know exactly what is in them."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence

_PAD = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def assemble(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """Write numbered objects (the first is the catalogue) with a cross-reference table."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for offset in offsets:
        out += b"%010d 00000 n \n" % offset
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\n" % (len(objects) + 1, trailer)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n" % (len(data), entries) + data + b"\nendstream"


def text_content(lines: Sequence[str]) -> bytes:
    """Return a content stream that shows lines from the top of the page."""
    shown = []
    for line in lines:
        escaped = line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        shown.append(b"(" + escaped.encode("cp1252") + b") Tj T*")
    return b"BT /F1 11 Tf 14 TL 72 760 Td\n" + b"\n".join(shown) + b"\nET"


def pdf(
    pages: Sequence[Sequence[str]],
    *,
    title: str = "",
    trailer: bytes = b"",
    extra: Sequence[bytes] = (),
    catalogue: bytes = b"",
) -> bytes:
    """Return a PDF with one page for each list of lines; an empty list is a blank page.

    Objects: 1 catalogue, 2 page tree, 3 font, then two for each page, the information
    dictionary if there is a title, then `extra`.
    """
    kids = b" ".join(b"%d 0 R" % (4 + 2 * i) for i in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalogue,
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)),
        _FONT,
    ]
    for number, lines in enumerate(pages):
        objects.append(page(5 + 2 * number))
        objects.append(stream(text_content(lines)))
    if title:
        objects.append(b"<< /Title (%s) >>" % title.encode("latin-1"))
        trailer += b" /Info %d 0 R" % len(objects)
    return assemble([*objects, *extra], trailer)


def with_bookmarks(pages: Sequence[Sequence[str]], bookmarks: Sequence[tuple[str, int]]) -> bytes:
    """Return a PDF with an outline: titles and the pages (from 0) that they lead to."""
    first = 4 + 2 * len(pages)
    items = []
    for number, (title, target) in enumerate(bookmarks):
        at = first + 1 + number
        around = b"/Prev %d 0 R " % (at - 1) if number else b""
        around += b"/Next %d 0 R " % (at + 1) if number + 1 < len(bookmarks) else b""
        items.append(
            b"<< /Title (%s) /Parent %d 0 R %s/Dest [%d 0 R /Fit] >>"
            % (title.encode("latin-1"), first, around, 4 + 2 * target)
        )
    root = b"<< /Type /Outlines /First %d 0 R /Last %d 0 R /Count %d >>" % (
        first + 1,
        first + len(bookmarks),
        len(bookmarks),
    )
    return pdf(pages, extra=[root, *items], catalogue=b"/Outlines %d 0 R" % first)


def page(contents: int, resources: bytes = b"/Font << /F1 3 0 R >>") -> bytes:
    return (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] "
        b"/Resources << %s >> /Contents %d 0 R >>" % (resources, contents)
    )


def crowded(pages: int) -> bytes:
    """Return a small PDF that shows one page again and again."""
    return assemble(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b"4 0 R " * pages, pages),
            _FONT,
            page(5),
            stream(text_content(["again"])),
        ]
    )


def without_pages() -> bytes:
    return assemble([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"])


def scan(pages: int = 2) -> bytes:
    """Return a PDF whose pages are pictures, as a scanner makes them."""
    image = stream(
        bytes(8 * 8),
        b"/Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray "
        b"/BitsPerComponent 8",
    )
    kids = b" ".join(b"%d 0 R" % (5 + i) for i in range(pages))
    return assemble(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, pages),
            image,
            stream(b"q 612 0 0 792 0 0 cm /Im0 Do Q"),
            *(page(4, b"/XObject << /Im0 3 0 R >>") for _ in range(pages)),
        ]
    )


def locked(user_password: bytes = b"secret", handler: bytes = b"Standard") -> bytes:
    """Return a PDF that asks for a password (standard handler, revision 2, RC4, 40 bit).

    With an empty user password it opens for anybody: only printing and the like are
    reserved for the owner.
    """
    identity = bytes(range(16))
    permissions = (-4).to_bytes(4, "little", signed=True)
    padded = (user_password + _PAD)[:32]
    owner = _rc4(_md5((b"owner" + _PAD)[:32])[:5], padded)
    key = _md5(padded + owner + permissions + identity)[:5]
    user = _rc4(key, _PAD)
    encrypt = b"<< /Filter /%s /V 1 /R 2 /O <%s> /U <%s> /P -4 >>" % (
        handler,
        owner.hex().encode(),
        user.hex().encode(),
    )
    number = b"/Encrypt 6 0 R /ID [<%s> <%s>]" % (identity.hex().encode(), identity.hex().encode())
    contents = _rc4(_md5(key + bytes([5, 0, 0, 0, 0]))[:10], text_content(["Nobody reads this."]))
    return _one_page(stream(contents), extra=[encrypt], trailer=number)


def inflating(size: int) -> bytes:
    """Return a small PDF whose page inflates, twice compressed, to `size` bytes."""
    inner, piece = zlib.compressobj(1), bytes(1 << 20)
    once = b"".join(inner.compress(b" " * len(piece)) for _ in range(size >> 20)) + inner.flush()
    twice = zlib.compress(once, 9)
    return _one_page(stream(twice, b"/Filter [/FlateDecode /FlateDecode]"))


def laughing(depth: int = 9, times: int = 10) -> bytes:
    """Return a PDF whose page draws a form that draws a form ten times, and so on."""
    draw = b"/X Do " * times
    forms = []
    for level in range(depth):
        below = 7 + level
        resources = b"/XObject << /X %d 0 R >> /Font << /F1 3 0 R >>" % below
        body = draw if level < depth - 1 else text_content(["ha"])
        forms.append(
            stream(
                body,
                b"/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << %s >>"
                % resources,
            )
        )
    return _one_page(stream(draw), b"/XObject << /X 6 0 R >> /Font << /F1 3 0 R >>", forms)


def _one_page(
    contents: bytes,
    resources: bytes = b"/Font << /F1 3 0 R >>",
    extra: Sequence[bytes] = (),
    trailer: bytes = b"",
) -> bytes:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        _FONT,
        page(5, resources),
        contents,
        *extra,
    ]
    return assemble(objects, trailer)


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _rc4(key: bytes, data: bytes) -> bytes:
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)
