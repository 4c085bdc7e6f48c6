"""Summarise a document by quoting it: its outline, with the key sentence of each part.

No model takes part, so that nothing can be made up and the same document gives the same
summary. The key sentence of a part is the one nearest to the part's centre of words (the
centroid method of MEAD, Radev et al. 2004), the first sentence having a small lead.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from assistant.answering.best_sentence import NUMBER, is_fragment, sentence_spans
from assistant.answering.reader_answer import ReaderAnswer
from assistant.text.canonical import joined_lines
from assistant.text.words import content_stems
from assistant.types import DocumentRecord, Hit, Passage, Scores, SearchResult, Sentence

PARTS = 20
"""Parts of a document that are quoted at most."""

_PATH = " > "
_FIRST = 0.15
_NUMBER = 0.05
_WORDS = (6, 60)
_OF_ODD_LENGTH = 0.3


@dataclass(frozen=True, slots=True)
class SummaryPart:
    """A part of a document: its heading ("" if it has none), and what it says above all.

    `passages` are those that the sentences stand in.
    """

    heading: str
    sentences: tuple[Sentence, ...]
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    passage: Passage
    start: int
    end: int
    stems: frozenset[str]

    @property
    def text(self) -> str:
        return self.passage.text[self.start : self.end]


def summarise(
    passages: Sequence[Passage], *, parts: int = PARTS, each: int = 1
) -> tuple[SummaryPart, ...]:
    """Return up to `parts` parts of a document, in order, with `each` sentences at most.

    `passages` are all of the document's, in order. Parts follow its headings, as deep as there
    are not too many; without headings the document is cut evenly.
    """
    sections = [(heading, _candidates(own)) for heading, own in _sections(passages, max(1, parts))]
    sections = [(heading, found) for heading, found in sections if found]
    weights = _rarities(found for _, found in sections)
    return tuple(
        _part(heading, _key_sentences(found, weights, each)) for heading, found in sections
    )


def summary_of(
    document: DocumentRecord, passages: Sequence[Passage]
) -> tuple[SearchResult, ReaderAnswer]:
    """Return the summary of a document as the stages of an answer."""
    parts = summarise(passages)
    hits = tuple(Hit(passage, Scores(0.0)) for part in parts for passage in part.passages)
    sentences = tuple(sentence for part in parts for sentence in part.sentences)
    result = SearchResult(document.name, hits, relevance=1.0, relevant=bool(hits))
    return result, ReaderAnswer(
        result.hits, sentences=sentences, confidence=None, refused=not sentences
    )


def _sections(passages: Sequence[Passage], most: int) -> list[tuple[str, list[Passage]]]:
    paths = [tuple(p.heading.split(_PATH)) if p.heading else () for p in passages]
    best: list[tuple[str, list[Passage]]] = []
    for depth in range(1, 1 + max(map(len, paths), default=0)):
        pairs = zip((path[:depth] for path in paths), passages, strict=True)
        found = [
            (key[-1] if key else "", [passage for _, passage in own])
            for key, own in groupby(pairs, key=lambda pair: pair[0])
        ]
        if len(found) > most:
            break
        best = found
    if len(best) > 1:
        return best
    size = -(-len(passages) // most)
    return [("", list(passages[n : n + size])) for n in range(0, len(passages), max(1, size))]


def _candidates(passages: Iterable[Passage]) -> list[_Candidate]:
    """Return the sentences of a part, each once where passages overlap."""
    found: list[_Candidate] = []
    read = 0
    for passage in passages:
        for start, end in sentence_spans(passage.text):
            text = passage.text[start:end]
            stems = content_stems(text)
            repeats = stems <= content_stems(passage.heading)  # the heading itself
            if passage.start + start >= read and not is_fragment(text) and not repeats:
                found.append(_Candidate(passage, start, end, stems))
        read = max(read, passage.end)
    return found


def _rarities(sections: Iterable[Sequence[_Candidate]]) -> dict[str, float]:
    """Weigh each word by how few of the parts have it."""
    held = [frozenset[str]().union(*(c.stems for c in found)) for found in sections]
    counts = Counter(stem for stems in held for stem in stems)
    return {stem: 1.0 + math.log(len(held) / n) for stem, n in counts.items()}


def _key_sentences(
    found: Sequence[_Candidate], weights: dict[str, float], each: int
) -> list[_Candidate]:
    counts = Counter(stem for candidate in found for stem in candidate.stems)
    centre = {stem: n * weights[stem] for stem, n in counts.items()}
    size = math.sqrt(math.fsum(value * value for value in centre.values())) or 1.0

    def score(candidate: _Candidate) -> float:
        own = math.sqrt(math.fsum(weights[s] ** 2 for s in candidate.stems)) or 1.0
        near = math.fsum(centre[s] * weights[s] for s in candidate.stems) / (size * own)
        few, many = _WORDS
        odd = not few <= len(candidate.text.split()) <= many
        first = _FIRST if candidate is found[0] else 0.0
        number = _NUMBER if NUMBER.search(candidate.text) else 0.0
        return near + first + number - (_OF_ODD_LENGTH if odd else 0.0)

    best = sorted(range(len(found)), key=lambda n: (-score(found[n]), n))[: max(1, each)]
    return [found[n] for n in sorted(best)]


def _part(heading: str, chosen: Sequence[_Candidate]) -> SummaryPart:
    passages = {c.passage.chunk_id: c.passage for c in chosen}
    return SummaryPart(heading, tuple(map(_sentence, chosen)), tuple(passages.values()))


def _sentence(found: _Candidate) -> Sentence:
    quotes = found.passage.cite(found.start, found.end)
    return Sentence(joined_lines(found.text), supported=True, quotes=quotes, origin="extract")
