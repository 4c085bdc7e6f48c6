"""Figures of a reader: exact match and F1, and how well answerable is told from unanswerable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.evaluation.answer_scores import exact, f1
from convert.evaluate.bootstrap import CONFIDENCE, RESAMPLES, Figure, bootstrap
from convert.reader.reading_items import ReadItem

FALSE_REFUSALS = (0.12, 0.15, 0.20)
"""Shares of the answerable questions that may be refused, at which refusing is reported."""

Margins = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """What a reader answered: the best span's text of all passages, its margin, relevance."""

    text: str
    margin: float
    relevance: float

    def sureness(self, weight: float) -> float:
        """Return how much speaks for answering; `weight` is that of the relevance."""
        return self.margin + weight * self.relevance


NOT_READ = ReadAnswer("", -100.0, -100.0)
"""For items of which nothing could be read."""


def reading_figures(
    items: Sequence[ReadItem], answers: Sequence[ReadAnswer], weight: float
) -> dict[str, Any]:
    """Return the figures with 95% bootstrap intervals.

    `exact` and `f1` are over the answerable with nothing refused. `refused_at_*` is the share
    of unanswerable refused where that share of the answerable is refused too, `f1_at_*` the
    F1 that is left then (0 for what is refused).
    """
    pairs = list(zip(items, answers, strict=True))
    right = [(i, a) for i, a in pairs if i.answers]
    scores = {
        "exact": [exact(a.text, i.answers) for i, a in right],
        "f1": [f1(a.text, i.answers) for i, a in right],
    }
    found: dict[str, Any] = {"answerable": len(right), "unanswerable": len(pairs) - len(right)}
    found |= {name: _table(bootstrap(values)) for name, values in scores.items() if values}
    yes = np.array([a.sureness(weight) for _, a in right])
    no = np.array([a.sureness(weight) for i, a in pairs if not i.answers])
    if not len(yes) or not len(no):
        return found
    found["auc"] = _table(_resampled(yes, no, auc))
    for rate in FALSE_REFUSALS:
        found[f"refused_at_{rate:.2f}"] = _table(_resampled(yes, no, refused_at(rate)))
        threshold = float(np.quantile(yes, rate))
        kept = [s if y >= threshold else 0.0 for s, y in zip(scores["f1"], yes, strict=True)]
        found[f"f1_at_{rate:.2f}"] = _table(bootstrap(kept))
        found[f"threshold_at_{rate:.2f}"] = round(threshold, 3)
    return found


def auc(yes: Margins, no: Margins) -> float:
    """Return how often a random answerable question is surer than an unanswerable one."""
    ranks = np.searchsorted(np.sort(no), yes, "left") + np.searchsorted(np.sort(no), yes, "right")
    return float(ranks.mean() / 2 / len(no))


def refused_at(rate: float) -> Callable[[Margins, Margins], float]:
    """Return a measure: the share of `no` below the margin below which `rate` of `yes` lie."""
    return lambda yes, no: float((no < np.quantile(yes, rate)).mean())


def _resampled(yes: Margins, no: Margins, measure: Callable[[Margins, Margins], float]) -> Figure:
    """Return a measure of two groups with its interval; each group is resampled by itself."""
    rng = np.random.default_rng(0)
    drawn = [measure(rng.choice(yes, len(yes)), rng.choice(no, len(no))) for _ in range(RESAMPLES)]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Figure(measure(yes, no), float(low), float(high), len(yes) + len(no))


def _table(figure: Figure | None) -> dict[str, float]:
    return {} if figure is None else {n: round(v, 4) for n, v in asdict(figure).items()}
