"""Where a quote stands on its page, whatever our reader made of the page's text."""

from __future__ import annotations

import io

import pypdfium2
import pytest
from reportlab.pdfgen import canvas

from assistant.documents.page_picture import page_picture
from assistant.documents.pdf.quote_boxes import boxes_of
from assistant.types import PageView

HEIGHT = 792

LINES = (
    (72, 100, "The warranty lasts twenty-four months from"),
    (72, 116, "the day of deliv-"),
    (72, 132, "ery, whatever the buyer does."),
    (72, 200, "Size"),
    (200, 200, "Summer"),
    (300, 200, "Winter"),
    (72, 216, "Berth up to 9 m"),
    (200, 216, "20"),
    (300, 216, "13"),
    (72, 232, "Berth up to 12 m"),
    (200, 232, "30"),
    (300, 232, "13"),
)


def pdf(lines: tuple[tuple[float, float, str], ...] = LINES) -> bytes:
    out = io.BytesIO()
    made = canvas.Canvas(out, pagesize=(612, HEIGHT))
    for left, top, text in lines:
        made.drawString(left, HEIGHT - top, text)
    made.showPage()
    made.save()
    return out.getvalue()


def rows(quote: str, data: bytes = pdf()) -> list[int]:
    """Return the base lines, rounded, on which a quote was found."""
    page = pypdfium2.PdfDocument(data)[0]
    return sorted({round((box[1] + box[3]) / 2 / 4) * 4 for box in boxes_of(page, [quote])})


@pytest.mark.parametrize(
    ("quote", "lines"),
    [
        ("The warranty lasts twenty-four months from the day of delivery", [96, 112, 128]),
        ("THE WARRANTY lasts twenty\u2011four months", [96]),
        ("Berth up to 9 m | Summer: 20 | Winter: 13", [212]),
        ("Berth up to 12 m | Summer: 30 | Winter: 13", [228]),
        ("The lease ends in October, or whenever the lessor wants it", []),
        ("13", []),
        ("", []),
    ],
)
def test_a_quote_is_found_as_we_read_it(quote: str, lines: list[int]) -> None:
    assert rows(quote) == lines


def test_columns_are_not_joined_to_one_box() -> None:
    lines = ((72, 100, "left column begins"), (360, 100, "right column begins"))
    page = pypdfium2.PdfDocument(pdf(lines))[0]
    boxes = boxes_of(page, ["left column begins right column begins"])
    assert [round(box[0] / 10) for box in boxes] == [7, 36]


def test_a_part_of_the_page_has_its_own_pixels() -> None:
    data, quote = bytearray(pdf()), ("Berth up to 9 m | Summer: 20",)
    whole = page_picture(data, "pdf", 1, PageView(612, quotes=quote))
    part = page_picture(bytearray(pdf()), "pdf", 1, PageView(1224, (0.1, 0.2, 0.6, 0.4), quote))
    assert (whole.width, whole.height) == (612, HEIGHT)
    assert abs(part.width - 612) <= 1
    (a, *_), (b, *_) = whole.marks, part.marks
    assert all(abs(2 * (x - 61.2) - y) <= 3 for x, y in ((a[0], b[0]), (a[2], b[2])))
    assert all(abs(2 * (x - 158.4) - y) <= 3 for x, y in ((a[1], b[1]), (a[3], b[3])))


@pytest.mark.parametrize(
    "part", [(0.9, 0.9, 0.1, 0.1), (-3.0, -3.0, 9.0, 9.0), (1.0, 1.0, 1.0, 1.0)]
)
def test_a_part_that_is_none_gives_a_picture(part: tuple[float, float, float, float]) -> None:
    picture = page_picture(bytearray(pdf()), "pdf", 1, PageView(300, part))
    assert picture.width > 0
    assert picture.height > 0
