"""Which sentences of an answer are supported: quotes and copied words, checked.

A sentence is supported if at least one quote of it stands in a passage, none of its
quotes is made up, and every number in it stands in one of its quotes. Nothing is judged
by meaning here; what can't be checked is not supported.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from assistant.documents.sentences import split_sentences
from assistant.retrieval.words import STOP_WORDS, content_stems, stem, words
from assistant.session.canonical import canonical
from assistant.session.locate import PassageIndex, Place
from assistant.types import Citation, Passage, Sentence

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
_REFERENCE = re.compile(
    r"\[(?:passages?\s+)?\d{1,2}(?:\s*[,;&-]\s*\d{1,2}){0,8}\]|\(passages?\s+\d{1,2}\)",
    re.IGNORECASE,
)
_ITEM = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*\u2022])\s+")
_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
_SHORT_WORDS = 3
_OUTSIDE_MARKED = 0.5
_OUTSIDE_COPIED = 0.34


@dataclass(frozen=True, slots=True)
class _Quote:
    start: int
    end: int
    inner: str


def check_answer(text: str, passages: Sequence[Passage], question: str) -> list[Sentence]:
    """Split a model's answer into sentences and mark which of them the passages support.

    Passages are those of the prompt, in its order, so that "[1]" means the first; the
    number is only a hint where to look first. Every citation that comes back holds the
    document's own characters.
    """
    index = PassageIndex(passages)
    asked = frozenset(content_stems(question))
    quotes = _find_quotes(text)
    starts = [quote.start for quote in quotes]
    checked = []
    for start, end in _sentences(text, quotes):
        own = quotes[bisect_left(starts, start) : bisect_left(starts, end)]
        checked.append(_checked(text[start:end], own, index, asked))
    return checked


def _checked(
    text: str, quotes: Sequence[_Quote], index: PassageIndex, asked: Collection[str]
) -> Sentence:
    prefer = [int(n) - 1 for m in _REFERENCE.finditer(text) for n in re.findall(r"\d+", m.group())]
    claims = [quote.inner for quote in quotes if any(map(str.isalnum, quote.inner))]
    if claims:
        places = [index.find(claim, prefer) for claim in claims]
        genuine = all(places)
        found = [place for group in places for place in group]
        enough = _says_enough(text, [index.text(place) for place in found], asked)
    else:
        found, enough = _copied(text, index, prefer, asked)
        genuine = True
    cited = [index.text(place) for place in found]
    supported = (
        bool(found) and genuine and enough and _numbers(_bare(text)) <= _numbers(" ".join(cited))
    )
    return Sentence(
        text=" ".join(text.split()),
        supported=supported,
        quotes=_citations(index, found),
        origin="model",
    )


def _citations(index: PassageIndex, places: Sequence[Place]) -> tuple[Citation, ...]:
    unique = dict.fromkeys(places)
    return tuple(dict.fromkeys(citation for place in unique for citation in index.cite(place)))


def _says_enough(text: str, cited: Sequence[str], asked: Collection[str]) -> bool:
    """Tell whether quotes carry their sentence, or are a mere ornament of it.

    At least half of what it claims must be quoted or asked; if a word or two is all that
    is quoted, then everything.
    """
    quoted = frozenset(s for quote in cited for s in content_stems(quote))
    long = any(len(words(quote)) >= _SHORT_WORDS for quote in cited)
    claimed = _claimed(text)
    allowed = _OUTSIDE_MARKED * len(claimed) if long else 0
    return bool(quoted) and len(claimed - quoted - frozenset(asked)) <= allowed


def _copied(
    text: str, index: PassageIndex, prefer: Sequence[int], asked: Collection[str]
) -> tuple[list[Place], bool]:
    """Look for words copied without quotation marks: the whole sentence, or long runs."""
    bare = _bare(text)
    if len(words(bare)) >= 2 and content_stems(bare):
        whole = index.find(bare, prefer)
        if whole:
            return whole, True
    plain = canonical(bare).text
    runs = index.runs(plain, prefer)
    covered = frozenset(s for run in runs for s in content_stems(plain[run.start : run.end]))
    claimed = _claimed(text)
    outside = claimed - covered - frozenset(asked)
    enough = bool(covered) and len(outside) <= _OUTSIDE_COPIED * len(claimed)
    return [run.place for run in runs], enough


def _bare(text: str) -> str:
    """Leave out item numbers and references such as [1]: they are no part of the claim."""
    return _ITEM.sub("", _REFERENCE.sub(" ", text)).strip()


def _claimed(text: str) -> frozenset[str]:
    return frozenset(stem(w) for w in words(_bare(text)) if w not in STOP_WORDS)


def _numbers(text: str) -> frozenset[str]:
    return frozenset(_NUMBER.findall(canonical(text).text))


def _find_quotes(text: str) -> list[_Quote]:
    """Find what stands between quotation marks; an unclosed one ends with its line."""
    found: list[_Quote] = []
    at = 0
    while match := _OPENING.search(text, at):
        start = match.start()
        at = start + 1
        if _is_no_opening(text, start):
            continue
        closing = _closing(text, start)
        line = text.find("\n", start, start + _LONGEST_QUOTE)
        end = closing if closing is not None else (line if line >= 0 else len(text))
        inner = _REFERENCE.sub(" ", text[start + 1 : end])
        found.append(_Quote(start, end, inner[:_LONGEST_QUOTE]))
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


def _sentences(text: str, quotes: Sequence[_Quote]) -> list[Span]:
    """Split into sentences; one that begins inside a quote goes on with the one before."""
    starts = [quote.start for quote in quotes]
    spans: list[Span] = []
    for start, end in split_sentences(text):
        inside = bisect_right(starts, start) - 1
        split_quote = inside >= 0 and quotes[inside].start < start < quotes[inside].end
        if spans and (split_quote or not any(map(str.isalnum, _bare(text[start:end])))):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans
