"""Rich text: code pages, tables, notes, changes, hidden text."""

from __future__ import annotations

import pytest

from tests.fakes.reading import codes, fault, kinds, lines, read, where

HEAD = (
    r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}{\f1\fcharset204 Arial;}"
    r"{\f2\fcharset128 Mincho;}}"
    r"{\stylesheet{\s0 Normal;}{\s1 heading 1;}}{\info{\title Lease}}{\*\generator x;}"
)


def test_paragraphs_headings_tables_and_the_title() -> None:
    rows = r"\trowd\intbl Berth\cell summer\cell winter\cell\row\intbl 9 m\cell 20\cell 13\cell\row"
    body = rf"\pard\s1 Fees\par\pard First\line part.\par {rows}\pard After it.\par"
    document = read(HEAD + body + "}")
    assert lines(document) == [
        "Fees", "First", "part.", "Berth | summer | winter", "Berth: 9 m | summer: 20 | winter: 13",
        "After it.",
    ]  # fmt: skip
    assert document.title == "Lease"
    assert where(document, "After") == "Fees, paragraph 2"
    assert where(document, "winter: 13") == "Fees, table 1, row 2"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (r"caf\'e9", "café"),
        (r"\f1 \'cf\'f0\'e8\'e2\'e5\'f2", "Привет"),
        (r"\f2 \'93\'fa\'96\'7b", "日本"),
        (r"\u8364?20", "€20"),
        (r"{\uc2 \u8364??}20", "€20"),
        (r"\u-3913 ?x", "\uf0b7x"),
        (r"a\~b\_c\-d\{\}\\", "a\xa0b-cd{}\\"),
        (r"\ldblquote q\rdblquote\emdash", "“q”—"),
        (r"{\field{\*\fldinst HYPERLINK x}{\fldrslt seen}}", "seen"),
        (r"{\pict 0102}{\object{\objdata 00}}{\*\unknown zzz}seen", "seen"),
        (r"\bin4 {{{{seen", "seen"),
    ],
)
def test_characters(code: str, text: str) -> None:
    assert lines(read(HEAD + code + r"\par}")) == [text]


def test_notes_comments_changes_hidden_text_and_headers() -> None:
    body = (
        r"{\header Confidential\par}The fee{\footnote A day is 24 hours.} is {\deleted 20}"
        r"{\revised 25 euros}{\v secret}.{\*\atnauthor Bo}{\*\annotation Check.}\par"
    )
    document = read(HEAD + body + "}")
    assert lines(document)[0] == "The fee is 25 euros."
    assert kinds(document) == [
        ("tracked", "25 euros"), ("footnote", "Note: A day is 24 hours."),
        ("comment", "Comment by Bo: Check."),
    ]  # fmt: skip
    assert [r.text for r in document.running] == ["Confidential"]
    assert codes(document) == {"tracked_changes": 2, "hidden_text": 1, "comments": 1}


def test_broken_ones() -> None:
    assert lines(read(r"{\rtf1 cut off in the {\b middle")) == ["cut off in the middle"]
    assert lines(read(r"{\rtf1 too }}}} many ends")) == ["too  many ends"]
    assert fault(r"{\rtf1 }") == "blank"
    assert fault(r"{\rtf1" + "{" * 50_000) == "nested_too_deep"
