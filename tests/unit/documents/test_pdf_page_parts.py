"""Heads and feet, what nobody can see, forms and comments: what a page holds beside its text."""

from __future__ import annotations

import re

import pytest

from assistant.documents.parse_errors import ParseFault
from assistant.documents.pdf.document import read_pdf
from tests.fakes.pdf_pages import LEFT, annotation, column, pages, read, text, words_of

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
