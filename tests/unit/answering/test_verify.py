"""Which sentences are supported, and by which characters of which page."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.verify import check_answer
from tests.fakes.passages import make_passage

WARRANTY = (
    "The Supplier warrants the pumps for 24 months from delivery. A claim must be made in\n"
    "writing within 14 days."
)
PAYMENT = "Invoices are payable within 30 days. Late payment bears interest of 1.5% per month."
PASSAGES = [
    make_passage(WARRANTY, number=1, page=3, start=40),
    make_passage(PAYMENT, number=2, document="terms.txt"),
]
QUESTION = "How long is the warranty on the pumps?"


def marks(answer: str, question: str = QUESTION) -> list[bool]:
    return [s.supported for s in check_answer(answer, PASSAGES, question)]


@pytest.mark.parametrize(
    "answer",
    [
        'The contract says "warrants the pumps for 24 months from delivery" [1].',
        "It says \u201cwarrants the pumps for 24 months\u201d.",
        "It says \u00abwarrants the pumps for 24 months\u00bb.",
        "The Supplier warrants the pumps for 24 months from delivery [1].",
        "Invoices are payable within 30 days.",
        'The warranty on the pumps is "24 months".',
        '"A claim must be made in writing within 14 days."',
        '1. "Late payment bears interest" [2]',
        '"The Supplier warrants ... for 24 months from delivery" [1]',
        '"warrants the pumps for 24 months from delivery [1].',
        "Bills: invoices are payable within 30 days.",
    ],
)
def test_supported(answer: str) -> None:
    assert marks(answer) == [True]


@pytest.mark.parametrize(
    "answer",
    [
        "The warranty is two years.",
        "The warranty is 24 months.",
        'It is "warranted for 36 months from delivery" [1].',
        'It says "warrants the pumps for 24 months" and "36 months for seals".',
        'It says "warrants the pumps for 24 months", that is 730 days.',
        'The "Supplier" goes bankrupt tomorrow.',
        '"the" warranty is endless.',
        '"must be made in" blue ink by the director of sales',
        "Pumps.",
        "",
        '""',
        "Interest of 1.5% per month is charged to directors, their families and all heirs forever.",
        '"interest of 1" is due',
    ],
)
def test_not_supported(answer: str) -> None:
    assert True not in marks(answer)


def test_each_sentence_is_marked_by_itself() -> None:
    answer = 'It is "warrants the pumps for 24 months" [1]. The director is Mr. Smith.'
    assert marks(answer) == [True, False]


def test_a_quote_with_full_stops_inside_is_not_torn_apart() -> None:
    answer = 'It says "Invoices are payable within 30 days. Late payment bears interest" [2].'
    (sentence,) = check_answer(answer, PASSAGES, QUESTION)
    assert sentence.supported
    assert sentence.quotes[0].document == "terms.txt"


def test_citation_gives_page_and_the_pages_own_offsets_and_characters() -> None:
    (sentence,) = check_answer(
        '"a claim must be made in writing within 14 days" [1]', PASSAGES, QUESTION
    )
    (citation,) = sentence.quotes
    page = " " * 40 + WARRANTY
    assert (citation.document_id, citation.page) == (1, 3)
    assert page[citation.start : citation.end] == citation.text
    assert citation.text == "A claim must be made in\nwriting within 14 days"


def test_a_quote_over_a_page_break_gives_one_citation_for_each_page() -> None:
    passage = make_passage("The term ends\f on the last day of March.", page=7)
    (sentence,) = check_answer('"The term ends on the last day"', [passage], "When?")
    assert [(c.page, c.text) for c in sentence.quotes] == [
        (7, "The term ends"),
        (8, "on the last day"),
    ]
    assert sentence.supported


alphabet = st.sampled_from(
    ["pay", " ", "in ", "30", "days", '"', "\u201c", "\u201d", ". ", "\n", "[1]", "'", "-"]
)


@given(st.lists(alphabet, max_size=40).map("".join), st.lists(alphabet, max_size=40).map("".join))
def test_every_citation_equals_the_text_at_its_span(text: str, answer: str) -> None:
    passage = make_passage(text or "x", start=5, page=2)
    page = "....." + passage.text
    for sentence in check_answer(answer, [passage], "pay when"):
        assert not sentence.supported or sentence.quotes
        for citation in sentence.quotes:
            assert page[citation.start : citation.end] == citation.text
            assert citation.text.strip() == citation.text != ""


@pytest.mark.parametrize(
    "piece", ['"', "\u201c", '"a" ', "[1] ", "a ", "30 days ", "...", "\u2018a", '"pay. ', "1. "]
)
def test_hostile_answers_take_linear_time(piece: str) -> None:
    answer = piece * (100_000 // len(piece))
    begun = time.process_time()
    check_answer(answer, PASSAGES, QUESTION)
    assert time.process_time() - begun < 10.0
