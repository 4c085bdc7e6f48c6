"""What the bench of arms says, and the data of the cases of `advise`: no model is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assistant.advice.questionnaire import answers_of
from assistant.evaluation.bootstrap import sample
from assistant.evaluation.few_shot import candidates
from assistant.evaluation.suite import read_suite
from tests.bench import arm_page
from tests.bench.advise_cases import CaseData, cases
from tests.bench.arm_sets import SETS, Questions
from tests.fakes.evaluation import WRONG, row, write_suite

GOOD = [row(f"q{n}") for n in range(40)]
BAD = [row(f"q{n}", **WRONG) for n in range(40)]


def test_what_helps_and_what_hurts_is_said_and_nothing_else() -> None:
    sampled = sample({"retrieval": GOOD, "base": BAD, "tuned": GOOD})
    said = arm_page.gains(sampled)
    assert said[0].startswith("- `base` against `retrieval`: hurts: right in all -1.00")
    assert said[1] == "- `tuned` against `retrieval`: no difference."
    assert said[2].startswith("- `tuned` against `base`: helps: right in all +1.00")
    assert len(said) == 3


def test_a_set_becomes_a_table_and_figures_with_goals() -> None:
    rows = {"retrieval": tuple(BAD), "tuned": tuple(GOOD)}
    text = arm_page.section(SETS[0], rows, sample(rows))
    assert "40 answerable, 0 unanswerable" in text
    assert "| F1 | 0.00 (0.00 to 0.09) | 1.00 (0.91 to 1.00) |" in text.replace("  ", " ")
    made = {f.name: f for f in arm_page.figures_for(SETS[0], sample(rows))}
    assert made[f"{SETS[0].title}, tuned: F1"].met is True
    assert made[f"{SETS[0].title}, retrieval: F1"].met is None


def test_only_what_is_between_the_markers_is_written(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{arm_page.BEGIN}\nold\n{arm_page.END}\nafter\n")
    arm_page.write_page("new", page)
    assert page.read_text() == f"before\n{arm_page.BEGIN}\nnew\n{arm_page.END}\nafter\n"
    page.write_text("no markers")
    with pytest.raises(ValueError, match="markers"):
        arm_page.write_page("new", page)


def test_a_greater_count_asks_the_same_questions_and_more() -> None:
    from assistant.evaluation.suite import Item

    items = [Item(f"i{n}", f"{n}?", ("x",) if n % 2 else ()) for n in range(50)]
    few = Questions(None, 3).chosen(items)  # type: ignore[arg-type]
    many = Questions(None, 10).chosen(items)  # type: ignore[arg-type]
    assert set(few) < set(many)
    assert sum(item.answerable for item in few) == 3


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_the_cases_are_usable_suites(case: CaseData, tmp_path: Path) -> None:
    suite = read_suite(write_suite(tmp_path / "suite.jsonl", *case.suite))
    assert len(suite.items) >= 20
    if suite.training:
        assert candidates(suite).items
    assert answers_of(case.answers)
    for entry in case.suite:
        for span in entry.get("spans", ()):
            found: dict[str, Any] = span
            assert found["text"] in case.documents[found["document"]]


def test_the_stale_model_learned_other_prices_for_two_thirds() -> None:
    tariff = cases()[0]
    learned = {s.question: s.completion for s in tariff.samples}
    now = {e["question"]: e["answers"][0] for e in tariff.suite if e.get("answers")}
    same = [learned[question] == price for question, price in now.items() if question in learned]
    assert len(same) >= 24
    assert 0.25 < sum(same) / len(same) < 0.4


def test_what_is_asked_in_the_house_form_was_not_learned() -> None:
    style = cases()[1]
    assert not {e["question"] for e in style.suite} & {s.question for s in style.samples}
    assert not {e["answers"][0] for e in style.suite} & {s.completion for s in style.samples}
