"""A run as one table, for `run.json` and the HTML page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from assistant.evaluation.bootstrap import (
    CONFIDENCE,
    RESAMPLES,
    Figure,
    Sampled,
    differences,
    figures_of,
    risk_coverage,
    sample,
)
from assistant.evaluation.metrics import GROUPS
from assistant.evaluation.run_comparison import ArmChange
from assistant.evaluation.saved_run import FORMAT, KIND, ArmRun

_MOST_POINTS = 200


def run_table(about: Mapping[str, Any], arms: Sequence[ArmRun]) -> dict[str, Any]:
    """Return the whole run. `about` says what was asked of what, and when.

    Each arm after the first is compared with the first one, question by question.
    """
    sampled = sample({arm.name: arm.rows for arm in arms})
    first = arms[0].name
    return {
        "format": FORMAT,
        "kind": KIND,
        **about,
        "confidence": CONFIDENCE,
        "resamples": RESAMPLES,
        "arms": [_arm(arm, sampled[arm.name]) for arm in arms],
        "differences": [
            {
                "arm": arm.name,
                "from": first,
                "figures": _figures(differences(sampled[first], sampled[arm.name])),
            }
            for arm in arms[1:]
        ],
    }


def change_table(change: ArmChange) -> dict[str, Any]:
    """Return how an arm changed against a saved run."""
    return {
        "arm": change.arm,
        "compared": change.compared,
        "figures": _figures(change.changes),
        "worse": list(change.worse),
        "improved": list(change.improved),
        "newly_wrong": list(change.newly_wrong),
        "newly_right": list(change.newly_right),
    }


def without_rows(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run's table without the single answers."""
    arms = [{k: v for k, v in arm.items() if k != "rows"} for arm in table["arms"]]
    return {**table, "arms": arms}


def _arm(arm: ArmRun, sampled: Sampled) -> dict[str, Any]:
    points = risk_coverage(arm.rows)
    step = max(1, -(-len(points) // _MOST_POINTS))
    kept = points[::-1][::step][::-1]
    return asdict(arm) | {
        "figures": _figures(figures_of(sampled)),
        "risk_coverage": [[round(x, 6), round(y, 6)] for x, y in kept],
    }


def _figures(figures: Mapping[str, Figure]) -> dict[str, Any]:
    """Return figures in the order in which they are shown; an unknown bound is None."""
    return {
        name: {
            "value": _rounded(figures[name].value),
            "low": _rounded(figures[name].low),
            "high": _rounded(figures[name].high),
            "questions": figures[name].count,
        }
        for group in GROUPS.values()
        for name in group
        if name in figures
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
