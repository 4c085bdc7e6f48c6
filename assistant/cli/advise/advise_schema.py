"""The shape of `assistant advise --json`; see `schema.py` for the rules."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from assistant.advice.advice_report import verdict
from assistant.advice.comparison_table import comparison
from assistant.advice.decision import AdviceInput, Decision, FiredRule
from assistant.advice.sensitivity import tipping_points
from assistant.console.json_output import Document, Shape, shaped


class AdvisedFigureJson(Shape, frozen=True):
    """A value over so many questions and its 95 % interval (null: too few questions)."""

    value: float
    low: float | None
    high: float | None
    count: int = field(name="questions")


class AdvisedArmJson(Shape, frozen=True):
    """An arm of the run: its part in the comparison, seconds, bytes, means over questions."""

    arm: str
    role: Literal["extract", "retrieval", "shots", "bare", "tuning", "both"] = field(name="part")
    model: str
    figure: AdvisedFigureJson
    median: float = field(name="median_seconds")
    p95: float = field(name="p95_seconds")
    memory: int
    prompt_tokens: float
    tokens: float


class TippingPointJson(Shape, frozen=True):
    """If these answers were given, this would be advised."""

    answers: dict[str, str | float]
    advice: str


class CostsJson(Shape, frozen=True):
    """Hours of a training, of measuring it, and of one change; who says how fast it is."""

    training: float = field(name="training_hours")
    measuring: float = field(name="measuring_hours")
    retuning: float = field(name="change_hours")
    examples: int
    source: str


class AdviseJson(Document, frozen=True):
    """`advice` is retrieval, tuning, both or neither; `measured` false: it is a guess."""

    advice: Literal["retrieval", "tuning", "both", "neither"]
    measured: bool
    verdict: str
    run: str
    questions: int
    measure: str
    fired: list[FiredRule] = field(name="reasons")
    would_change: list[TippingPointJson]
    answers: dict[str, str | float]
    arms: list[AdvisedArmJson]
    costs: CostsJson
    comparison: list[list[str]]


def advice_json(case: AdviceInput, decision: Decision, run: str) -> AdviseJson:
    """Return the advice as JSON; `run` is the name of the run, "" for none."""
    evidence = case.evidence
    return shaped(
        AdviseJson,
        decision,
        verdict=verdict(case, decision),
        run=run,
        questions=evidence.questions if evidence else 0,
        measure=evidence.measure if evidence else "",
        would_change=[
            TippingPointJson(dict(turn.changed), turn.advice) for turn in tipping_points(case)
        ],
        answers=case.said.table(),
        arms=evidence.arms if evidence else (),
        costs=case.costs,
        comparison=comparison(case),
    )
