"""PDF pages on which the test says where each piece of text stands, and in which order it is
painted.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest

from assistant.documents.pdf.document import read_pdf
from assistant.types import ParsedDocument
from tests.fakes.pdf_files import assemble, stream

Placed = tuple[float, float, str]
"""left, baseline (points from the top of an A4 page), text."""

LEFT = ("The tenant keeps the boiler in", "good repair and has it checked",
        "every nine months by a fitter", "who is on the list of the town.")  # fmt: skip
RIGHT = ("A garage goes with the flat and", "may be used for one car, which",
         "is washed in the yard and not", "in the street before the house.")  # fmt: skip
THIRD = ("Pets are allowed if the owner", "agrees in writing, and if they",
         "are kept quiet at night, when", "all neighbours want to sleep.")  # fmt: skip

WIDTH, HEIGHT = 595, 842
_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>"


def text(*pieces: Placed, size: float = 10, before: str = "", font: int = 1) -> bytes:
    """Return a content stream that paints the pieces in this order; `before` are operators.

    Font 1 is Helvetica; 2 is Courier, of which each character is 0.6 of its size wide.
    """
    shown = [before.encode("ascii")]
    for left, top, words in pieces:
        escaped = words.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        at = f"BT /F{font} {size} Tf 1 0 0 1 {left} {HEIGHT - top} Tm (".encode("ascii")
        shown.append(at + escaped.encode("cp1252") + b") Tj ET")
    return b"\n".join(shown)


def column(left: float, top: float, *lines: str, pitch: float = 12.0) -> list[Placed]:
    """Return lines one below the other."""
    return [(left, top + n * pitch, line) for n, line in enumerate(lines)]


def pages(
    *contents: bytes,
    annotations: Sequence[bytes] = (),
    page_entries: bytes = b"",
    catalogue: bytes = b"",
) -> bytes:
    """Return a PDF with these content streams as pages; annotations are the first page's."""
    count = len(contents)
    first_note = 4 + 2 * count
    notes = b" ".join(b"%d 0 R" % (first_note + n) for n in range(len(annotations)))
    kids = b" ".join(b"%d 0 R" % (4 + 2 * n) for n in range(count))
    if b"/AcroForm" not in catalogue and b"/Widget" in b"".join(annotations):
        catalogue += b"/AcroForm << /Fields [%s] /DR << /Font << /F1 3 0 R >> >> >>" % notes
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalogue,
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count),
        _FONT % b"Helvetica",
    ]
    for number, content in enumerate(contents):
        own = b"/Annots [%s]" % notes if number == 0 and annotations else b""
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Resources "
            b"<< /Font << /F1 3 0 R /F2 %d 0 R >> >> /Contents %d 0 R %s %s >>"
            % (WIDTH, HEIGHT, first_note + len(annotations), 5 + 2 * number, own, page_entries)
        )
        objects.append(stream(content))
    return assemble([*objects, *annotations, _FONT % b"Courier"])


def annotation(subtype: str, left: float, top: float, entries: str) -> bytes:
    """Return an annotation of 160 x 16 points."""
    low = HEIGHT - top
    box = f"/Rect [{left} {low - 12} {left + 160} {low + 4}]"
    return f"<< /Type /Annot /Subtype /{subtype} {box} /F 4 {entries} >>".encode("cp1252")


def read(*contents: bytes, **options: bytes | list[bytes]) -> ParsedDocument:
    return read_pdf(bytearray(pages(*contents, **options)))  # type: ignore[arg-type]


def words_of(document: ParsedDocument) -> str:
    return " ".join(document.text.split())


def row_by_row(*columns: list[Placed]) -> list[Placed]:
    return [p for p in chain.from_iterable(zip_longest(*columns)) if p is not None]


def in_order(found: str, *lines: str) -> None:
    at = -1
    for line in lines:
        assert found.count(line) == 1, line
        assert found.index(line) > at, line
        at = found.index(line)
