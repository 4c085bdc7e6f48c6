"""Figures against hand-made ones; intervals that are paired, repeatable and honest."""

from __future__ import annotations

import math

import numpy as np
import pytest

from assistant.errors import SuiteError
from assistant.evaluation import bootstrap
from assistant.evaluation.bootstrap import (
    differences,
    figures_of,
    risk_coverage,
    sample,
)
from assistant.evaluation.metrics import BETTER, GROUPS, TITLES
from assistant.evaluation.ranking_metrics import ndcg, recall, reciprocal_rank
from assistant.evaluation.run_comparison import compare, require_common
from tests.fakes.evaluation import WRONG, arm_run, row, rows, saved_run


def test_search_figures_by_hand() -> None:
    ranks = (2, 0, 5)
    assert recall(ranks, 1) == 0
    assert recall(ranks, 5) == pytest.approx(2 / 3)
    assert reciprocal_rank(ranks) == 0.5
    assert reciprocal_rank((0,)) == 0
    ideal = 1 + 1 / math.log2(3) + 0.5
    assert ndcg(ranks) == pytest.approx((1 / math.log2(3) + 1 / math.log2(6)) / ideal)
    assert ndcg((1,)) == 1
    assert ndcg((1, 1)) == 1


def test_shares_are_sums_over_sums() -> None:
    answered = [
        row("a", quotes=3, verbatim=2, sentences=2, supported=1),
        row("b", quotes=1, verbatim=1, **WRONG),
        row("c", abstained=True, quotes=0, verbatim=0, **WRONG),
        row("d", answerable=False, answers=0, ranks=(), abstained=True, quotes=0, verbatim=0),
        row("e", answerable=False, answers=0, ranks=(), quotes=0, verbatim=0, **WRONG),
    ]
    found = figures_of(sample({"x": answered})["x"])
    values = {name: figure.value for name, figure in found.items()}
    assert values["verbatim"] == 3 / 4
    assert found["verbatim"].count == 2
    assert values["f1"] == pytest.approx(1 / 3)
    assert values["right"] == 2 / 5
    assert values["refusal_precision"] == 1 / 2
    assert values["refusal_recall"] == 1 / 2
    assert values["false_refusals"] == pytest.approx(1 / 3)
    assert values["brier"] == pytest.approx((3 * 0.01 + 2 * 0.81) / 5)
    assert values["total_median"] == 200


def test_calibration_error_by_hand() -> None:
    answered = [
        row("a", confidence=0.95),
        row("b", confidence=0.91, answerable=False),
        row("c", confidence=0.05, answerable=False),
        row("d", confidence=1.0),
    ]
    value = figures_of(sample({"x": answered})["x"])["ece"].value
    assert value == pytest.approx((abs(0.95 + 0.91 + 1.0 - 2) + 0.05) / 4)


def test_times_that_were_not_measured_do_not_count() -> None:
    answered = [row("a", first_token_ms=-1.0), row("b", first_token_ms=300.0), row("c")]
    found = figures_of(sample({"x": answered})["x"])
    assert found["first_token_median"].value == 200
    assert found["first_token_median"].count == 2
    none = figures_of(sample({"x": [row("a", first_token_ms=-1.0)] * 2})["x"])
    assert "first_token_median" not in none


def test_percentiles_are_those_of_numpy() -> None:
    generator = np.random.default_rng(1)
    values = generator.random((50, 9))
    values[generator.random((50, 9)) < 0.4] = np.nan
    values[3] = np.nan
    median, high = bootstrap._percentiles(values, (50.0, 95.0))
    for row_values, got_median, got_high in zip(values, median, high, strict=True):
        known = row_values[~np.isnan(row_values)]
        if len(known):
            wanted = np.percentile(known, [50, 95])
            assert (got_median, got_high) == (pytest.approx(wanted[0]), pytest.approx(wanted[1]))
        else:
            assert np.isnan(got_median)


def test_one_question_has_no_interval() -> None:
    figure = figures_of(sample({"x": [row("a")]})["x"])["f1"]
    assert (figure.value, figure.low, figure.high) == (1.0, None, None)


def test_all_right_is_no_proof() -> None:
    figure = figures_of(sample({"x": rows([True] * 4)})["x"])["right"]
    assert figure.high == 1.0
    assert figure.low == pytest.approx(4 / (4 + 1.96**2), abs=1e-3)
    none = figures_of(sample({"x": rows([False] * 4)})["x"])["right"]
    assert (none.low, none.high) == (0.0, pytest.approx(1.96**2 / (4 + 1.96**2), abs=1e-3))


def test_the_interval_of_a_share_is_about_the_known_one() -> None:
    right = [n % 5 != 0 for n in range(400)]
    figure = figures_of(sample({"x": rows(right)})["x"])["right"]
    half = 1.96 * math.sqrt(0.8 * 0.2 / 400)
    assert figure.low == pytest.approx(0.8 - half, abs=0.01)
    assert figure.high == pytest.approx(0.8 + half, abs=0.01)


def test_it_is_repeatable_in_chunks_of_any_size() -> None:
    answered = rows([n % 3 != 0 for n in range(30)])
    first = sample({"x": answered})["x"]
    assert np.array_equal(first.draws["f1"], sample({"x": answered})["x"].draws["f1"])
    small = sample({"x": answered}, chunk_cells=3_000)["x"]
    assert np.array_equal(first.draws["f1"], small.draws["f1"])


def test_differences_are_paired() -> None:
    """Both arms vary a lot over the questions; their difference does not vary at all."""
    hard = [n % 2 == 0 for n in range(60)]
    before = [row(f"q{n}", f1=0.9 if easy else 0.1) for n, easy in enumerate(hard)]
    after = [row(f"q{n}", f1=0.95 if easy else 0.15) for n, easy in enumerate(hard)]
    found = sample({"a": before, "b": after})
    change = differences(found["a"], found["b"])["f1"]
    assert change.value == pytest.approx(0.05)
    assert (change.low, change.high) == (pytest.approx(0.05), pytest.approx(0.05))
    same = differences(found["a"], found["a"])
    assert all(f.value == 0 and f.low == 0 and f.high == 0 for f in same.values())


def test_arms_with_other_questions_are_no_pair() -> None:
    with pytest.raises(ValueError, match="different questions"):
        sample({"a": rows([True, True]), "b": rows([True])})


def test_risk_falls_when_the_unsure_are_left_out() -> None:
    answered = [
        row("a", confidence=0.9),
        row("b", confidence=0.8),
        row("c", confidence=0.8, **WRONG),
        row("d", confidence=0.3, **WRONG),
        row("e", confidence=0.1, abstained=True),
    ]
    assert risk_coverage(answered) == [(1 / 5, 0.0), (3 / 5, 1 / 3), (4 / 5, 2 / 4)]
    assert risk_coverage([row("a", abstained=True)]) == []


def test_every_measure_has_a_title_a_group_and_a_direction() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(TITLES) == sorted(BETTER)


# -- regression ----------------------------------------------------------------------------


def compared(before: list[bool], after: list[bool]):  # type: ignore[no-untyped-def]
    old = saved_run(arm_run("current", rows(before)))
    return compare(old, [arm_run("current", rows(after))])[0]


def test_the_same_answers_are_no_regression() -> None:
    change = compared([True, False] * 20, [True, False] * 20)
    assert change.worse == change.improved == change.newly_wrong == ()
    assert change.compared == 40


def test_many_newly_wrong_answers_are_one() -> None:
    change = compared([True] * 40, [True] * 25 + [False] * 15)
    assert "right" in change.worse
    assert "f1" in change.worse
    assert len(change.newly_wrong) == 15
    back = compared([True] * 25 + [False] * 15, [True] * 40)
    assert back.worse == ()
    assert "right" in back.improved


def test_one_newly_wrong_answer_is_named_but_may_be_noise() -> None:
    change = compared([True] * 40, [True] * 39 + [False])
    assert change.worse == ()
    assert change.newly_wrong == ("q39",)


def test_a_quote_that_is_not_verbatim_is_never_noise() -> None:
    before = [row(f"q{n}") for n in range(40)]
    after = [*before[:39], row("q39", verbatim=0)]
    change = compare(saved_run(arm_run("a", before)), [arm_run("a", after)])[0]
    assert change.worse == ("verbatim",)


def test_questions_that_were_changed_are_not_compared() -> None:
    before = [row("a"), row("b")]
    after = [row("a", digest="f" * 16, **WRONG), row("b"), row("c", **WRONG)]
    change = compare(saved_run(arm_run("x", before)), [arm_run("x", after)])[0]
    assert (change.compared, change.newly_wrong) == (1, ())
    with pytest.raises(SuiteError, match="none of these questions"):
        compare(saved_run(arm_run("x", [row("z")])), [arm_run("x", after)])


def test_a_run_with_other_arms_is_refused() -> None:
    with pytest.raises(SuiteError, match="other arms: x"):
        require_common(saved_run(arm_run("x", [row("z")])), ["current"])


def test_noise_alone_seldom_fails_a_run() -> None:
    """Two models of one quality: a false alarm in at most about 5 % of the comparisons."""
    generator = np.random.default_rng(5)
    alarms = 0
    for _ in range(8):
        before, after = (list(generator.random(100) < 0.6) for _ in range(2))
        alarms += bool(compared(before, after).worse)
    assert alarms <= 2
