"""Examples before the question: which are chosen, and what they change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import SuiteError
from assistant.evaluation.few_shot import SHOTS, candidates, make_shots
from assistant.evaluation.suite import Item, Suite, read_suite
from assistant.prompts import CLOSED_BOOK, REFUSAL, build_messages, closed_book_messages, with_shots
from assistant.types import (
    Message,
    SearchResult,
)
from tests.fakes.evaluation import write_suite
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import warranty_hits

CONTRACT_ANSWER = "24 months"


def found_hits(query: str, limit: int) -> SearchResult:
    hits = warranty_hits(FakeWorkspace(forbidden=-1))
    return SearchResult(query, tuple(hits)[:limit], 0.9, relevant=True)


def training(name: str, *answers: str, question: str = "") -> Item:
    return Item(name, question or f"Question {name}?", answers, training=True)


def suite_of(*items: Item) -> Suite:
    measured = tuple(item for item in items if not item.training)
    return Suite("s.jsonl", "0" * 64, measured, tuple(i for i in items if i.training))


def test_five_examples_two_of_them_refusals_by_their_ids() -> None:
    own = [training(f"a{n}", CONTRACT_ANSWER) for n in range(6)]
    none = [training(f"b{n}") for n in range(4)]
    shots = make_shots(candidates(suite_of(Item("m", "Measured?"), *none, *own)), found_hits)
    assert len(shots) == 2 * SHOTS
    assert [m.role for m in shots] == ["user", "assistant"] * SHOTS
    assert [m.content for m in shots[1::2]] == [f'"{CONTRACT_ANSWER}"'] * 3 + [REFUSAL] * 2
    for question in shots[0:6:2]:
        assert CONTRACT_ANSWER in question.content
    assert [q.content.split("Question: ")[1].split("\n")[0] for q in shots[::2]] == [
        "Question a0?", "Question a1?", "Question a2?", "Question b0?", "Question b1?",
    ]  # fmt: skip


def test_an_example_whose_answer_the_library_lacks_is_left_out() -> None:
    shots = candidates(suite_of(Item("m", "Measured?"), training("a", "99 months")))
    with pytest.raises(SuiteError, match="stands in the library"):
        make_shots(shots, found_hits)


@pytest.mark.parametrize(
    "leaked",
    [
        training("m", CONTRACT_ANSWER),
        training("other", CONTRACT_ANSWER, question="how LONG is the warranty"),
    ],
)
def test_what_is_measured_is_no_example(leaked: Item) -> None:
    measured = Item("m", "How long is the warranty?", ("x",))
    with pytest.raises(SuiteError, match="measured too"):
        candidates(suite_of(measured, leaked))
    given = suite_of(replace(leaked, training=False))
    with pytest.raises(SuiteError, match="measured too"):
        candidates(suite_of(measured), given)


def test_without_examples_it_is_said_how_to_give_some() -> None:
    with pytest.raises(SuiteError) as caught:
        candidates(suite_of(Item("m", "Measured?")))
    assert "--shots" in caught.value.hint


def test_examples_stand_before_the_question_and_change_nothing_else() -> None:
    plain = build_messages("How long?", ())
    turns = [Message("user", "Q"), Message("assistant", "A")]
    assert with_shots(plain, turns) == [plain[0], *turns, plain[1]]
    assert with_shots(plain, ()) == plain
    assert closed_book_messages("a\nb")[0].content == CLOSED_BOOK
    assert closed_book_messages("a\nb")[1].content == "Question: a b"


def test_the_training_part_of_a_suite_is_not_asked(tmp_path: Path) -> None:
    path = write_suite(
        tmp_path / "s.jsonl",
        {"id": "a", "question": "x?", "answers": ["y"], "part": "train"},
        {"id": "b", "question": "z?", "unanswerable": True, "part": "test"},
    )
    suite = read_suite(path)
    assert [item.id for item in suite.items] == ["b"]
    assert [item.id for item in suite.training] == ["a"]
    write_suite(path, {"id": "a", "question": "x?", "answers": ["y"], "part": "train"})
    with pytest.raises(SuiteError, match="no question to ask"):
        read_suite(path)
    write_suite(path, {"id": "a", "question": "x?", "answers": ["y"], "part": ["train"]})
    with pytest.raises(SuiteError, match='\'part\': expected "test" or "train"'):
        read_suite(path)
