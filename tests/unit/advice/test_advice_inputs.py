"""Runs, answers and costs as they are read; the document that is made of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.advice.advice_report import blocks_of, markdown
from assistant.advice.comparison_table import comparison, measured_rows
from assistant.advice.costs import REFERENCE_SPEED, Sizes, Speed, costs_of, read_speed
from assistant.advice.evidence import RIGHT, SCORE, evidence_of
from assistant.advice.questionnaire import QuestionnaireAnswers, read_answers
from assistant.advice.rules import decide
from assistant.errors import SuiteError, UsageError
from assistant.evaluation.saved_run import ArmRun
from assistant.html_page.page import html_page
from tests.fakes.advice import OPEN, arm, case, evidence, run_of
from tests.fakes.evaluation import row, saved_run

ALL = {
    "retrieval": 50, "base_closed": 10, "base": 60, "base_shots": 55, "tuned_closed": 20,
    "tuned": 80,
}  # fmt: skip


def test_arms_are_told_apart_by_how_they_were_asked() -> None:
    found = evidence(**ALL)
    assert {m.arm: m.role for m in found.arms} == {
        "retrieval": "extract", "base+closed": "bare", "base": "retrieval",
        "base+shots": "shots", "tuned+closed": "tuning", "tuned": "both",
    }  # fmt: skip
    assert found.options["retrieval"].arm == "base"
    assert found.changes["base", "tuned"].value == pytest.approx(0.2)
    assert found.changes["tuned", "base"].value == pytest.approx(-0.2)
    assert (found.questions, found.answerable) == (100, 100)


def test_a_run_of_before_can_be_told_what_was_tuned() -> None:
    old = saved_run(
        ArmRun("base", "small", "", 0, 1.0, (row("a"), row("b"))),
        ArmRun("current", "mine", "", 0, 1.0, (row("a"), row("b"))),
    )
    assert set(evidence_of(old, RIGHT).options) == {"retrieval"}
    assert set(evidence_of(old, RIGHT, ["current"]).options) == {"retrieval", "both"}
    with pytest.raises(SuiteError, match="no arm 'other'"):
        evidence_of(old, RIGHT, ["other"])


def test_arms_with_other_questions_are_refused() -> None:
    mixed = saved_run(arm("retrieval", [True, True]), arm("tuned", [True]))
    with pytest.raises(SuiteError, match="different questions"):
        evidence_of(mixed, RIGHT)


def test_short_answers_are_measured_by_f1() -> None:
    rows = tuple(row(f"q{n}", f1=0.25, answerable=True) for n in range(30))
    refused = row("u", answerable=False, answers=0, ranks=(), abstained=True, f1=0.0)
    run = saved_run(ArmRun("retrieval", "", "", 0, 1.0, (*rows, refused)))
    figure = evidence_of(run, SCORE).options["retrieval"].figure
    assert figure.value == pytest.approx((30 * 0.25 + 1) / 31)


@pytest.mark.parametrize("name", ["needs.toml", "needs.json"])
def test_answers_are_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    json_text = '{"changes": "weekly", "latency": 3}'
    path.write_text(json_text if name.endswith("json") else 'changes = "weekly"\nlatency = 3\n')
    assert read_answers(path) == QuestionnaireAnswers(changes="weekly", latency=3.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('changes = "hourly"', "'changes' can't be 'hourly'"),
        ("changes = 3", "'changes' can't be '3'"),
        ("latency = nan", "'latency'"),
        ("latency = -1", "'latency'"),
        ("latency = true", "'latency'"),
        ('latency = "soon"', "'latency'"),
        ("memory = 1e400", "'memory'"),
        ("colour = 1", "'colour' is no question"),
        ("[changes]\nx = 1", "'changes'"),
        ("changes", "can't be read"),
    ],
)
def test_answers_that_make_no_sense_are_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "needs.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_answers(path)
    assert said in caught.value.message
    assert caught.value.hint


def test_the_time_of_a_training_grows_with_examples_and_parameters() -> None:
    one = costs_of(replace(OPEN, examples=1000.0), None, Sizes(), Speed())
    assert one.training == pytest.approx(2 * 1000 / REFERENCE_SPEED / 3600)
    assert costs_of(replace(OPEN, examples=2000.0), None, Sizes(), Speed()).training == (
        pytest.approx(2 * one.training)
    )
    large = costs_of(replace(OPEN, examples=1000.0), None, Sizes(parameters=270_000_000), Speed())
    assert large.training == pytest.approx(2 * one.training)
    own = Speed(71.5, 0, "here", measured_here=True)
    mine = costs_of(replace(OPEN, examples=1000.0), None, Sizes(parameters=270_000_000), own)
    assert mine.training == pytest.approx(one.training / 10)


def test_the_speed_of_a_training_is_read(tmp_path: Path) -> None:
    path = tmp_path / "training.json"
    steps = [{"samples": 20, "seconds": 4.0}, {"samples": 10, "seconds": 2.0}]
    path.write_text(json.dumps({"history": {"steps": steps}}))
    assert read_speed(path).samples_per_second == 5
    for wrong in ("{}", "[]", '{"history": {"steps": []}}', '{"history": {"steps": [1]}}',
                  '{"history": {"steps": [{"samples": -1, "seconds": 2}]}}'):  # fmt: skip
        path.write_text(wrong)
        with pytest.raises(UsageError):
            read_speed(path)


def test_the_table_has_the_measured_figures() -> None:
    whole = case(OPEN, evidence(**ALL))
    table = {row_[0]: row_[1:] for row_ in comparison(whole)}
    assert "0.60" in table["measured"][0]
    assert "(base)" in table["measured"][0]
    assert "0.80" in table["measured"][2]
    assert table["latency, median and 95th percentile"][0] == "200 ms, 200 ms"
    assert table["memory"] == ["210 MB"] * 3
    assert len(measured_rows(whole)) == 1 + len(ALL)
    assert {"data updates", "upkeep a month", "security", "suited for"} <= set(table)
    guess = {row_[0]: row_[1:] for row_ in comparison(case())}
    assert guess["measured"] == ["not measured"] * 3


def test_a_hostile_run_can_do_nothing_in_the_document() -> None:
    evil = "<script>alert(1)</script>|\u202e[x](http://e)"
    run = run_of(retrieval=50)
    run = replace(run, arms=(replace(run.arms[0], name=evil, model=evil),), made_at="2026")
    whole = case(OPEN, evidence_of(run, RIGHT))
    blocks = blocks_of(whole, decide(whole))
    page, text = html_page("Advice", blocks), markdown(blocks)
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert "<script" not in text
    assert "[x](http" not in text.replace("\\]", "")
    assert "\u202e" not in page + text


def test_a_guess_is_said_to_be_one() -> None:
    whole = case()
    assert "THIS IS A GUESS" in markdown(blocks_of(whole, decide(whole)))
    measured = case(OPEN, evidence(**ALL))
    assert "GUESS" not in markdown(blocks_of(measured, decide(measured)))
