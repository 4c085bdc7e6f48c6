"""Feedback to a suite and to training data: what goes where, and what stays out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import UsageError
from assistant.evaluation.gold_spans import Pages, find_gold_spans
from assistant.evaluation.suite import read_suite
from assistant.feedback.export_rows import export, side
from assistant.feedback.validation import completed, feedback_of, to_look_for
from assistant.types import Correction, ExportKind, Feedback, LeftOut
from tests.fakes.evaluation import write_suite
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import CONTRACT
from tests.unit.feedback.test_feedback_rules import NAME, answered, library, refused

PLACE = Correction("", (to_look_for("three months' notice", NAME),))


def entries(fake: FakeWorkspace) -> list[Feedback]:
    """Right, a right refusal, a corrected place, "not in the documents", and an open one."""
    given = [
        feedback_of(answered("q right"), "right"),
        feedback_of(replace(refused(), question="q refused"), "right"),
        feedback_of(answered("q place"), "wrong-source", PLACE),
        feedback_of(answered("q none"), "wrong", Correction(unanswerable=True)),
        feedback_of(answered("q words"), "wrong", Correction("two years")),
        feedback_of(answered("q open"), "wrong"),
    ]
    done = [completed(one, fake, any_words=True) for one in given]
    return [replace(one, id=n, at="2026-11-21T10:00") for n, one in enumerate(done, 1)]


def rows(kind: ExportKind, fake: FakeWorkspace, **options: Any) -> list[Any]:
    return list(export(kind, entries(fake), fake, **({"both": True} | options)).rows)


def test_a_suite_of_feedback_is_read_and_its_places_found(tmp_path: Path) -> None:
    fake = library()
    made = export("suite", entries(fake), fake, both=True)
    assert made.left_out == (LeftOut(6, "needs a correction"),)
    suite = read_suite(write_suite(tmp_path / "suite.jsonl", *made.rows))
    assert [item.id for item in suite.items] == [f"feedback-{n}" for n in made.ids]
    places = find_gold_spans(suite, fake.documents(), Pages(fake))
    by_question = {item.question: (item, places[item.id]) for item in suite.items}
    item, (found,) = by_question["q right"]
    assert item.answers == ("24 months from the date",)
    assert CONTRACT[1][found.start : found.end] == "24 months from the date"
    item, (found,) = by_question["q place"]
    assert (found.page, item.answers) == (3, ("three months' notice",))
    assert not by_question["q refused"][0].answerable
    assert not by_question["q none"][0].answerable
    assert by_question["q words"][0].answers == ("two years",)
    assert by_question["q words"][1] == ()


def test_rows_for_training_are_verbatim_and_hold_their_context() -> None:
    fake = library()
    made = export("training", entries(fake), fake, both=True)
    by_question = {row["question"]: row for row in made.rows}
    right = by_question["q right"]
    page = CONTRACT[right["page"] - 1]
    assert page[right["start"] : right["end"]] == right["answer"] == "24 months from the date"
    assert right["context"] == fake.passage(NAME, 2, "4. Warranty", "is noticed.").text
    place = by_question["q place"]
    assert place["answer"] in place["context"]
    assert CONTRACT[2][place["start"] : place["end"]] == place["answer"]
    for question in ("q none", "q refused"):
        row = by_question[question]
        assert (row["answer"], row["unanswerable"]) == ("unanswerable", True)
        assert row["context"]
        assert "start" not in row
    assert made.left_out == (
        LeftOut(5, "its answer stands nowhere word for word"),
        LeftOut(6, "needs a correction"),
    )


def test_a_quote_with_quotation_marks_inside_is_no_sample() -> None:
    fake = FakeWorkspace(forbidden=-1, pages={NAME: ('He said \u201cwait\u201d to "us".',)})
    place = to_look_for('said "wait" to', NAME)
    one = completed(feedback_of(answered(), "wrong", Correction("", (place,))), fake)
    made = export("training", [replace(one, id=1)], fake, both=True)
    assert made.rows == ()
    assert "quotation marks" in made.left_out[0].reason
    assert len(export("suite", [replace(one, id=1)], fake, both=True).rows) == 1


def test_a_refusal_without_a_passage_is_no_sample() -> None:
    one = replace(feedback_of(refused(), "right"), id=1, shown=())
    made = export("training", [one], library(), both=True)
    assert made.rows == ()
    assert "no passage is left" in made.left_out[0].reason


@settings(max_examples=30)
@given(st.lists(st.text(min_size=1, max_size=20), max_size=12), st.floats(0, 1))
def test_no_question_goes_to_both_sides(questions: list[str], share: float) -> None:
    given_ = [
        replace(feedback_of(answered(f"a{q}"), "right"), id=n) for n, q in enumerate(questions, 1)
    ]
    fake = library()
    suite = export("suite", given_, fake, training_share=share)
    training = export("training", given_, fake, training_share=share)
    assert set(suite.ids).isdisjoint(training.ids)
    newest_count = len(suite.ids) + len(training.ids)
    both = export("suite", given_, fake, both=True)
    assert newest_count == len(both.ids)
    assert {left.id for left in suite.left_out} == set(training.ids)


def test_what_went_to_one_side_stays_there_whatever_the_share() -> None:
    fake = library()
    before = [replace(e, exported=("suite",)) for e in entries(fake)[:1]]
    later = replace(feedback_of(answered("Q, right!"), "right"), id=9)
    made = export("training", [*before, later], fake, training_share=1.0)
    assert made.left_out == (LeftOut(9, "went to evaluation before"),)
    assert export("suite", [*before, later], fake, training_share=1.0).ids == (9,)
    assert export("training", [*before, later], fake, both=True).ids == (9,)


def test_the_share_decides_and_is_the_same_for_every_spelling() -> None:
    questions = [f"Question number {n}?" for n in range(400)]
    sides = [side(question, 0.25) for question in questions]
    assert 60 < sides.count("training") < 140
    assert sides == [side(q.upper().replace(" ", "  "), 0.25) for q in questions]
    assert {side(q, 0.0) for q in questions} == {"suite"}
    assert {side(q, 1.0) for q in questions} == {"training"}
    with pytest.raises(UsageError, match="from 0 to 1"):
        export("suite", [], library(), training_share=1.5)


def test_rows_are_plain_json_with_a_note_for_people() -> None:
    fake = library()
    for row in rows("suite", fake) + rows("training", fake):
        assert json.loads(json.dumps(row)) == row
    assert "feedback 1 of 2026-11-21: right" in rows("suite", fake)[0]["note"]
