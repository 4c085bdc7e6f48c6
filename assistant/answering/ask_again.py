"""Ask the reader again about the very sentences that a chat model quotes.

A quote may be verbatim and still answer nothing: "5 mg" out of "is never dosed at 5 mg". It is
supported only if the reader, shown its sentence alone, finds the answer in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant.answering.best_sentence import sentence_spans, sentences_around
from assistant.types import Citation, Flaw, Hit, Reader, Reading, Sentence

LEAST_MARGIN = -2.0
"""Nats by which "no answer" may be ahead: a sentence alone lacks what stands around it."""


def ask_again(
    question: str, sentences: Sequence[Sentence], hits: Sequence[Hit], reader: Reader
) -> list[Sentence]:
    """Return the sentences; those whose quotes answer nothing are marked as unsupported.

    Raises what the reader raises.
    """
    sources = [_sources(sentence, hits) for sentence in sentences]
    texts = list(dict.fromkeys(text for own in sources for text in own))
    readings = dict(zip(texts, reader.read(question, texts), strict=True)) if texts else {}
    return [
        sentence if _answers([readings[text] for text in own]) else _doubted(sentence)
        for sentence, own in zip(sentences, sources, strict=True)
    ]


def _sources(sentence: Sentence, hits: Sequence[Hit]) -> list[str]:
    """Return the sentences of the passages from which a supported one quotes."""
    if not sentence.supported or sentence.origin != "model":
        return []
    return [text for quote in sentence.quotes if (text := _around(quote, hits))]


def _around(quote: Citation, hits: Sequence[Hit]) -> str:
    for hit in hits:
        passage = hit.passage
        page = next((p for p in passage.pages if p.number == quote.page), None)
        if passage.document_id != quote.document_id or page is None:
            continue
        start, end = (page.start + at - passage.start for at in (quote.start, quote.end))
        if start >= 0 and end <= len(passage.text):
            return passage.text[slice(*sentences_around(sentence_spans(passage.text), start, end))]
    return ""


def _answers(readings: Sequence[Reading]) -> bool:
    margins = [r.spans[0].score - r.no_answer for r in readings if r.spans]
    return not readings or max(margins, default=LEAST_MARGIN - 1.0) >= LEAST_MARGIN


def _doubted(sentence: Sentence) -> Sentence:
    return replace(sentence, supported=False, flaws=(*sentence.flaws, Flaw("unanswering")))
