"""The gate names the figures of what fails; a threshold is chosen on validation data only."""

from __future__ import annotations

import copy
from dataclasses import asdict
from typing import Any

import pytest

from assistant.errors import UsageError
from convert.evaluate.bootstrap import GradedAnswer, changes, figures_of
from convert.evaluate.refusal_threshold import at_threshold, calibrate, risk_coverage
from convert.evaluate.release_gate import GateError, check_gate, refuse_failed
from convert.evaluate.settings import EvaluateSettings
from tests.convert.evaluate_data import graded_answer

SETTINGS = EvaluateSettings(min_questions=20)
FIDELITY = {
    "tokens": 2000,
    "agreement": 0.998,
    "perplexity_gap": 0.001,
    "perplexity_merged": 12.0,
    "perplexity_gguf": 12.01,
    "tokenizers_agree": True,
}


def judged(f1: float, refused: int, count: int = 50) -> list[GradedAnswer]:
    """`count` answerable items with about this F1, and as many others, `refused` of them."""
    answered = [
        graded_answer(n, answerable=True, f1=min(1.0, max(0.0, f1 + (n % 5 - 2) * 0.02)))
        for n in range(count)
    ]
    others = [
        graded_answer(count + n, answerable=False, f1=float(n < refused)) for n in range(count)
    ]
    return answered + others


def entry(own: list[GradedAnswer], base: list[GradedAnswer]) -> dict[str, Any]:
    figures = {name: asdict(figure) for name, figure in figures_of(own).items()}
    change = {name: asdict(figure) for name, figure in changes(base, own).items()}
    return {
        "name": "tuned",
        "results": {"SQuAD": {"figures": figures, "against_base": change}},
    }


BASE = judged(0.2, 2)
BASE_ENTRY = entry(BASE, BASE)


def failed(tuned: dict[str, Any], **more: Any) -> list[str]:
    result = check_gate(tuned, BASE_ENTRY, SETTINGS, **more)
    failures = [finding for finding in result.findings if not finding.met]
    assert result.passed == (not failures)
    return [f"{f.demand} ({f.figures})" for f in failures]


def test_a_better_model_passes() -> None:
    assert failed(entry(judged(0.6, 35), BASE), fidelity=FIDELITY) == []


def test_a_model_that_is_worse_beyond_noise_fails_with_its_figures() -> None:
    (first, *_) = failed(entry(judged(0.1, 2), BASE))
    assert "F1 not below the base's" in first
    assert "0.200 -> 0.100" in first


def test_a_difference_within_noise_does_not_fail() -> None:
    def swinging(low: float, high: float) -> list[GradedAnswer]:
        return [graded_answer(n, answerable=True, f1=high if n % 2 else low) for n in range(40)]

    base, tuned = swinging(0.1, 0.3), swinging(0.29, 0.1)
    result = check_gate(entry(tuned, base), entry(base, base), SETTINGS)
    assert result.passed


def test_refusals_out_of_balance_fail() -> None:
    lost = judged(0.6, 0)
    before = judged(0.2, 30)
    result = check_gate(entry(lost, before), entry(before, before), SETTINGS)
    assert any("unanswerable questions refused" in f.demand for f in result.findings if not f.met)
    table = entry(judged(0.6, 35), BASE)
    table["results"]["SQuAD"]["figures"]["false_refusals"]["value"] = 0.6
    assert any("false refusals (60.0%, at most 35.0%)" in text for text in failed(table))


def test_made_up_quotes_fail() -> None:
    table = entry(judged(0.6, 35), BASE)
    table["results"]["SQuAD"]["figures"]["supported"]["value"] = 0.5
    assert any("50.0%, at least 90.0%" in text for text in failed(table))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"agreement": 0.6}, "60.00% of 2,000, at least 99.00%"),
        ({"perplexity_gap": 0.5, "perplexity_gguf": 18.0}, "12.000 -> 18.000"),
        ({"tokenizers_agree": False}, "tokenizes as the merged model"),
    ],
)
def test_a_gguf_that_is_not_the_merged_model_fails(change: dict[str, Any], said: str) -> None:
    (text,) = failed(entry(judged(0.6, 35), BASE), fidelity=FIDELITY | change)
    assert said in text


def test_a_leak_fails() -> None:
    one = {"name": "a", "way": "told", "times": 1, "exposure": 9.0, "leaked": True}
    table = {"threshold": 7.6, "candidates": 800, "canaries": [one]}
    (text,) = failed(entry(judged(0.6, 35), BASE), canaries=table)
    assert "1 of 1 leaked, greatest exposure 9.0 bits" in text


def test_too_few_questions_pass_nothing() -> None:
    few = judged(0.2, 1, count=4)
    result = check_gate(entry(few, few), entry(few, few), SETTINGS)
    assert [f.figures for f in result.findings if not f.met] == ["8 asked, at least 20"]


def test_other_questions_can_not_be_compared() -> None:
    other = copy.deepcopy(BASE_ENTRY)
    other["results"] = {"CUAD": other["results"]["SQuAD"]}
    with pytest.raises(UsageError, match="same questions"):
        check_gate(other, BASE_ENTRY, SETTINGS)


def test_the_error_of_a_report_names_model_and_figures() -> None:
    table = entry(judged(0.1, 2), BASE)
    verdict = check_gate(table, BASE_ENTRY, SETTINGS).as_table()
    with pytest.raises(GateError, match=r"tuned: SQuAD: F1 .*0\.200 -> 0\.100") as raised:
        refuse_failed({"contenders": [BASE_ENTRY, table | {"gate": verdict}]})
    assert raised.value.exit_code == 8
    refuse_failed({"contenders": [BASE_ENTRY]})


def sure(number: int, *, answerable: bool, margin: float) -> GradedAnswer:
    return graded_answer(number, answerable=answerable, f1=float(answerable), margin=margin)


def test_a_threshold_parts_answers_from_refusals() -> None:
    items = [sure(n, answerable=True, margin=-3.0 + n * 0.1) for n in range(20)]
    items += [sure(20 + n, answerable=False, margin=-1.5 + n * 0.1) for n in range(20)]
    chosen = calibrate(items, max_false_refusals=0.2)
    assert chosen is not None
    # The overlap is from -1.5 to -1.1: five items of each kind.
    assert chosen.f1 + chosen.refused >= 1.7
    assert chosen.false_refusals <= 0.2
    assert at_threshold(items, 10.0).coverage == 1.0
    assert at_threshold(items, -10.0) == type(chosen)(-10.0, 0.0, 0.0, 1.0, 1.0)


def test_no_threshold_is_chosen_from_one_kind_of_item_alone() -> None:
    assert calibrate([sure(1, answerable=True, margin=0.0)], 0.2) is None
    assert calibrate([], 0.2) is None


def test_risk_falls_as_less_is_answered() -> None:
    items = [sure(n, answerable=n % 2 == 0, margin=float(n % 2) + n * 0.001) for n in range(60)]
    points = risk_coverage(items)
    assert points[0].coverage == 0.0
    assert points[-1].coverage == 1.0
    assert [p.refused for p in points] == sorted((p.refused for p in points), reverse=True)
    assert risk_coverage([]) == []


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"cuont": 3}, "unknown key 'cuont'"),
        ({"count": -1}, "'count' is -1: expected a whole number up to 1,000,000"),
        ({"count": 1.5}, "expected a whole number"),
        ({"count": True}, "expected a whole number"),
        ({"ways": ["sideways"]}, "'ways'"),
        ({"squad": [1]}, "expected a path"),
        ({"min_agreement": float("nan")}, "no number"),
    ],
)
def test_bad_settings_are_refused(table: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        EvaluateSettings.from_table(table)


def test_settings_of_a_recipe_are_read() -> None:
    made = EvaluateSettings.from_table({"squad": "a.json", "count": 5, "min_agreement": 1})
    assert (made.squad, made.count, made.min_agreement) == (("a.json",), 5, 1)
