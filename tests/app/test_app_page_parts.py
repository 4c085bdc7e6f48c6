"""The frame on a page, the cells of a picture, and how a quote is cited."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from assistant.tui.citation_numbers import sources_of
from assistant.tui.citation_styles import STYLES, Reference
from assistant.tui.page_frame import NEAREST, PageFrame
from assistant.tui.screens.page_view import fitted
from assistant.tui.why_found import explained
from assistant.tui.widgets.page_picture import cells_of
from assistant.types import Candidate, PagePicture, Place, Scores
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import warranty_hits

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
    assert cells == [[("[", 0, 255, False), (" ", 0, 255, True)]]
    plain = cells_of(PagePicture(4, 4, b"".join(rows)))
    assert plain[0][0] == ("\u2598", 0, 255, False)


def test_quotes_stand_in_brackets_which_need_no_colour() -> None:
    # Two quotes in a row of seven cells, the second one cut off by the edge of the picture.
    page = PagePicture(14, 8, b"\xff" * 112, ((4, 0, 6, 4), (12, 0, 14, 4)))
    cells = cells_of(page)
    assert ["".join(cell[0] for cell in row) for row in cells] == [" [ ] [ ", " " * 7]
    assert [cell[3] for cell in cells[0]] == [False, False, True, False, False, False, True]


@pytest.mark.parametrize(
    ("width", "said"),
    [(99, "Turn   N, P: quote 1 of 2   Why"), (30, "Turn   N, P: quote 1 of 2"), (3, "Turn")],
)
def test_keys_that_find_no_room_are_left_out_the_least_first(width: int, said: str) -> None:
    keys = [("Turn", 9), ("", 8), ("N, P: quote 1 of 2", 5), ("Why", 1)]
    assert fitted(keys, width) == said


def test_why_a_passage_is_shown() -> None:
    hit = warranty_hits(FakeWorkspace(forbidden=0))[0]
    scores = Scores(0.0313, dense=0.652, dense_rank=3, bm25=12.3, bm25_rank=1)
    (quote,) = hit.passage.cite(0, 5)[:1]
    (source,) = sources_of([replace(hit, scores=scores)], [quote])
    weighed = tuple(
        Candidate(words, Place(passage, 0, 5), (), likely)
        for words, passage, likely in (("18 months", 1, 0.6), ("24\nmonths", 0, 0.3))
    )
    told = "\n".join(explained(source, 12, weighed))
    for words in (
        "Passage 1 of 12: ",
        "Meaning: number 3 of all passages (cosine 0.652, 1 at most).",
        "Words: number 1 of all passages (BM25 12.30, where rare words count more).",
        "0.0313 (higher is better)",
        "Reader: \u201c24 months\u201d is its answer 2 by likelihood (30% likely).",
        "The answer takes 1 quote from it.",
    ):
        assert words in told


def test_why_a_passage_is_shown_that_only_words_found() -> None:
    hit = warranty_hits(FakeWorkspace(forbidden=0))[0]
    (source,) = sources_of([replace(hit, scores=Scores(0.01, bm25=1.5, bm25_rank=7))], [])
    elsewhere = (Candidate("x", Place(5, 0, 1), (), 0.9),)
    told = explained(source, 0, elsewhere)
    assert told[0].startswith("Passage 1: ")
    assert "Meaning: others are nearer to the question." in told
    assert "Reader: no words of it are among the likeliest answers." in told
    assert told[-1] == "It is not quoted."
    assert not [line for line in explained(source, 0, ()) if line.startswith("Reader")]


def test_an_odd_size_is_filled_up_with_paper() -> None:
    cells = cells_of(PagePicture(3, 5, b"\xff" * 15))
    assert [[cell[0] for cell in row] for row in cells] == [[" ", " "], [" ", " "]]
