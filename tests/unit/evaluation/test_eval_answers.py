"""Judging answers, arms, and rows on disk that may hold anything."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from assistant.config import NO_CHAT_MODEL, Settings
from assistant.engine.engine_loader import has_chat_model
from assistant.errors import SuiteError, UsageError
from assistant.evaluation.answer_journal import Journal
from assistant.evaluation.arms import Arm, InstalledModel, arms_named
from assistant.evaluation.ask_suite import ask_items
from assistant.evaluation.gold_spans import GoldSpan
from assistant.evaluation.grading import Row
from assistant.evaluation.memory_use import Memory
from assistant.evaluation.saved_run import read_run
from assistant.evaluation.suite import Item
from assistant.strict_reader import BadInputError, fitted
from assistant.types import CancelToken, Finished, Sentence
from tests.fakes.evaluation import ROW, row
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import (
    abstained_script,
    answer,
    warranty_hits,
    warranty_script,
)

MODELS = (
    InstalledModel("small", "", "a" * 64, active=False),
    InstalledModel("tuned", "small", "b" * 64, active=True),
)
WHERE = (GoldSpan(1, 2, 0, 200),)


def asked(workspace: FakeWorkspace, item: Item, places: tuple[GoldSpan, ...] = ()) -> Row:
    (judged,) = ask_items(workspace, [item], {item.id: places}, CancelToken(), Memory())
    return judged.row


def test_an_answer_is_judged_by_what_was_shown() -> None:
    item = Item("a", "How long is the warranty?", ("24 months",))
    found = asked(FakeWorkspace(forbidden=-1), item, WHERE)
    assert found.holds
    assert found.right
    assert found.cited
    assert 0 < found.f1 < 1
    assert (found.sentences, found.supported) == (3, 2)
    assert (found.quotes, found.verbatim) == (2, 2)
    assert found.ranks == (1,)
    assert found.words_ms >= 0


DOSE = "The dose of Methoxin is 12.5 mg per day."
COLD = "The freezer is kept at \u221218 degrees, the fridge between 2\u20138 degrees."
FEES = "A berth costs 1,240 euros, 0,8 percent less in 2024, or \u00a31.5m for all 1\u00bd piers."


@pytest.mark.parametrize(
    ("shown", "right", "wrong"),
    [
        (DOSE, "12.5 mg", "1.25 mg"),
        (DOSE, "12,5 mg", "125 mg"),
        (DOSE, "12.50 mg", "12.05 mg"),
        (DOSE, "12.5mg", "5 mg"),
        (DOSE, "12.5", "12"),
        (DOSE, "12.5 mg per day", "12.5 g per day"),
        (COLD, "-18", "18"),
        (COLD, "\u221218 degrees", "18 degrees"),
        (COLD, "minus 18 degrees", "28 degrees"),
        (COLD, "2-8 degrees", "28"),
        (FEES, "1240 euros", "124 euros"),
        (FEES, "1,240", "1.24"),
        (FEES, "1'240 euros", "240 euros"),
        (FEES, "0.8 percent", "8 percent"),
        (FEES, "0,8 percent", "0.08 percent"),
        (FEES, "1 1/2 piers", "11/2 piers"),
    ],
)
def test_numbers_keep_sign_point_and_unit(shown: str, right: str, wrong: str) -> None:
    def judged(answers: str) -> Row:
        fake = FakeWorkspace(forbidden=-1)
        sentence = Sentence(shown, supported=True, quotes=(), origin="extract")
        said = Finished(answer("", shown, sentences=(sentence,), hits=warranty_hits(fake)))
        return asked(FakeWorkspace(forbidden=-1, answers=[[said]]), Item("a", "x", (answers,)))

    assert judged(right).right
    assert not judged(wrong).right
    assert not judged(wrong).holds


def test_the_short_answer_is_compared_where_there_is_one() -> None:
    """It is what a person reads first; the sentence around it would only thin it out."""
    fake = FakeWorkspace(forbidden=-1)
    *_, last = warranty_script(fake)
    quote = last.answer.sentences[0].quotes[0]

    def judged(short: str) -> Row:
        said = Finished(replace(last.answer, short=replace(quote, text=short)))
        workspace = FakeWorkspace(forbidden=-1, answers=[[said]])
        return asked(workspace, Item("a", "x", ("24 months",)))

    assert (judged("24 months").f1, judged("24 months").exact) == (1.0, 1.0)
    assert judged("36 months").f1 < 1.0
    assert judged("36 months").exact == 0.0


def test_a_wrong_answer_and_an_answer_to_the_unanswerable_are_wrong() -> None:
    wrong = asked(FakeWorkspace(forbidden=-1), Item("a", "x", ("36 months",)), (GoldSpan(1, 3),))
    assert (wrong.holds, wrong.right, wrong.cited) == (False, False, False)
    assert wrong.ranks == (0,)
    assert not asked(FakeWorkspace(forbidden=-1), Item("a", "x")).right


def test_a_refusal_is_right_for_the_unanswerable_only() -> None:
    def refusing() -> FakeWorkspace:
        fake = FakeWorkspace(forbidden=-1)
        return FakeWorkspace(forbidden=-1, answers=[abstained_script(fake)])

    assert asked(refusing(), Item("a", "x")).right
    refused = asked(refusing(), Item("a", "x", ("24 months",)))
    assert refused.abstained
    assert not refused.right
    assert refused.f1 == 0


def test_a_quote_that_is_not_in_the_document_is_seen() -> None:
    fake = FakeWorkspace(forbidden=-1)
    *before, last = warranty_script(fake)
    sentence = last.answer.sentences[0]
    forged = replace(sentence, quotes=(replace(sentence.quotes[0], text="36 months"),))
    answer = replace(last.answer, sentences=(forged, *last.answer.sentences[1:]))
    workspace = FakeWorkspace(forbidden=-1, answers=[[*before, Finished(answer)]])
    found = asked(workspace, Item("a", "x", ("24 months",)))
    assert (found.quotes, found.verbatim) == (2, 1)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("retrieval",), Arm("retrieval", NO_CHAT_MODEL, "")),
        (("current",), Arm("current", "", "b" * 64, "a" * 64)),
        (("base",), Arm("base", "small", "a" * 64, strategy="together")),
        (("model:small",), Arm("model:small", "small", "a" * 64, strategy="together")),
        (
            ("adapter:tuned",),
            Arm("adapter:tuned", "tuned", "b" * 64, "a" * 64, strategy="together"),
        ),
    ],
)
def test_arms_are_named(names: tuple[str, ...], expected: Arm) -> None:
    assert arms_named(names, MODELS) == (expected,)


@pytest.mark.parametrize(
    "names",
    [("other",), ("model:",), ("model:none",), ("adapter:small",), ("base", "base"), ("",)],
)
def test_an_arm_that_there_is_not_is_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        arms_named(names, MODELS)


def test_without_a_model_there_is_no_base() -> None:
    with pytest.raises(UsageError):
        arms_named(["base"], ())
    assert arms_named(["current"], ()) == (Arm("current", "", ""),)


def test_the_settings_can_say_that_no_model_is_used(tmp_path: Path) -> None:
    settings = Settings(tmp_path, chat_model=NO_CHAT_MODEL)
    assert not has_chat_model(settings)
    assert has_chat_model(settings.with_changes(chat_model="any"))


# -- on disk -------------------------------------------------------------------------------


def test_a_row_comes_back_as_it_was() -> None:
    assert fitted(json.loads(json.dumps(asdict(ROW))), Row) == ROW


@pytest.mark.parametrize(
    "change",
    [
        {"id": 7}, {"id": "a\x1b[2J"}, {"id": "x" * 300}, {"ranks": [-1]}, {"ranks": [True]},
        {"ranks": [1] * 500}, {"ranks": "1"}, {"right": 1}, {"f1": 1.5}, {"f1": float("nan")},
        {"confidence": -0.1}, {"confidence": 10**400}, {"verbatim": 2}, {"quotes": True},
        {"quotes": -1}, {"total_ms": float("inf")}, {"total_ms": True}, {"more": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_row_that_no_run_wrote_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(BadInputError):
        fitted(json.loads(json.dumps(asdict(ROW))) | change, Row)


def test_a_journal_goes_on_after_a_line_that_was_cut_off(tmp_path: Path) -> None:
    journal = Journal(tmp_path, {"model": "a"})
    journal.add(row("q1"), None)
    journal.add(row("q2"), {"answer": "kept"})
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole[:-20] + b"\xff")
    again = Journal(tmp_path, {"model": "a"})
    assert list(again.rows) == ["q1"]
    again.add(row("q2"), {"answer": "kept"})
    third = Journal(tmp_path, {"model": "a"})
    assert list(third.rows) == ["q1", "q2"]
    assert third.texts == {"q2": {"answer": "kept"}}
    assert Journal(tmp_path, {"model": "b"}).rows == {}
    assert journal.path.stat().st_mode & 0o777 == 0o600
    third.drop()
    assert Journal(tmp_path, {"model": "a"}).rows == {}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"kind": "assistant-eval", "format": 1}', "\xff", '{"a": NaN}', "[" * 9999],
)
def test_a_file_that_is_no_run_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(SuiteError):
        read_run(tmp_path)
