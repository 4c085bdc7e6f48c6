"""Find texts that are nearly the same, without comparing each with each.

Bottom sketches after Broder 1997 (On the resemblance and containment of documents): of all runs of
five words, hashed, the smallest numbers are kept; the share of them that two texts have in common
estimates the resemblance (Jaccard) of the two sets of runs.
"""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from assistant.text.words import plain_words

_RUN = 5
SKETCH = 200
"""Numbers that are kept of a text: the estimate's standard error is 0.035 at most."""

_COMMON = 50
"""A run that more texts have is boilerplate, and says nothing of two of them."""

_LEAST_SHARED = 0.2

Sketch = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Alike:
    """Two texts by their keys, and how much they resemble each other (0..1)."""

    one: int
    other: int
    resemblance: float


def sketch_of(text: str) -> Sketch:
    """Return the sketch of a text: at most `SKETCH` numbers, ascending."""
    words = plain_words(text)
    runs = {
        zlib.crc32(" ".join(words[at : at + _RUN]).encode())
        for at in range(max(1, len(words) - _RUN + 1))
    }
    return tuple(sorted(runs)[:SKETCH]) if words else ()


def near_duplicates(sketches: Mapping[int, Sketch], least: float) -> Iterator[Alike]:
    """Yield the pairs whose texts resemble each other by `least` or more.

    Of several texts that are the same each is paired with the first of them only.
    """
    first: dict[Sketch, int] = {}
    for key, sketch in sketches.items():
        if not sketch:
            continue
        if sketch in first:
            yield Alike(first[sketch], key, 1.0)
        else:
            first[sketch] = key
    for one, other in _candidates(first):
        found = resemblance(sketches[one], sketches[other])
        if found >= least:
            yield Alike(one, other, found)


def resemblance(one: Sketch, other: Sketch) -> float:
    """Estimate the share of runs that two texts have in common."""
    both = sorted({*one, *other})[: max(min(len(one), len(other)), 1)]
    shared = set(one) & set(other)
    return sum(number in shared for number in both) / len(both)


def _candidates(first: Mapping[Sketch, int]) -> list[tuple[int, int]]:
    holders: dict[int, list[int]] = defaultdict(list)
    for sketch, key in first.items():
        for number in sketch:
            holders[number].append(key)
    shared: Counter[tuple[int, int]] = Counter()
    for keys in holders.values():
        if len(keys) <= _COMMON:
            shared.update(combinations(keys, 2))
    sizes = {key: len(sketch) for sketch, key in first.items()}
    return [p for p, n in shared.items() if n >= _LEAST_SHARED * _smaller(sizes, p)]


def _smaller(sizes: Mapping[int, int], pair: Sequence[int]) -> int:
    return min(sizes[key] for key in pair)
