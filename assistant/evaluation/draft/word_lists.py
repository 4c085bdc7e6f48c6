"""Lists of words, written as text."""

from __future__ import annotations


def listed(words: str) -> list[str]:
    """Return the words of a text, in order."""
    return words.split()
