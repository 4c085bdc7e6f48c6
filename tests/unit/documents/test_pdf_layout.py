"""PDF pages are read as a person reads them, whatever the order in which they were painted."""

from __future__ import annotations

import random
import re
from itertools import chain, zip_longest

import pytest

from assistant.documents.parse_errors import ParseFault
from assistant.documents.pdf.document import read_pdf
from assistant.types import ParsedDocument
from tests.fakes.pdf_pages import Placed, annotation, column, pages, text

LEFT = ("The tenant keeps the boiler in", "good repair and has it checked",
        "every nine months by a fitter", "who is on the list of the town.")  # fmt: skip
RIGHT = ("A garage goes with the flat and", "may be used for one car, which",
         "is washed in the yard and not", "in the street before the house.")  # fmt: skip
THIRD = ("Pets are allowed if the owner", "agrees in writing, and if they",
         "are kept quiet at night, when", "all neighbours want to sleep.")  # fmt: skip


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


# -- columns ---------------------------------------------------------------------------------


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


# -- tables ----------------------------------------------------------------------------------

HEADS = ("Berth", "Summer", "Winter")
ROWS = (("up to 6 m", "14", "8"), ("up to 9 m", "20", "13"), ("up to 12 m", "31", "19"),
        ("over 12 m", "on request", "27"))  # fmt: skip


@pytest.mark.parametrize("painted", ["rows", "columns"])
def test_a_table_is_read_by_rows_with_the_heads_of_its_columns(painted: str) -> None:
    rows = [[(60 + 150.0 * c, 120 + 18.0 * r, cell) for c, cell in enumerate(cells)]
            for r, cells in enumerate((HEADS, *ROWS))]  # fmt: skip
    pieces = [p for row in rows for p in row]
    if painted == "columns":
        pieces = [row[c] for c in range(3) for row in rows]
    document = read(text((60, 90, "Fees of the marina for a night"), *pieces))
    assert "up to 9 m | Summer: 20 | Winter: 13" in document.text
    assert "over 12 m | Summer: on request | Winter: 27" in document.text
    assert {r.kind for r in document.regions} == {"table"}
    assert document.text.startswith("Fees of the marina for a night")


def test_two_columns_of_words_and_numbers_are_a_table() -> None:
    rows = [("Paralgan for adults", "500 mg"), ("Paralgan for children", "250 mg"),
            ("Lentol for adults", "20 mg"), ("Lentol for children", "5 mg")]  # fmt: skip
    pieces = [(x, 100 + 16.0 * r, cell) for r, row in enumerate(rows)
              for x, cell in zip((60.0, 320.0), row, strict=True)]  # fmt: skip
    lines = read(text(*pieces)).text.splitlines()
    for name, dose in rows:
        assert any(name in line and dose in line for line in lines)


# -- heads, feet, labels ---------------------------------------------------------------------


def numbered(total: int) -> list[bytes]:
    made = []
    for number in range(1, total + 1):
        body = column(60, 120, f"Clause {number} begins here and", *LEFT)
        head = (60.0, 40.0, "Rules of the rowing club")
        foot = (60.0, 800.0, f"Confidential  Page {number} of {total}")
        made.append(text(head, foot, *body))
    return made


def test_heads_and_feet_are_on_the_page_and_not_in_the_text() -> None:
    document = read(*numbered(4))
    assert "Rules of the rowing club" not in document.text
    assert "Confidential" not in document.text
    assert [r.page for r in document.running] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert {r.text for r in document.running if r.position == "head"} == {
        "Rules of the rowing club"
    }
    assert "Confidential Page 3 of 4" in [r.text for r in document.running]
    for number in range(1, 5):
        assert f"Clause {number} begins here" in document.page_text(number)


def test_a_page_that_is_there_again_and_again_is_text() -> None:
    document = read(*[text((60, 100, "The same on each page"), (60, 112, "of the form"))] * 5)
    assert document.text.count("The same on each page") == 5
    assert document.running == ()


def test_a_foot_that_numbers_the_pages_need_not_be_there_twice() -> None:
    one = text((60, 100, "The first clause"), (60, 800, "Harbour Club, by the board  Page 1 of 2"))
    other = text((60, 100, "The second clause"), (60, 800, "Page 2 of 2"))
    document = read(one, other)
    assert words_of(document) == "The first clause The second clause"
    assert [r.page for r in document.running] == [1, 2]


def test_a_page_alone_has_no_running_head() -> None:
    document = read(*numbered(1))
    assert "Rules of the rowing club" in document.text
    assert document.running == ()


def test_printed_page_numbers_are_kept_beside_the_sheets() -> None:
    labels = b"/PageLabels << /Nums [0 << /S /r >> 2 << /S /D >>] >>"
    contents = [text((60, 200, f"Text of sheet {n} of the handbook")) for n in range(1, 5)]
    document = read(*contents, catalogue=labels)
    said = [place.label for place in document.locators]
    assert said == ["page i (sheet 1)", "page ii (sheet 2)", "page 1 (sheet 3)", "page 2 (sheet 4)"]
    assert read(*contents).locators == ()


# -- what nobody sees, and what is not painted -----------------------------------------------

SEEN = (60.0, 100.0, "The price is 940 euros")


@pytest.mark.parametrize(
    "hidden",
    [
        b"1 1 1 rg " + text((60, 130, "The price is 275 euros")),
        b"3 Tr " + text((60, 130, "The price is 275 euros")),
        text((60, 130, "The price is 275 euros")) + b" 0.9 g 40 690 300 40 re f",
        text((700, 130, "The price is 275 euros")),
        b"1 1 1 rg " + text((60, 130, "The price is 275 euros"), size=6),
    ],
    ids=["white", "no ink", "covered", "outside", "small"],
)
def test_text_that_nobody_can_see_is_left_out_and_counted(hidden: bytes) -> None:
    document = read(text(SEEN) + b"\nq " + hidden + b" Q")
    assert words_of(document) == "The price is 940 euros"
    [note] = document.notes
    assert note.code == "unseen_text"
    assert note.number == len("Thepriceis275euros")
    assert note.pages == (1,)


@pytest.mark.parametrize(
    "shown",
    [
        b"0 0 0.4 rg 40 700 300 60 re f 1 1 1 rg " + text((60, 110, "White on blue")),
        b"0.6 g " + text((60, 110, "Pale grey")),
        b"0.9 g 40 700 300 60 re f 0 g " + text((60, 110, "On a grey box")),
    ],
)
def test_light_text_that_can_be_seen_stays(shown: bytes) -> None:
    document = read(shown)
    assert document.notes == ()
    assert len(document.text.split()) >= 2


def test_beyond_the_crop_box_is_not_on_the_page() -> None:
    both = text(SEEN, (60, 830, "Old footer: 120 euros"))
    document = read(both, page_entries=b"/CropBox [0 100 595 842]")
    assert words_of(document) == "The price is 940 euros"


def test_form_values_stand_beside_their_labels() -> None:
    labels = column(60, 100, "Family name:", "Known allergy:", "Smoker:", "Ward:", pitch=24)
    notes = [
        annotation("Widget", 200, 100, "/FT /Tx /T (name) /V (Okafor)"),
        annotation("Widget", 200, 124, "/FT /Tx /T (allergy) /V (latex and penicillin)"),
        annotation("Widget", 200, 148, "/FT /Btn /T (smoker) /V /Yes /AS /Yes"),
        annotation(
            "Widget", 200, 172, "/FT /Ch /Ff 131072 /T (ward) /V (Surgery) /Opt [(Surgery)]"
        ),
        annotation("Widget", 200, 196, "/FT /Tx /Ff 8192 /T (pin) /V (4711)"),
    ]
    document = read(text(*labels), annotations=notes)
    lines = [line for line in document.text.splitlines() if line]
    assert lines[:2] == ["Family name: Okafor", "Known allergy: latex and penicillin"]
    assert "Ward: Surgery" in lines
    assert re.search(r"Smoker: (?:not )?checked", document.text)
    assert "4711" not in document.text
    assert {r.kind for r in document.regions} == {"form"}


def test_comments_are_text_with_their_kind_named() -> None:
    notes = [
        annotation("Text", 300, 100, "/Contents (Ask the caterer for blue plates)"),
        annotation(
            "FreeText", 60, 140, "/Contents (The oven is returned within 11 days) /DA (/F1 9 Tf)"
        ),
        annotation(
            "Highlight",
            60,
            100,
            "/Contents (Too dear?) /QuadPoints [60 730 160 730 60 742 160 742]",
        ),
        annotation("Text", 300, 100, "/Contents (hidden one) /F 2"),
    ]
    document = read(text(SEEN), annotations=notes)
    assert "The oven is returned within 11 days" in document.text
    assert "Comment: Ask the caterer for blue plates" in document.text
    assert "Comment on highlighted text: Too dear?" in document.text
    assert [r.kind for r in document.regions] == ["comment"] * 3


def test_letters_without_meaning_are_no_text() -> None:
    encoding = b"/Encoding << /Type /Encoding /Differences [32 %s] >>" % b" ".join(
        b"/uniE%03X" % n for n in range(95)
    )
    made = pages(text(*column(60, 100, *LEFT))).replace(b"/Encoding /WinAnsiEncoding", encoding)
    with pytest.raises(ParseFault, match="pdf_unmapped"):
        read_pdf(bytearray(made))


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
