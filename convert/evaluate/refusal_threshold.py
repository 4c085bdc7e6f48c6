"""Refusing by a threshold instead of greedily: how much is gained, and at what price.

A tuned model begins a refusal or a quote; how much likelier the one is than the other
(`Reply.margin`) tells how sure it is, and so does how likely it finds its own quote
(`Reply.log_probability`). A weight for the second and a threshold on both together are
chosen on validation data and only then applied to what is reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from convert.evaluate.bootstrap import GradedAnswer

POINTS = 20
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
"""Weights of a quote's log-probability that are tried; see `GradedAnswer.doubt`."""


@dataclass(frozen=True, slots=True)
class Point:
    """What would be if every item with a doubt above `threshold` (nats) were refused.

    `weight` is that of the quote's log-probability in the doubt. `coverage` is the share of
    all items that are answered; `f1` is over the answerable, with 0 for those refused; the
    other two are shares of the unanswerable and answerable.
    """

    threshold: float
    coverage: float
    f1: float
    refused: float
    false_refusals: float
    weight: float = 0.0


def at_threshold(judged: Sequence[GradedAnswer], threshold: float, weight: float = 0.0) -> Point:
    """Return the figures of one threshold. Shares over no items are 0."""
    answerable = [j for j in judged if j.answerable]
    unanswerable = [j for j in judged if not j.answerable]
    kept = [j for j in answerable if j.doubt(weight) <= threshold]
    refused = sum(j.doubt(weight) > threshold for j in unanswerable)
    answered = len(kept) + len(unanswerable) - refused
    return Point(
        threshold=threshold,
        coverage=_share(answered, len(judged)),
        f1=_share(sum(j.f1_answered for j in kept), len(answerable)),
        refused=_share(refused, len(unanswerable)),
        false_refusals=_share(len(answerable) - len(kept), len(answerable)),
        weight=weight,
    )


def risk_coverage(judged: Sequence[GradedAnswer], weight: float = 0.0) -> list[Point]:
    """Return the figures at thresholds that answer 0%, 5%, ... 100% of the items."""
    margins = [j.doubt(weight) for j in judged]
    if not margins:
        return []
    quantiles = np.quantile(margins, np.linspace(0.0, 1.0, POINTS + 1), method="lower")
    below = float(min(margins)) - 1.0
    thresholds = dict.fromkeys([below, *map(float, quantiles)])
    return [at_threshold(judged, t, weight) for t in thresholds]


def calibrate(judged: Sequence[GradedAnswer], max_false_refusals: float) -> Point | None:
    """Return the weight and threshold that are best on validation data, with their figures.

    Best: the mean of the answerable's F1 and the share of unanswerable refused is greatest,
    with false refusals within the limit. None without both kinds of items.
    """
    if not any(j.answerable for j in judged) or all(j.answerable for j in judged):
        return None
    points = []
    for weight in WEIGHTS:
        doubts = sorted({j.doubt(weight) for j in judged})
        points += [at_threshold(judged, t, weight) for t in (doubts[0] - 1.0, *doubts)]
    allowed = [p for p in points if p.false_refusals <= max_false_refusals]
    return max(allowed, key=lambda p: (p.f1 + p.refused, p.threshold))


def _share(count: float, of: int) -> float:
    return count / of if of else 0.0
