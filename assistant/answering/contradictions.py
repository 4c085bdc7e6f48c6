"""Places of the documents that answer the question differently: found among the best hits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from assistant.answering.best_sentence import ScoredSentence, is_fragment
from assistant.answering.contradiction_rules import disagreement
from assistant.text.canonical import joined_lines
from assistant.types import Contradiction, Hit, Passage, Sentence
from assistant.types.strategies import Candidate

MOST = 3
"""Contradictions that are shown of one answer."""

_MOST_STATEMENTS = 8
_EACH = 2
_NEAR = 0.6
_LEAST_PROBABILITY = 0.05


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that may answer the question: `start:end` of a passage's text, and how
    well it does.
    """

    passage: Passage
    start: int
    end: int
    score: float

    @property
    def text(self) -> str:
        return self.passage.text[self.start : self.end]

    def sentence(self) -> Sentence:
        """Return it as a sentence of an answer, copied by code, with its citations."""
        return Sentence(
            text=joined_lines(self.text),
            supported=True,
            quotes=self.passage.cite(self.start, self.end),
            origin="extract",
        )


def find_disagreements(
    question: str,
    hits: Sequence[Hit],
    scored: Sequence[ScoredSentence],
    candidates: Sequence[Candidate] = (),
) -> tuple[Contradiction, ...]:
    """Return what the hits disagree about, best statements first, at most `MOST`.

    Looked at are the best sentences of each passage, and the sentences that hold what the
    model would have quoted.
    """
    found: list[Contradiction] = []
    seen: set[tuple[str, str]] = set()
    for one, other in combinations(_statements(hits, scored, candidates), 2):
        if _overlap(one, other):
            continue
        differs = disagreement(question, one.text, other.text)
        if differs is None or differs.values in seen:
            continue
        seen |= {differs.values, (differs.values[1], differs.values[0])}
        found.append(Contradiction(differs.kind, one.sentence(), other.sentence(), differs.values))
    return tuple(found[:MOST])


def _statements(
    hits: Sequence[Hit], scored: Sequence[ScoredSentence], candidates: Sequence[Candidate]
) -> list[Statement]:
    if not scored:
        return []
    quoted = {
        (scored_.hit, scored_.start)
        for scored_ in scored
        for candidate in candidates
        if candidate.hit == scored_.hit
        and candidate.probability >= _LEAST_PROBABILITY
        and _holds(hits[scored_.hit].passage, scored_, candidate)
    }
    best = max(sentence.score for sentence in scored)
    ranked = sorted(scored, key=lambda s: ((s.hit, s.start) not in quoted, -s.score))
    taken: list[Statement] = []
    of_hit: dict[int, int] = {}
    for sentence in ranked:
        passage = hits[sentence.hit].passage
        if is_fragment(passage.text[sentence.start : sentence.end]):
            continue
        near = sentence.score >= _NEAR * best or (sentence.hit, sentence.start) in quoted
        if near and of_hit.get(sentence.hit, 0) < _EACH and len(taken) < _MOST_STATEMENTS:
            of_hit[sentence.hit] = of_hit.get(sentence.hit, 0) + 1
            taken.append(Statement(passage, sentence.start, sentence.end, sentence.score))
    return taken


def _holds(passage: Passage, sentence: ScoredSentence, candidate: Candidate) -> bool:
    """Tell whether a candidate's quote lies in a sentence."""
    cited = passage.cite(sentence.start, sentence.end)
    return any(
        own.page == quote.page and own.start < quote.end and quote.start < own.end
        for own in cited
        for quote in candidate.quotes
    )


def _overlap(one: Statement, other: Statement) -> bool:
    """Tell whether two are (parts of) the same sentence, seen through two passages."""
    if one.passage.document_id != other.passage.document_id:
        return False
    begins = one.passage.start + one.start, other.passage.start + other.start
    ends = one.passage.start + one.end, other.passage.start + other.end
    return max(begins) < min(ends)
