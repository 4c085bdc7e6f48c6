"""What a look through the whole library finds, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

FindingKind = Literal[
    "same text",
    "versions",
    "little text",
    "garbled",
    "long passages",
    "boilerplate",
    "never quoted",
]

FINDING_KINDS: tuple[FindingKind, ...] = get_args(FindingKind)
"""In the order in which they are shown: the first ones make answers wrong."""

CheckProgress = Callable[[int, int], None]
"""Told how many documents of how many were looked at."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one or several documents (their ids), said in one line.

    `advice` is what to do, "" if nothing has to be done.
    """

    kind: FindingKind
    documents: tuple[int, ...]
    said: str
    advice: str = ""
