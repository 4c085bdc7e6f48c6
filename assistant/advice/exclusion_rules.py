"""The rules that exclude an option, from the answers given or the figures measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from assistant.advice.decision import NAMES, AdviceInput, FiredRule
from assistant.advice.evidence import OPTIONS, TUNING, Measured
from assistant.advice.questionnaire import GROUPS, REQUIRED


def ruled_out(case: AdviceInput) -> list[FiredRule]:
    """Return what rules out which option, for a case that was measured."""
    return [found for rule in _MEASURED for found in rule(case)]


def ruled_out_unmeasured(case: AdviceInput) -> list[FiredRule]:
    """Return what rules out which option where nothing was measured."""
    return [found for rule in _UNMEASURED for found in rule(case)]


def _must_cite(case: AdviceInput) -> Iterator[FiredRule]:
    if case.said.traceability == REQUIRED:
        yield FiredRule(
            "must-cite",
            TUNING,
            "Every answer must show where it stands; what a model knows by heart can't.",
        )


def _walled_data(case: AdviceInput) -> Iterator[FiredRule]:
    if case.said.audience == GROUPS:
        yield FiredRule(
            "walled-data",
            TUNING,
            "Not everyone may see everything. What is in the weights can be had by whoever may "
            "ask the model, and can't be taken out again.",
        )


def _upkeep(case: AdviceInput) -> Iterator[FiredRule]:
    hours = case.said.changes_a_month * case.costs.retuning
    if hours > case.said.upkeep:
        yield FiredRule(
            "upkeep",
            TUNING,
            f"The knowledge changes {case.said.changes}. A model that knows it by heart must be "
            f"tuned, measured and carried again each time: {hours:.1f} hours a month, and you "
            f"have {case.said.upkeep:g}.",
        )


def _too_slow(case: AdviceInput) -> Iterator[FiredRule]:
    for option, arm in _options(case):
        if arm.p95 > case.said.latency:
            yield FiredRule(
                "too-slow",
                option,
                f"{NAMES[option].capitalize()} took {arm.p95:.1f} s (95th percentile); an "
                f"answer may take {case.said.latency:g} s.",
            )


def _too_big(case: AdviceInput) -> Iterator[FiredRule]:
    for option, arm in _options(case):
        if arm.memory > case.said.memory * 1e9:
            yield FiredRule(
                "too-big",
                option,
                f"{NAMES[option].capitalize()} took {arm.memory / 1e9:.2f} GB of memory; "
                f"{case.said.memory:g} GB are there.",
            )


def _options(case: AdviceInput) -> Iterator[tuple[str, Measured]]:
    for option in OPTIONS:
        if option in case.options:
            yield option, case.options[option]


_Rule = Callable[[AdviceInput], Iterator[FiredRule]]
_UNMEASURED: tuple[_Rule, ...] = (_must_cite, _walled_data, _upkeep)
_MEASURED: tuple[_Rule, ...] = (*_UNMEASURED, _too_slow, _too_big)
