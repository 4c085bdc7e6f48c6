"""Split a document into the smallest pieces of chunks, and rate the break before each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from assistant.text.sentences import split_sentences

CountTokens = Callable[[Sequence[str]], list[int]]


class Break(IntEnum):
    """How strong the break before an atom is, weakest first."""

    INSIDE = 0
    """In the middle of a sentence that is too long."""
    HEADED = 1
    """Behind a line that reads like a heading: what follows belongs to it."""
    SENTENCE = 2
    LINE = 3
    PARAGRAPH = 4
    CLAUSE = 5
    """Before a numbered clause, an article, or a line in capitals."""


@dataclass(frozen=True, slots=True)
class Atom:
    """`text[start:end]`, its tokens, and the break before it."""

    start: int
    end: int
    tokens: int
    before: Break


_BLANK_LINE = re.compile(r"\n[ \t\r\f\v]*\n")
_CLAUSE = re.compile(
    r"(?:(?:ARTICLE|SECTION|EXHIBIT|SCHEDULE|APPENDIX|ANNEX|PART|CHAPTER|CLAUSE|Article|Section"
    r"|Exhibit|Schedule|Appendix|Annex|Part|Chapter|Clause)\s+(?:\d|[IVXLC]{1,6}\b|[A-Z]\b)"
    r"|\d{1,3}(?:\.\d{1,3}){0,4}\.?\)?\s+[A-Z\"\u201c]|[IVX]{1,5}\.\s+[A-Z]|\#{1,6}\s)"
)
_LONGEST_HEADING = 90
_HEADING_TOKENS = 14
_WORD = re.compile(r"\S{1,100}")  # WordPiece takes a run of more as one unknown token
_AT_ONCE = 1024
_CLAUSE_END = (",", ";", ":", ")", "\u2014", "\u2013", ".")


def make_atoms(
    text: str, start: int, end: int, count: CountTokens, room: int, longest: int
) -> list[Atom]:
    """Cut `text[start:end]` into atoms of at most `room` tokens and `longest` characters.

    Atoms are trimmed, in order, and hold every character that is not white space.
    """
    spans = [(a + start, b + start) for a, b in split_sentences(text[start:end])]
    counts = count_all(count, [text[a : min(b, a + longest + 1)] for a, b in spans])
    atoms: list[Atom] = []
    headed = False
    for (a, b), tokens in zip(spans, counts, strict=True):
        before = _break_before(text, atoms[-1].end if atoms else start, a, b)
        if headed and before is not Break.CLAUSE:
            before = Break.HEADED
        if tokens <= room and b - a <= longest:
            atoms.append(Atom(a, b, tokens, before))
        else:
            atoms.extend(_pieces(text, (a, b), before, count, room, longest))
        headed = tokens <= _HEADING_TOKENS and _reads_like_heading(text[a:b])
    return atoms


def count_all(count: CountTokens, texts: Sequence[str]) -> list[int]:
    """Count in calls of bounded size."""
    counts: list[int] = []
    for at in range(0, len(texts), _AT_ONCE):
        counts.extend(count(texts[at : at + _AT_ONCE]))
    return counts


def _break_before(text: str, previous_end: int, start: int, end: int) -> Break:
    gap = text[previous_end:start]
    if "\n" not in gap and previous_end > 0 and gap:
        return Break.SENTENCE
    if _CLAUSE.match(text, start) or _in_capitals(text[start:end]):
        return Break.CLAUSE
    if text[max(0, previous_end - 1) : previous_end] == ":":
        return Break.SENTENCE
    return Break.PARAGRAPH if _BLANK_LINE.search(gap) else Break.LINE


def _in_capitals(words: str) -> bool:
    return len(words) <= _LONGEST_HEADING and words.isupper() and sum(map(str.isalpha, words)) > 3


def _reads_like_heading(words: str) -> bool:
    if len(words) > _LONGEST_HEADING:
        return False
    return _in_capitals(words) or words.startswith("#") or bool(_CLAUSE.match(words))


def _pieces(
    text: str,
    span: tuple[int, int],
    before: Break,
    count: CountTokens,
    room: int,
    longest: int,
) -> Iterator[Atom]:
    """Cut one over-long sentence at clauses if it can be, else at words, else anywhere."""
    words = _words(text, span, count, room, longest)
    first = 0
    while first < len(words):
        last = _piece_end(text, words, first, room, longest)
        tokens = sum(n for _, _, n in words[first:last])
        yield Atom(words[first][0], words[last - 1][1], tokens, before)
        first, before = last, Break.INSIDE


def _piece_end(
    text: str, words: list[tuple[int, int, int]], first: int, room: int, longest: int
) -> int:
    """Return the index behind the last word of the piece that begins with `words[first]`."""
    total, at, clause = 0, first, 0
    while at < len(words):
        total += words[at][2]
        if at > first and (total > room or words[at][1] - words[first][0] > longest):
            return clause or at
        at += 1
        if total > 0.5 * room and text[words[at - 1][1] - 1] in _CLAUSE_END:
            clause = at
    return at


def _words(
    text: str, span: tuple[int, int], count: CountTokens, room: int, longest: int
) -> list[tuple[int, int, int]]:
    """Return `(start, end, tokens)` of the words of a span, none over the limits."""
    found = [match.span() for match in _WORD.finditer(text, *span)]
    counts = count_all(count, [text[a:b] for a, b in found])
    words: list[tuple[int, int, int]] = []
    for (a, b), tokens in zip(found, counts, strict=True):
        if (tokens <= room and b - a <= longest) or b - a == 1:
            words.append((a, b, tokens))
        else:
            words.extend(_letters(text, a, b, count, room, longest))
    return words


def _letters(
    text: str, start: int, end: int, count: CountTokens, room: int, longest: int
) -> Iterator[tuple[int, int, int]]:
    """Halve a word until each part fits; a single character is left as it is."""
    tokens = count([text[start:end]])[0]
    if (tokens <= room and end - start <= longest) or end - start == 1:
        yield start, end, tokens
        return
    middle = (start + end) // 2
    yield from _letters(text, start, middle, count, room, longest)
    yield from _letters(text, middle, end, count, room, longest)
