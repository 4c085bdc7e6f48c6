"""The frame on a page, the cells of a picture, and how a quote is cited."""

from __future__ import annotations

from datetime import date

import pytest

from assistant.tui.citation_styles import STYLES, Reference
from assistant.tui.page_frame import NEAREST, PageFrame
from assistant.tui.widgets.page_picture import cells_of
from assistant.types import PagePicture

TODAY = date(2026, 12, 1)
REFERENCE = Reference("It lasts\n24 months.", "Supply Agreement", "2025-03-07", "page 4")


@pytest.mark.parametrize(
    ("style", "reference", "cited"),
    [
        ("plain", REFERENCE, "\u201cIt lasts 24 months.\u201d (Supply Agreement, page 4)"),
        ("legal", REFERENCE, "\u2018It lasts 24 months.\u2019 Supply Agreement (7 March 2025) 4."),
        (
            "clinical",
            REFERENCE,
            (
                "\u201cIt lasts 24 months.\u201d Supply Agreement. "
                "2025 Mar 7 [cited 2026 Dec 1]; p. 4."
            ),
        ),
        (
            "legal",
            Reference("A \u2018pump\u2019 is new.", "Terms", "", "sheet 2"),
            "\u2018A \u201cpump\u201d is new.\u2019 Terms sheet 2.",
        ),
        (
            "clinical",
            Reference("Dose.", "Card", "soon", "pages 2-3"),
            "\u201cDose.\u201d Card. date unknown [cited 2026 Dec 1]; p. 2-3.",
        ),
    ],
)
def test_a_quote_is_cited_as_the_field_does(style: str, reference: Reference, cited: str) -> None:
    assert STYLES[style](reference, TODAY) == cited


def test_the_frame_stays_on_the_page() -> None:
    frame = PageFrame(80, 20)
    whole = frame.nearer(-5)
    assert (whole.near, whole.view(()).part) == (0, (0.0, 0.0, 1.0, 1.0))
    near = frame.nearer(99)
    assert near.near == NEAREST
    for step in ((0, 99), (99, 0), (0, -99), (-99, 0)):
        left, top, right, bottom = near.moved(*step).view(()).part
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1


def test_the_frame_goes_to_the_first_line_of_the_quote() -> None:
    picture = PagePicture(100, 200, b"", ((10, 150, 90, 156), (10, 160, 40, 166)))
    frame = PageFrame(80, 20).around(picture)
    assert (frame.aspect, frame.x, frame.y) == (2.0, 0.5, 0.765)
    _, top, _, bottom = frame.nearer(1).view(()).part
    assert top < 0.765 < bottom


def test_a_cell_shows_its_four_dots() -> None:
    # Two cells of 2 x 4 pixels: the left one dark above left, the right one white throughout.
    rows = [b"\x00\xff\xff\xff"] * 2 + [b"\xff\xff\xff\xff"] * 2
    cells = cells_of(PagePicture(4, 4, b"".join(rows), ((2, 0, 4, 4),)))
    assert cells == [[("\u2598", 0, 255, False), (" ", 0, 255, True)]]


def test_an_odd_size_is_filled_up_with_paper() -> None:
    cells = cells_of(PagePicture(3, 5, b"\xff" * 15))
    assert [[cell[0] for cell in row] for row in cells] == [[" ", " "], [" ", " "]]
