"""Find near duplicates: MinHash with locality-sensitive hashing, then the exact Jaccard.

Texts are sets of word triples (shingles). A MinHash signature (Broder 1997) of 64 values is
cut into 16 bands of 4; two texts that agree in a band are compared exactly. At a Jaccard of
0.8 a pair is missed with probability (1 - 0.8^4)^16 < 0.001.
"""

from __future__ import annotations

import zlib
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from assistant.text.words import plain_words

_VALUES = 64
_BANDS = 16
_PRIME = (1 << 31) - 1
_WORDS = 3
_MOST_IN_A_BUCKET = 64


def shingles(text: str) -> frozenset[int]:
    """Return the hashed word triples of a text; a shorter text is one shingle."""
    words = plain_words(text)
    if not words:
        return frozenset()
    return frozenset(
        zlib.crc32(" ".join(words[at : at + _WORDS]).encode()) % _PRIME
        for at in range(max(1, len(words) - _WORDS + 1))
    )


def jaccard(one: frozenset[int], other: frozenset[int]) -> float:
    """Return the share of common elements, 0.0 to 1.0."""
    union = len(one | other)
    return len(one & other) / union if union else 0.0


class NearIndex:
    """Texts by a key; finds the keys of those that share most of their words."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._sets: list[tuple[str, frozenset[int]]] = []
        self._buckets: dict[tuple[int, bytes], list[int]] = defaultdict(list)
        rng = np.random.default_rng(20_240_501)
        self._a = rng.integers(1, _PRIME, _VALUES, dtype=np.uint64)
        self._b = rng.integers(0, _PRIME, _VALUES, dtype=np.uint64)

    def add(self, key: str, text: str) -> None:
        own = shingles(text)
        if not own:
            return
        self._sets.append((key, own))
        for bucket in self._keys(own):
            if len(self._buckets[bucket]) < _MOST_IN_A_BUCKET:
                self._buckets[bucket].append(len(self._sets) - 1)

    def find(self, text: str) -> str | None:
        """Return the key of a near duplicate of `text`, the first added; None without one."""
        own = shingles(text)
        if not own:
            return None
        near = {n for bucket in self._keys(own) for n in self._buckets.get(bucket, ())}
        for number in sorted(near):
            key, other = self._sets[number]
            if jaccard(own, other) >= self._threshold:
                return key
        return None

    def _keys(self, own: frozenset[int]) -> list[tuple[int, bytes]]:
        signature = self._signature(own)
        width = _VALUES // _BANDS
        return [(b, signature[b * width : (b + 1) * width].tobytes()) for b in range(_BANDS)]

    def _signature(self, own: frozenset[int]) -> NDArray[np.uint64]:
        values = np.fromiter(own, dtype=np.uint64, count=len(own))
        hashed = (values[:, None] * self._a + self._b) % np.uint64(_PRIME)
        least: NDArray[np.uint64] = hashed.min(axis=0)
        return least
