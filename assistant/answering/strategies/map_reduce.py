"""Map-reduce: ask many passages one by one and list all their quotes ("which", "list all").

Map: passages are cut into short windows of whole sentences, and each window is asked by
itself, so that nothing has to fit one prompt and no item has to win over the others. Reduce:
equal quotes, and quotes that lie inside others, become one.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from assistant.answering.best_sentence import sentence_spans
from assistant.answering.decide import chosen_place
from assistant.answering.model_output import follow, plain_answer
from assistant.answering.prompt_budget import Window, window_of
from assistant.answering.quote_location import PassageIndex
from assistant.answering.request import Quote, StrategyEvents, StrategyRequest, StrategyResult
from assistant.answering.strategies import single_prompt
from assistant.errors import Cancelled
from assistant.prompts import REFUSAL, PromptPassage, build_messages, is_refusal
from assistant.text.words import words
from assistant.types import (
    MAP_REDUCE,
    Generated,
    PartsRead,
    Place,
    Sampling,
)

PASSAGES = 12
"""Passages that are looked through."""

WINDOWS = 16
"""Windows that are asked at most: each takes a third of a second or so."""

WINDOW_TOKENS = 90


def read(request: StrategyRequest) -> StrategyEvents:
    """Ask every window, and keep what it does not refuse; if that is nothing, read together.

    Beside others a part may say enough.
    """
    windows = cut(request)
    found = StrategyResult(MAP_REDUCE)
    try:
        for number, window in enumerate(windows):
            request.cancel.raise_if_cancelled()
            yield PartsRead(number, len(windows))
            text, places = _asked(request, window)
            if not text:
                continue
            known = found
            found = replace(found, first_token_ms=found.first_token_ms or request.elapsed())
            if places:
                hits, scored = request.result.hits, request.scored
                place, _ = chosen_place(places, [window], hits, scored)
                found = replace(found, quotes=merged(found.quotes, Quote(text, place)))
            else:
                found = replace(found, written=f"{found.written}\n{text}".strip())
            if len(found.quotes) > len(known.quotes) or found.written != known.written:
                yield Generated(f'"{text}"\n')
    except Cancelled:
        return replace(found, cancelled=True)
    yield PartsRead(len(windows), len(windows))
    if found.said:
        return found
    done = yield from single_prompt.read(request)
    return replace(done, note=" None answered by itself: they were read together.")


def cut(request: StrategyRequest) -> list[Window]:
    """Cut the passages into windows, in the order of the search; at most `WINDOWS`.

    Every passage has its first window before any has its second, should there be too many.
    """
    by_hit = [_windows(request, number) for number in range(len(request.result.hits[:PASSAGES]))]
    rounds = max(map(len, by_hit), default=0)
    taken = [own[turn] for turn in range(rounds) for own in by_hit if turn < len(own)]
    return sorted(taken[:WINDOWS], key=lambda window: (window.hit, window.offset))


def _windows(request: StrategyRequest, hit: int) -> list[Window]:
    """Cut one passage into stretches of whole sentences of about `WINDOW_TOKENS`."""
    text = request.result.hits[hit].passage.text
    spans: list[tuple[int, int]] = []
    used = 0
    for start, end in sentence_spans(text):
        cost = request.chat.count_tokens(text[start:end])
        if spans and used + cost <= WINDOW_TOKENS:
            spans[-1] = (spans[-1][0], end)
            used += cost
        else:
            spans.append((start, end))
            used = cost
    return [window_of(request.result.hits, hit, start, end) for start, end in spans]


def _asked(request: StrategyRequest, window: Window) -> tuple[str, Sequence[Place]]:
    """Return what the model says of a window and where that stands in it.

    "" if it refuses, or if the window won't fit; no place if it wrote what does not stand there.
    """
    chat, most = request.chat, request.settings.max_answer_tokens
    passage = window.passage
    shown = PromptPassage(passage.document, passage.page, passage.text)
    prompt = chat.render(build_messages(request.question, [shown], request.style))
    if chat.count_tokens(prompt) + most > chat.context_length:
        return "", ()
    if request.quotes_only:
        quoted = chat.quote(prompt, [passage.text], REFUSAL, request.cancel, max_tokens=most)
        refused = chat.calibration.refuses_part(quoted)
        return ("", ()) if refused or not quoted.places else (quoted.text, quoted.places)
    written = _written(request, prompt)
    if not written or is_refusal(written):
        return "", ()
    found = PassageIndex([passage]).find(written)
    return written, found if len(found) == 1 else ()


def _written(request: StrategyRequest, prompt: str) -> str:
    """Let a model write freely, until it ends or repeats itself."""
    chat, settings = request.chat, request.settings
    longest = settings.max_answer_tokens + chat.profile.thinking_tokens
    sampling = Sampling(
        longest,
        settings.temperature,
        stop=chat.profile.stop,
        first_bias=chat.calibration.first_bias(REFUSAL),
    )
    written = ""
    with closing(chat.generate(prompt, sampling, request.cancel)) as pieces:
        for so_far in follow(pieces):
            written = so_far.text
    return plain_answer(written, (prompt,))[0].strip().strip('"')


def merged(known: Sequence[Quote], new: Quote) -> tuple[Quote, ...]:
    """Return the quotes with a new one, which takes the place of all that lie inside it.

    They are as they were if it lies inside one of them, or says nothing. Quotes are compared
    by their words: case and punctuation make no difference.
    """
    own = words(new.text)
    if not own or any(_within(own, words(old.text)) for old in known):
        return tuple(known)
    inside = [_within(words(old.text), own) for old in known]
    at = inside.index(True) if any(inside) else len(known)
    kept = [old for old, lies in zip(known, inside, strict=True) if not lies]
    return (*kept[:at], new, *kept[at:])


def _within(short: Sequence[str], long: Sequence[str]) -> bool:
    size = len(short)
    return any(list(long[at : at + size]) == list(short) for at in range(len(long) - size + 1))
