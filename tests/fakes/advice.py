"""Runs, evidence and cases for the tests of the advice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assistant.advice.costs import Sizes, Speed, costs_of
from assistant.advice.decision import AdviceInput
from assistant.advice.evidence import RIGHT, Evidence, evidence_of
from assistant.advice.questionnaire import QuestionnaireAnswers
from assistant.evaluation.saved_run import ArmRun, SavedRun
from tests.fakes.evaluation import WRONG, row, saved_run

WAYS: dict[str, tuple[str, dict[str, bool]]] = {
    "retrieval": ("", {}),
    "base+closed": ("small", {"closed": True}),
    "base": ("small", {}),
    "base+shots": ("small", {"shots": True}),
    "tuned+closed": ("tuned", {"closed": True, "tuned": True}),
    "tuned": ("tuned", {"tuned": True}),
}
OPEN = QuestionnaireAnswers(traceability="unneeded", changes="never")
"""Answers that rule nothing out."""


def arm(name: str, right: Sequence[bool], **changes: Any) -> ArmRun:
    """An arm with the way of answering that its name says; every question is answerable."""
    model, way = WAYS[name]
    answered = tuple(
        row(f"q{n}", **({} if good else WRONG), **changes) for n, good in enumerate(right)
    )
    return ArmRun(name, model, "a" * 64, 200 << 20, 1.0, answered, **way)


def run_of(*, count: int = 100, **right: int) -> SavedRun:
    """A run in which so many of `count` questions are right, the first ones ("_" is "+")."""
    arms = [
        arm(name.replace("_", "+"), [n < good for n in range(count)])
        for name, good in right.items()
    ]
    return saved_run(*arms)


def evidence(*, count: int = 100, **right: int) -> Evidence:
    return evidence_of(run_of(count=count, **right), RIGHT)


def case(said: QuestionnaireAnswers = OPEN, found: Evidence | None = None) -> AdviceInput:
    return AdviceInput(said, found, costs_of(said, found, Sizes(), Speed()))
