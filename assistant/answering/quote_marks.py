"""Split a model's answer into sentences and the quotes between quotation marks."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.answering.checks.attribution import PASSAGE
from assistant.text.sentences import split_sentences

Span = tuple[int, int]

_LONGEST_QUOTE = 4_000
_CLOSING = {
    '"': '"',
    "\u201c": '\u201d\u201c"',
    "\u201e": '\u201c\u201d"',
    "\u201d": "\u201d",
    "\u00ab": "\u00bb",
    "\u00bb": "\u00ab",
    "\u2018": "\u2019",
}
_OPENING = re.compile("[" + "".join(_CLOSING) + "]")


@dataclass(frozen=True, slots=True)
class MarkedQuote:
    """A quote at `start:end` of an answer, its marks counted in; `inner` is what it claims."""

    start: int
    end: int
    inner: str


def find_quotes(text: str) -> list[MarkedQuote]:
    """Find what stands between quotation marks; an unclosed one ends with its line."""
    found: list[MarkedQuote] = []
    at = 0
    while match := _OPENING.search(text, at):
        start = match.start()
        at = start + 1
        if _is_no_opening(text, start):
            continue
        closing = _closing(text, start)
        line = text.find("\n", start, start + _LONGEST_QUOTE)
        end = closing if closing is not None else (line if line >= 0 else len(text))
        inner = PASSAGE.sub(" ", text[start + 1 : end])
        found.append(MarkedQuote(start, end, inner[:_LONGEST_QUOTE]))
        at = end + 1
    return found


def _is_no_opening(text: str, at: int) -> bool:
    """Inches and apostrophes are no opening marks."""
    before = text[at - 1 : at]
    if text[at] == '"':
        return before.isdigit()
    return text[at] == "\u2018" and before.isalnum()


def _closing(text: str, start: int) -> int | None:
    limit = start + 1 + _LONGEST_QUOTE
    marks = _CLOSING[text[start]]
    places = []
    for mark in marks:
        at = text.find(mark, start + 1, limit)
        while mark == "\u2019" and at >= 0 and text[at + 1 : at + 2].isalnum():
            at = text.find(mark, at + 1, limit)
        if at >= 0:
            places.append(at)
    return min(places, default=None)


def answer_sentences(
    text: str, quotes: Sequence[MarkedQuote], says: Callable[[str], bool]
) -> list[Span]:
    """Split into sentences; one that begins inside a quote goes on with the one before.

    So does a piece of which `says` tells that it says nothing by itself, such as "[1]".
    """
    starts = [quote.start for quote in quotes]
    spans: list[Span] = []
    for start, end in split_sentences(text):
        inside = bisect_right(starts, start) - 1
        split_quote = inside >= 0 and quotes[inside].start < start < quotes[inside].end
        if spans and (split_quote or not says(text[start:end])):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def outside_of(text: str, start: int, quotes: Sequence[MarkedQuote]) -> list[str]:
    """Return what a sentence says before, between and after its quotes.

    `start` is where the sentence begins in the answer that the quotes were found in.
    """
    pieces: list[str] = []
    at = 0
    for quote in quotes:
        pieces.append(text[at : max(at, quote.start - start)])
        at = quote.end + 1 - start
    pieces.append(text[at:])
    return pieces
