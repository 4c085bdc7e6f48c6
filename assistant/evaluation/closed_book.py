"""Closed-book answers: what a model answers without passages, as a baseline.

`assistant ask` and the app never come here: an answer without a quote is no answer of this
program. The figures tell what a model knows by itself, so what retrieval adds to it (Roberts
et al. 2020, "How much knowledge can you pack into the parameters of a language model?").
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from assistant.errors import Cancelled
from assistant.prompts import closed_book_messages, is_refusal
from assistant.types import (
    Answer,
    AnswerEvent,
    CancelToken,
    ChatEngine,
    Finished,
    Generated,
    Sampling,
    Scorer,
    Sentence,
    Timings,
)

LONGEST = 64
"""Tokens of an answer: a model that does not stop is cut off there."""


class ClosedBookModel(ChatEngine, Scorer, Protocol):
    """A chat model that can also say how likely it finds its answer."""


@dataclass(slots=True)
class _PartialAnswer:
    began: float
    text: str = ""
    first_ms: float | None = None
    cancelled: bool = False

    def elapsed(self) -> float:
        return (time.perf_counter() - self.began) * 1000.0


def answer_closed(
    chat: ClosedBookModel,
    question: str,
    *,
    temperature: float = 0.0,
    cancel: CancelToken | None = None,
) -> Iterator[AnswerEvent]:
    """Let a model answer from what it knows; the last event is `Finished`.

    Its sentences are never supported and quote nothing. The confidence is the geometric mean
    of the probabilities of the answer's tokens. Raises `EngineError`, `ContextOverflowError`.
    """
    token = cancel or CancelToken()
    course = _PartialAnswer(time.perf_counter())
    prompt = chat.render(closed_book_messages(question))
    sampling = Sampling(max_tokens=LONGEST, temperature=temperature, stop=("\n",))
    relevance = 0.0
    try:
        for piece in chat.generate(prompt, sampling, token):
            if course.first_ms is None:
                course.first_ms = course.elapsed()
            course.text += piece
            yield Generated(piece)
        if course.text.strip():
            (likely,) = chat.score(prompt, [course.text], token)
            relevance = math.exp(likely.log_probability / max(1, likely.tokens))
    except Cancelled:
        course.cancelled = True
    yield Finished(_answer(chat, question, chat.count_tokens(prompt), course, relevance))


def _answer(
    chat: ChatEngine, question: str, prompt_tokens: int, course: _PartialAnswer, relevance: float
) -> Answer:
    text = course.text.strip()
    refused = not text or is_refusal(text)
    tokens = chat.count_tokens(course.text) if course.text else 0
    sentences = () if refused else (Sentence(text, supported=False, quotes=(), origin="model"),)
    return Answer(
        question=question,
        text=text,
        abstained=refused and not course.cancelled,
        sentences=sentences,
        passages=(),
        relevance=relevance,
        timings=Timings(
            retrieve_ms=0.0,
            extract_ms=0.0,
            first_token_ms=course.first_ms,
            total_ms=course.elapsed(),
            prompt_tokens=prompt_tokens,
            generated_tokens=tokens,
        ),
        model=chat.name,
        cancelled=course.cancelled,
        truncated=tokens >= LONGEST,
    )
