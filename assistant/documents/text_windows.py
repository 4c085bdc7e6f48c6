"""Work on a long text in windows, so that memory does not grow with it."""

from __future__ import annotations

from collections.abc import Iterator

WINDOW = 500_000
"""Characters. More than nearly every document has, so that it is cut as a whole."""

_REACH = 20_000
"""How far before its ideal place a window may end at a better one."""

_BREAKS = ("\n\n", ".\n", ". ", "\n", "\u3002", " ")


def windows(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut `text[start:end]` into spans of `WINDOW` characters or less, about the same size.

    A cut is at a blank line, the end of a sentence, of a line or of a word, if one of
    these is in reach, in this order.
    """
    count = -(-(end - start) // WINDOW)
    begin = start
    for number in range(1, count):
        ideal = start + number * (end - start) // count
        cut = _cut(text, max(begin + 1, ideal - _REACH), ideal)
        yield begin, cut
        begin = cut
    yield begin, end


def _cut(text: str, low: int, ideal: int) -> int:
    for mark in _BREAKS:
        found = text.rfind(mark, low, ideal)
        if found >= 0:
            return found + len(mark)
    return ideal
