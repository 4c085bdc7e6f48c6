"""Tell a gap in a line of text from its spaces, those of fixed pitch and justified ones too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from operator import sub
from typing import NamedTuple

from assistant.documents.pdf.characters import PageText

WIDE_GAP = 0.9
"""In heights of a line: a space is a quarter of it, a justified one seldom twice that."""

_EVEN_GAPS = 2

_WIDEST = 4.0
"""In heights of a line: three words on a line of a narrow column."""

_JUSTIFYING = 3

_EVEN = 0.14
"""By how much the spaces of a justified line differ at most, in heights; a "j" reaches into one."""

_SAME_PITCH = 0.01

_LEAST_TORN = 2
"""A single line makes no column."""

_LINE = re.compile(r"[^\r\n]+")

_SPACE = re.compile(r"(?<=\S)[ \t\xa0]+(?=[^\s\ufffe\x02])")

_LIST_LABEL = re.compile(r"\s*\S{1,6}\s")


class _Gap(NamedTuple):
    """The spaces `start` to `end`, their width, and the line's height.

    `before` and `later` are where the letters on both sides begin.
    """

    start: int
    end: int
    before: float
    white: float
    height: float
    later: float


def has_torn_lines(page: PageText) -> bool:
    """Tell whether two lines have a gap between words that is wider than their other spaces.

    Only the characters beside a space are measured, which costs little. A gap behind the number
    of a list's item is none.
    """
    text = page.text
    spaces = [space.span() for space in _SPACE.finditer(text)]
    found = page.edges([n for start, end in spaces for n in (start - 1, end)])
    befores, tops, rights, bottoms, laters, ends = (found[n::8] for n in (0, 1, 2, 3, 4, 6))
    heights = list(map(sub, tops, bottoms))
    whites = list(map(max, map(sub, laters, rights), map(sub, befores, ends)))
    if sum(white > WIDE_GAP * h for white, h in zip(whites, heights, strict=True)) < _LEAST_TORN:
        return False
    sides = zip(spaces, befores, whites, heights, laters, strict=True)
    gaps = [_Gap(*space, *others) for space, *others in sides]
    torn = at = 0
    for line in _LINE.finditer(text):
        first = at
        while at < len(gaps) and gaps[at].start < line.end():
            at += 1
        torn += _is_torn(line[0], gaps[first:at])
    return torn >= _LEAST_TORN


def _is_torn(line: str, gaps: Sequence[_Gap]) -> bool:
    inner = gaps[1:] if _LIST_LABEL.match(line) else gaps
    torn = [g for g in inner if g.white > allowed(g.end - g.start, g.height)]
    if not torn or is_even([g.white for g in gaps], gaps[-1].height):
        return False
    pitch = pitch_of((a.later, b.before, b.start - a.end) for a, b in pairwise(gaps))
    return not pitch or any(g.white > allowed(round(g.white / pitch), g.height) for g in torn)


def pitch_of(words: Iterable[tuple[float, float, int]]) -> float:
    """Return the width of every letter of a line in fixed pitch, 0 if the letters differ.

    `words` say where their first and their last letter begin, and how many letters they have.
    PDFium gives several spaces as one, so that only their width tells how many they are.
    """
    found = [(last - first) / (letters - 1) for first, last, letters in words if letters > 2]
    fixed = len(found) > 1 and max(found) - min(found) <= _SAME_PITCH * max(found)
    return max(found) if fixed else 0.0


def allowed(spaces: int, height: float) -> float:
    """Return how wide a gap within a line may be; text in fixed pitch is justified with spaces."""
    return (0.3 + WIDE_GAP * spaces if 2 <= spaces <= _JUSTIFYING else WIDE_GAP) * height


def is_even(gaps: Sequence[float], height: float) -> bool:
    if len(gaps) < _EVEN_GAPS or max(gaps) > _WIDEST * height:
        return False
    return max(gaps) - min(gaps) <= _EVEN * height
