"""Split off documents for validation, by name and seed, not by order."""

from __future__ import annotations

import hashlib
from collections.abc import Collection


def held_out(documents: Collection[str], ratio: float, seed: int) -> frozenset[str]:
    """Return the documents of the validation split: those with the lowest hashes.

    The hash is of seed and name, so a document that is added or removed moves one other at
    most. At least one document is held out of two or more if `ratio` is above 0, and at least
    one is left.
    """
    names = sorted(set(documents), key=lambda name: _rank(name, seed))
    count = round(len(names) * ratio)
    if ratio > 0 and len(names) > 1:
        count = min(max(count, 1), len(names) - 1)
    return frozenset(names[:count])


def _rank(document: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\0{document}".encode("utf-8", "surrogatepass")).digest()
