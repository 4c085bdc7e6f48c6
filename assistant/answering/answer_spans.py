"""Let the spans that a reader finds in several passages compete for the answer.

The weighed sum over passages of RAG-Sequence (Lewis et al. 2020, arXiv 2005.11401), with a
reader in place of a generator: the probability of an answer is the sum over the passages of
p(passage | question) times p(span | question, passage), where "no answer" takes its share of
each passage. The same words in several passages are one answer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import pairwise

from assistant.answering.amendments import replaced_words
from assistant.answering.best_sentence import NUMBER, sentence_spans, sentences_around
from assistant.answering.checks.identity import conflicts
from assistant.answering.checks.names import find_names
from assistant.answering.strategies.question_type import asks_for_parties, asks_whether
from assistant.text.words import plain_words
from assistant.types import CancelToken, Hit, Place, Reader, Reading, ReadSpan

PASSAGES = 20
"""Passages that are read: a reader takes some 10 ms for each."""

PRIOR = 5.0
"""Weight of the search's rank beside the reader's relevance, both logarithms. With 1, 2, 3, 4, 5
and 8 the first answers to questions about unseen articles had F1 0.61, 0.61, 0.62, 0.63, 0.63,
0.63, to those about contracts 0.52, 0.52, 0.54, 0.55, 0.55, 0.54 (those that have an answer
among 350 questions of each)."""

_OTHER_KIND = 2.5
"""Nats that are taken off a span without a number where a count or amount is asked for."""

_COUNTS = re.compile(
    r"\bhow (?:many|much|long|old|far|high|tall|large|big|deep|wide|heavy|fast)\b"
    r"|\bwhat (?:percent\w*|share|year)\b",
    re.IGNORECASE,
)
_MADE_BETWEEN = re.compile(
    r"\b(?:between|among)\b.{3,300}\band\b|\bby and (?:between|among)\b", re.IGNORECASE | re.DOTALL
)
_FORM_OF_PARTIES = 4.0
"""Nats that a span gains where parties are asked for and its sentence names who made it."""

_HALVES = re.compile(r";\s|,\s(?:and|but|while|whereas)\s|\s(?:while|whereas)\s")
_OTHER_HALF = 4.0
"""Nats that are taken off a span in the half of a sentence that names something else."""

_NOTHING = 10.0
"""Nats by which "no answer" is ahead where a sentence holds no span at all."""

_ARTICLES = frozenset(("a", "an", "the"))


@dataclass(frozen=True, slots=True)
class AnswerSpan:
    """A span that may be the answer, at `place` of the hits' passages.

    `margin` (nats) is its log-odds against "no answer" in its own passage, `relevance` the
    reader's logit for that passage; `share` (0..1) is the probability of its words, summed over
    all passages. `rank` counts its passage's place in the search from 0. `alone` is the margin
    (nats) of the best answer in its own sentence, read without what stands around it; None
    where it was not read so.
    """

    place: Place
    text: str
    margin: float
    relevance: float
    share: float
    rank: int = 0
    alone: float | None = None


def read_hits(
    question: str, hits: Sequence[Hit], reader: Reader, cancel: CancelToken | None = None
) -> tuple[tuple[Hit, ...], tuple[AnswerSpan, ...]]:
    """Read the first `PASSAGES` hits; return the hits, and what may answer, best first.

    The hits come back in the reader's order, those that were not read behind them: the reader
    as reranker (`tests/bench/bench_reranking.py`). Each text is given once; places count in the
    new order. Raises what the reader raises.
    """
    shown = hits[:PASSAGES]
    readings = reader.read(question, [hit.passage.text for hit in shown], cancel)
    weights = passage_weights(shown, readings)
    order = sorted(range(len(shown)), key=lambda n: -weights[n])
    better = tuple(shown[n] for n in order)
    fitting = [fitting_spans(question, shown[n], readings[n]) for n in order]
    best = [
        replace(span, rank=order[span.place.passage])
        for span in ranked(better, fitting, [weights[n] for n in order])
    ]
    best[:1] = [_read_alone(question, better, span, reader) for span in best[:1]]
    return (*better, *hits[PASSAGES:]), tuple(best)


def _read_alone(
    question: str, hits: Sequence[Hit], answer: AnswerSpan, reader: Reader
) -> AnswerSpan:
    """Let the reader look at the answer's own sentence again: a second opinion on one span.

    On 400 + 400 questions of articles that no reader was trained on, right and unanswerable
    ones are told apart with an AUC of 0.842 with it and 0.833 without.
    """
    text = hits[answer.place.passage].passage.text
    start, end = sentences_around(sentence_spans(text), answer.place.start, answer.place.end)
    (reading,) = reader.read(question, [text[start:end]])
    best = reading.spans[0].score if reading.spans else reading.no_answer - _NOTHING
    return replace(answer, alone=best - reading.no_answer)


def fitting_spans(question: str, hit: Hit, reading: Reading) -> Reading:
    """Leave out spans that can't answer, and doubt those of another kind than is asked for.

    A span that runs over the end of a paragraph is cut there; words that are said to be replaced
    no longer hold; one whose sentence speaks of another code, number, date or name than the
    question is about something else, and so, likely, is one in the half of a sentence that names
    another; "how many" is seldom answered without a number.
    """
    passage = hit.passage
    context = f"{passage.document}\n{passage.heading}"
    sentences = sentence_spans(passage.text)
    old = replaced_words(passage.text)
    counts, parties = _COUNTS.search(question), asks_for_parties(question)
    whether, names = asks_whether(question), set(find_names(question))
    kept: list[ReadSpan] = []
    for found in reading.spans:
        span = in_one_paragraph(found, passage.text)
        text = passage.text[span.start : span.end]
        first, last = sentences_around(sentences, span.start, span.end)
        around = passage.text[first:last]
        replaced = any(a <= span.start and span.end <= b for a, b in old)
        other = not whether and conflicts(question, around, context)
        if other or replaced or not text.strip():
            continue
        score = span.score
        if counts is not None and not NUMBER.search(text):
            score -= _OTHER_KIND
        if names and _in_other_half(names, around, span.start - first):
            score -= _OTHER_HALF
        if parties and _MADE_BETWEEN.search(around):
            score += _FORM_OF_PARTIES
        kept.append(replace(span, score=score))
    kept.sort(key=lambda span: -span.score)
    return replace(reading, spans=tuple(kept))


def _in_other_half(names: AbstractSet[str], sentence: str, at: int) -> bool:
    """Tell whether `at` lies in a part of a sentence that names something else than `names`.

    "The bay at Orrin has six places; the bay at Lane has four": asked for Lane, not six.
    """
    cuts = [0, *(match.end() for match in _HALVES.finditer(sentence)), len(sentence)]
    parts = [set(find_names(sentence[a:b])) for a, b in pairwise(cuts)]
    own = next((n for n, (a, b) in enumerate(pairwise(cuts)) if a <= at < b), 0)
    there = [bool(part & names) for part in parts]
    return not there[own] and any(there) and bool(parts[own])


def in_one_paragraph(span: ReadSpan, text: str) -> ReadSpan:
    """Return the longest stretch of a span that does not run over the end of a paragraph."""
    at, longest = span.start, (span.start, span.start)
    for piece in text[span.start : span.end].split("\n\n"):
        if len(piece) > longest[1] - longest[0]:
            longest = at, at + len(piece)
        at += len(piece) + 2
    return replace(span, start=longest[0], end=longest[1])


def ranked(
    hits: Sequence[Hit], readings: Sequence[Reading], weights: Sequence[float]
) -> tuple[AnswerSpan, ...]:
    """Rank the spans of all passages, which weigh `weights`, by the probability of their words."""
    found: dict[tuple[str, ...], list[tuple[float, AnswerSpan]]] = {}
    for number, (hit, reading) in enumerate(zip(hits, readings, strict=True)):
        whole = _log_sum([reading.no_answer, *(span.score for span in reading.spans)])
        for span in reading.spans:
            own = weights[number] * math.exp(span.score - whole)
            text = hit.passage.text[span.start : span.end]
            place = Place(number, span.start, span.end)
            margin = span.score - reading.no_answer
            answer = AnswerSpan(place, text, margin, reading.relevance, own)
            found.setdefault(_key(text), []).append((own, answer))
    best = [_united(terms) for terms in found.values()]
    return tuple(sorted(best, key=lambda answer: (-answer.share, answer.place.passage)))


def passage_weights(hits: Sequence[Hit], readings: Sequence[Reading]) -> list[float]:
    """Return p(passage | question) of each hit: the reader's relevance and the search's rank."""
    if not hits:
        return []
    logs = [
        reading.relevance + PRIOR * math.log(max(hit.scores.fused, 1e-9))
        for hit, reading in zip(hits, readings, strict=True)
    ]
    whole = _log_sum(logs)
    return [math.exp(value - whole) for value in logs]


def _united(terms: Sequence[tuple[float, AnswerSpan]]) -> AnswerSpan:
    """Make one answer of the same words in several places: the place that weighs most."""
    _, best = max(terms, key=lambda term: term[0])
    share = math.fsum(weight for weight, _ in terms)
    return AnswerSpan(best.place, best.text, best.margin, best.relevance, share)


def _key(text: str) -> tuple[str, ...]:
    words = plain_words(text)
    return tuple(w for w in words if w not in _ARTICLES) or tuple(words) or (text,)


def _log_sum(values: Sequence[float]) -> float:
    top = max(values)
    return top + math.log(math.fsum(math.exp(value - top) for value in values))
