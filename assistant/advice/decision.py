"""The input of the advice and its result, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.advice.costs import Costs
from assistant.advice.evidence import BARE, BOTH, RETRIEVAL, TUNING, Evidence, Measured
from assistant.advice.questionnaire import QuestionnaireAnswers
from assistant.evaluation.bootstrap import Figure

NEITHER = "neither"
NAMES = {
    RETRIEVAL: "retrieval only",
    TUNING: "tuning only",
    BOTH: "tuning and retrieval",
    BARE: "the model alone",
    NEITHER: "neither yet",
}


@dataclass(frozen=True, slots=True)
class FiredRule:
    """A rule that applied: its name, the option it is about ("" for all), what it says."""

    rule: str
    option: str
    text: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The advice, whether it was measured, and the rules that led to it.

    `advice` is one of `OPTIONS` or `NEITHER`. `out` are the options that were ruled out.
    """

    advice: str
    measured: bool
    fired: tuple[FiredRule, ...]
    out: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AdviceInput:
    """All that is known: what was answered, what was measured (or not), what things cost."""

    said: QuestionnaireAnswers
    evidence: Evidence | None
    costs: Costs

    @property
    def options(self) -> dict[str, Measured]:
        """The best arm of each option that was measured, of those quick and small enough."""
        return self.evidence.best(self.fits) if self.evidence is not None else {}

    def fits(self, arm: Measured) -> bool:
        """Whether an arm is quick and small enough."""
        return arm.p95 <= self.said.latency and arm.memory <= self.said.memory * 1e9


def shown(figure: Figure) -> str:
    """Return "0.61 (0.52 to 0.70)"."""
    if figure.low is None or figure.high is None:
        return f"{figure.value:.2f}"
    return f"{figure.value:.2f} ({figure.low:.2f} to {figure.high:.2f})"


def moved(change: Figure, sign: int = 1) -> str:
    """Return a difference with its paired interval, as it is or negated (sign -1)."""
    value = sign * change.value + 0.0
    if change.low is None or change.high is None:
        return f"{value:+.2f}"
    low, high = sorted((sign * change.low + 0.0, sign * change.high + 0.0))
    return f"{value:+.2f} ({low:+.2f} to {high:+.2f})"
