"""What `ask --json` and `search --json` print; see `cli.schema` for what holds of all."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from assistant.cli.schema import FORMAT
from assistant.types import (
    Answer,
    Candidate,
    Citation,
    Contradiction,
    FlawCode,
    Hit,
    Route,
    SearchResult,
    Sentence,
)
from assistant.types.answers import ContradictionKind


class QuoteJson(TypedDict):
    """A verbatim span: `text` stands at `start:end` (code points) of the page's text."""

    text: str
    document: str
    document_id: int
    page: int
    start: int
    end: int


class FlawJson(TypedDict):
    """Why a sentence is not supported: `code` for scripts, `reason` for people; `detail` are
    the words at fault ("" if the whole sentence is).
    """

    code: FlawCode
    detail: str
    reason: str


class SentenceJson(TypedDict):
    text: str
    supported: bool
    origin: Literal["extract", "model"]
    quotes: list[QuoteJson]
    flaws: list[FlawJson]


class ContradictionJson(TypedDict):
    """Two sentences of the documents that answer differently; `values` is what differs."""

    kind: ContradictionKind
    values: list[str]
    first: SentenceJson
    second: SentenceJson


class ScoresJson(TypedDict):
    fused: float
    dense: float | None
    dense_rank: int | None
    bm25: float | None
    bm25_rank: int | None


class PassageJson(TypedDict):
    """A passage; `start:end` are code points in the text of the whole document."""

    document: str
    document_id: int
    page: int
    end_page: int
    heading: str
    start: int
    end: int
    text: str
    scores: ScoresJson


class TimingsJson(TypedDict):
    """Milliseconds; `first_token_ms` is null when the model was not asked."""

    retrieve_ms: float
    extract_ms: float
    first_token_ms: float | None
    total_ms: float
    prompt_tokens: int
    generated_tokens: int


class RouteJson(TypedDict):
    """Which way a question went: its kind, the reason, and what was searched for ("" if
    that was the question itself).
    """

    kind: str
    reason: str
    searched: str


class CandidateJson(TypedDict):
    """A quote that could have been the answer; `passage` counts `passages` from 0."""

    text: str
    probability: float
    passage: int
    quotes: list[QuoteJson]


class AskJson(TypedDict):
    format: int
    question: str
    answer: str
    abstained: bool
    cancelled: bool
    truncated: bool
    relevance: float
    sentences: list[SentenceJson]
    passages: list[PassageJson]
    timings: TimingsJson
    model: str
    strategy: str
    route: RouteJson | None
    candidates: list[CandidateJson]
    confidence: float | None
    contradictions: list[ContradictionJson]


class SearchJson(TypedDict):
    format: int
    query: str
    relevance: float
    relevant: bool
    passages: list[PassageJson]


def quote_json(quote: Citation) -> QuoteJson:
    return {
        "text": quote.text,
        "document": quote.document,
        "document_id": quote.document_id,
        "page": quote.page,
        "start": quote.start,
        "end": quote.end,
    }


def sentence_json(sentence: Sentence) -> SentenceJson:
    return {
        "text": sentence.text,
        "supported": sentence.supported,
        "origin": sentence.origin,
        "quotes": [quote_json(quote) for quote in sentence.quotes],
        "flaws": [
            {"code": flaw.code, "detail": flaw.detail, "reason": flaw.reason}
            for flaw in sentence.flaws
        ],
    }


def contradiction_json(found: Contradiction) -> ContradictionJson:
    return {
        "kind": found.kind,
        "values": list(found.values),
        "first": sentence_json(found.first),
        "second": sentence_json(found.second),
    }


def passage_json(hit: Hit) -> PassageJson:
    passage, scores = hit.passage, hit.scores
    return {
        "document": passage.document,
        "document_id": passage.document_id,
        "page": passage.page,
        "end_page": passage.pages[-1].number,
        "heading": passage.heading,
        "start": passage.start,
        "end": passage.end,
        "text": passage.text,
        "scores": {
            "fused": scores.fused,
            "dense": scores.dense,
            "dense_rank": scores.dense_rank,
            "bm25": scores.bm25,
            "bm25_rank": scores.bm25_rank,
        },
    }


def route_json(route: Route) -> RouteJson:
    return {"kind": route.kind, "reason": route.reason, "searched": route.searched}


def candidate_json(candidate: Candidate) -> CandidateJson:
    return {
        "text": candidate.text,
        "probability": candidate.probability,
        "passage": candidate.hit,
        "quotes": [quote_json(quote) for quote in candidate.quotes],
    }


def answer_json(answer: Answer) -> AskJson:
    timings = answer.timings
    return {
        "format": FORMAT,
        "question": answer.question,
        "answer": answer.text,
        "abstained": answer.abstained,
        "cancelled": answer.cancelled,
        "truncated": answer.truncated,
        "relevance": answer.relevance,
        "sentences": [sentence_json(sentence) for sentence in answer.sentences],
        "passages": [passage_json(hit) for hit in answer.passages],
        "timings": {
            "retrieve_ms": timings.retrieve_ms,
            "extract_ms": timings.extract_ms,
            "first_token_ms": timings.first_token_ms,
            "total_ms": timings.total_ms,
            "prompt_tokens": timings.prompt_tokens,
            "generated_tokens": timings.generated_tokens,
        },
        "model": answer.model,
        "strategy": answer.strategy,
        "route": route_json(answer.route) if answer.route is not None else None,
        "candidates": [candidate_json(candidate) for candidate in answer.candidates],
        "confidence": answer.confidence,
        "contradictions": [contradiction_json(found) for found in answer.contradictions],
    }


def search_json(result: SearchResult) -> SearchJson:
    return {
        "format": FORMAT,
        "query": result.query,
        "relevance": result.relevance,
        "relevant": result.relevant,
        "passages": [passage_json(hit) for hit in result.hits],
    }
