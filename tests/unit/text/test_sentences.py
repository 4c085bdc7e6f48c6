"""Sentence spans: what they are, what they hold, and how long they take."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.text.sentences import split_sentences


def sentences(text: str) -> list[str]:
    return [text[a:b] for a, b in split_sentences(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Acme Inc. and Dr. J. R. Smith of the U.S. Army agree.",
        "See Sec. 4.2, No. 7, Art. IX and Figs. 2 and 3 for the limits.",
        "Give 3.5 mg, i.e. one tablet, e.g. with water.",
        "Smith v. Jones, cf. Brown et al. 2019, applies.",
        "The parties agree as set out in Section\n4.2 of this Agreement.",
        "This sentence is wrapped by the\nPDF reader at the end of a line.",
        'He said "Stop!" and left.',
        "1.2.3 The Supplier shall deliver.",
        "(a) The Supplier shall deliver.",
        "Definitions . . . . . . . 5",
        "The value was approx. 5 mmol/l at 8 a.m. on ward 3.",
        "notice to the Buyer, the Seller,\n(Acme) and others",
        "2.1 The price of the\nGoods is five.",
        "as it is described on page 12\nof the manual",
    ],
)
def test_one_sentence_stays_whole(text: str) -> None:
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("It ends (really). Then on.", ["It ends (really).", "Then on."]),
        ('"It ends." Then on.', ['"It ends."', "Then on."]),
        ("Known.[12] Unknown.", ["Known.[12]", "Unknown."]),
        ("Acme Inc. The Buyer pays.", ["Acme Inc.", "The Buyer pays."]),
        ("The answer is no. The end.", ["The answer is no.", "The end."]),
        ("It waits... Then it goes.", ["It waits...", "Then it goes."]),
        ("a paragraph\n\nanother", ["a paragraph", "another"]),
        ("a paragraph\n \t\nanother", ["a paragraph", "another"]),
        ("- one\n- two\n  goes on", ["- one", "- two\n  goes on"]),
        ("• one\n• two", ["• one", "• two"]),
        ("Pay:\n(a) fees; and\n(b) costs.", ["Pay:", "(a) fees; and", "(b) costs."]),
        ("1. Open it.\n2. Close it.", ["1. Open it.", "2. Close it."]),
        ("# Heading\ntext", ["# Heading", "text"]),
        ("Heading\n=======\ntext", ["Heading", "=======", "text"]),
        ("| a | b |\n| c | d |", ["| a | b |", "| c | d |"]),
        (
            "LIMITATION OF LIABILITY\nThe Seller is not liable.",
            ["LIMITATION OF LIABILITY", "The Seller is not liable."],
        ),
        (
            "4 Short stay\nShort stay is one of hours.",
            ["4 Short stay", "Short stay is one of hours."],
        ),
        (
            "Quillmarsh Limited / Orrindale Clinic Group, Supply Agreement, Page 3 of 6\nIt works.",
            [
                "Quillmarsh Limited / Orrindale Clinic Group, Supply Agreement, Page 3 of 6",
                "It works.",
            ],
        ),
        ("一です。二です。", ["一です。", "二です。"]),
        ("page one\fpage two", ["page one\fpage two"]),
        ("end.\n\fPage two", ["end.", "Page two"]),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_breaks(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_capitals_that_run_over_lines_are_no_headings() -> None:
    text = (
        "IN NO EVENT SHALL EITHER PARTY BE LIABLE FOR ANY INDIRECT\n"
        "DAMAGES, WHATEVER THE CAUSE. This holds for both."
    )
    assert sentences(text) == [text[: text.index(" This")], "This holds for both."]


FRAGMENTS = st.sampled_from(
    [
        "Sec. ",
        "4.2 ",
        "\n",
        "\n\n",
        "word ",
        "End. ",
        "No. ",
        "(a) ",
        "- ",
        "# ",
        "A",
        ".",
        " ",
        "。",
    ]
)


@given(st.one_of(st.text(), st.lists(FRAGMENTS).map("".join)))
@settings(max_examples=300)
def test_spans_hold_every_visible_character_once_and_in_order(text: str) -> None:
    spans = split_sentences(text)
    assert "".join("".join(text[a:b].split()) for a, b in spans) == "".join(text.split())
    assert all(a < b and text[a:b] == text[a:b].strip() for a, b in spans)
    assert all(spans[i][1] <= spans[i + 1][0] for i in range(len(spans) - 1))


@pytest.mark.parametrize(
    "unit",
    [".", ". ", "a. ", "A\n", "1.\n", "(", "! ", "No. ", "- \n", "#", '."', "x", " ", "Ab cd. "],
)
def test_time_is_linear_for_any_repetition(unit: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        begun = time.process_time()
        split_sentences(text)
        return time.process_time() - begun

    # Quadratic time would multiply by 64; a busy machine gets much room.
    assert seconds(400_000) < 32 * max(seconds(50_000), 0.02)
