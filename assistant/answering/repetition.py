"""Detect a model that repeats itself."""

from __future__ import annotations

import re

_WORD = re.compile(r"\S+")
_WINDOW = 1_200
_LONGEST = 40
_LEAST_WORDS = 12


def loop_end(text: str) -> int | None:
    """Return where the first of the repeats at the end of `text` ends; None if no loop.

    A loop is the same group of words at least three times in a row, with at least
    `_LEAST_WORDS` words in all repeats together, at the very end of the text. Only the
    last part of a long text is looked at.
    """
    begin = max(0, len(text) - _WINDOW)
    spans = [m.span() for m in _WORD.finditer(text, begin)]
    words = [text[a:b].casefold() for a, b in spans]
    for size in range(1, min(_LONGEST, len(words) // 3) + 1):
        last = words[-size:]
        repeats = 1
        while (repeats + 1) * size <= len(words) and (
            words[len(words) - (repeats + 1) * size : len(words) - repeats * size] == last
        ):
            repeats += 1
        if repeats >= 3 and repeats * size >= _LEAST_WORDS:
            return spans[len(words) - (repeats - 1) * size - 1][1]
    return None
