"""Sensitivity of the advice: vary every answer and find the changes that would turn it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from assistant.advice.decision import NAMES, NEITHER, AdviceInput
from assistant.advice.evidence import OPTIONS, Evidence
from assistant.advice.questionnaire import QUESTIONS, QuestionnaireAnswers, Value
from assistant.advice.rules import decide
from assistant.evaluation.bootstrap import Figure

_STEP = 1.02
"""How far on both sides of a threshold an answer is tried, beside the threshold itself."""

_MOST_QUESTIONS = 1_000_000


@dataclass(frozen=True, slots=True)
class TippingPoint:
    """If the answers `changed` were given, `advice` would be given in place of today's."""

    changed: tuple[tuple[str, Value], ...]
    advice: str

    @property
    def text(self) -> str:
        told = " and ".join(f"'{key}' were {_value(value)}" for key, value in self.changed)
        return f"If {told}: {NAMES[self.advice]}."


def tipping_points(case: AdviceInput) -> list[TippingPoint]:
    """Return the nearest single answers that change the advice, one for each key and outcome.

    What no single answer brings about, but two together do, comes after them: one pair for
    each outcome.
    """
    today = decide(case).advice
    found: dict[tuple[str, str], TippingPoint] = {}
    options = {key: list(_others(case, key)) for key in case.said.table()}
    for key, values in options.items():
        for value in values:
            advice = decide(replace(case, said=case.said.with_answer(key, value))).advice
            if advice != today:
                found.setdefault((key, advice), TippingPoint(((key, value),), advice))
    reached = {turn.advice for turn in found.values()} | {today}
    return [*found.values(), *_pairs(case, options, [o for o in OPTIONS if o not in reached])]


def more_questions(evidence: Evidence) -> list[str]:
    """Say how many questions would tell apart what noise still hides.

    The interval shrinks with the square root of the questions; the difference is taken to be
    what it is now.
    """
    said = []
    options = evidence.options
    for one, other in combinations((o for o in OPTIONS if o in options), 2):
        change = evidence.change(options[one], options[other])
        needed = _needed(change)
        if needed and evidence.questions < needed <= _MOST_QUESTIONS:
            said.append(
                f"{NAMES[one].capitalize()} and {NAMES[other]} differ by {abs(change.value):.2f}; "
                f"about {_round(needed):,} questions would tell whether that is noise."
            )
    return said


def _needed(change: Figure) -> int:
    if change.low is None or change.high is None or not change.value:
        return 0
    if change.low > 0 or change.high < 0:
        return 0
    half = (change.high - change.low) / 2
    return int(change.count * (half / abs(change.value)) ** 2) + 1


def _pairs(
    case: AdviceInput, options: dict[str, list[Value]], wanted: Sequence[str]
) -> Iterator[TippingPoint]:
    left = set(wanted)
    for (key, values), (other, others) in combinations(options.items(), 2):
        for value in values:
            for second in others:
                if not left:
                    return
                said = case.said.with_answer(key, value).with_answer(other, second)
                advice = decide(replace(case, said=said)).advice
                if advice in left and advice != NEITHER:
                    left.discard(advice)
                    yield TippingPoint(((key, value), (other, second)), advice)


def _others(case: AdviceInput, key: str) -> Iterator[Value]:
    """Yield other answers to a question, the nearest first."""
    question = next(question for question in QUESTIONS if question.key == key)
    now = case.said.table()[key]
    if question.choices is not None:
        names = list(question.choices)
        at = names.index(str(now))
        yield from sorted(names[:at] + names[at + 1 :], key=lambda n: abs(names.index(n) - at))
        return
    own = float(now)
    beyond = [v * way for v in _thresholds(case, key) for way in (1 / _STEP, 1.0, _STEP)]
    for value in sorted({_tidy(v) for v in beyond}, key=lambda v: abs(v - own)):
        if value != own and question.least <= value <= question.most:
            yield value


def _thresholds(case: AdviceInput, key: str) -> list[float]:
    """Return the values at which a rule may change its mind."""
    evidence = case.evidence
    arms = evidence.arms if evidence else ()
    known = {
        "latency": [arm.p95 for arm in arms],
        "memory": [arm.memory / 1e9 for arm in arms],
        "good_enough": [arm.figure.high for arm in arms if arm.figure.high is not None],
        "upkeep": [case.said.changes_a_month * case.costs.retuning],
        "examples": [] if evidence else [300.0],
    }
    return known.get(key, [])


def _tidy(value: float) -> float:
    return float(f"{value:.3g}")


def _round(number: int) -> int:
    return int(float(f"{number:.2g}"))


def _value(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def said_by(said: QuestionnaireAnswers) -> list[tuple[str, str]]:
    """Return the questions and what was answered."""
    table = said.table()
    return [
        (question.text, f"{_value(table[question.key])} {question.unit}".strip())
        for question in QUESTIONS
    ]
