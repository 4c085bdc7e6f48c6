"""Which documents speak of a thing: by their words, with the best place of each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.tabular.library_mentions import answer_mentions, asked_mention, mentions_of
from assistant.types import Finished
from tests.fakes.grids import FakeGridStore
from tests.fakes.workspace_scripts import record

PAGES = {
    1: ("The warming blanket\n\nThe warming blanket is set to its lowest step.", "Blankets warm."),
    2: ("The pump runs. A blanket lies in the cupboard.", "It is a warm day."),
    3: ("Warming blanket 1 was repaired.",),
}
RECORDS = [
    replace(record(n, f"{n}.pdf", pages), dated=dated)
    for (n, pages), dated in zip(PAGES.items(), ("2025-02-01", "", "2024-09-14"), strict=True)
]
STORE = FakeGridStore(RECORDS, PAGES)


@pytest.mark.parametrize(
    ("question", "what"),
    [
        ("Which documents mention the warming blanket?", "the warming blanket"),
        ("which files speak about payment", "payment"),
        ("In which contracts is an escrow agent named?", "an escrow agent"),
        ("How many letters talk about “gout”?", "gout"),
        ("What documents deal with data protection?", "data protection"),
        ("Where is the duty clinician mentioned?", "the duty clinician"),
        ("Since when has the merger been discussed?", "the merger"),
    ],
)
def test_questions_about_mentions_are_known(question: str, what: str) -> None:
    assert asked_mention(question) == what


@pytest.mark.parametrize(
    "question",
    [
        "How long is the warranty?",
        "Which contracts lack a non-compete clause?",
        "Which documents must be kept?",
        "Which documents mention the?",
        "Where is the pump?",
        "",
    ],
)
def test_other_questions_are_none_of_them(question: str) -> None:
    assert asked_mention(question) == ""


def test_a_passage_must_have_all_words() -> None:
    found = mentions_of("the warming blanket", RECORDS, STORE)
    assert [(m.document.id, m.passages) for m in found] == [(1, 1), (3, 1)]
    assert found[0].sentence.text == "The warming blanket is set to its lowest step."
    assert found[0].sentence.quotes[0].page == 1
    assert mentions_of("penguins", RECORDS, STORE) == []


def test_only_what_is_in_scope_is_looked_through() -> None:
    assert [m.document.id for m in mentions_of("warming blanket", RECORDS[1:], STORE)] == [3]


def test_the_answer_says_how_many_how_often_and_since_when() -> None:
    (event,) = answer_mentions("q", "warming blanket", RECORDS, STORE)
    assert isinstance(event, Finished)
    first, *lines = event.answer.text.split("\n")
    assert (
        first
        == "2 of 3 documents speak of “warming blanket”, in 2 passages, the earliest of 2024-09-14."
    )
    assert lines == ["1.pdf: 1 passage, 2025-02-01", "3.pdf: 1 passage, 2024-09-14"]
    coverage = event.answer.coverage
    assert coverage is not None
    assert (coverage.read, coverage.matching) == (3, ("1.pdf", "3.pdf"))
    (nothing,) = answer_mentions("q", "penguins", RECORDS, STORE)
    assert isinstance(nothing, Finished)
    assert nothing.answer.text.startswith("0 of 3 documents speak of")
