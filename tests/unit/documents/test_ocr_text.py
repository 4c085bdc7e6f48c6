"""What OCR has read, put into a document: order, places, regions, notes."""

from __future__ import annotations

import pytest

from assistant.documents.ocr_text import with_ocr
from assistant.documents.parse_errors import ParseFault
from assistant.types import OcrLine, OcrPage, ParsedDocument
from assistant.types.documents import Heading, Locator, Note, Region, RunningText

NAMES = (
    "alfa bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike nectar".split()
)


def line(text: str, left: float, row: int, right: float = 0.0, sure: float = 0.99) -> OcrLine:
    top = 100 + 40.0 * row
    return OcrLine(text, sure, left, top, right or left + 12.0 * len(text), top + 26)


def page(*lines: OcrLine) -> OcrPage:
    return OcrPage(2200, lines)


def empty(pages: int) -> ParsedDocument:
    return ParsedDocument("", (0,) * pages, "application/pdf")


def test_two_columns_are_read_one_after_the_other() -> None:
    left = [f"Left column sentence number {n} goes on" for n in range(8)]
    right = [f"Right column sentence number {n} goes on" for n in range(8)]
    mixed = [line(t, x, n) for n in range(8) for t, x in ((right[n], 800), (left[n], 100))]
    document = with_ocr(empty(1), {1: page(*mixed)})
    assert document.text.split("\n\n")[0].split("\n") == left
    assert document.text.strip().split("\n\n")[1].split("\n") == right


def test_regions_are_the_lines_with_the_confidence_of_their_least_sure_words() -> None:
    read = page(
        line("The pump runs", 100, 0),
        line("for ten hours", 270, 0, sure=0.6),
        line("and then stops again", 100, 1, sure=0.95),
    )
    document = with_ocr(empty(2), {2: read})
    assert document.text == "The pump runs for ten hours\nand then stops again\n"
    assert document.page_starts == (0, 0)
    assert [document.text[r.start : r.end] for r in document.regions] == document.text.splitlines()
    assert [(r.kind, r.confidence) for r in document.regions] == [("ocr", 0.6), ("ocr", 0.95)]
    assert Note("read_by_ocr", 1, pages=(2,)) in document.notes
    assert Note("doubtful_lines", 1, pages=(2,)) in document.notes


def test_heads_and_feet_that_run_are_kept_apart() -> None:
    pages = {
        n: page(
            line("Guideline CG-07", 100, -1),
            *(line(f"{NAMES[n]} has a rule on {NAMES[n + m]}.", 100, m) for m in range(5)),
            line(f"Page {n} of 9", 1000, 50),
        )
        for n in range(1, 10)
    }
    document = with_ocr(empty(9), pages)
    assert "CG-07" not in document.text
    assert "of 9" not in document.text
    assert RunningText(4, "foot", "Page 4 of 9") in document.running
    assert document.page_text(4).startswith("echo has a rule on echo.")


LEVELS = (("Level", "Name", "Seen within", "Seen again"), ("1", "Immediate", "0 min", "at once"),
          ("2", "Urgent", "10 min", "5 min"), ("3", "Standard", "45 min", "15 min"),
          ("4", "Easy", "120 min", "60 min"))  # fmt: skip


@pytest.mark.parametrize(("row", "belongs"), [(-3, False), (-1, True)])
def test_a_pages_head_is_no_head_of_the_columns_below_it(row: int, belongs: bool) -> None:
    """On a single picture nothing repeats that would tell it; it stands too far above."""
    cells = [
        line(text, 100 + 300 * column, number)
        for number, texts in enumerate(LEVELS)
        for column, text in enumerate(texts)
    ]
    head = [line("Guideline CG-07", 400, row), line("Sample", 1000, row)]
    document = with_ocr(empty(1), {1: page(*head, *cells)})
    (told,) = [one for one in document.text.splitlines() if "45 min" in one]
    assert ("CG-07" in told) is belongs
    if not belongs:
        assert told == "3 | Name: Standard | Seen within: 45 min | Seen again: 15 min"
        assert document.text.startswith("Guideline CG-07 Sample\n")


def test_pages_that_were_not_looked_at_stay_as_they_are() -> None:
    first, third = "Scope\nAll of it.\n", "Price\nIt costs 5.\n"
    document = ParsedDocument(
        first + third,
        (0, len(first), len(first)),
        "application/pdf",
        "Contract",
        headings=(Heading(0, 1, "Scope"), Heading(len(first), 1, "Price")),
        locators=(Locator(0, "page i (sheet 1)"), Locator(len(first), "page 1 (sheet 3)")),
        running=(RunningText(3, "foot", "3"),),
        regions=(Region(len(first) + 6, len(first) + 17, "form"),),
        notes=(Note("unmapped_letters", 2, pages=(2, 3)),),
    )
    read = with_ocr(document, {2: page(line("Stamped and signed.", 100, 0))})
    assert read.page_text(1) == first
    assert read.page_text(2) == "Stamped and signed.\n"
    assert read.page_text(3) == third
    assert [read.text[h.start :].split("\n")[0] for h in read.headings] == ["Scope", "Price"]
    labels = [(read.text[p.start :].split("\n")[0], p.label) for p in read.locators]
    assert labels == [
        ("Scope", "page i (sheet 1)"),
        ("Stamped and signed.", "sheet 2"),
        ("Price", "page 1 (sheet 3)"),
    ]
    assert [(read.text[r.start : r.end], r.kind) for r in read.regions] == [
        ("Stamped and signed.", "ocr"),
        ("It costs 5.", "form"),
    ]
    assert read.running == document.running
    assert Note("unmapped_letters", 1, pages=(3,)) in read.notes
    assert read.title == "Contract"


def test_what_was_replaced_leaves_no_headings_and_regions() -> None:
    document = ParsedDocument(
        "Garbled\n",
        (0,),
        "application/pdf",
        headings=(Heading(0, 1, "Garbled"),),
        regions=(Region(0, 7, "form"),),
    )
    read = with_ocr(document, {1: page(line("Legible Words of a Page", 100, 0))})
    assert (read.headings, [r.kind for r in read.regions]) == ((), ["ocr"])
    assert read.title == "Legible Words of a Page"


def test_lines_that_could_not_be_read_are_counted() -> None:
    legible = OcrPage(2200, (line("Legible words.", 100, 0),), illegible=3)
    document = with_ocr(empty(3), {1: legible, 3: OcrPage(2200, (), illegible=2)})
    assert Note("illegible_lines", 5, pages=(1, 3)) in document.notes
    assert Note("read_by_ocr", 1, pages=(1,)) in document.notes


def test_characters_that_nobody_sees_are_left_out_and_no_text_is_a_fault() -> None:
    read = with_ocr(empty(1), {1: page(line("a\x00b\u202ec", 100, 0))})
    assert read.text == "abc\n"
    with pytest.raises(ParseFault, match="ocr_no_text"):
        with_ocr(empty(2), {1: page(), 2: page(line("\x00", 100, 0))})
