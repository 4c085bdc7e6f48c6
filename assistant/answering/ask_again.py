"""Ask the reader again about the very sentences that a chat model quotes.

A quote may be verbatim and still answer nothing: "5 mg" out of "is never dosed at 5 mg". It is
supported only if the reader finds the answer in its sentence, shown alone or in its passage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from assistant.answering.best_sentence import sentence_spans, sentences_around
from assistant.types import Citation, Flaw, Hit, Reader, Reading, Sentence

LEAST_ALONE = -4.0
"""Nats by which "no answer" may be ahead in a sentence that is shown alone."""

LEAST_INSIDE = -10.0
NEAR_BEST = 3.0
"""The same in its passage, if a span of the sentence is the passage's best, or so near to it.

On articles that no reader was trained on, 7 % of the sentences with the right answer fail both,
6 % of those that say it in other words; of other sentences of the same passage 87 %, where the
question's number is another one 90 %. With the sentence alone, at -2, it was 28, 29, 91 and 99 %.
"""

Places = list[tuple[str, int, int]]
"""Texts of passages, each with the sentence in it (start and end, characters)."""


def ask_again(
    question: str, sentences: Sequence[Sentence], hits: Sequence[Hit], reader: Reader
) -> list[Sentence]:
    """Return the sentences; those whose quotes answer nothing are marked as unsupported.

    Raises what the reader raises.
    """
    sources = [_sources(sentence, hits) for sentence in sentences]
    places = [place for own in sources for place in own]
    texts = dict.fromkeys(shown for text, a, b in places for shown in (text, text[a:b]))
    readings = dict(zip(texts, reader.read(question, list(texts)), strict=True)) if texts else {}
    return [
        sentence if _answers(own, readings) else _doubted(sentence)
        for sentence, own in zip(sentences, sources, strict=True)
    ]


def _sources(sentence: Sentence, hits: Sequence[Hit]) -> Places:
    """Return the sentences of the passages from which a supported one quotes."""
    if not sentence.supported or sentence.origin != "model":
        return []
    return [place for quote in sentence.quotes if (place := _around(quote, hits))]


def _around(quote: Citation, hits: Sequence[Hit]) -> tuple[str, int, int] | None:
    for hit in hits:
        passage = hit.passage
        page = next((p for p in passage.pages if p.number == quote.page), None)
        if passage.document_id != quote.document_id or page is None:
            continue
        start, end = (page.start + at - passage.start for at in (quote.start, quote.end))
        if start >= 0 and end <= len(passage.text):
            return passage.text, *sentences_around(sentence_spans(passage.text), start, end)
    return None


def _answers(places: Places, readings: Mapping[str, Reading]) -> bool:
    """Whether one of the sentences answers: alone, or with its passage around it."""
    return not places or any(_one_answers(*place, readings) for place in places)


def _one_answers(text: str, start: int, end: int, readings: Mapping[str, Reading]) -> bool:
    alone, whole = readings[text[start:end]], readings[text]
    if alone.spans and alone.spans[0].score - alone.no_answer >= LEAST_ALONE:
        return True
    inside = [span.score for span in whole.spans if span.start < end and start < span.end]
    if not inside:
        return False
    best = max(inside)
    near = best >= whole.spans[0].score - NEAR_BEST
    return near and best - whole.no_answer >= LEAST_INSIDE


def _doubted(sentence: Sentence) -> Sentence:
    return replace(sentence, supported=False, flaws=(*sentence.flaws, Flaw("unanswering")))
