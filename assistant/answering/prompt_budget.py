"""Cut the passages to sentence windows that fit the model's context, counted in tokens."""

from __future__ import annotations

import heapq
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.answering.best_sentence import ScoredSentence, text_of
from assistant.config import Settings
from assistant.errors import ContextOverflowError
from assistant.prompts import PromptPassage, build_messages
from assistant.types import ChatEngine, Hit, Passage, Place

_LEAST_ANSWER = 16
_SPECIAL_TOKENS = 4
_TRIES = 6


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the passage of hit number `hit` that is shown, `offset` characters into it."""

    hit: int
    offset: int
    passage: Passage

    def in_hit(self, place: Place) -> Place:
        """Return a place in this window as a place in the passage of its hit."""
        return Place(self.hit, self.offset + place.start, self.offset + place.end)


@dataclass(frozen=True, slots=True)
class PromptPlan:
    """A rendered prompt that fits, the windows in it, and the room for the answer.

    `asked` are the texts of its messages.
    """

    prompt: str
    prompt_tokens: int
    windows: tuple[Window, ...]
    max_answer_tokens: int
    asked: tuple[str, ...] = ()

    @property
    def passages(self) -> tuple[Passage, ...]:
        """The windows as passages, in the prompt's order."""
        return tuple(window.passage for window in self.windows)


def plan_prompt(
    question: str,
    hits: Sequence[Hit],
    scored: Sequence[ScoredSentence],
    chat: ChatEngine,
    settings: Settings,
    style: str,
) -> PromptPlan:
    """Fit system text, question, passages and the longest answer into the context.

    The passages get `prompt_passage_tokens`, less if a long question leaves less, down to
    none. Raises `ContextOverflowError` if question and answer alone don't fit.
    """
    context = chat.context_length
    settings = settings.for_model(chat.profile)
    longest = settings.max_answer_tokens + chat.profile.thinking_tokens
    answer = min(longest, max(_LEAST_ANSWER, context // 3))
    empty = _rendered(question, (), chat, style)
    room = context - answer - empty[1]
    if room < 0:
        raise _overflow(chat.count_tokens(question), context, answer, empty[1])
    budget = min(settings.prompt_passage_tokens, room)
    for _ in range(_TRIES):
        windows = cut_windows(hits[: settings.prompt_passages], scored, chat, budget)
        prompt, tokens, asked = _rendered(question, windows, chat, style)
        excess = tokens + answer - context
        if excess <= 0:
            return PromptPlan(prompt, tokens, windows, answer, asked)
        budget -= excess
        if budget <= 0:
            break
    return PromptPlan(empty[0], empty[1], (), answer, empty[2])


def _rendered(
    question: str, windows: Sequence[Window], chat: ChatEngine, style: str
) -> tuple[str, int, tuple[str, ...]]:
    """Return a prompt, its tokens, and the texts of its messages."""
    passages = [window.passage for window in windows]
    shown = [PromptPassage(p.document, p.page, p.text) for p in passages]
    messages = build_messages(question, shown, style)
    prompt = chat.render(messages)
    tokens = chat.count_tokens(prompt) + _SPECIAL_TOKENS
    return prompt, tokens, tuple(message.content for message in messages)


def _overflow(question: int, context: int, answer: int, needed: int) -> ContextOverflowError:
    return ContextOverflowError(
        f"The question has {question} tokens. With the instructions and {answer} tokens for the "
        f"answer that makes {needed + answer}, and the model's context has {context}.",
        hint=f"Shorten the question by about {needed + answer - context} tokens, or raise "
        "'context_length' in the settings if the model allows it.",
    )


def cut_windows(
    hits: Sequence[Hit], scored: Sequence[ScoredSentence], chat: ChatEngine, budget: int
) -> tuple[Window, ...]:
    """Return a window of whole sentences of each hit, together at most `budget` tokens.

    Every window grows from its passage's best sentence to whichever neighbour scores
    best, over all passages. A passage whose best sentence no longer fits is left out, but
    of the first one at least what fits is kept. Windows come in the order of the hits.
    """
    by_hit = [[s for s in scored if s.hit == number] for number in range(len(hits))]
    costs = [[chat.count_tokens(text_of(hits, s)) + 1 for s in own] for own in by_hit]
    spans: dict[int, tuple[int, int]] = {}
    left = budget
    for number, own in enumerate(by_hit):
        best = max(range(len(own)), key=[s.score for s in own].__getitem__, default=0)
        if own and costs[number][best] <= left:
            spans[number] = (best, best)
            left -= costs[number][best]
    _grow(spans, by_hit, costs, left)
    if not spans and hits and budget > 0:
        return _first_words(hits, by_hit[0], chat, budget)
    return tuple(
        window_of(hits, number, by_hit[number][first].start, by_hit[number][last].end)
        for number, (first, last) in spans.items()
    )


def _grow(
    spans: dict[int, tuple[int, int]],
    by_hit: Sequence[Sequence[ScoredSentence]],
    costs: Sequence[Sequence[int]],
    left: int,
) -> None:
    """Widen spans of sentences by their best neighbours, as long as `left` tokens pay for them."""
    queue: list[tuple[float, int, int]] = []

    def offer(number: int, at: int) -> None:
        if 0 <= at < len(by_hit[number]):
            heapq.heappush(queue, (-by_hit[number][at].score, number, at))

    for number, (first, last) in spans.items():
        offer(number, first - 1)
        offer(number, last + 1)
    while queue:
        _, number, at = heapq.heappop(queue)
        if costs[number][at] > left:
            continue
        left -= costs[number][at]
        first, last = spans[number]
        spans[number] = (min(first, at), max(last, at))
        offer(number, at - 1 if at < first else at + 1)


def _first_words(
    hits: Sequence[Hit], sentences: Sequence[ScoredSentence], chat: ChatEngine, budget: int
) -> tuple[Window, ...]:
    """Keep as many words of the first hit's best sentence as fit, when not even that one does."""
    if not sentences:
        return ()
    best = max(sentences, key=lambda s: s.score)
    text = hits[0].passage.text
    ends = [m.end() for m in re.compile(r"\S+").finditer(text, best.start, best.end)]
    fits = bisect_right(ends, budget, key=lambda end: chat.count_tokens(text[best.start : end]) + 1)
    return (window_of(hits, 0, best.start, ends[fits - 1]),) if fits else ()


def window_of(hits: Sequence[Hit], hit: int, start: int, end: int) -> Window:
    """Return the window `start:end` of the passage of a hit."""
    return Window(hit, start, sub_passage(hits[hit].passage, start, end))


def sub_passage(passage: Passage, start: int, end: int) -> Passage:
    """Return the part `text[start:end]` of a passage as a passage of its own."""
    begin, stop = passage.start + start, passage.start + end
    inside = [p for p in passage.pages if p.start < stop]
    first = max((i for i, p in enumerate(inside) if p.start <= begin), default=0)
    pages = tuple(inside[first:]) or passage.pages[:1]
    return replace(passage, start=begin, end=stop, text=passage.text[start:end], pages=pages)
