"""Answer with the extractive reader: the short answer, the sentence that holds it, its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from assistant.answering.amendments import amending, replaces
from assistant.answering.answer_spans import AnswerSpan, read_hits
from assistant.answering.best_sentence import (
    ScoredSentence,
    copied,
    is_fragment,
    sentence_spans,
    text_of,
    with_lead,
)
from assistant.answering.contradictions import disagreement
from assistant.answering.reader_confidence import answer_confidence
from assistant.answering.strategies.question_type import who_or_what
from assistant.answering.yes_no import yes_no_of
from assistant.text.quantities import in_two_ways
from assistant.text.words import content_stems
from assistant.types import (
    CancelToken,
    Candidate,
    Citation,
    Hit,
    Place,
    Reader,
    SearchResult,
    Sentence,
    YesNo,
)

MOST_LISTED = 12
"""Answers that are given to a question for several things."""

_CUT = " The question is so long that only its beginning was read."
_LONGEST_SHORT = 160
_LIST_SHARE = 0.05
_LIST_MARGIN = 0.0
_STATES = 0.0
"""Margins (nats) from which a span is listed, and from which its sentence is a statement."""


@dataclass(frozen=True, slots=True)
class ReaderAnswer:
    """What the reader found: `spans` best first, and `sentences` with what it would answer.

    `hits` are those of the search in the reader's order, in which all places count.
    `short` is the best span, cited; `confidence` (0..1) that it is right
    (None where nothing is in doubt); `refused` tells that
    this is too little to give it. `scored` has the sentences of the passages that hold a span,
    with the probability of the best one as their score; `statements` are those that answer,
    best first. `yes_no` is what the first sentence says to a yes/no question, `note` is
    for the reason of the route.
    """

    hits: tuple[Hit, ...]
    spans: tuple[AnswerSpan, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    short: Citation | None = None
    confidence: float | None = 0.0
    refused: bool = True
    scored: tuple[ScoredSentence, ...] = ()
    statements: tuple[ScoredSentence, ...] = ()
    yes_no: YesNo = ""
    note: str = ""


def read_answer(
    question: str,
    result: SearchResult,
    reader: Reader,
    cancel: CancelToken | None = None,
    *,
    several: bool = False,
) -> ReaderAnswer:
    """Read the hits of a search; with `several` all that answers is given, not just the best.

    Raises what the reader raises.
    """
    hits, spans = read_hits(question, result.hits, reader, cancel)
    if not spans:
        return ReaderAnswer(hits)
    result = replace(result, hits=hits)
    confidence = answer_confidence(question, result, spans, reader.calibration)
    scored = _scored(hits, spans)
    spans = with_newest_first(question, hits, scored, spans)
    given = _listed(spans) if several else spans[:1]
    sentences = tuple(dict.fromkeys(sentence_of(hits, scored, span) for span in given))
    best = hits[spans[0].place.passage].passage
    refused = confidence < reader.calibration.threshold
    if refused and (named := _named(hits, who_or_what(question))) is not None:
        # Nothing says who or what it is, but this is where the documents speak of it.
        return ReaderAnswer(hits, sentences=(named,), confidence=confidence, refused=False)
    return ReaderAnswer(
        hits,
        spans=spans,
        sentences=sentences,
        short=_short(hits, spans[0]),
        confidence=confidence,
        refused=refused,
        scored=scored,
        statements=_statements(spans, scored),
        yes_no=yes_no_of(question, sentences[0].text, f"{best.document}\n{best.heading}"),
        note=("" if reader.reads_whole(question) else _CUT) + _ambiguous(spans[0].text),
    )


def _named(hits: Sequence[Hit], thing: str) -> Sentence | None:
    """Return the first sentence that has all words of a thing's name."""
    wanted = content_stems(thing)
    for number, hit in enumerate(hits if wanted else ()):
        for start, end in sentence_spans(hit.passage.text):
            text = hit.passage.text[start:end]
            if wanted <= content_stems(text) and not is_fragment(text):
                return copied(hits, ScoredSentence(number, start, end, 0.0))
    return None


def with_newest_first(
    question: str,
    hits: Sequence[Hit],
    scored: Sequence[ScoredSentence],
    spans: Sequence[AnswerSpan],
) -> tuple[AnswerSpan, ...]:
    """Put the value of an amended wording before that of the one which it replaces.

    Only where the two sentences say the same but for one value, and the first one does not say
    itself that it is new. The reader need not have taken the amendment for an answer.
    """
    best = next((s for s in scored if _holds(s, spans[0])), None)
    if best is None or replaces(hits, best):
        return tuple(spans)
    for newer in amending(hits):
        differs = disagreement(question, text_of(hits, newer), text_of(hits, best))
        if differs is None or not differs.values[0]:
            continue
        known = next((s for s in spans if _holds(newer, s) and s.margin >= 0), None)
        first = known or _span_of(hits, newer, differs.values[0], spans[0])
        return (first, *(one for one in spans if one is not known))
    return tuple(spans)


def _holds(sentence: ScoredSentence, span: AnswerSpan) -> bool:
    place = span.place
    inside = sentence.start <= place.start and place.end <= sentence.end
    return sentence.hit == place.passage and inside


def _span_of(
    hits: Sequence[Hit], sentence: ScoredSentence, value: str, like: AnswerSpan
) -> AnswerSpan:
    """Return the value of a sentence as an answer that is as sure as `like`, which it replaces."""
    at = max(text_of(hits, sentence).find(value), 0)
    place = Place(sentence.hit, sentence.start + at, sentence.start + at + len(value))
    return replace(like, place=place, text=value)


def _ambiguous(answer: str) -> str:
    """Say of a date or number in the answer that it can be read in two ways."""
    return "".join(f" {said}." for said in in_two_ways(answer))


def sentence_of(
    hits: Sequence[Hit], scored: Sequence[ScoredSentence], span: AnswerSpan
) -> Sentence:
    """Return the sentence (or sentences) that hold a span, copied, with what they lean on."""
    own = [s for s in scored if s.hit == span.place.passage]
    inside = [n for n, s in enumerate(own) if s.start < span.place.end and span.place.start < s.end]
    if not inside:  # between two sentences: nothing but the span itself can be cited
        place = ScoredSentence(span.place.passage, span.place.start, span.place.end, 0.0)
        return copied(hits, place)
    first, last = with_lead(hits, own, inside[0]), inside[-1]
    return copied(hits, own[first], own[last])


def _short(hits: Sequence[Hit], span: AnswerSpan) -> Citation | None:
    """Return the words that answer; None where they are no short answer."""
    if span.place.end - span.place.start > _LONGEST_SHORT:
        return None
    cited = hits[span.place.passage].passage.cite(span.place.start, span.place.end)
    return cited[0] if cited else None


def considered(hits: Sequence[Hit], answer: ReaderAnswer) -> tuple[Candidate, ...]:
    """Return the answers that the reader weighed against each other, the likeliest first."""
    return tuple(
        Candidate(
            span.text,
            span.place,
            hits[span.place.passage].passage.cite(span.place.start, span.place.end),
            span.share,
        )
        for span in answer.spans[:MOST_LISTED]
    )


def _listed(spans: Sequence[AnswerSpan]) -> list[AnswerSpan]:
    """Return all that answers, document by document in the order of their best answers."""
    least = _LIST_SHARE * spans[0].share
    good = [s for s in spans[1:] if s.share >= least and s.margin >= _LIST_MARGIN]
    return [spans[0], *good][:MOST_LISTED]


def _statements(
    spans: Sequence[AnswerSpan], scored: Sequence[ScoredSentence]
) -> tuple[ScoredSentence, ...]:
    """Return the sentences in which the reader finds an answer, best first."""
    sure = [span.place for span in spans if span.margin >= _STATES]

    def answers(sentence: ScoredSentence) -> bool:
        own = (p for p in sure if p.passage == sentence.hit)
        return any(p.start < sentence.end and sentence.start < p.end for p in own)

    found = sorted(filter(answers, scored), key=lambda s: -s.score)
    return tuple(found[:MOST_LISTED])


def _scored(hits: Sequence[Hit], spans: Sequence[AnswerSpan]) -> tuple[ScoredSentence, ...]:
    """Return all sentences of the passages that hold a span, in order."""
    found: list[ScoredSentence] = []
    ordered = sorted(spans, key=lambda span: span.place.passage)
    for number, group in groupby(ordered, key=lambda span: span.place.passage):
        own = list(group)
        for start, end in sentence_spans(hits[number].passage.text):
            held = [s.share for s in own if s.place.start < end and start < s.place.end]
            found.append(ScoredSentence(number, start, end, max(held, default=0.0)))
    return tuple(found)


def by_document(sentences: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """Put sentences of one document together, the document with the first one first."""
    order: dict[int, int] = {}
    for sentence in sentences:
        for quote in sentence.quotes[:1]:
            order.setdefault(quote.document_id, len(order))
    return tuple(sorted(sentences, key=lambda s: order[s.quotes[0].document_id] if s.quotes else 0))


def kept_hits(result: SearchResult, answer: ReaderAnswer, wanted: int) -> SearchResult:
    """Take the hits in the reader's order: `wanted`, or as many as the answer points to."""
    used = [span.place.passage for span in answer.spans[:MOST_LISTED]]
    used += [sentence.hit for sentence in answer.statements]
    return replace(result, hits=answer.hits[: max([wanted, *(n + 1 for n in used)])])
