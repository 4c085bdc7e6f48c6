"""Build the comparison table of the options: updates, cost, security, latency, fields of use."""

from __future__ import annotations

from collections.abc import Callable

from assistant.advice.costs import ADDING_HOURS, Costs
from assistant.advice.decision import NAMES, AdviceInput, shown
from assistant.advice.evidence import BOTH, OPTIONS, RETRIEVAL, TUNING, Measured
from assistant.evaluation.metrics import TITLES

_SECURITY = {
    RETRIEVAL: "documents stay encrypted, each library under its own key; what is forgotten is "
    "gone; every quote is checked",
    TUNING: "what was learned is in the weights: whoever may ask can try to get it out, and it "
    "can't be deleted; nothing is quoted or checked (this program never shows such answers)",
    BOTH: "as retrieval for what is looked up, as tuning for what was learned: tune on nothing "
    "that not everyone may see",
}
_SUITED = {
    RETRIEVAL: "facts that change, that must be traced, that not everyone may see",
    TUNING: "a form, a tone, terms of one's own that stay; classifying; no need for sources",
    BOTH: "facts from documents, read or worded as only a tuned model does",
}
_UNMEASURED = "not measured"


def comparison(case: AdviceInput) -> list[list[str]]:
    """Return the table: a heading row, then a row for each aspect."""
    rows: list[tuple[str, Callable[[AdviceInput, str], str]]] = [
        ("measured", _quality),
        ("unanswerable refused", _refused),
        ("data updates", _updates),
        ("upkeep a month", _upkeep),
        ("training", _training),
        ("on disk", _disk),
        ("memory", _memory),
        ("tokens per answer", _tokens),
        ("latency, median and 95th percentile", _latency),
        ("security", lambda _, option: _SECURITY[option]),
        ("suited for", lambda _, option: _SUITED[option]),
    ]
    heads = ["", *(NAMES[option] for option in OPTIONS)]
    return [heads, *([name, *(fill(case, o) for o in OPTIONS)] for name, fill in rows)]


def measured_rows(case: AdviceInput) -> list[list[str]]:
    """Return all arms of the run: name, part, model, figure, times, tokens."""
    if case.evidence is None:
        return []
    heads = ["arm", "part", "model", TITLES[case.evidence.measure], "p95", "tokens/s"]
    return [
        heads,
        *(
            [
                arm.arm,
                arm.role,
                arm.model or "-",
                shown(arm.figure),
                seconds(arm.p95),
                f"{arm.tokens_per_second:.0f}" if arm.tokens_per_second else "-",
            ]
            for arm in case.evidence.arms
        ),
    ]


def hours(value: float) -> str:
    """Return a time in minutes or hours, as a person says it."""
    if value and value * 60 < 1:
        return "under a minute"
    return f"{value * 60:.0f} min" if value < 2 else f"{value:.1f} h"


def seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def megabytes(value: float) -> str:
    return f"{value / 1e6:.0f} MB" if value < 2e9 else f"{value / 1e9:.1f} GB"


def _arm(case: AdviceInput, option: str) -> Measured | None:
    return case.options.get(option)


def _quality(case: AdviceInput, option: str) -> str:
    arm = _arm(case, option)
    if arm is None or case.evidence is None:
        return _UNMEASURED
    return f"{TITLES[case.evidence.measure]}: {shown(arm.figure)} ({arm.arm})"


def _refused(case: AdviceInput, option: str) -> str:
    arm = _arm(case, option)
    figure = arm.figures.get("refusal_recall") if arm else None
    return shown(figure) if figure else _UNMEASURED


def _updates(case: AdviceInput, option: str) -> str:
    adding = f"add the changed files ({hours(ADDING_HOURS)} by hand)"
    again = f"tune, measure, carry again ({hours(case.costs.retuning)})"
    if option == RETRIEVAL:
        return adding
    return again if option == TUNING else f"{adding}; tune again only if the form changes"


def _upkeep(case: AdviceInput, option: str) -> str:
    each = case.costs.retuning if option == TUNING else ADDING_HOURS
    return hours(case.said.changes_a_month * each)


def _training(case: AdviceInput, option: str) -> str:
    if option == RETRIEVAL:
        return "none"
    return f"{hours(case.costs.training)} for {case.costs.examples:,} examples"


def _disk(case: AdviceInput, option: str) -> str:
    sizes = case.costs.sizes
    arm = _arm(case, option)
    library = 0 if option == TUNING else sizes.library + sizes.embedder
    model = 0 if arm is not None and not arm.model else sizes.model
    adapter = 0 if option == RETRIEVAL else sizes.adapter
    return megabytes(library + model + adapter)


def _memory(case: AdviceInput, option: str) -> str:
    arm = _arm(case, option)
    return megabytes(arm.memory) if arm and arm.memory else _UNMEASURED


def _tokens(case: AdviceInput, option: str) -> str:
    arm = _arm(case, option)
    if arm is None:
        return _UNMEASURED
    read = f"{arm.prompt_tokens:.0f} read, " if arm.prompt_tokens else ""
    return f"{read}{arm.tokens:.0f} written"


def _latency(case: AdviceInput, option: str) -> str:
    arm = _arm(case, option)
    return f"{seconds(arm.median)}, {seconds(arm.p95)}" if arm else _UNMEASURED


def cost_lines(costs: Costs) -> list[str]:
    """Say what one training and one change cost, and where the figures come from."""
    training = (
        f"Training: about {hours(costs.training)} for {costs.examples:,} examples shown twice, "
        f"at a speed {costs.source}; a graphics card needs a fraction of it."
    )
    change = (
        f"One change of what a tuned model knows: {hours(costs.retuning)} (training, measuring "
        f"again {hours(costs.measuring)}, and an hour by hand, which is a guess)."
    )
    return [training, change, "One change of documents: assistant add, minutes."]
