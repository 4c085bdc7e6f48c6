"""Ask the laptop's own engine as the laptop does, and keep what it wrote."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import GeneratorType

import numpy as np

from assistant.answering.repetition import loop_end
from assistant.config import Settings
from assistant.engine.chat_model import LlamaChat
from assistant.engine.chat_template import RenderedPrompt
from assistant.engine.thread_count import threads_for
from assistant.errors import ContextOverflowError, EngineError, UsageError
from assistant.prompts import REFUSAL, build_messages, is_refusal, with_shots
from assistant.types import CancelToken, Message, Place, Sampling
from convert.atomic_output import Job
from convert.evaluate.evaluation_items import Item

QUOTE = '"'
_SILENT = Job()

ASKING = 4
"""Changes with what a `Reply` holds or how it is come by; older answers are asked again."""


@dataclass(frozen=True, slots=True)
class System:
    """A system under evaluation: a GGUF, maybe an adapter GGUF, maybe examples in the prompt.

    `tuned` ones are judged by the gate, and are held to quotes and refusals while they
    write, as the laptop holds them.
    """

    name: str
    model: Path
    adapter: Path | None = None
    shots: tuple[Message, ...] = ()
    tuned: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A model's answer to one item.

    `item` is the item's key. `places` are those of its passages where a model that was held to
    quotes may have read `forced` or else `text`; without any, both were written freely.
    `looped`: stopped because it repeated itself; `truncated`: it did not end by itself, or
    there was no room for the question. `prefill_tokens` are those computed (not cached), in
    `prefill_seconds`; `tokens` were generated in `seconds`, the first one not counted in either.
    `margin` is log P(first token of a refusal) - log P(quotation mark), in nats, at the first
    position: greater is nearer to refusing.
    `forced` is, of a refusal, what the model writes when it must begin with a quotation
    mark; `log_probability` (nats) that of the quote, where the model was held to quotes.
    """

    item: str
    text: str
    tokens: int = 0
    seconds: float = 0.0
    prefill_tokens: int = 0
    prefill_seconds: float = 0.0
    looped: bool = False
    truncated: bool = False
    margin: float = 0.0
    forced: str = ""
    log_probability: float = 0.0
    places: tuple[Place, ...] = ()


def open_system(system: System, settings: Settings) -> LlamaChat:
    """Load a system as the laptop would. Raises `ModelError`."""
    return LlamaChat(
        system.model,
        name=system.name,
        context_length=settings.context_length,
        threads=threads_for(settings.threads),
        adapter=system.adapter,
    )


def messages_for(item: Item, shots: Sequence[Message] = ()) -> list[Message]:
    """Return the prompt of an item: the laptop's, with examples before the question."""
    return with_shots(build_messages(item.question, item.passages), shots)


def ask(
    chat: LlamaChat,
    item: Item,
    settings: Settings,
    cancel: CancelToken | None = None,
    *,
    shots: Sequence[Message] = (),
    quotes_only: bool = False,
) -> Reply:
    """Ask one item, greedy, with the laptop's longest answer and its check for loops.

    With `quotes_only` it is asked for a quote, as the laptop asks a tuned model.

    Raises `ContextOverflowError` if the prompt does not fit the context, `EngineError` for
    numbers that are not finite.
    """
    prompt = chat.render(messages_for(item, shots))
    started = time.perf_counter()
    likely = chat.next_log_probabilities(prompt, cancel)
    read = time.perf_counter() - started
    computed = chat.computed_tokens
    if not np.isfinite(likely).any() or np.isnan(likely).any():
        raise EngineError("The model computed numbers that are not finite.")
    if quotes_only and item.passages:
        written = _quote(chat, item, prompt, settings, cancel)
    else:
        margin = float(likely[_first(chat, REFUSAL)] - likely[_first(chat, QUOTE)])
        written = replace(_write(chat, prompt, settings, cancel), margin=margin)
        if is_refusal(written.text):
            begun = RenderedPrompt([*prompt.parts, (QUOTE, False)])
            forced = QUOTE + _write(chat, begun, settings, cancel).text
            written = replace(written, forced=forced)
    return replace(
        written,
        item=item.key,
        tokens=max(written.tokens - 1, 0),
        prefill_tokens=computed,
        prefill_seconds=read,
        truncated=written.looped or written.tokens >= settings.max_answer_tokens,
    )


def _quote(
    chat: LlamaChat,
    item: Item,
    prompt: RenderedPrompt,
    settings: Settings,
    cancel: CancelToken | None,
) -> Reply:
    """Ask for a quote, as the laptop asks a tuned model; greedy: the likelier beginning wins."""
    started = time.perf_counter()
    quoted = chat.quote(
        prompt,
        [passage.text for passage in item.passages],
        REFUSAL,
        cancel,
        max_tokens=settings.max_answer_tokens,
    )
    refused = not quoted.text or quoted.doubt(0.0) > 0.0
    return Reply(
        item.key,
        text=REFUSAL if refused else quoted.text,
        tokens=quoted.tokens,
        seconds=time.perf_counter() - started,
        margin=quoted.margin,
        forced=quoted.text if refused else "",
        log_probability=quoted.log_probability,
        places=quoted.places,
    )


def _first(chat: LlamaChat, text: str) -> int:
    return chat.tokenize(text)[0]


def _write(chat: LlamaChat, prompt: str, settings: Settings, cancel: CancelToken | None) -> Reply:
    """Let the model write, as the laptop does: greedy, until it ends or repeats itself."""
    text, looped = "", False
    first: float | None = None
    stream = chat.generate(prompt, Sampling(max_tokens=settings.max_answer_tokens), cancel)
    try:
        for piece in stream:
            first = first or time.perf_counter()
            text += piece
            end = loop_end(text)
            if end is not None:
                text, looped = text[:end], True
                break
    finally:
        if isinstance(stream, GeneratorType):
            stream.close()
    seconds = time.perf_counter() - first if first else 0.0
    return Reply("", text, chat.count_tokens(text) if text else 0, seconds, looped=looped)


def ask_all(
    chat: LlamaChat,
    items: Sequence[Item],
    settings: Settings,
    system: System | None = None,
    *,
    known: Mapping[str, Reply] | None = None,
    keep: Callable[[Reply], None] | None = None,
    job: Job = _SILENT,
) -> list[Reply]:
    """Ask all items of a set, in order, but those whose reply is `known`.

    `keep` is called with each new reply. What does not fit a model's context (examples and
    all) gets no answer, which counts as truncated. Raises `UsageError` for an empty set.
    """
    if not items:
        raise UsageError("There is nothing to ask: the set of questions is empty.")
    shots = system.shots if system else ()
    quotes_only = system is not None and system.tuned
    replies = []
    for number, item in enumerate(items, start=1):
        reply = (known or {}).get(item.key)
        if reply is None:
            try:
                reply = ask(chat, item, settings, job.cancel, shots=shots, quotes_only=quotes_only)
            except ContextOverflowError:
                reply = Reply(item.key, "", truncated=True)
            if keep:
                keep(reply)
        replies.append(reply)
        job.progress(f"{chat.name} on {item.source}", number, len(items))
    return replies
