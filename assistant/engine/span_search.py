"""Find the best spans in the start and end scores of a reader's window."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.engine.reader_windows import ReaderWindow
from assistant.types import ReadSpan

Scores = NDArray[np.float32]

LONGEST_SPAN = 160
"""Tokens; a clause of a contract has fewer."""

MOST_SPANS = 5
"""Spans of one passage: a list's items, or second thoughts."""

_CANDIDATES = 64
"""Of so many best pairs of a window, most overlap the very best."""


_BREAK = re.compile(r"\n[ \t]*\n")


def paragraph_breaks(text: str) -> list[int]:
    """Return where blank lines begin in a text (characters): no answer goes on behind one."""
    return [match.start() for match in _BREAK.finditer(text)]


def window_spans(
    window: ReaderWindow, starts: Scores, ends: Scores, breaks: Sequence[int] = ()
) -> Iterator[ReadSpan]:
    """Yield the best spans of one window, best first; they may overlap, but not cross `breaks`.

    `starts` and `ends`: shape (tokens,), one logit for each token of the window. A span's
    score is how much more speaks for it than for "no answer" (both sums of two logits).
    """
    count = len(window.offsets)
    inside = slice(window.first, window.first + count)
    nothing = float(starts[0]) + float(ends[0])
    pairs = starts[inside, None] + ends[None, inside]
    allowed = np.triu(np.ones((count, count), dtype=bool))
    allowed &= ~np.triu(allowed, LONGEST_SPAN)
    paragraph = np.searchsorted(np.array(breaks), [start for start, _ in window.offsets], "right")
    allowed &= paragraph[:, None] == paragraph[None, :]
    pairs = np.where(allowed, pairs, -np.inf).ravel()
    few = min(_CANDIDATES, int(allowed.sum()))
    best = np.argpartition(-pairs, few - 1)[:few]
    # Of equals the earlier and shorter one, so that the order is always the same.
    for place in sorted(best, key=lambda at: (-pairs[at], at)):
        first, last = divmod(int(place), count)
        start, end = window.offsets[first][0], window.offsets[last][1]
        yield ReadSpan(start, end, float(pairs[place]) - nothing)


def without_overlaps(spans: Iterable[ReadSpan], most: int = MOST_SPANS) -> tuple[ReadSpan, ...]:
    """Return the `most` spans with the greatest scores of which none overlaps a better one."""
    chosen: list[ReadSpan] = []
    for span in sorted(spans, key=lambda s: (-s.score, s.start, s.end)):
        if all(span.end <= other.start or other.end <= span.start for other in chosen):
            chosen.append(span)
            if len(chosen) == most:
                break
    return tuple(chosen)
