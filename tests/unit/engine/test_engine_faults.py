"""Numbers that are none, and a model that never stops."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from assistant.engine.chat_model import LlamaChat
from assistant.engine.chat_template import PromptStyle, RenderedPrompt
from assistant.errors import Cancelled, EngineError
from assistant.prompts import REFUSAL, PromptPassage, build_messages
from assistant.types import CancelToken, Message, Sampling
from tests.unit.engine.speaking_toy import SPECIALS, speaking_toy, token_of
from tests.unit.engine.test_constrained_decoding import PASSAGES, is_stretch, load, quote


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaChat]:
    engine = load(tmp_path_factory.mktemp("toy"), speaking_toy())
    yield engine
    engine.close()


@contextmanager
def watched_decodes(
    chat: LlamaChat, at_call: Mapping[int, Callable[[], None]] | None = None
) -> Iterator[list[Sequence[int]]]:
    """Note what is decoded; before the calls that `at_call` numbers, do as it says."""
    decode = chat._runtime.decode
    calls: list[Sequence[int]] = []

    def watched(tokens: Sequence[int], outputs: int = 1) -> bool:
        calls.append(tokens)
        if at_call and len(calls) in at_call:
            at_call[len(calls)]()
        return decode(tokens, outputs)

    chat._runtime.decode = watched  # type: ignore[method-assign]
    try:
        yield calls
    finally:
        chat._runtime.decode = decode  # type: ignore[method-assign]


def test_cancel_while_quoting(chat: LlamaChat) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        quote(chat, PASSAGES, cancel=cancel)
    cancel = CancelToken()
    with watched_decodes(chat, {4: cancel.cancel}) as calls, pytest.raises(Cancelled):
        quote(chat, PASSAGES, cancel=cancel)
    assert len(calls) == 4
    assert quote(chat, PASSAGES).text


@pytest.fixture(scope="module")
def broken_after_a_mark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaChat]:
    """Sound until it has read a quotation mark or the word "cat"."""
    data = speaking_toy(broken=[token_of('"'), token_of(" cat")])
    engine = load(tmp_path_factory.mktemp("broken"), data)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def one_dead_logit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaChat]:
    engine = load(tmp_path_factory.mktemp("dead"), speaking_toy(dead=[token_of("z")]))
    yield engine
    engine.close()


def is_the_error(error: EngineError) -> bool:
    return "not finite" in error.message and "models verify" in error.hint and bool(error.title)


def test_no_quote_is_made_of_numbers_that_are_none(
    broken_after_a_mark: LlamaChat, one_dead_logit: LlamaChat
) -> None:
    for engine in (broken_after_a_mark, one_dead_logit):
        with pytest.raises(EngineError) as caught:
            quote(engine, PASSAGES)
        assert is_the_error(caught.value)


def test_nothing_else_is_made_of_them_either(
    broken_after_a_mark: LlamaChat, one_dead_logit: LlamaChat
) -> None:
    after, dead = broken_after_a_mark, one_dead_logit
    greedy, warm = Sampling(max_tokens=9), Sampling(max_tokens=9, temperature=0.8)
    attempts = [
        lambda: list(dead.generate("the", greedy)),
        lambda: list(dead.generate("the", warm)),
        lambda: dead.score("the", ["and", "in"]),
        lambda: dead.next_log_probabilities("the"),
        lambda: list(after.generate("in the cat", greedy)),
        lambda: after.score("in", [" the cat sat"]),
    ]
    for attempt in attempts:
        with pytest.raises(EngineError) as caught:
            attempt()
        assert is_the_error(caught.value)


def test_after_such_an_error_the_engine_is_as_before(broken_after_a_mark: LlamaChat) -> None:
    """What was computed of broken numbers is forgotten: sound questions get sound answers."""
    engine = broken_after_a_mark
    before = list(engine.generate("they and", Sampling(max_tokens=6)))
    with pytest.raises(EngineError):
        quote(engine, PASSAGES)
    assert list(engine.generate("they and", Sampling(max_tokens=6))) == before
    assert engine.score("they and", [" in"])[0].log_probability < 0


@pytest.mark.parametrize("warmth", [0.0, 1.0])
def test_a_model_that_never_stops_is_stopped(chat: LlamaChat, warmth: float) -> None:
    with watched_decodes(chat) as calls:
        assert list(chat.generate("the cat", Sampling(max_tokens=30, temperature=warmth)))
    assert len(calls) == 30


def test_it_is_stopped_by_the_end_of_its_context(tmp_path: Path) -> None:
    engine = load(tmp_path, speaking_toy(context=64), context=64)
    prompt = engine.render(build_messages("?", (PromptPassage("d", 1, "x"),)))
    assert engine.count_tokens(prompt) > 64  # the product's own prompt would not even fit
    list(engine.generate("the cat", Sampling(max_tokens=10_000)))
    assert len(engine._decoder.cached) <= 64
    found = quote(engine, ["and the cat " * 40], 10_000)
    assert len(engine._decoder.cached) <= 64
    assert is_stretch(found.text, "and the cat " * 40)
    engine.close()


def test_it_is_stopped_by_a_person(chat: LlamaChat) -> None:
    cancel = CancelToken()
    pieces = chat.generate("the cat", Sampling(max_tokens=400), cancel)
    next(pieces)
    threading.Thread(target=cancel.cancel).start()
    with pytest.raises(Cancelled):
        for _ in pieces:
            pass
    assert list(chat.generate("the cat", Sampling(max_tokens=3)))


class CountingStyle:
    """A prompt style that counts how often it renders."""

    name = "counting"

    def __init__(self, inner: PromptStyle) -> None:
        self._inner = inner
        self.renderings = 0

    def render(self, messages: Sequence[Message]) -> RenderedPrompt:
        self.renderings += 1
        return self._inner.render(messages)


def test_the_template_is_rendered_once_for_all_ends_of_answers(tmp_path: Path) -> None:
    engine = load(tmp_path, speaking_toy())
    prompt = engine.render((Message("user", "Where is the cat?"),))
    style = engine._style = CountingStyle(engine.style)
    for _ in range(3):
        engine.quote(prompt, PASSAGES, REFUSAL, max_tokens=8)
        engine.score(prompt, ["the cat"], ended=True)
    assert engine.end_of_turn == SPECIALS.index("<|im_end|>")
    assert style.renderings == 1
    engine.close()
