"""The rules of the advice: few, named, each a sentence. docs/advise.md explains them.

First some options are ruled out, by what was answered or by what was measured. Of those that
are left the simplest is taken that no other one beats beyond noise: retrieval before tuning,
tuning before both. All is pure: the same answers and figures give the same advice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from assistant.advice.decision import NAMES, NEITHER, AdviceInput, Decision, FiredRule, moved, shown
from assistant.advice.evidence import (
    BARE,
    BOTH,
    EXTRACT_ROLE,
    OPTIONS,
    RETRIEVAL,
    SHOTS_ROLE,
    TUNING,
    Evidence,
    Measured,
)
from assistant.advice.exclusion_rules import ruled_out, ruled_out_unmeasured
from assistant.advice.questionnaire import CHANGES, NOWHERE, REQUIRED, STYLE
from assistant.evaluation.bootstrap import Figure

FEWEST_QUESTIONS = 20
"""Below it no advice is given: even 20 right answers of 20 may be 84 % (Wilson's interval)."""

FEWEST_EXAMPLES = 300
"""Examples below which tuning is not advised unmeasured. A guess."""

OFTEN = CHANGES["monthly"]
"""Changes a year from which on knowledge has no place in weights, unmeasured. A guess."""


def decide(case: AdviceInput) -> Decision:
    """Return the advice for a case."""
    evidence, options = case.evidence, case.options
    if evidence is None or not any(option in options for option in OPTIONS):
        return _guess(case)
    if evidence.questions < FEWEST_QUESTIONS:
        text = (
            f"{evidence.questions} questions were measured; under {FEWEST_QUESTIONS} nothing can "
            "be told apart. Get more of them: assistant eval draft"
        )
        return Decision(NEITHER, True, (FiredRule("too-few-questions", "", text),))
    fired = ruled_out(case)
    out = frozenset(found.option for found in fired)
    left = [option for option in OPTIONS if option in options and option not in out]
    fired += _missing(options)
    chosen, why = _choose(case, evidence, left)
    return Decision(chosen, True, (*fired, *why), out)


# -- what is chosen of those that are left ---------------------------------------------------


def _choose(case: AdviceInput, evidence: Evidence, left: list[str]) -> tuple[str, list[FiredRule]]:
    if not left:
        return NEITHER, [
            FiredRule("nothing-left", "", "Nothing that was measured meets all of it.")
        ]
    options = case.options
    useful = [o for o in left if _high(options[o].figure) >= case.said.good_enough]
    if not useful:
        best = max((options[o] for o in left), key=lambda arm: arm.figure.value)
        text = (
            f"The best of what is left, {best.arm}, reaches {shown(best.figure)}, and "
            f"{case.said.good_enough:g} is needed. Mend documents and questions first, or try a "
            "larger model."
        )
        return NEITHER, [FiredRule("nothing-good-enough", "", text)]
    if _bare_is_enough(case, evidence, left):
        text = (
            f"The model alone, without documents, reaches {shown(options[BARE].figure)}: "
            "nothing is better beyond noise. Either nothing is needed, or these questions ask "
            "for what everybody knows: measure with questions that only your documents answer."
        )
        return NEITHER, [FiredRule("bare-model-enough", BARE, text)]
    chosen = next(
        o for o in left if not any(evidence.better(options[p], options[o]) for p in left if p != o)
    )
    return chosen, _why(case, evidence, chosen, left)


def _bare_is_enough(case: AdviceInput, evidence: Evidence, left: list[str]) -> bool:
    bare = case.options.get(BARE)
    if bare is None or case.said.traceability == REQUIRED:
        return False
    good = bare.figure.value >= case.said.good_enough
    return good and not any(evidence.better(case.options[option], bare) for option in left)


def _why(case: AdviceInput, evidence: Evidence, chosen: str, left: list[str]) -> list[FiredRule]:
    options = case.options
    own = options[chosen]
    reasons = [
        FiredRule(
            "simplest-that-is-not-beaten",
            chosen,
            f"{NAMES[chosen].capitalize()} ({own.arm}) reaches {shown(own.figure)} on "
            f"{evidence.questions} questions.",
        )
    ]
    for other in (*OPTIONS, BARE):
        if other == chosen or other not in options:
            continue
        change = evidence.change(options[other], own)
        against = f"{NAMES[other]} ({options[other].arm})"
        if evidence.better(own, options[other]):
            text, rule = f"It is better than {against} by {moved(change)}.", "better"
        elif evidence.better(options[other], own):
            text = f"{against} is better by {moved(change, -1)}, but was ruled out."
            rule = "better-but-out"
        else:
            text = f"No difference from {against} beyond noise: {moved(change)}."
            rule = "no-difference"
            if other in left and OPTIONS.index(other) > OPTIONS.index(chosen):
                text += " So the simpler way is advised."
        reasons.append(FiredRule(rule, other, text[0].upper() + text[1:]))
    if chosen in (TUNING, BOTH) and case.said.hardware == NOWHERE:
        text = "There is no machine to tune it anew: what it learned stays as it is."
        reasons.append(FiredRule("nowhere-to-tune", chosen, text))
    return reasons + _without_model(evidence, own)


def _without_model(evidence: Evidence, own: Measured) -> list[FiredRule]:
    """Say so if the sentence that is found does as well as a model that reads on."""
    for arm in evidence.arms:
        if arm.role == EXTRACT_ROLE and own.role in (RETRIEVAL, SHOTS_ROLE):
            if evidence.better(own, arm):
                continue
            text = (
                f"The sentence that the search finds ({arm.arm}, {shown(arm.figure)}) does as "
                "well beyond noise, without any chat model."
            )
            return [FiredRule("no-model-needed", RETRIEVAL, text)]
    return []


def _missing(options: Mapping[str, Measured]) -> list[FiredRule]:
    missing = [NAMES[option] for option in OPTIONS if option not in options]
    if not missing:
        return []
    text = (
        f"Not measured: {', '.join(missing)}. What is advised holds among the others only. "
        "Measure all: assistant eval SUITE --for-advice"
    )
    return [FiredRule("not-measured", "", text)]


# -- without a measurement --------------------------------------------------------------------


def _guess(case: AdviceInput) -> Decision:
    said = case.said
    fired = ruled_out_unmeasured(case)
    often = CHANGES[said.changes] >= OFTEN
    if often:
        text = f"The knowledge changes {said.changes}: it belongs into documents, not into weights."
        fired.append(FiredRule("changes-often", TUNING, text))
    out = frozenset(found.option for found in fired)
    can_tune = said.hardware != NOWHERE and said.examples >= FEWEST_EXAMPLES
    if said.form != STYLE:
        text = "Finding what stands in documents is what retrieval does without any training."
        why = FiredRule("facts-are-found", RETRIEVAL, text)
        return Decision(RETRIEVAL, False, (*fired, why), out)
    if not can_tune:
        text = (
            f"A style of one's own needs tuning, with {FEWEST_EXAMPLES} examples or more and a "
            "machine for it: those are not there yet, so begin with retrieval."
        )
        why = FiredRule("cannot-tune-yet", RETRIEVAL, text)
        return Decision(RETRIEVAL, False, (*fired, why), out)
    if TUNING in out:
        text = "The form of the answers is learned, what they say is looked up."
        return Decision(BOTH, False, (*fired, FiredRule("form-and-facts", BOTH, text)), out)
    text = "The form of the answers is what matters, and what they say seldom changes."
    return Decision(TUNING, False, (*fired, FiredRule("form-is-learned", TUNING, text)), out)


def _high(figure: Figure) -> float:
    return figure.value if figure.high is None or math.isnan(figure.high) else figure.high
