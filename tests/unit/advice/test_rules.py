"""Each rule at its boundary, and the choice among what is left."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.advice.decision import NEITHER, AdviceInput, Decision
from assistant.advice.evidence import (
    BOTH,
    OPTIONS,
    RETRIEVAL,
    RIGHT,
    TUNING,
    Evidence,
    evidence_of,
)
from assistant.advice.questionnaire import QUESTIONS, QuestionnaireAnswers
from assistant.advice.rules import FEWEST_QUESTIONS, decide
from assistant.advice.sensitivity import more_questions, tipping_points
from tests.fakes.advice import OPEN, case, evidence, run_of

TUNED_WINS = evidence(retrieval=20, tuned_closed=80, tuned=82)
BOTH_WIN = evidence(retrieval=40, base_closed=5, tuned_closed=10, tuned=80)
ALL_ALIKE = evidence(retrieval=80, tuned_closed=80, tuned=80)


def rules(decision: Decision) -> set[tuple[str, str]]:
    return {(fired.rule, fired.option) for fired in decision.fired}


def test_the_simplest_that_is_not_beaten_is_chosen() -> None:
    assert decide(case(OPEN, ALL_ALIKE)).advice == RETRIEVAL
    assert decide(case(OPEN, TUNED_WINS)).advice == TUNING
    assert decide(case(OPEN, BOTH_WIN)).advice == BOTH
    fired = rules(decide(case(OPEN, ALL_ALIKE)))
    assert {("no-difference", TUNING), ("no-difference", BOTH)} <= fired


def test_a_difference_within_its_paired_interval_is_none() -> None:
    """One question of 100 is noise, ten that only ever go one way are not."""
    hardly = decide(case(OPEN, evidence(retrieval=70, tuned=71)))
    clearly = decide(case(OPEN, evidence(retrieval=70, tuned=80)))
    assert (hardly.advice, clearly.advice) == (RETRIEVAL, BOTH)
    assert ("no-difference", BOTH) in rules(hardly)
    assert ("better", RETRIEVAL) in rules(clearly)


@pytest.mark.parametrize(("count", "advised"), [(FEWEST_QUESTIONS - 1, NEITHER), (20, BOTH)])
def test_too_few_questions_tell_nothing(count: int, advised: str) -> None:
    found = evidence(count=count, retrieval=1, tuned=count)
    decision = decide(case(OPEN, found))
    assert decision.advice == advised
    assert (("too-few-questions", "") in rules(decision)) == (advised == NEITHER)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"traceability": "required"}, "must-cite"),
        ({"audience": "groups"}, "walled-data"),
        ({"changes": "weekly"}, "upkeep"),
    ],
)
def test_what_rules_out_knowing_by_heart(change: dict[str, str], rule: str) -> None:
    decision = decide(case(replace(OPEN, **change), TUNED_WINS))
    assert (rule, TUNING) in rules(decision)
    assert decision.advice == BOTH
    assert rule not in {fired.rule for fired in decide(case(OPEN, TUNED_WINS)).fired}


@pytest.mark.parametrize(("more", "out"), [(0.01, False), (-0.01, True)])
def test_upkeep_at_its_boundary(more: float, out: bool) -> None:
    said = replace(OPEN, changes="monthly")
    hours = case(said, TUNED_WINS).costs.retuning
    decision = decide(case(replace(said, upkeep=hours + more), TUNED_WINS))
    assert (TUNING in decision.out) is out


@pytest.mark.parametrize(("latency", "out"), [(0.2, False), (0.199, True)])
def test_latency_at_its_boundary(latency: float, out: bool) -> None:
    decision = decide(case(replace(OPEN, latency=latency), BOTH_WIN))
    assert (decision.out == set(OPTIONS)) is out
    assert (("nothing-left", "") in rules(decision)) is out
    assert (decision.advice == NEITHER) is out


@pytest.mark.parametrize(("gigabytes", "out"), [(0.2098, False), (0.2097, True)])
def test_memory_at_its_boundary(gigabytes: float, out: bool) -> None:
    decision = decide(case(replace(OPEN, memory=gigabytes), BOTH_WIN))
    assert (("too-big", BOTH) in rules(decision)) is out


def test_of_an_option_the_best_arm_that_is_quick_enough_is_taken() -> None:
    slow = run_of(base=90)
    quick = run_of(retrieval=60, tuned=65)
    rows = tuple(replace(row, total_ms=9000.0) for row in slow.arms[0].rows)
    run = replace(quick, arms=(*quick.arms, replace(slow.arms[0], rows=rows)))
    found = evidence_of(run, RIGHT)
    assert case(replace(OPEN, latency=10.0), found).options[RETRIEVAL].arm == "base"
    hurried = case(replace(OPEN, latency=1.0), found)
    assert hurried.options[RETRIEVAL].arm == "retrieval"
    assert decide(hurried).out == frozenset()


def test_a_model_that_can_not_be_tuned_again_is_said_to_stay() -> None:
    assert ("nowhere-to-tune", BOTH) in rules(
        decide(case(replace(OPEN, hardware="none"), BOTH_WIN))
    )
    assert ("nowhere-to-tune", BOTH) not in rules(decide(case(OPEN, BOTH_WIN)))


def test_it_is_said_where_no_chat_model_is_needed() -> None:
    alike = decide(case(OPEN, evidence(retrieval=80, base=81)))
    assert ("no-model-needed", RETRIEVAL) in rules(alike)
    needed = decide(case(OPEN, evidence(retrieval=50, base=81)))
    assert ("no-model-needed", RETRIEVAL) not in rules(needed)


def test_what_is_not_good_enough_is_not_advised() -> None:
    found = evidence(retrieval=30, tuned=32)
    best = found.options[BOTH].figure.high
    assert best is not None
    enough = decide(case(replace(OPEN, good_enough=best), found))
    missed = decide(case(replace(OPEN, good_enough=best + 0.001), found))
    assert enough.advice == RETRIEVAL
    assert missed.advice == NEITHER
    assert ("nothing-good-enough", "") in rules(missed)


def test_questions_that_need_no_documents_show_nothing() -> None:
    found = evidence(base_closed=80, retrieval=81, tuned=81)
    assert ("bare-model-enough", "bare") in rules(decide(case(OPEN, found)))
    traced = replace(OPEN, traceability="required")
    assert decide(case(traced, found)).advice == RETRIEVAL
    poor = evidence(base_closed=30, retrieval=31, tuned=31)
    assert decide(case(replace(OPEN, good_enough=0.2), poor)).advice == NEITHER
    assert decide(case(replace(OPEN, good_enough=0.35), poor)).advice == RETRIEVAL


def test_arms_that_were_not_measured_are_named() -> None:
    decision = decide(case(OPEN, evidence(retrieval=80)))
    (missing,) = [fired for fired in decision.fired if fired.rule == "not-measured"]
    assert "tuning only, tuning and retrieval" in missing.text
    assert decision.advice == RETRIEVAL


def test_an_option_that_is_better_but_ruled_out_is_said_to_be() -> None:
    decision = decide(
        case(replace(OPEN, audience="groups"), evidence(retrieval=60, tuned_closed=95))
    )
    assert decision.advice == RETRIEVAL
    assert ("better-but-out", TUNING) in rules(decision)


@pytest.mark.parametrize(
    ("change", "advised"),
    [
        ({}, RETRIEVAL),
        ({"form": "style"}, RETRIEVAL),
        ({"form": "style", "examples": 299.0}, RETRIEVAL),
        ({"form": "style", "examples": 300.0}, TUNING),
        ({"form": "style", "examples": 300.0, "hardware": "none"}, RETRIEVAL),
        ({"form": "style", "examples": 300.0, "changes": "monthly"}, BOTH),
        ({"form": "style", "examples": 300.0, "traceability": "required"}, BOTH),
    ],
)
def test_without_a_measurement_it_is_a_guess(change: dict[str, object], advised: str) -> None:
    decision = decide(case(replace(OPEN, **change)))  # type: ignore[arg-type]
    assert (decision.advice, decision.measured) == (advised, False)


# -- what would change it --------------------------------------------------------------------


def test_what_would_turn_the_advice_does_turn_it() -> None:
    weekly = case(
        replace(OPEN, changes="weekly"), evidence(retrieval=50, tuned_closed=90, tuned=50)
    )
    assert decide(weekly).advice == RETRIEVAL
    found = {turn.changed: turn.advice for turn in tipping_points(weekly)}
    assert found[("changes", "monthly"),] == TUNING


def test_two_answers_are_tried_where_one_does_not_do() -> None:
    said = replace(OPEN, changes="daily", traceability="required")
    pairs = [turn for turn in tipping_points(case(said, TUNED_WINS)) if len(turn.changed) == 2]
    assert [turn.advice for turn in pairs] == [TUNING]


def test_how_many_questions_would_tell_more() -> None:
    (said,) = more_questions(evidence(retrieval=70, tuned=71))
    assert "about " in said
    assert more_questions(evidence(retrieval=70, tuned=70)) == []
    assert more_questions(evidence(retrieval=10, tuned=90)) == []


ANSWERS = st.fixed_dictionaries(
    {
        question.key: st.sampled_from(list(question.choices))
        if question.choices
        else st.floats(question.least, question.most)
        for question in QUESTIONS
    }
).map(lambda table: QuestionnaireAnswers(**table))  # type: ignore[arg-type]


@settings(max_examples=60)
@given(ANSWERS, st.sampled_from([TUNED_WINS, BOTH_WIN, ALL_ALIKE, None]))
def test_whatever_is_answered_no_ruled_out_option_is_advised(
    said: QuestionnaireAnswers, found: Evidence | None
) -> None:
    given_case: AdviceInput = case(said, found)
    decision = decide(given_case)
    assert decision.advice not in decision.out
    assert decision.fired
    for turn in tipping_points(given_case):
        other = said
        for key, value in turn.changed:
            other = other.with_answer(key, value)
        assert decide(replace(given_case, said=other)).advice == turn.advice != decision.advice
