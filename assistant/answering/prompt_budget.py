"""What fits the context: sentence windows of the passages, counted in the model's tokens."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answering.best_sentence import ScoredSentence
from assistant.config import Settings
from assistant.errors import ContextOverflowError
from assistant.prompts import PromptPassage, build_messages
from assistant.types import ChatEngine, Hit, PageStart, Passage

_LEAST_ANSWER = 16
_SPECIAL_TOKENS = 4
_TRIES = 6


@dataclass(frozen=True, slots=True)
class Plan:
    """A rendered prompt that fits, the windows in it, and the room for the answer."""

    prompt: str
    prompt_tokens: int
    passages: tuple[Passage, ...]
    max_answer_tokens: int


def plan_prompt(
    question: str,
    hits: Sequence[Hit],
    scored: Sequence[ScoredSentence],
    chat: ChatEngine,
    settings: Settings,
    style: str,
) -> Plan:
    """Fit system text, question, passages and the longest answer into the context.

    The passages get `prompt_passage_tokens`, less if a long question leaves less, down to
    none. Raises `ContextOverflowError` if question and answer alone don't fit.
    """
    context = chat.context_length
    answer = min(settings.max_answer_tokens, max(_LEAST_ANSWER, context // 3))
    empty = _rendered(question, (), chat, style)
    room = context - answer - empty[1]
    if room < 0:
        raise _overflow(chat.count_tokens(question), context, answer, empty[1])
    budget = min(settings.prompt_passage_tokens, room)
    for _ in range(_TRIES):
        windows = cut_windows(hits[: settings.prompt_passages], scored, chat, budget)
        prompt, tokens = _rendered(question, windows, chat, style)
        excess = tokens + answer - context
        if excess <= 0:
            return Plan(prompt, tokens, windows, answer)
        budget -= excess
        if budget <= 0:
            break
    return Plan(empty[0], empty[1], (), answer)


def _rendered(
    question: str, windows: Sequence[Passage], chat: ChatEngine, style: str
) -> tuple[str, int]:
    shown = [PromptPassage(w.document, w.page, w.text) for w in windows]
    prompt = chat.render(build_messages(question, shown, style))
    return prompt, chat.count_tokens(prompt) + _SPECIAL_TOKENS


def _overflow(question: int, context: int, answer: int, needed: int) -> ContextOverflowError:
    return ContextOverflowError(
        f"The question has {question} tokens. With the instructions and {answer} tokens for the "
        f"answer that makes {needed + answer}, and the model's context has {context}.",
        hint=f"Shorten the question by about {needed + answer - context} tokens, or raise "
        "'context_length' in the settings if the model allows it.",
    )


def cut_windows(
    hits: Sequence[Hit], scored: Sequence[ScoredSentence], chat: ChatEngine, budget: int
) -> tuple[Passage, ...]:
    """Return a window of whole sentences of each hit, together at most `budget` tokens.

    Every window grows from its passage's best sentence to whichever neighbour scores
    best, over all passages. A passage whose best sentence no longer fits is left out, but
    of the first one at least what fits is kept. Windows come in the order of the hits.
    """
    by_hit: list[list[ScoredSentence]] = [[] for _ in hits]
    for sentence in scored:
        if sentence.hit < len(hits):
            by_hit[sentence.hit].append(sentence)
    costs = [
        [chat.count_tokens(hits[s.hit].passage.text[s.start : s.end]) + 1 for s in sentences]
        for sentences in by_hit
    ]
    windows, left = _seeds(by_hit, costs, budget)
    _grow(windows, by_hit, costs, left)
    cut = [
        sub_passage(hits[number].passage, by_hit[number][a].start, by_hit[number][b].end)
        for number, (a, b) in sorted(windows.items())
    ]
    if not cut and hits and budget > 0:
        return _first_words(hits[0].passage, by_hit[0], chat, budget)
    return tuple(cut)


def _seeds(
    by_hit: Sequence[Sequence[ScoredSentence]], costs: Sequence[Sequence[int]], left: int
) -> tuple[dict[int, tuple[int, int]], int]:
    windows: dict[int, tuple[int, int]] = {}
    for number, sentences in enumerate(by_hit):
        if not sentences:
            continue
        best = max(range(len(sentences)), key=lambda i: (sentences[i].score, -i))
        if costs[number][best] <= left:
            windows[number] = (best, best)
            left -= costs[number][best]
    return windows, left


def _grow(
    windows: dict[int, tuple[int, int]],
    by_hit: Sequence[Sequence[ScoredSentence]],
    costs: Sequence[Sequence[int]],
    left: int,
) -> None:
    queue: list[tuple[float, int, int]] = []

    def offer(number: int, at: int) -> None:
        if 0 <= at < len(by_hit[number]):
            heapq.heappush(queue, (-by_hit[number][at].score, number, at))

    for number, (a, b) in windows.items():
        offer(number, a - 1)
        offer(number, b + 1)
    while queue:
        _, number, at = heapq.heappop(queue)
        if costs[number][at] > left:
            continue
        left -= costs[number][at]
        a, b = windows[number]
        windows[number] = (min(a, at), max(b, at))
        offer(number, at - 1 if at < a else at + 1)


def _first_words(
    passage: Passage, sentences: Sequence[ScoredSentence], chat: ChatEngine, budget: int
) -> tuple[Passage, ...]:
    """Keep as many words of the best sentence as fit, when not even that one does."""
    if not sentences:
        return ()
    best = max(sentences, key=lambda s: s.score)
    low, high = best.start, best.end
    while low < high:
        middle = (low + high + 1) // 2
        if chat.count_tokens(passage.text[best.start : middle]) + 1 <= budget:
            low = middle
        else:
            high = middle - 1
    end = low
    while best.start < end < best.end and not passage.text[end].isspace():
        end -= 1
    return (sub_passage(passage, best.start, end),) if end > best.start else ()


def sub_passage(passage: Passage, start: int, end: int) -> Passage:
    """Return the part `text[start:end]` of a passage as a passage of its own."""
    begin, stop = passage.start + start, passage.start + end
    inside = [p for p in passage.pages if p.start < stop]
    first = max((i for i, p in enumerate(inside) if p.start <= begin), default=0)
    pages: tuple[PageStart, ...] = tuple(inside[first:]) or passage.pages[:1]
    return Passage(
        chunk_id=passage.chunk_id,
        document_id=passage.document_id,
        document=passage.document,
        heading=passage.heading,
        start=begin,
        end=stop,
        text=passage.text[start:end],
        pages=pages,
    )
