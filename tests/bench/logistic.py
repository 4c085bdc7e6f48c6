"""Logistic regression, and what to say of a score: AUC, Brier score, calibration error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
_STEPS = 100
_BINS = 10


@dataclass(frozen=True)
class Model:
    """Weights on features as they are (not scaled), so that who uses them need not scale."""

    intercept: float
    weights: tuple[float, ...]

    def probabilities(self, features: Array) -> Array:
        score = self.intercept + features @ np.array(self.weights)
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(score, -60.0, 60.0))))


def fit(features: Array, labels: Array, ridge: float = 1.0, weights: Array | None = None) -> Model:
    """Fit by Newton's method, with a ridge on scaled features; the intercept is free of it."""
    mean, spread = features.mean(axis=0), features.std(axis=0)
    spread = np.where(spread > 1e-9, spread, 1.0)
    scaled = np.column_stack([np.ones(len(features)), (features - mean) / spread])
    share = np.ones(len(labels)) if weights is None else weights
    penalty = np.diag([1e-9] + [ridge] * features.shape[1])
    beta = np.zeros(scaled.shape[1])
    for _ in range(_STEPS):
        p = 1.0 / (1.0 + np.exp(-np.clip(scaled @ beta, -60.0, 60.0)))
        slope = scaled.T @ (share * (labels - p)) - penalty @ beta
        curve = (scaled * (share * p * (1.0 - p))[:, None]).T @ scaled + penalty
        step = np.linalg.solve(curve, slope)
        beta = beta + step
        if float(np.abs(step).max()) < 1e-9:
            break
    own = beta[1:] / spread
    return Model(float(beta[0] - own @ mean), tuple(float(w) for w in own))


def out_of_fold(
    features: Array,
    labels: Array,
    groups: Sequence[str],
    folds: int = 5,
    ridge: float = 1.0,
    weights: Array | None = None,
) -> Array:
    """Return each row's probability by a model that saw no row of the same group."""
    names = sorted(set(groups))
    order = np.random.default_rng(0).permutation(len(names))
    fold_of = {names[at]: number % folds for number, at in enumerate(order)}
    fold = np.array([fold_of[group] for group in groups])
    found = np.zeros(len(labels))
    for number in range(min(folds, len(names))):
        inside = fold == number
        if inside.any() and (~inside).any():
            seen = None if weights is None else weights[~inside]
            model = fit(features[~inside], labels[~inside], ridge, seen)
            found[inside] = model.probabilities(features[inside])
    return found


def auc(scores: Array, labels: Array) -> float:
    """Return the area under the ROC curve: how often a 1 scores above a 0 (ties count half)."""
    ones, zeros = scores[labels > 0.5], scores[labels <= 0.5]
    if not len(ones) or not len(zeros):
        return float("nan")
    zeros = np.sort(zeros)
    below = np.searchsorted(zeros, ones, "left") + np.searchsorted(zeros, ones, "right")
    return float(below.sum() / (2.0 * len(ones) * len(zeros)))


def brier(scores: Array, labels: Array) -> float:
    return float(np.mean((scores - labels) ** 2))


def calibration_error(scores: Array, labels: Array) -> float:
    """Return the expected calibration error over ten bins of equal width."""
    bins = np.clip((scores * _BINS).astype(int), 0, _BINS - 1)
    gaps = [abs(float((scores - labels)[bins == n].sum())) for n in range(_BINS)]
    return sum(gaps) / len(labels)
