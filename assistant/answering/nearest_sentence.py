"""Answer in languages that the reader doesn't know: the sentence whose meaning is nearest.

Measured on questions in five languages (docs/languages.md). A sentence is embedded behind the
heading that it stands under, which tells what "it" is; its passage's own nearness counts half; a
question for a number favours sentences with one; rows of tables are near to everything, so they
are held back a little. The passages are put in the order of their best sentences.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from assistant.answering.best_sentence import (
    NUMBER,
    PASSAGES,
    ScoredSentence,
    best_extract,
    is_fragment,
    score_sentences,
    sentence_spans,
    text_of,
)
from assistant.answering.request import milliseconds_since
from assistant.answering.stages import Searched
from assistant.answering.strategies.question_type import LOOK_UP
from assistant.answering.strategies.router import RouteChoice
from assistant.config import Settings
from assistant.retrieval import Query
from assistant.text.language import ENGLISH, NAMES, language_of
from assistant.types import EXTRACT, READER, CancelToken, Embedder, Hit, SearchResult

READ = 20
"""Passages whose sentences are compared."""

_PASSAGE_SHARE = 0.5
_NUMBER_BONUS = 0.05
_ROW_PENALTY = 0.05
_FRAGMENT_PENALTY = 0.2
_LONGEST_HEADING = 80
_LOOKED_AT = 3
_ASKS_FOR_NUMBER = re.compile(
    r"\b(?:how (?:many|much|long|often|old|far|soon|high|quickly)|when|deadline"
    r"|wie (?:lange|viele?|hoch|oft|alt|bald|schnell|weit|spät)|wann|frist|datum|betrag"
    r"|combien|quand|délai|date|durée|montant|préavis|quel âge|à quelle heure"
    r"|cuánt[oa]s?|cuándo|plazo|fecha|edad|cantidad|preaviso|horario"
    r"|quant[oiae]s?|quando|hoeveel|hoe (?:lang|vaak|hoog)|wanneer|hur (?:många|länge|ofta|mycket)"
    r"|ile|kiedy|сколько|когда)\b"
    r"|[\u591a][\u5c11\u4e45\u957f\u5feb\u91cd\u5927\u9ad8]|\u51e0|\u4f55\u65f6"
    r"|\u4ec0\u4e48\u65f6|\u54ea\u4e00\u5929|\u671f\u9650|\u3044\u304f\u3064|\u4f55\u65e5",
    re.IGNORECASE,
)
_MORE_NUMBERS = re.compile(
    r"\b(?:zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|halb\w*|deux|trois|quatre|cinq"
    r"|six|sept|huit|neuf|dix|douze|moitié|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|doce"
    r"|mitad|medio)\b|[\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d\u5341\u4e24\u534a]",
    re.IGNORECASE,
)
_CLAUSE_NUMBER = re.compile(r"\W*\d+(?:\.\d+)*\.?\s")


def why_not_read(question: str, hits: Sequence[Hit], *, multilingual: bool) -> str:
    """Say why the reader can't judge this question on these passages; "" if it can.

    It knows English. Where question or best passages are in another language, it would find
    something all the same, and be as sure of it as of a real answer.
    """
    asked = language_of(question, least=1)
    held = [language_of(hit.passage.text) for hit in hits[:_LOOKED_AT]]
    foreign = [name for name in held if name and name != ENGLISH]
    there = foreign[0] if len(foreign) * 2 > len(held) else ""
    if (not asked or asked == ENGLISH) and not there:
        return ""
    what = f"The question is in {NAMES[asked]}" if asked not in ("", ENGLISH) else ""
    what = what or f"The passages are in {NAMES[there]}"
    if not multilingual:
        return (
            f"{what}; this library's search and reader know English only. To have it searched in "
            "a hundred languages: assistant library re-embed --embedder multilingual-e5-small-int8."
        )
    return (
        f"{what}, which the reader doesn't know: this is the sentence whose meaning is nearest. "
        "How sure that is, is not known."
    )


def unread_choice(choice: RouteChoice, why: str) -> RouteChoice:
    """Return the choice for what the reader can't read: a sentence is given where it would answer.

    A model that writes freely may know the language, so it goes on.
    """
    strategy = EXTRACT if choice.strategy == READER else choice.strategy
    kind = LOOK_UP if strategy == EXTRACT else choice.route.kind  # told by English words
    return replace(choice, strategy=strategy, route=replace(choice.route, kind=kind, reason=why))


def with_sentences(
    searched: Searched,
    embedder: Embedder,
    settings: Settings,
    cancel: CancelToken,
    *,
    multilingual: bool,
) -> Searched:
    """Score the sentences of the passages that may be shown, and take the best.

    By their meaning alone where the reader does not know the language and the embedder does.
    Raises `Cancelled` and what the embedder raises.
    """
    began = time.perf_counter()
    query, result = searched.query, searched.result
    if searched.unread and multilingual:
        result, scored = read_nearest(query, result, embedder, cancel, keep=settings.search_hits)
    else:
        shown = max(PASSAGES, settings.prompt_passages)
        scored = score_sentences(query, result.hits, embedder, cancel, passages=shown)
    extract = best_extract(result.hits, scored)
    spent = milliseconds_since(began)
    return replace(searched, result=result, scored=scored, extract=extract, extract_ms=spent)


def read_nearest(
    query: Query,
    result: SearchResult,
    embedder: Embedder,
    cancel: CancelToken | None = None,
    *,
    keep: int = READ,
) -> tuple[SearchResult, list[ScoredSentence]]:
    """Return the first `keep` hits in the order of their best sentences, and these, scored.

    Raises `Cancelled` and what the embedder raises.
    """
    hits = result.hits[:READ]
    spans = [
        ScoredSentence(number, start, end, 0.0)
        for number, hit in enumerate(hits)
        for start, end in sentence_spans(hit.passage.text)
    ]
    texts = [_with_heading(hits[span.hit], text_of(hits, span)) for span in spans]
    counts = embedder.count_tokens(texts)
    fitting = [n for n, count in enumerate(counts) if 0 < count <= embedder.text_token_limit]
    near = np.full(len(spans), -1.0)
    if fitting:
        vectors = embedder.embed_documents([texts[n] for n in fitting], cancel)
        near[fitting] = vectors @ query.vector
    wants_number = _ASKS_FOR_NUMBER.search(query.text) is not None
    scored = [
        replace(span, score=float(near[n]) + _adjustment(hits, span, wants_number=wants_number))
        for n, span in enumerate(spans)
    ]
    best = [max((s.score for s in scored if s.hit == n), default=-2.0) for n in range(len(hits))]
    order = sorted(range(len(hits)), key=lambda n: -best[n])
    places = {old: new for new, old in enumerate(order)}
    kept = (replace(s, hit=places[s.hit]) for s in scored if places[s.hit] < keep)
    ordered = tuple(hits[n] for n in order[:keep])
    return replace(result, hits=ordered), sorted(kept, key=lambda s: (s.hit, s.start))


def _adjustment(hits: Sequence[Hit], span: ScoredSentence, *, wants_number: bool) -> float:
    """Return what counts beside the nearness of a sentence itself."""
    text = text_of(hits, span)
    own = _PASSAGE_SHARE * (hits[span.hit].scores.dense or 0.0)
    body = _CLAUSE_NUMBER.sub("", text, count=1)
    if wants_number and (NUMBER.search(body) or _MORE_NUMBERS.search(body)):
        own += _NUMBER_BONUS
    own -= _ROW_PENALTY if "|" in text else 0.0
    return own - (_FRAGMENT_PENALTY if is_fragment(text) else 0.0)


def _with_heading(hit: Hit, text: str) -> str:
    heading = hit.passage.heading.split("\n")[-1].split(" > ")[-1][-_LONGEST_HEADING:].strip()
    return f"{heading}: {text}" if heading else text
