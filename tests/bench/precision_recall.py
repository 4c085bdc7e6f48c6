"""Precision and recall of quotes against labelled parts, as CUAD's paper measures them.

Hendrycks et al. 2021, arXiv 2103.06268.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.reading_sets import Span

RIGHT = 0.5
"""Jaccard of the words from which a quote is right, as in the paper."""

Quote = tuple[float, int, int]
"""(probability or score, the quote's start and end in the contract)"""


@dataclass(frozen=True)
class Case:
    """A cell: what was labelled, the quotes of each kind, and what a list would hold."""

    category: int
    text: str
    labelled: Sequence[Span]
    quotes: Sequence[Quote]
    listed: Sequence[Quote]
    lexical: Sequence[Quote]


def jaccard(one: str, other: str) -> float:
    """Return what share of all their words two texts have in common, as CUAD's scorer does."""
    bags = [set(re.sub(r"[^\w\s]", "", text.lower()).split()) for text in (one, other)]
    return len(bags[0] & bags[1]) / max(1, len(bags[0] | bags[1]))


def curve(cases: Sequence[Case], kind: str) -> list[tuple[float, float]]:
    """Return (recall, precision) at each threshold, from the strictest on."""
    judged: list[tuple[float, bool, frozenset[tuple[int, int]]]] = []
    parts = sum(len(case.labelled) for case in cases)
    for number, case in enumerate(cases):
        for score, start, end in getattr(case, kind):
            said = case.text[start:end]
            hit = [
                (number, n) for n, (a, b) in enumerate(case.labelled)
                if jaccard(said, case.text[a:b]) >= RIGHT
            ]  # fmt: skip
            judged.append((score, bool(hit), frozenset(hit)))
    judged.sort(key=lambda entry: -entry[0])
    found: set[tuple[int, int]] = set()
    wrong = 0
    points: list[tuple[float, float]] = []
    for _, right, parts_hit in judged:
        found |= parts_hit
        wrong += not right
        points.append((len(found) / max(parts, 1), len(found) / max(len(found) + wrong, 1)))
    return points


def area(points: Sequence[tuple[float, float]]) -> float:
    """Return the area under the curve; precision is the best at that recall or above."""
    whole, before = 0.0, 0.0
    best = [0.0] * len(points)
    top = 0.0
    for n in range(len(points) - 1, -1, -1):
        top = max(top, points[n][1])
        best[n] = top
    for (recall, _), precision in zip(points, best, strict=True):
        whole += (recall - before) * precision
        before = recall
    return whole


def precision_at(points: Sequence[tuple[float, float]], recall: float) -> float:
    return max((p for r, p in points if r >= recall), default=0.0)


def lists(cases: Sequence[Case], kind: str) -> tuple[float, float, int]:
    """Return (parts found, quotes right, lists) over cells with two labelled parts or more."""
    found = parts = right = said = count = 0
    for case in cases:
        if len(case.labelled) < 2:
            continue
        quotes = getattr(case, kind)
        if kind == "lexical":
            quotes = quotes[: max(1, len(case.listed))]
        count += 1
        parts += len(case.labelled)
        said += len(quotes)
        found += sum(any(a < d and c < b for _, a, b in quotes) for c, d in case.labelled)
        right += sum(any(a < d and c < b for c, d in case.labelled) for _, a, b in quotes)
    return found / max(parts, 1), right / max(said, 1), count
