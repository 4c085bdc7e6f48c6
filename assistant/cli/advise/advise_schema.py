"""The shape of `assistant advise --json`."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from assistant.cli.eval.evaluate_schema import FigureJson


class RuleJson(TypedDict):
    """A rule that applied; `option` is what it is about ("": all)."""

    rule: str
    option: str
    text: str


class TurnJson(TypedDict):
    """If these answers were given, this would be advised."""

    answers: dict[str, str | float]
    advice: str


class AdvisedArmJson(TypedDict):
    """An arm of the run: its part in the comparison, seconds, bytes, means over questions."""

    arm: str
    part: Literal["extract", "retrieval", "shots", "bare", "tuning", "both"]
    model: str
    figure: FigureJson
    median_seconds: float
    p95_seconds: float
    memory: int
    prompt_tokens: float
    tokens: float


class CostsJson(TypedDict):
    """Hours of a training, of measuring it, and of one change; who says how fast it is."""

    training_hours: float
    measuring_hours: float
    change_hours: float
    examples: int
    source: str


class AdviseJson(TypedDict):
    """`advice` is retrieval, tuning, both or neither; `measured` false: it is a guess."""

    format: int
    advice: Literal["retrieval", "tuning", "both", "neither"]
    measured: bool
    verdict: str
    run: str
    questions: int
    measure: str
    reasons: list[RuleJson]
    would_change: list[TurnJson]
    answers: dict[str, str | float]
    arms: list[AdvisedArmJson]
    costs: CostsJson
    comparison: list[list[str]]
