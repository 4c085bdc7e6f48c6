"""Arms that answer otherwise than `ask`: without passages, with examples, by a strategy."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import pytest

from assistant.config import NO_CHAT_MODEL
from assistant.errors import EngineError, UsageError
from assistant.evaluation.arms import FOR_ADVICE, Arm, InstalledModel, arms_named, names_for_advice
from assistant.evaluation.ask_suite import ask_items
from assistant.evaluation.bootstrap import figures_of, risk_coverage, sample
from assistant.evaluation.closed_book import LONGEST, answer_closed
from assistant.evaluation.gold_spans import GoldSpan
from assistant.evaluation.grading import Row
from assistant.evaluation.memory_use import Memory
from assistant.evaluation.suite import Item
from assistant.prompts import REFUSAL, closed_book_messages
from assistant.strict_reader import read_json
from assistant.types import (
    Answer,
    CancelToken,
    Finished,
    Generated,
    Likelihood,
)
from tests.fakes.engine import FakeChat
from tests.fakes.evaluation import WRONG, row
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import warranty_script

MODELS = (
    InstalledModel("small", "", "a" * 64, active=False),
    InstalledModel("mine", "small", "b" * 64, active=True, tuned=True),
)


# -- names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("base+closed", Arm("base+closed", "small", "a" * 64, closed=True)),
        ("current", Arm("current", "", "b" * 64, "a" * 64, tuned=True)),
        ("base", Arm("base", "small", "a" * 64, strategy="together")),
        ("base+shots", Arm("base+shots", "small", "a" * 64, shots=True, strategy="together")),
        (
            "current+shots",
            Arm("current+shots", "", "b" * 64, "a" * 64, False, True, "together", tuned=True),
        ),
        ("tuned", Arm("tuned", "", "b" * 64, "a" * 64, strategy="together", tuned=True)),
        ("tuned+closed", Arm("tuned+closed", "", "b" * 64, "a" * 64, closed=True, tuned=True)),
        (
            "current+extract",
            Arm("current+extract", "", "b" * 64, "a" * 64, strategy="extract", tuned=True),
        ),
        (
            "model:small+shots+together",
            Arm("model:small+shots+together", "small", "a" * 64, shots=True, strategy="together"),
        ),
    ],
)
def test_an_arm_says_who_and_how(name: str, expected: Arm) -> None:
    """An arm that names a model is answered by it: by itself the reader would be asked."""
    assert arms_named([name], MODELS) == (expected,)


@pytest.mark.parametrize(
    "name",
    [
        "base+", "base+other", "base+closed+closed", "base+closed+shots", "base+closed+together",
        "retrieval+closed", "retrieval+shots", "base+together+map-reduce", "+closed",
        "base+closed+",
    ],
)  # fmt: skip
def test_what_can_not_be_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        arms_named([name], MODELS)
    assert caught.value.hint


@pytest.mark.parametrize("name", ["sequence", "token"])
def test_a_way_that_was_taken_out_is_refused_with_the_one_to_use(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        arms_named([f"base+{name}"], MODELS)
    assert "use 'reader'" in caught.value.hint


def test_a_model_that_was_not_tuned_is_no_tuned_arm() -> None:
    plain = (InstalledModel("small", "", "a" * 64, active=True),)
    with pytest.raises(UsageError, match="was not tuned"):
        arms_named(["tuned"], plain)
    assert names_for_advice(plain) == ("retrieval", "base+closed", "base", "base+shots")
    assert names_for_advice(()) == ("retrieval",)
    assert names_for_advice(MODELS) == FOR_ADVICE
    merged = (replace(plain[0], tuned=True),)
    assert names_for_advice(merged) == ("retrieval", "tuned+closed", "tuned")
    assert [arm.chat_model for arm in arms_named(FOR_ADVICE[:2], MODELS)] == [
        NO_CHAT_MODEL,
        "small",
    ]


# -- closed book ------------------------------------------------------------------------------


class KnowingChat(FakeChat):
    """A chat model that finds every token of its answers equally likely."""

    def score(
        self,
        prompt: str,
        continuations: Sequence[str],
        cancel: CancelToken | None = None,
        *,
        ended: bool = False,
    ) -> list[Likelihood]:
        return [Likelihood(4 * math.log(0.5), 4) for _ in continuations]


def closed(chat: KnowingChat, question: str = "How long?") -> Answer:
    *before, last = answer_closed(chat, question)
    assert all(isinstance(event, Generated) for event in before)
    assert isinstance(last, Finished)
    return last.answer


def test_closed_book_shows_no_passage_and_supports_nothing() -> None:
    chat = KnowingChat(("24 ", "months"))
    answer = closed(chat)
    assert chat.messages == [tuple(closed_book_messages("How long?"))]
    assert (answer.text, answer.abstained, answer.passages) == ("24 months", False, ())
    assert [sentence.supported for sentence in answer.sentences] == [False]
    assert not any(sentence.quotes for sentence in answer.sentences)
    assert answer.relevance == pytest.approx(0.5)
    assert answer.timings.prompt_tokens > 0


@pytest.mark.parametrize("pieces", [(REFUSAL,), ("",), ("I do not know.",)])
def test_not_knowing_is_a_refusal(pieces: tuple[str, ...]) -> None:
    answer = closed(KnowingChat(pieces))
    assert answer.abstained
    assert answer.sentences == ()


def test_a_model_that_never_stops_is_cut_off() -> None:
    chat = KnowingChat(("again ",) * 10_000)
    answer = closed(chat)
    assert answer.truncated
    assert len(answer.text.split()) == LONGEST


def test_a_closed_book_answer_can_be_cancelled() -> None:
    token = CancelToken()
    events = answer_closed(KnowingChat(("a ", "b ", "c ")), "x", cancel=token)
    next(events)
    token.cancel()
    last = list(events)[-1]
    assert isinstance(last, Finished)
    assert last.answer.cancelled
    assert not last.answer.abstained


def asked(arm: Arm, item: Item, *events: Any) -> Row:
    workspace = FakeWorkspace(forbidden=-1, answers=[list(events)])
    (judged,) = ask_items(
        workspace, [item], {item.id: (GoldSpan(1, 2),)}, CancelToken(), Memory(), arm
    )
    assert workspace.strategies == [arm.strategy]
    return judged.row


def test_what_was_known_by_heart_is_judged_by_its_words() -> None:
    (arm,) = arms_named(["base+closed"], MODELS)
    known = list(answer_closed(KnowingChat(("24 months",)), "x"))
    found = asked(arm, Item("a", "x", ("24 months",)), *known)
    assert (found.right, found.exact, found.f1) == (True, 1.0, 1.0)
    assert (found.quotes, found.supported, found.cited, found.ranks) == (0, 0, False, ())
    assert found.retrieve_ms == -1
    wrong = asked(arm, Item("a", "x", ("36 months",)), *known)
    assert not wrong.right
    refused = list(answer_closed(KnowingChat((REFUSAL,)), "x"))
    assert asked(arm, Item("a", "x"), *refused).right
    figures = figures_of(sample({"x": [found, wrong]})["x"])
    assert "cited" not in figures
    assert "mrr" not in figures


def test_the_same_words_count_for_nothing_where_quotes_are_wanted() -> None:
    known = list(answer_closed(KnowingChat(("24 months",)), "x"))
    (arm,) = arms_named(["current"], MODELS)
    assert not asked(arm, Item("a", "x", ("24 months",)), *known).right


def test_a_strategy_is_asked_for_by_its_name() -> None:
    (arm,) = arms_named(["current+extract"], MODELS)
    fake = FakeWorkspace(forbidden=-1)
    assert asked(arm, Item("a", "x", ("24 months",)), *warranty_script(fake)).right


@pytest.mark.parametrize("name", ["current", "base+closed"])
def test_numbers_that_are_none_make_a_row_with_an_error(name: str) -> None:
    (arm,) = arms_named([name], MODELS)
    found = asked(arm, Item("a", "x", ("y",)), EngineError("The model computed NaN."))
    assert (found.failed, found.right) == ("engine", False)
    assert found.ranks == (() if arm.closed else (0,))


def test_an_answer_in_another_language_is_compared_as_any() -> None:
    (arm,) = arms_named(["base+closed"], MODELS)
    known = list(answer_closed(KnowingChat(("二十四か月",)), "保証期間は?"))
    assert asked(arm, Item("a", "保証期間は?", ("二十四か月",)), *known).right
    assert not asked(arm, Item("a", "保証期間は?", ("24 months",)), *known).right


# -- confidence --------------------------------------------------------------------------------


def test_a_calibrated_confidence_is_held_against_being_right() -> None:
    rows = [
        row("a", calibrated=True, confidence=0.8),
        row("b", calibrated=True, confidence=0.6, **WRONG),
        row("c", calibrated=True, confidence=0.1, abstained=True, **WRONG),
    ]
    found = figures_of(sample({"x": rows})["x"])
    assert found["brier"].value == pytest.approx((0.2**2 + 0.6**2) / 2)
    assert found["brier"].count == 2
    assert risk_coverage(rows) == [(1 / 3, 0.0), (2 / 3, 1 / 2)]


def test_a_row_of_an_older_program_is_read() -> None:
    table = asdict(row("a"))
    for name in ("calibrated", "prompt_tokens"):
        del table[name]
    assert read_json(json.dumps(table).encode(), Row) == row("a")
