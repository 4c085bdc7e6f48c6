"""What a search finds and what an answer is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assistant.types.documents import Citation, Passage

Origin = Literal["extract", "model"]


@dataclass(frozen=True, slots=True)
class Scores:
    """Why a passage was found. A source that did not find it has None.

    `dense` is the cosine similarity (-1..1) of query and chunk, `bm25` the BM25 score
    (higher is better), the ranks count from 1, `fused` is the reciprocal rank sum.
    """

    fused: float
    dense: float | None = None
    dense_rank: int | None = None
    bm25: float | None = None
    bm25_rank: int | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage with the scores that brought it up."""

    passage: Passage
    scores: Scores


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, best first, and whether the best of them has to do with the query at all.

    `relevance` is a calibrated estimate (0..1) that the library speaks about the
    question; `relevant` compares it with the threshold in use.
    """

    query: str
    hits: tuple[Hit, ...]
    relevance: float
    relevant: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer.

    `quotes` are verbatim spans of passages, each checked character by character;
    `supported` is True only if there is at least one. `origin` says whether the sentence
    was copied from a document by code ("extract") or written by the model ("model").
    """

    text: str
    supported: bool
    quotes: tuple[Citation, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Timings:
    """Wall-clock times in milliseconds; `first_token_ms` is None if none was generated."""

    retrieve_ms: float
    extract_ms: float
    first_token_ms: float | None
    total_ms: float
    prompt_tokens: int = 0
    generated_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer: its text, its sentences and the passages it was made from."""

    question: str
    text: str
    abstained: bool
    sentences: tuple[Sentence, ...]
    passages: tuple[Hit, ...]
    relevance: float
    timings: Timings
    model: str
    cancelled: bool = False
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Event: the passages are known."""

    result: SearchResult


@dataclass(frozen=True, slots=True)
class Extracted:
    """Event: the best supporting sentence, verbatim, before the model has said anything."""

    sentence: Sentence


@dataclass(frozen=True, slots=True)
class Generated:
    """Event: the model wrote another piece of text (not yet checked)."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """Event: the answer is complete and checked. Always the last event."""

    answer: Answer


AnswerEvent = Retrieved | Extracted | Generated | Finished
