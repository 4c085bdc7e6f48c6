"""White within a line of a PDF: spaces, stretched ones, and where a note begins."""

from __future__ import annotations

import pypdfium2
from reportlab.pdfbase.pdfmetrics import stringWidth

from assistant.documents.pdf.characters import PageText, view_of
from assistant.documents.pdf.painted_lines import segments_of
from tests.fakes.pdf_pages import Placed, pages, read, text, words_of


def width_of(word: str) -> float:
    return float(stringWidth(word, "Helvetica", 10))


def spaced(left: float, top: float, words: str, space: float, behind_stop: float) -> list[Placed]:
    """Place words one by one: `space` points between them, `behind_stop` behind a sentence."""
    found: list[Placed] = []
    for word in words.split():
        found.append((left, top, word))
        left += width_of(word) + (behind_stop if word.endswith(".") else space)
    return found


def test_a_note_begins_where_the_others_do_though_a_line_ran_over() -> None:
    notes = [
        (400.0, 100.0 + 40 * n, f"Note {word}") for n, word in enumerate(("one", "two", "six"))
    ]
    lines = [(60.0, 100.0 + 40 * n, "Some text that stands beside a note") for n in range(3)]
    over = "This line of the text runs over its end so that hardly any white is left"
    left = 400.0 - sum(map(width_of, over.split())) - 3.0 * len(over.split()) - 4.0
    pieces = [*spaced(left, 220.0, over, 3.0, 3.0), (400.0, 220.0, "Beside it"), *notes, *lines]
    found = words_of(read(text(*pieces, (400.0, 232.0, "a note."), (60.0, 232.0, "and ends."))))
    assert f"{over} and ends." in found
    assert "Beside it a note." in found


def segments(*pieces: Placed) -> list[str]:
    page = pypdfium2.PdfDocument(pages(text(*pieces)))[0]
    textpage = page.get_textpage()
    found = segments_of(PageText(textpage, view_of(page)))
    textpage.close()
    return [segment.text for _, segment in found]


def test_a_stretched_line_has_more_white_behind_a_sentence() -> None:
    line = "The garden lies behind. Nobody goes there"
    assert segments(*spaced(60.0, 100.0, line, 6.2, 11.6)) == [line]
    # Without stretched spaces it is a gap, and so it is where there is no sentence's end.
    assert len(segments(*spaced(60.0, 100.0, line, 2.8, 11.6))) == 2
    other = line.replace(".", ",")
    apart = [(x + (5.4 if n > 3 else 0.0), y, w) for n, (x, y, w) in
             enumerate(spaced(60.0, 100.0, other, 6.2, 6.2))]  # fmt: skip
    assert len(segments(*apart)) == 2
