"""Means with confidence intervals: Efron's percentile bootstrap over questions.

All arms are resampled with the same questions, so the difference between two of them is a
paired one: that some questions are hard for all of them is no noise of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.evaluation.grading import Row
from assistant.evaluation.metrics import BINS, ECE, QUANTILES, SHARES, TIMES, calibrated_on

RESAMPLES = 2_000
CONFIDENCE = 0.95
_CHUNK_CELLS = 2_000_000
_FEWEST = 2
_Z = 1.959964
_OF_YES_AND_NO = frozenset(measure.name for measure in SHARES if measure.name != "brier")

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figure:
    """A value over `count` questions; `low` and `high` bound its interval, None if too few."""

    value: float
    low: float | None
    high: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Sampled:
    """An arm's measures: their values, those of each resample, how many questions count."""

    values: dict[str, float]
    draws: dict[str, Array]
    counts: dict[str, int]


def sample(
    arms: Mapping[str, Sequence[Row]],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    chunk_cells: int = _CHUNK_CELLS,
) -> dict[str, Sampled]:
    """Compute every measure of every arm, for the questions and for resamples of them.

    `chunk_cells` bounds the memory that is used at once, and changes no value. Raises
    `ValueError` if the arms are not about the same questions in the same order.
    """
    ids = [[row.id for row in rows] for rows in arms.values()]
    if any(other != ids[0] for other in ids[1:]):
        raise ValueError("the arms were asked different questions")
    tables = {name: _Table(rows) for name, rows in arms.items()}
    drawn: dict[str, dict[str, list[Array]]] = {name: {} for name in arms}
    for indices in _draws(len(ids[0]), resamples, seed, chunk_cells):
        weights = _counts(indices, len(ids[0]))
        for name, table in tables.items():
            for measure, values in table.measured(indices, weights).items():
                drawn[name].setdefault(measure, []).append(values)
    whole = np.arange(len(ids[0]))[None, :]
    found = {}
    for name, table in tables.items():
        exact = table.measured(whole, np.ones((1, len(ids[0]))))
        found[name] = Sampled(
            {measure: float(value[0]) for measure, value in exact.items()},
            {measure: np.concatenate(parts) for measure, parts in drawn[name].items()},
            table.counts(),
        )
    return found


def figures_of(sampled: Sampled) -> dict[str, Figure]:
    """Return the measures that the questions allow, with their 95 % intervals."""
    figures = {}
    for name, value in sampled.values.items():
        count = sampled.counts[name]
        if count:
            low, high = interval(sampled.draws[name], count)
            if name in _OF_YES_AND_NO and low == high == value and value in (0.0, 1.0):
                low, high = _at_the_end(value, count)
            figures[name] = Figure(value, low, high, count)
    return figures


def _at_the_end(value: float, count: int) -> tuple[float, float]:
    """Return Wilson's interval (1927) of a share that is 0 or 1 in all resamples.

    The bootstrap can't say how sure that is: four right answers of four are no proof.
    """
    rest = 1 - count / (count + _Z * _Z)
    return (1 - rest, 1.0) if value > 0.5 else (0.0, rest)


def differences(
    before: Sampled, after: Sampled, confidence: float = CONFIDENCE
) -> dict[str, Figure]:
    """Return how much each measure changed from one arm to the other, with intervals."""
    found = {}
    for name, value in before.values.items():
        count = min(before.counts[name], after.counts[name])
        if count:
            moved = after.draws[name] - before.draws[name]
            low, high = interval(moved, count, confidence)
            found[name] = Figure(after.values[name] - value, low, high, count)
    return found


def interval(
    draws: Array, count: int, confidence: float = CONFIDENCE
) -> tuple[float | None, float | None]:
    """Return the percentile interval of resampled values; None for fewer than 2 questions."""
    known = draws[~np.isnan(draws)]
    if count < _FEWEST or not len(known):
        return None, None
    tail = (1 - confidence) / 2 * 100
    low, high = np.percentile(known, [tail, 100 - tail])
    return float(low), float(high)


def risk_coverage(rows: Sequence[Row]) -> list[tuple[float, float]]:
    """Return (share answered, share of those wrong) as the least confident are left out.

    The answers that were given, most confident first; equal confidence is one step
    (El-Yaniv and Wiener 2010). The last point is the arm as it is.
    """
    given = sorted((r for r in rows if not (r.abstained or r.failed)), key=lambda r: -r.confidence)
    points: list[tuple[float, float]] = []
    wrong = 0
    for number, row in enumerate(given, start=1):
        wrong += not row.right
        last = number == len(given)
        if last or given[number].confidence != row.confidence:
            points.append((number / len(rows), wrong / number))
    return points


class _Table:
    """The rows of one arm as arrays."""

    def __init__(self, rows: Sequence[Row]) -> None:
        fractions = np.array([[m.fraction(row) for m in SHARES] for row in rows], dtype=np.float64)
        self._above, self._below = fractions[..., 0], fractions[..., 1]
        confidence = np.array([row.confidence for row in rows])
        calibrated = [calibrated_on(row) for row in rows]
        counted = np.array([float(taken) for taken, _ in calibrated])
        true = np.array([float(came) for _, came in calibrated])
        bins = np.clip((confidence * BINS).astype(int), 0, BINS - 1)
        one_hot = np.eye(BINS)[bins] * counted[:, None]
        self._gaps = one_hot * (confidence - true)[:, None]
        self._counted = counted
        times = {name: np.array([take(r) for r in rows]) for name, (_, take) in TIMES.items()}
        self._times = {k: np.where(v < 0, np.nan, v) for k, v in times.items()}

    def measured(self, indices: NDArray[np.int64], weights: Array) -> dict[str, Array]:
        """Compute all measures of resamples, given as indices and as weights of questions."""
        above, below = weights @ self._above, weights @ self._below
        ratios = _ratio(above, below)
        found = {measure.name: ratios[:, i] for i, measure in enumerate(SHARES)}
        gaps = np.abs(weights @ self._gaps).sum(axis=1)
        found[ECE] = _ratio(gaps, weights @ self._counted)
        for name, values in self._times.items():
            of_rows = _percentiles(values[indices], QUANTILES.values())
            for quantile, percentiles in zip(QUANTILES, of_rows, strict=True):
                found[f"{name}_{quantile}"] = percentiles
        return found

    def counts(self) -> dict[str, int]:
        """Return how many questions each measure is about."""
        counts = {m.name: int((self._below[:, i] > 0).sum()) for i, m in enumerate(SHARES)}
        counts[ECE] = int(self._counted.sum())
        for name, values in self._times.items():
            known = int((~np.isnan(values)).sum())
            counts |= {f"{name}_{quantile}": known for quantile in QUANTILES}
        return counts


def _percentiles(values: Array, percents: Iterable[float]) -> list[Array]:
    """Return percentiles of each row, by linear interpolation; nan where nothing is known.

    What is not known (nan) is sorted to the end and left out there.
    """
    ordered = np.sort(values, axis=1)
    known = values.shape[1] - np.isnan(ordered).sum(axis=1)
    rows, last = np.arange(len(values)), np.maximum(known - 1, 0)
    found = []
    for percent in percents:
        at = last * percent / 100
        low = np.floor(at).astype(int)
        below, above = ordered[rows, low], ordered[rows, np.minimum(low + 1, last)]
        found.append(below + (above - below) * (at - low))
    return found


def _ratio(above: Array, below: Array) -> Array:
    safe = np.where(below > 0, below, 1.0)
    return np.asarray(np.where(below > 0, above / safe, np.nan))


def _draws(count: int, resamples: int, seed: int, chunk_cells: int) -> Iterator[NDArray[np.int64]]:
    generator = np.random.default_rng(seed)
    chunk = max(1, min(resamples, chunk_cells // count))
    for done in range(0, resamples, chunk):
        yield generator.integers(0, count, size=(min(chunk, resamples - done), count))


def _counts(indices: NDArray[np.int64], count: int) -> Array:
    """Return how often each question stands in each resample."""
    rows = len(indices)
    flat = (indices + np.arange(rows)[:, None] * count).ravel()
    return np.bincount(flat, minlength=rows * count).reshape(rows, count).astype(np.float64)
