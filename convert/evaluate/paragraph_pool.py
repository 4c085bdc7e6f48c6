"""The paragraphs of a question set: hard negatives by the product's embedder, and windows."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from assistant.answering.best_sentence import score_sentences
from assistant.answering.prompt_budget import plan_prompt
from assistant.config import Settings
from assistant.prompts import DEFAULT_STYLE, PromptPassage
from assistant.retrieval import Query
from assistant.text.words import content_stems, idf_weights, stem, topic_words
from assistant.types import ChatEngine, Embedder, Hit, PageStart, Passage, Scores, Vectors

_RANK_CONSTANT = 60
_EMBEDDED_AT_ONCE = 64


Scope = Literal["all", "inside", "outside"]
"""Which paragraphs may stand beside the gold one: all, or those of its document, or of others."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A passage of a set, with the document's name and the page that it is said to be on."""

    document: str
    page: int
    text: str


class Pool:
    """The paragraphs of one set, embedded once with the embedder that the laptop uses."""

    def __init__(self, paragraphs: Sequence[Paragraph], embedder: Embedder) -> None:
        self.paragraphs = tuple(paragraphs)
        self._embedder = embedder

    @cached_property
    def _vectors(self) -> Vectors:
        texts = [p.text for p in self.paragraphs]
        limit = self._embedder.text_token_limit
        long = [count > limit for count in self._embedder.count_tokens(texts)]
        out = np.empty((len(texts), self._embedder.identity.dimension), dtype=np.float32)
        short = [n for n, is_long in enumerate(long) if not is_long]
        for at in range(0, len(short), _EMBEDDED_AT_ONCE):
            part = short[at : at + _EMBEDDED_AT_ONCE]
            out[part] = self._embedder.embed_documents([texts[n] for n in part])
        for number in (n for n, is_long in enumerate(long) if is_long):
            out[number] = self._embedder.embed_query(texts[number])  # the mean of its windows
        return out

    @cached_property
    def _frequencies(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        for paragraph in self.paragraphs:
            counts.update(content_stems(paragraph.text))
        return counts

    def ranked(
        self, question: str, gold: int | None, count: int, scope: Scope, document: str
    ) -> list[int]:
        """Return `count` paragraphs, best first: the gold one and those most like the question.

        The others are taken from where `scope` says; none has the gold one's text.
        """
        scores = self._vectors @ self._embedder.embed_query(question)
        text = None if gold is None else self.paragraphs[gold].text
        chosen = [] if gold is None else [gold]
        for number in (int(n) for n in np.argsort(-scores, kind="stable")):
            if len(chosen) >= count:
                break
            paragraph = self.paragraphs[number]
            same = paragraph.document == document
            if paragraph.text != text and (scope == "all" or (scope == "inside") == same):
                chosen.append(number)
        return sorted(chosen, key=lambda n: (-float(scores[n]), n))

    def whole(self, numbers: Sequence[int], seed: str) -> tuple[PromptPassage, ...]:
        """Return paragraphs uncut, in an order that only `seed` decides."""
        order = list(numbers)
        random.Random(seed).shuffle(order)  # noqa: S311 - no secret
        found = (self.paragraphs[n] for n in order)
        return tuple(PromptPassage(p.document, p.page, p.text) for p in found)

    def served(
        self, question: str, numbers: Sequence[int], chat: ChatEngine, settings: Settings
    ) -> tuple[PromptPassage, ...]:
        """Return the windows that the laptop would cut of paragraphs, best one first."""
        hits = [self._hit(number, rank) for rank, number in enumerate(numbers)]
        vector = self._embedder.embed_query(question)
        query = Query(question, vector, self._term_weights(question))
        scored = score_sentences(query, hits, self._embedder)
        plan = plan_prompt(question, hits, scored, chat, settings, DEFAULT_STYLE)
        return tuple(PromptPassage(p.document, p.page, p.text) for p in plan.passages)

    def _term_weights(self, question: str) -> dict[str, float]:
        asked = topic_words(question).split()
        frequencies = {word: self._frequencies[stem(word)] for word in asked}
        return idf_weights(len(self.paragraphs), frequencies)

    def _hit(self, number: int, rank: int) -> Hit:
        paragraph = self.paragraphs[number]
        passage = passage_of(number, paragraph.document, paragraph.page, paragraph.text)
        return Hit(passage, Scores(fused=1.0 / (_RANK_CONSTANT + rank + 1)))


def passage_of(number: int, document: str, page: int, text: str) -> Passage:
    """Make the product's passage of a paragraph that stands alone on its page."""
    return Passage(number, number, document, "", 0, len(text), text, (PageStart(page, 0),))
