"""Say how many there are of something."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """Return "1 page", "2 pages": for nouns whose plural ends in an s."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
