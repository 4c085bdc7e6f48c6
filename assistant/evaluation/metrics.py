"""The measures of an evaluation: name, what each counts, which way is better.

A measure of kind "share" or "mean" is a sum over questions divided by another sum, so that
"refusals that were right" and "quotes that are verbatim" are counted like all others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from assistant.evaluation.grading import Row
from assistant.evaluation.ranking_metrics import ndcg, recall, reciprocal_rank

Fraction = tuple[float, float]
NOTHING: Fraction = (0.0, 0.0)
LISTED = 8
"""Passages that are listed, with their pages, when nothing is answered (`search_hits`)."""


@dataclass(frozen=True, slots=True)
class Measure:
    """`fraction` gives what a question adds above and below the line.

    `better` is 1 if more is better, -1 if less is. `gated`: a regression in it fails a run.
    """

    name: str
    title: str
    group: str
    fraction: Callable[[Row], Fraction]
    better: int = 1
    gated: bool = True


def _when(condition: bool, value: float) -> Fraction:
    return (float(value), 1.0) if condition else NOTHING


def _found(row: Row) -> bool:
    return row.answerable and bool(row.ranks)


def _answered(row: Row) -> bool:
    return row.answerable and row.answers > 0


def calibrated_on(row: Row) -> tuple[bool, bool]:
    """Return whether a row tells something about calibration, and what was to come true.

    Relevance is the probability that the library can answer; a calibrated confidence that
    what is shown is right, and nobody knows how right a withheld answer would have been.
    """
    if row.calibrated:
        return not row.failed and not row.abstained, row.right
    return not row.failed, row.answerable


def _brier(row: Row) -> Fraction:
    counted, true = calibrated_on(row)
    return _when(counted, (row.confidence - true) ** 2)


def _score(row: Row) -> float:
    if not row.answerable:
        return float(row.abstained)
    return row.f1 if row.answers else float(row.cited)


def _led(row: Row) -> bool:
    """Whether a person gets to the right place: an answer quotes it, or a refusal lists it."""
    return row.cited or (row.abstained and any(0 < rank <= LISTED for rank in row.ranks))


SHARES: tuple[Measure, ...] = (
    Measure(
        "ndcg@10", "nDCG@10", "search", lambda r: _when(_found(r), _found(r) and ndcg(r.ranks))
    ),
    *(
        Measure(
            f"recall@{k}",
            f"recall@{k}",
            "search",
            lambda r, k=k: _when(_found(r), _found(r) and recall(r.ranks, k)),  # type: ignore[misc]
        )
        for k in (1, 5, 10)
    ),
    Measure("mrr", "MRR", "search", lambda r: _when(_found(r), reciprocal_rank(r.ranks))),
    Measure("right", "right in all", "answers", lambda r: (float(r.right), 1.0)),
    Measure("exact", "exact match", "answers", lambda r: _when(_answered(r), r.exact)),
    Measure("f1", "F1", "answers", lambda r: _when(_answered(r), r.f1)),
    Measure("score", "F1, refusals counted", "answers", lambda r: (_score(r), 1.0), gated=False),
    Measure("holds", "answer shown", "answers", lambda r: _when(_answered(r), r.holds)),
    Measure("cited", "right place cited", "answers", lambda r: _when(_found(r), r.cited)),
    Measure(
        "led",
        "right place cited, or listed by a refusal",
        "answers",
        lambda r: _when(_found(r), _led(r)),
        gated=False,
    ),
    Measure(
        "verbatim", "quotes verbatim", "checks", lambda r: (float(r.verbatim), float(r.quotes))
    ),
    Measure(
        "supported",
        "sentences supported",
        "checks",
        lambda r: (float(r.supported), float(r.sentences)),
    ),
    Measure(
        "refusal_precision",
        "refusals that were right",
        "refusals",
        lambda r: _when(r.abstained, not r.answerable),
    ),
    Measure(
        "refusal_recall",
        "unanswerable refused",
        "refusals",
        lambda r: _when(not r.answerable, r.abstained),
    ),
    Measure(
        "false_refusals",
        "answerable refused",
        "refusals",
        lambda r: _when(r.answerable, r.abstained),
        better=-1,
    ),
    Measure("brier", "Brier score", "calibration", _brier, better=-1),
    Measure(
        "failed", "questions that failed", "checks", lambda r: (float(bool(r.failed)), 1.0), -1
    ),
    Measure(
        "truncated",
        "answers cut off",
        "checks",
        lambda r: _when(not r.failed, r.truncated),
        better=-1,
        gated=False,
    ),
)

ECE = "ece"
BINS = 10
"""Bins of equal width of the expected calibration error (Naeini et al. 2015)."""

TIMES: dict[str, tuple[str, Callable[[Row], float]]] = {
    "retrieve": ("search", lambda r: r.retrieve_ms),
    "words": ("first words shown", lambda r: r.words_ms),
    "first_token": ("first token", lambda r: r.first_token_ms),
    "total": ("whole answer", lambda r: r.total_ms),
}
"""Times in milliseconds; a negative one was not measured."""

QUANTILES = {"median": 50.0, "p95": 95.0}

TITLES: dict[str, str] = {
    **{measure.name: measure.title for measure in SHARES},
    ECE: "expected calibration error",
    **{
        f"{name}_{quantile}": f"{title}, {quantile}"
        for name, (title, _) in TIMES.items()
        for quantile in QUANTILES
    },
}
GROUPS: dict[str, tuple[str, ...]] = {
    "search": ("ndcg@10", "recall@1", "recall@5", "recall@10", "mrr"),
    "answers": ("right", "score", "exact", "f1", "holds", "cited", "led"),
    "refusals": ("refusal_precision", "refusal_recall", "false_refusals"),
    "checks": ("verbatim", "supported", "truncated", "failed"),
    "calibration": ("brier", ECE),
    "time (ms)": tuple(f"{name}_{quantile}" for name in TIMES for quantile in QUANTILES),
}
BETTER: dict[str, int] = {
    **{measure.name: measure.better for measure in SHARES},
    ECE: -1,
    **{f"{name}_{quantile}": -1 for name in TIMES for quantile in QUANTILES},
}
GATED = tuple(measure.name for measure in SHARES if measure.gated)
