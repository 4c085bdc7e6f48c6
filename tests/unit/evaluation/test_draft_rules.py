"""What the rules make of single pages: questions, their spans, and what they leave alone."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assistant.evaluation.draft.candidates import Candidate, Page, gives_away
from assistant.evaluation.draft.draft_suite import candidates_of
from assistant.evaluation.draft.quantities import wordings
from tests.fakes.drafts import AGREEMENT, MANUAL, ROSTER


def made(text: str, media_type: str = "application/pdf") -> list[Candidate]:
    return candidates_of(Page(1, "a.pdf", "", media_type, 1, text))


def asked(text: str, media_type: str = "application/pdf") -> dict[str, str]:
    """Questions that were drafted, and where their answers stand, white space folded."""
    return {c.question: " ".join(c.text.split()) for c in made(text, media_type)}


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        (
            (
                "3.1 The Supplier shall deliver Pumps within 30 Business Days of the confirmation"
                " of the Order."
            ),
            (
                "Within how many Business Days of the confirmation of the Order shall the Supplier"
                " deliver Pumps?"
            ),
            "30 Business Days",
        ),
        (
            "The Supplier confirms or rejects an Order within three Business Days.",
            "Within how many Business Days does the Supplier confirm or reject an Order?",
            "three Business Days",
        ),
        (
            "The warranty on the Pumps lasts 24 months from the date of delivery.",
            "How many months from the date of delivery does the warranty on the Pumps last?",
            "24 months",
        ),
        (
            "A memory stick is returned to the records office within seven days and erased.",
            "Within how many days is a memory stick returned to the records office?",
            "seven days",
        ),
        (
            (
                "If a Pump fails the test of clause 4.2, the Supplier shall repair or replace it"
                " within 15 Business Days, and the test is repeated."
            ),
            (
                "If a Pump fails the test of clause 4.2, within how many Business Days shall the"
                " Supplier repair or replace it?"
            ),
            "15 Business Days",
        ),
        (
            (
                "Within fifteen (15) days after the end of each month, Client will provide a"
                " monthly report to Intuit."
            ),
            (
                "Within how many days after the end of each month will Client provide a monthly"
                " report to Intuit?"
            ),
            "fifteen (15) days",
        ),
        (
            "The longest permitted stay in the observation bay is 8 hours.",
            "What is the longest permitted stay in the observation bay?",
            "8 hours",
        ),
        (
            "The parties shall review the time for payment by 30 June 2026.",
            "By what date shall the parties review the time for payment?",
            "30 June 2026",
        ),
        (
            "Fill the casing of the old pump with 2.5 litres of clean water.",
            'Complete: "Fill the casing of the old pump with ____ litres of clean water"',
            "2.5 litres",
        ),
        (
            "Either party may terminate this agreement by giving 90 days' notice in writing.",
            (
                "Complete: \"Either party may terminate this agreement by giving ____ days' notice"
                ' in writing"'
            ),
            "90 days",
        ),
    ],
)
def test_a_figure_in_a_sentence_is_asked_for(sentence: str, question: str, answer: str) -> None:
    assert asked(sentence) == {question: answer}


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param("It is kept for 30 days by the records office.", id="nobody knows what it is"),
        pytest.param("See section 4 sections and page 12 of the manual today.", id="a reference"),
        pytest.param("Fee of [***] is due within [*] days of the notice.", id="redacted"),
        pytest.param("Page 3 of 9 of the agreement lasts for 30 days.", id="a running head"),
        pytest.param("The Supplier shall deliver Pumps as soon as it can.", id="no figure"),
        pytest.param("within 30 days of the delivery of the goods to the site", id="no sentence"),
        pytest.param("The Working Time Regulations 1998 applies to the Executive.", id="a year"),
    ],
)
def test_what_makes_no_good_question_is_left_alone(sentence: str) -> None:
    assert asked(sentence) == {}


def test_definitions_and_parties() -> None:
    found = asked(AGREEMENT[0])
    assert found['What does "Spare Parts" mean?'] == "the parts listed in part B of the Annex"
    assert found['Which party is called the "Supplier"?'] == "Northfield Pumps Ltd"
    assert not any('"Price"' in question for question in found), "its meaning stands elsewhere"


def test_tables_of_bars_and_of_spaces() -> None:
    found = asked(MANUAL, "text/markdown")
    assert found['What is the likely cause for code "E2"?'] == "Air in the suction hose"
    assert asked(ROSTER)['What is the nurse for ward "South"?'] == "Ben Okoye"


def test_headings_and_lists() -> None:
    found = asked(MANUAL, "text/markdown")
    assert found["What are the steps for priming the pump?"].startswith("1. Switch off")
    assert found["What is said about storage and frost?"].startswith("Drain the pump")
    legal = asked(AGREEMENT[1])
    assert legal["What is said about insurance and liability?"].startswith("4.1 The Supplier")


def test_both_ways_of_writing_a_number_are_right() -> None:
    assert wordings("ninety (90)\ndays") == ("ninety (90) days", "90 days", "ninety days")
    assert wordings("30 days") == ("30 days",)


WORDS = st.sampled_from(
    ["The", "Supplier", "shall", "within", "30", "days", '"Term"', "means", "is", "(the", "|",
     "\n", "1.1", "a)", ".", ",", "$5", "%", "\u202e", "\x1b[2J", "##", "-", "  ", "\ufffc", "of"]
)  # fmt: skip


@settings(max_examples=150)
@given(st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=60).map(" ".join)))
@example("| a |\n| --- |\n| b |\n")
@example('1.1 "\u2028" means \u200b\u200b\u200b\u200b\u200b\u200b\u200b\u200b\u200b\u200b\u200b.')
def test_spans_are_verbatim_and_questions_are_plain_and_tell_nothing(text: str) -> None:
    for media_type in ("application/pdf", "text/markdown"):
        for candidate in made(text, media_type):
            assert text[candidate.start : candidate.end] == candidate.text == candidate.text.strip()
            assert any(map(str.isalnum, candidate.text))
            assert candidate.question.isprintable()
            assert 0 <= candidate.score <= 1
            assert not any(gives_away(candidate.question, a) for a in candidate.answers)


def test_hostile_lengths_are_read_in_time() -> None:
    """Long runs of what the rules look for; a rule that backtracks would take for ever."""
    for piece in (
        '"A" means ',
        "the (the ",
        "If a ",
        "A, B and C ",
        "1.1 ",
        "30 days ",
        "| ",
        "* ",
    ):
        made(piece * 4_000)
        made((piece * 40 + ".\n") * 100)
