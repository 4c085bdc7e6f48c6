"""Questions that every document is asked: how they are told, and what the answer says."""

from __future__ import annotations

import pytest

from assistant.errors import Cancelled, UsageError
from assistant.tabular import library_question
from assistant.tabular.exhaustive_question import exhaustive
from assistant.types import Answer, CancelToken, Finished, PartsRead
from tests.fakes.reader import FakeReader
from tests.unit.tabular.grids import Made

NON_COMPETE = "Is there a non-compete clause?"
ASSIGNED = "May the contract be assigned?"
PAGES = {
    "a.txt": ("The seller shall not compete. ", "The contract may be assigned."),
    "b.txt": ("The buyer may compete with anyone. The contract may not be assigned.",),
    "c.txt": ("Nothing of the kind is said. Pay rent.",),
    "d.txt": ("The contract may be assigned with consent only.",),
}
ANSWERS = {
    NON_COMPETE: {"shall not compete": 5.0, "may compete": -0.5},
    ASSIGNED: {
        "may be assigned.": 5.0, "may not be assigned": 4.0, "may be assigned with consent": 4.0,
    },
    "Which duties are there?": {"Pay rent": 3.0, "shall not compete": 2.0, "may compete": -0.4},
}  # fmt: skip


@pytest.mark.parametrize(
    ("question", "asked", "lacking"),
    [
        ("Which contracts lack a non-compete clause?", NON_COMPETE, True),
        ("How many contracts have a non-compete clause?", NON_COMPETE, False),
        ("List all agreements without a liability cap.", "Is there a liability cap?", True),
        ("which of the leases don\u2019t have insurance", "Is there any insurance?", True),
        ("In which contracts is there a warranty?", "Is there a warranty?", False),
        ("How many of our leases include parking?", "Is there any parking?", False),
        ("Show me the documents that contain a penalty", "Is there a penalty?", False),
        ("Which contracts are governed by Hull?", "Is the contract governed by Hull?", False),
        ("Which contracts may not be assigned?", ASSIGNED, True),
        ("How many agreements expire in 2025?", "Does the agreement expire in 2025?", False),
        ("List all duties in all contracts", "Which duties are there?", False),
    ],
)
def test_a_question_to_every_document(question: str, asked: str, *, lacking: bool) -> None:
    found = exhaustive(question)
    assert found is not None
    assert (found.column.question, found.lacking) == (asked, lacking)


@pytest.mark.parametrize(
    "question",
    [
        "Which law governs the contract?",
        "How many documents are there?",
        "Which documents do you have?",
        "Which files did I add?",
        "How many pumps are delivered?",
        "What agreements were made between the parties?",
        "What documents are required for admission?",
        "List the documents that must be kept",
        "Which documents mention cavitation?",
        "How long is the warranty?",
        "List all duties of the tenant",
        "",
    ],
)
def test_a_question_of_one_place_is_none(question: str) -> None:
    assert exhaustive(question) is None
    assert exhaustive(question or "x", forced=True) is not None


def answer_of(question: str, *documents: str, forced: bool = False) -> Answer:
    made = Made(PAGES)
    made.reader = FakeReader(ANSWERS)
    events = made.grids.ask(question, documents, forced=forced)
    assert events is not None
    *read, finished = events
    assert isinstance(finished, Finished)
    total = len(documents or PAGES)
    assert read == [PartsRead(n, total) for n in range(1, total + 1)]
    return finished.answer


def test_which_documents_have_something() -> None:
    answer = answer_of("Which contracts have a non-compete clause?")
    coverage = answer.coverage
    assert coverage is not None
    assert (coverage.documents, coverage.read, coverage.matching) == (4, 4, ("a.txt",))
    assert [(p.document, p.page) for p in coverage.doubtful] == [("b.txt", 1)]
    assert answer.text == "4 of 4 contracts read; 1 matches; 1 doubtful: b.txt, page 1.\na.txt"
    (sentence,) = answer.sentences
    assert (sentence.text, sentence.quotes[0].page) == ("The seller shall not compete.", 1)
    assert answer.passages[0].passage.document == "a.txt"
    assert answer.route is not None
    assert NON_COMPETE in answer.route.reason


def test_which_documents_lack_something() -> None:
    answer = answer_of("Which contracts lack a non-compete clause?")
    assert answer.coverage is not None
    assert answer.coverage.matching == ("c.txt", "d.txt")
    assert answer.sentences == ()
    first, *names = answer.text.splitlines()
    assert first == (
        "4 of 4 contracts read; nothing of the kind was found in 2; 1 doubtful: b.txt, page 1."
    )
    assert names == ["c.txt", "d.txt"]


def test_what_is_denied_does_not_match_and_a_condition_is_doubtful() -> None:
    answer = answer_of("Which contracts may be assigned?")
    assert answer.coverage is not None
    assert answer.coverage.matching == ("a.txt",)
    assert [p.document for p in answer.coverage.doubtful] == ["d.txt"]
    denied = answer_of("Which contracts may not be assigned?").coverage
    assert denied is not None
    assert denied.matching == ("b.txt", "c.txt")


def test_all_that_answers_is_listed_from_the_documents_named() -> None:
    answer = answer_of("List all duties", "a.txt", "b.txt", "c.txt", forced=True)
    assert answer.coverage is not None
    assert (answer.coverage.items, answer.coverage.matching) == (2, ("a.txt", "c.txt"))
    assert [s.quotes[0].document for s in answer.sentences] == ["a.txt", "c.txt"]
    assert answer.text == (
        "3 of 3 documents read; 2 places in 2 documents; 1 doubtful: b.txt, page 1."
    )


def test_a_cancelled_answer_says_how_much_was_read() -> None:
    made, token = Made(PAGES), CancelToken()
    made.reader = FakeReader(ANSWERS)
    events = made.grids.ask("Which contracts have a non-compete clause?", (), token)
    assert events is not None
    next(events)
    token.cancel()
    finished = list(events)[-1]
    assert isinstance(finished, Finished)
    assert finished.answer.cancelled
    assert "1 of 4 contracts read" in finished.answer.text
    assert "3 were not read" in finished.answer.text


def test_a_large_library_is_read_whole_only_if_that_is_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(library_question, "MOST_UNASKED", 4)
    made = Made(PAGES)
    question = "Which contracts have a non-compete clause?"
    assert made.grids.ask(question, forced=False) is None
    assert made.grids.ask(question) is not None
    assert made.grids.ask(question, ["a.txt"], forced=False) is not None
    with pytest.raises(UsageError, match="No document"):
        made.grids.ask(question, ["x.txt"])


def test_a_cancel_before_the_first_document_is_no_error() -> None:
    token = CancelToken()
    token.cancel()
    events = Made(PAGES).grids.ask("List all duties", (), token)
    assert events is not None
    try:
        (finished,) = events
    except Cancelled:
        pytest.fail("a cancelled answer ends with its last event")
    assert isinstance(finished, Finished)
    assert finished.answer.cancelled


def test_a_document_that_names_the_very_thing_is_not_said_to_lack_it() -> None:
    made = Made({
        "a.txt": ("Pay rent. The tenant insures the house.",),
        "b.txt": ("Pay rent. Keep a dog.",),
    })  # fmt: skip
    made.reader = FakeReader({})
    events = made.grids.ask("Which leases lack an insurance clause?", forced=False)
    assert events is not None
    finished = list(events)[-1]
    assert isinstance(finished, Finished)
    coverage = finished.answer.coverage
    assert coverage is not None
    assert coverage.matching == ("b.txt",)
    assert [place.text for place in coverage.doubtful] == ["The tenant insures the house."]
