"""Read a whole document with the reader, and make a cell of what it finds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.answering.answer_spans import fitting_spans
from assistant.answering.best_sentence import sentence_spans, sentences_around
from assistant.tabular.clause_words import WORDS, ClauseSentence, clause_sentences
from assistant.tabular.typed_values import read_value
from assistant.text.words import plain_words
from assistant.types import CancelToken, Hit, Passage, Reader, Reading, ReadSpan, Scores
from assistant.types.tabular import Cell, CellItem, CellState, Column

MOST_ITEMS = 50
"""Quotes that a cell keeps; what was found beyond them is counted."""

_LOOKED_AT = 30
"""Passages of a document whose spans are looked at closely: the best, and all that answer."""

SURE = 0.5
"""From this probability on a cell is found, and a quote is a part of a list; of a clause whose
words are known, from `DOUBTFUL` on (parts found 0.70, quotes right 0.57 on contracts that were
kept for such choices; 0.61 and 0.73 from `SURE` on).
"""

DOUBTFUL = 0.25
"""From this one on a person should look. Both are on the scale of the reader's own odds in a
document read whole; its calibrated threshold is for the best passages of a search.
"""

_SHIFT = 1.5
"""Nats between the odds that a sentence is the clause, and those that its document has one if
the sentence is its likeliest: on contracts that neither model saw, a clause is there in 44 % of
the cells whose best sentence is between -2 and -1, and in 72 % of those between -1 and 0.
"""

_SENTENCES = 40
"""Sentences of a clause that are ranked."""

_WORTH_READING = -2.0
"""Odds (nats) of a sentence from which the reader looks in it for the words that answer."""

_CONTEXT_NATS = 2.0
"""What the reader's "no answer" may have ahead in a sentence that is torn out of its contract."""

OTHERS = 3
"""Quotes that a cell keeps beside those that count."""


@dataclass(frozen=True, slots=True)
class FoundSpan:
    """A span of a passage that may answer, and how much speaks for it (nats)."""

    passage: Passage
    span: ReadSpan
    log_odds: float


def read_cell(
    column: Column, passages: Sequence[Passage], reader: Reader, cancel: CancelToken | None = None
) -> Cell:
    """Ask each passage of a document, and let the spans of all compete.

    Raises what the reader raises.
    """
    return cell_of(column, spans_of(column, passages, reader, cancel), reader)


def spans_of(
    column: Column, passages: Sequence[Passage], reader: Reader, cancel: CancelToken | None = None
) -> list[FoundSpan]:
    """Return the spans of all passages, the likeliest first; of equal words the likeliest.

    Of a clause whose words are known only the sentences that hold it are read.
    """
    if column.clause:
        return _of_clause(column, passages, reader, cancel)
    readings = reader.read(column.question, [p.text for p in passages], cancel)
    return _ranked(column.question, passages, readings)


def _of_clause(
    column: Column, passages: Sequence[Passage], reader: Reader, cancel: CancelToken | None
) -> list[FoundSpan]:
    """Return the likeliest sentences of a clause, those worth it narrowed to their answers."""
    ranked = clause_sentences(column.clause, passages)[:_SENTENCES]
    worth = [one for one in ranked if one.log_odds + _SHIFT >= _WORTH_READING]
    texts = [one.passage.text[one.start : one.end] for one in worth]
    readings = reader.read(column.question, texts, cancel)
    spans = [_narrowed(column, one, r) for one, r in zip(worth, readings, strict=True)]
    spans += [[ReadSpan(one.start, one.end, 0.0)] for one in ranked[len(worth) :]]
    return [
        FoundSpan(one.passage, span, one.log_odds + _SHIFT)
        for one, own in zip(ranked, spans, strict=True)
        for span in own
    ]


def _narrowed(column: Column, one: ClauseSentence, reading: Reading) -> list[ReadSpan]:
    """Return what the reader would answer from a sentence of the clause; else all of it.

    Of names every one that answers is an item of its own.
    """
    spans = [span for span in reading.spans if span.score >= reading.no_answer - _CONTEXT_NATS]
    several = column.type == "list" and column.clause in WORDS
    own = [
        replace(span, start=one.start + span.start, end=one.start + span.end)
        for span in (spans if several else spans[:1])
    ]
    return own or [ReadSpan(one.start, one.end, 0.0)]


def _ranked(
    question: str, passages: Sequence[Passage], readings: Sequence[Reading]
) -> list[FoundSpan]:
    read = [(p, r) for p, r in zip(passages, readings, strict=True) if r.spans]
    read.sort(key=lambda pair: -_log_odds(pair[1], pair[1].spans[0]))
    found: dict[tuple[str, ...], FoundSpan] = {}
    for number, (passage, reading) in enumerate(read):
        if number >= _LOOKED_AT and _log_odds(reading, reading.spans[0]) < 0:
            break
        for span in fitting_spans(question, Hit(passage, Scores(0.0)), reading).spans:
            one = FoundSpan(passage, span, _log_odds(reading, span))
            key = tuple(plain_words(passage.text[span.start : span.end]))
            if key and (key not in found or found[key].log_odds < one.log_odds):
                found[key] = one
    return sorted(found.values(), key=lambda one: -one.log_odds)


def _log_odds(reading: Reading, span: ReadSpan) -> float:
    """Return how much speaks for a span, in nats: both heads of the reader have to agree."""
    return min(span.score - reading.no_answer, 25.0) / 2 + min(reading.relevance, 25.0) / 2


def cell_of(column: Column, ranked: Sequence[FoundSpan], reader: Reader) -> Cell:
    """Make a cell of the spans of a document, the likeliest first."""
    if not ranked:
        return Cell("absent", reader=reader.name)
    best = _probability(ranked[0].log_odds)
    state: CellState = "found" if best >= SURE else "doubtful" if best >= DOUBTFUL else "absent"
    taken = [] if state == "absent" else ranked[:1]
    if column.type == "list" and state != "absent":
        least = DOUBTFUL if column.clause else SURE
        taken = [one for one in ranked if _probability(one.log_odds) >= least] or taken
    kept = sorted(taken[:MOST_ITEMS], key=lambda one: (one.passage.start, one.span.start))
    items = tuple(_item(column, one) for one in kept)
    others = tuple(_item(column, one) for one in ranked[len(taken) :][:OTHERS])
    value = "; ".join(item.value for item in items)
    more = len(taken) - len(kept)
    return Cell(state, items, others, best, value, more, reader.name)


def _item(column: Column, one: FoundSpan) -> CellItem:
    """Quote the sentence that holds a span; the value is read from the span, or from there."""
    text, span = one.passage.text, one.span
    start, end = sentences_around(sentence_spans(text), span.start, span.end)
    read = read_value(column.type, text[span.start : span.end], column.question)
    if column.type == "yes-no" or not read.value:
        read = read_value(column.type, text[start:end], column.question)
    return CellItem(one.passage.cite(start, end), read.value, _probability(one.log_odds), read.note)


def _probability(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-log_odds))
