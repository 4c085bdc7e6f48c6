"""What differs between two versions of a document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assistant.types.documents import Citation

ChangeKind = Literal["changed", "added", "dropped", "moved", "renumbered"]


@dataclass(frozen=True, slots=True)
class Replaced:
    """Words of the old version and what stands in their place in the new one; either may be ""."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Change:
    """One sentence (or row of a table) that is not the same in both versions.

    `old` and `new` are its places, empty where it is not there; `words` are what was replaced
    in one that was changed, in order.
    """

    kind: ChangeKind
    old_text: str
    new_text: str
    old: tuple[Citation, ...] = ()
    new: tuple[Citation, ...] = ()
    words: tuple[Replaced, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences of two versions in the order of the new one, and how much is the same."""

    changes: tuple[Change, ...]
    unchanged: int
