"""How likely the real default model finds given text, against the high-level binding."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.engine.chat_model import LlamaChat
from assistant.engine.thread_count import threads_for
from assistant.errors import Cancelled, ContextOverflowError
from assistant.models.catalogue import load_catalogue
from assistant.types import CancelToken, Message, Sampling, Scorer

pytestmark = pytest.mark.acceptance

QUESTION = (Message("user", "What is the capital of France?"),)


@pytest.fixture(scope="module")
def model_file(default_models: Path) -> Path:
    return default_models / load_catalogue().default_chat.name / "model.gguf"


@pytest.fixture(scope="module")
def chat(model_file: Path) -> Iterator[LlamaChat]:
    engine = LlamaChat(model_file, name="default", context_length=512, threads=threads_for(2))
    yield engine
    engine.close()


def answer(chat: LlamaChat) -> str:
    return "".join(chat.generate(chat.render(QUESTION), Sampling(max_tokens=24)))


@pytest.fixture(scope="module")
def reference(model_file: Path) -> Iterator[Any]:
    """Log-probabilities of each token but the first, by the high-level binding."""
    from llama_cpp import Llama

    bare = Llama(
        str(model_file),
        n_ctx=512,
        n_threads=threads_for(2),
        n_threads_batch=threads_for(2),
        logits_all=True,
        verbose=False,
    )

    def compute(tokens: list[int]) -> np.ndarray[Any, Any]:
        bare.reset()
        bare.eval(tokens)
        logits = bare.scores[: len(tokens)].astype(np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return logits[np.arange(len(tokens) - 1), tokens[1:]]

    yield compute
    bare.close()


def test_how_likely_continuations_are(chat: LlamaChat, reference: Any) -> None:
    scorer: Scorer = chat
    prompt = chat.render(QUESTION)
    tokens = chat.tokenize(prompt)
    texts = ["Not in the documents.", "The capital of France is Paris. " * 6, "Paris is it", ""]
    for ended in (False, True):
        end = chat._runtime.tokenize("<|im_end|>", special=True) if ended else []
        found = scorer.score(prompt, texts, ended=ended)
        assert chat.computed_tokens in (1, len(tokens))
        for text, likelihood in zip(texts, found, strict=True):
            following = chat.tokenize(text) + end
            expected = reference(tokens + following)[len(tokens) - 1 :]
            assert likelihood.tokens == len(following) == len(expected)
            assert likelihood.log_probability == pytest.approx(expected.sum(), abs=0.02)


def test_scoring_leaves_the_cache_true(chat: LlamaChat) -> None:
    before = answer(chat)
    prompt = chat.render(QUESTION)
    first, again = (chat.score(prompt, ["Paris.", "London."]) for _ in range(2))
    assert first == again
    assert answer(chat) == before
    assert chat.computed_tokens == 1
    assert answer(chat) == before


def test_the_first_token(chat: LlamaChat) -> None:
    prompt = chat.render(QUESTION)
    first = chat.next_log_probabilities(prompt)
    assert first.shape == (chat._runtime.vocabulary_size,)
    assert np.exp(first).sum() == pytest.approx(1.0)
    greedy = next(iter(chat.generate(prompt, Sampling(max_tokens=1))))
    assert chat.tokenize(greedy)[0] == int(first.argmax())


def test_the_limits_of_scoring(chat: LlamaChat) -> None:
    prompt = chat.render(QUESTION)
    with pytest.raises(ContextOverflowError):
        chat.score(prompt, ["Paris", "word " * 500])
    assert chat.score(prompt, []) == []
    cancel = CancelToken()
    timer = threading.Timer(0.05, cancel.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        chat.score(prompt, ["The capital of France is Paris. "] * 1000, cancel)
    assert chat.score(prompt, ["Paris."])[0].log_probability < 0


def test_a_bias_moves_the_first_token_and_nothing_else(chat: LlamaChat) -> None:
    plain = answer(chat)
    prompt = chat.render(QUESTION)

    def leaning(nats: float) -> str:
        sampling = Sampling(max_tokens=24, first_bias=(("Not in the documents.", nats),))
        return "".join(chat.generate(prompt, sampling))

    likely = chat.next_log_probabilities(prompt)
    (wanted,) = chat.tokenize("Not")
    gap = float(likely.max() - likely[wanted])
    assert leaning(gap - 0.5) == plain
    assert leaning(gap + 0.5).startswith("Not")
    assert answer(chat) == plain
