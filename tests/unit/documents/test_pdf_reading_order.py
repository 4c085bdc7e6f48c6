"""PDF pages are read as a person reads them, whatever the order in which they were painted."""

from __future__ import annotations

import random

import pytest

from assistant.types import ParsedDocument
from tests.fakes.pdf_pages import (
    LEFT,
    RIGHT,
    THIRD,
    Placed,
    column,
    in_order,
    read,
    row_by_row,
    text,
    words_of,
)


@pytest.mark.parametrize("painted", ["row by row", "column by column", "at random"])
@pytest.mark.parametrize("shift", [0.0, 5.0])
@pytest.mark.parametrize(
    "title", ["", "An agreement between the landlord and the tenant of this flat"]
)
def test_two_columns_are_read_one_after_the_other(painted: str, shift: float, title: str) -> None:
    one, other = column(60, 120, *LEFT), column(310, 120 + shift, *RIGHT)
    pieces = {
        "row by row": row_by_row(one, other),
        "column by column": one + other,
        "at random": random.Random(3).sample(one + other, 8),
    }[painted]
    head = [(60.0, 80.0, title)] if title else []
    found = words_of(read(text(*head, *pieces)))
    in_order(found, *filter(None, [title]), *LEFT, *RIGHT)
    assert " ".join(LEFT) in found
    assert " ".join(RIGHT) in found


def test_three_columns_and_text_below_them() -> None:
    columns = [column(40 + 180 * n, 100, *lines) for n, lines in enumerate((LEFT, RIGHT, THIRD))]
    below = (
        "Signed by both parties on the second of May in the hall of the town, with two witnesses."
    )
    found = words_of(read(text(*row_by_row(*columns), (40, 200, below))))
    in_order(found, *LEFT, *RIGHT, *THIRD, below)
    assert " ".join(THIRD) in found


def test_columns_between_paragraphs_that_run_across() -> None:
    across = (
        "This paragraph runs from one margin to the other and stands above both of the columns."
    )
    more = "Another one of that kind stands below, with words up to the margin on the right side."
    columns = row_by_row(column(60, 130, *LEFT), column(310, 130, *RIGHT))
    found = words_of(read(text((60, 90, across), *columns, (60, 220, more))))
    in_order(found, across, *LEFT, *RIGHT, more)


def test_a_longer_column_is_not_cut_by_the_shorter_one() -> None:
    longer = (*LEFT, "The cost of each visit is paid", "by the tenant up to 90 euros.")
    found = words_of(read(text(*row_by_row(column(60, 100, *longer), column(310, 100, *RIGHT)))))
    in_order(found, *longer, *RIGHT)


def test_wide_spaces_in_justified_lines_are_no_gutter() -> None:
    lines = [f"{a}    {b}" for a, b in zip(LEFT, RIGHT, strict=True)]
    pieces = [(60 + 3.0 * n, 100 + 12.0 * n, line) for n, line in enumerate(lines)]
    found = words_of(read(text(*pieces)))
    in_order(found, *(" ".join(line.split()) for line in lines))


@pytest.mark.parametrize("seed", range(5))
def test_justified_lines_of_fixed_pitch_are_no_table(seed: int) -> None:
    """Each word is painted on its own, one or two spaces behind the one before."""
    draw = random.Random(seed)
    lines = [*LEFT, *RIGHT, *THIRD]
    pieces: list[Placed] = []
    for number, line in enumerate(lines):
        at = 60.0
        for word in line.split():
            pieces.append((at, 100 + 12.0 * number, word))
            at += 6 * (len(word) + draw.choice((1, 1, 2)))
    assert read(text(*pieces, font=2)).text.splitlines() == lines


def paragraph_of(document: ParsedDocument, words: str) -> str:
    return next(" ".join(p.split()) for p in document.text.split("\n\n") if words in p)


@pytest.mark.parametrize("pitch", [12.0, 16.0, 24.0])
def test_paragraphs_are_told_by_the_white_above_them(pitch: float) -> None:
    """A page that is painted from top to bottom; double spacing makes no paragraphs."""
    pieces = [*column(60, 100, *LEFT, pitch=pitch), *column(60, 300, *RIGHT, pitch=pitch)]
    document = read(text(*pieces))
    assert paragraph_of(document, LEFT[0]) == " ".join(LEFT)
    assert paragraph_of(document, RIGHT[0]) == " ".join(RIGHT)


@pytest.mark.parametrize("pitch", [12.0, 24.0])
def test_paragraphs_of_columns_too(pitch: float) -> None:
    pieces = [*column(60, 100, *LEFT, pitch=pitch), *column(60, 300, *THIRD, pitch=pitch)]
    beside = column(310, 100, *(RIGHT * 4), pitch=pitch)
    document = read(text(*row_by_row(pieces, beside)))
    assert paragraph_of(document, LEFT[0]) == " ".join(LEFT)
    assert paragraph_of(document, THIRD[0]) == " ".join(THIRD)


def test_lines_of_a_form_are_paragraphs_of_their_own() -> None:
    lines = ["Name: Okonkwo", "Town: Bergen", "Allergies: latex, wasps and penicillin", "Age: 7"]
    document = read(text(*column(60, 100, *lines, pitch=26)))
    assert document.text.strip().split("\n\n") == lines


def test_items_keep_their_numbers() -> None:
    items = column(90, 100, "Six weeks of notice are given", "Payment is due within ten days",
                   "Keys are handed back at noon")  # fmt: skip
    numbers = column(60, 100, "2.1.1", "(b)", "3.")
    document = read(text(*numbers, *items))
    assert [line for line in document.text.splitlines() if line] == [
        "2.1.1 Six weeks of notice are given",
        "(b) Payment is due within ten days",
        "3. Keys are handed back at noon",
    ]


def test_notes_beside_paragraphs_do_not_splice_them() -> None:
    paragraphs = [LEFT, RIGHT, THIRD]
    pieces: list[Placed] = []
    for number, lines in enumerate(paragraphs):
        pieces += column(50, 100 + 80 * number, f"Note {number}", "beside")
        pieces += column(160, 100 + 80 * number, *lines)
    found = words_of(read(text(*sorted(pieces, key=lambda p: (p[1], p[0])))))
    for number, lines in enumerate(paragraphs):
        assert " ".join(lines) in found
        assert f"Note {number} beside" in found


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_that_is_shown_turned(turn: int) -> None:
    """Its text is painted so that it is upright once the page is turned."""
    matrix = {90: "0 1 -1 0 595 0 cm", 180: "-1 0 0 -1 595 842 cm", 270: "0 -1 1 0 0 842 cm"}[turn]
    shifted = [(left, top + (247 if turn != 180 else 0), words) for left, top, words in
               row_by_row(column(60, 100, *LEFT), column(310, 100, *RIGHT))]  # fmt: skip
    document = read(text(*shifted, before=matrix), page_entries=b"/Rotate %d" % turn)
    in_order(words_of(document), *LEFT, *RIGHT)


def test_text_up_the_margin_comes_after_the_page() -> None:
    margin = b"BT /F1 9 Tf 0 1 -1 0 30 300 Tm (Copy for the archive of the town) Tj ET\n"
    found = words_of(read(margin + text(*column(60, 100, *LEFT))))
    in_order(found, *LEFT, "Copy for the archive of the town")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("same day by the arbo-", "riculturist of the town"), "by the arboriculturist of"),
        (("is paid in long-", "term rates", "A long-term rate is low"), "in long-term rates"),
        (("as the re-", "cord of the day", "The record is kept"), "as the record of"),
        (("from May to June-", "Tuesdays are left out"), "June- Tuesdays"),
        (("the code is AX-", "4417 for pumps"), "AX- 4417"),
        (("Beginn der Straßen-", "bahn, und zwar um acht"), "der Straßenbahn, und"),
    ],
)
def test_words_broken_at_the_end_of_a_line_are_joined(lines: tuple[str, ...], said: str) -> None:
    assert said in words_of(read(text(*column(60, 100, *lines))))


# -- few lines -------------------------------------------------------------------------------

SOME = ("the boiler is kept in good", "repair by the one who rents", "all of the rooms below it.")
MORE = ("a garage goes with the flat", "and may be used for one of", "the cars that are there.")
LAST = ("pets are allowed as long as", "the owner says yes, and as", "they are quiet at night.")


@pytest.mark.parametrize("painted", ["row by row", "column by column"])
@pytest.mark.parametrize(
    ("counts", "gutter"),
    [((2, 1), 22), ((2, 2), 14), ((3, 1), 22), ((3, 2), 14), ((3, 3, 1), 24), ((2, 2, 1), 24)],
)
def test_the_last_lines_of_columns_are_not_spliced(
    counts: tuple[int, ...], gutter: float, painted: str
) -> None:
    """As on the last page of text whose columns are balanced."""
    texts = [lines[:count] for lines, count in zip((SOME, MORE, LAST), counts, strict=False)]
    columns = [column(50 + (122 + gutter) * n, 100, *lines) for n, lines in enumerate(texts)]
    pieces = row_by_row(*columns) if painted == "row by row" else [p for c in columns for p in c]
    assert words_of(read(text(*pieces))) == " ".join(line for lines in texts for line in lines)


@pytest.mark.parametrize("beside", [1, 2, 4])
def test_a_column_of_several_paragraphs_stands_beside_a_short_one(beside: int) -> None:
    longer = [*column(50, 100, *SOME), *column(50, 145, *LAST), *column(50, 190, *SOME)]
    pieces = row_by_row(longer, column(194, 100, *(*MORE, LAST[0])[:beside]))
    found = words_of(read(text(*pieces)))
    whole = " ".join((*SOME, *LAST, *SOME))
    assert found == f"{whole} {' '.join((*MORE, LAST[0])[:beside])}"


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("wide", [0.0, 11.0], ids=["narrow", "fills its column"])
def test_notes_beside_single_lines(side: str, wide: float) -> None:
    """One of the notes runs nearly to the text."""
    notes = [("Who pays for it,", "and when"), ("How long it is", "to be kept"),
             ("Whom to ask for", "more of it")]  # fmt: skip
    texts = [SOME[:1], MORE, LAST[:1]]
    pieces: list[Placed] = []
    for number, (note, lines) in enumerate(zip(notes, texts, strict=True)):
        top = 100 + 60.0 * number
        shift = wide if number == 1 else 0.0
        at = (50 + shift, 140) if side == "left" else (190, 50 + shift)
        pieces += [*column(at[0], top, *note), *column(at[1], top, *lines)]
    found = words_of(read(text(*pieces)))
    for whole in (*notes, *texts):
        assert " ".join(whole) in found


def test_a_loose_space_in_a_line_is_no_gutter() -> None:
    """The first line of a short paragraph, stretched to the margin."""
    above, below = SOME[0] + " " + MORE[0], "of the house, as it always was"
    pieces = [(50.0, 100.0, above + " and"), (50.0, 112.0, SOME[1]), (184.0, 112.0, "and so"),
              (50.0, 124.0, below)]  # fmt: skip
    in_order(words_of(read(text(*pieces))), above, SOME[1], "and so", below)


def test_columns_below_a_head_with_the_number_of_the_page() -> None:
    made, said = [], []
    for number, (day, counts) in enumerate(
        zip(("Monday", "Tuesday", "Friday"), ((3, 3), (3, 3), (2, 1)), strict=True)
    ):
        own = [f"{line} {day}" for line in SOME[: counts[0]]]
        beside = [f"{line} {day}" for line in MORE[: counts[1]]]
        said += [*own, *beside]
        lines = row_by_row(column(50, 100, *own), column(230, 100, *beside))
        head = [(50.0, 40.0, "Rules of the house"), (310.0, 40.0, str(number + 1))]
        made.append(text(*head, *lines))
    document = read(*made)
    assert words_of(document) == " ".join(said)
    assert [r.page for r in document.running] == [1, 2, 3]


@pytest.mark.parametrize("value", ["Atlanta, GA 30309, in the old house by the river", "404-815"])
def test_values_stay_beside_labels_that_end_with_a_colon(value: str) -> None:
    rows = [("Address:", "1100 Peachtree Street, Suite 2800, second floor"), ("City:", value),
            ("Telephone:", "404-815-6095 or the office"), ("By mail:", "to the clerk")]  # fmt: skip
    pieces = [(x, 100 + 18.0 * n, words) for n, row in enumerate(rows)
              for x, words in zip((60.0, 130.0), row, strict=True)]  # fmt: skip
    lines = read(text(*pieces)).text.splitlines()
    for label, words in rows:
        assert any(label in line and words in line for line in lines)


def justified(words: str, count: int, seed: int) -> list[str]:
    """Return lines of the same words in another order each, so that they end at one place."""
    draw = random.Random(seed)
    return [" ".join(draw.sample(words.split(), len(words.split()))) for _ in range(count)]


@pytest.mark.parametrize("seed", range(5))
def test_a_paragraph_that_begins_on_the_last_line_of_its_column(seed: int) -> None:
    one = justified("the boiler is kept in good", 4, seed)
    other = justified("a garage goes with the flat", 3, seed)
    pieces = [*column(50, 100, *one[:3]), (50.0, 160.0, one[3]), *column(194, 100, *other)]
    assert words_of(read(text(*pieces))) == " ".join([*one, *other])


@pytest.mark.parametrize("seed", range(5))
def test_two_justified_lines_in_three_columns_are_no_table(seed: int) -> None:
    texts = [justified(words, 2, seed + n) for n, words in enumerate(
        ("the boiler is kept", "a garage goes with", "pets are allowed as"))]  # fmt: skip
    pieces = row_by_row(*(column(50 + 110 * n, 100, *lines) for n, lines in enumerate(texts)))
    assert words_of(read(text(*pieces))) == " ".join(line for own in texts for line in own)
