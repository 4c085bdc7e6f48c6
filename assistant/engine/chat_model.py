"""The chat model: stream text for a prompt, and stop at once when asked."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.engine.chat_template import KnownStyle, PromptStyle, RenderedPrompt
from assistant.engine.constrained_decoding import QuoteDecoder
from assistant.engine.likelihood import LogProbabilities, next_token, score_each
from assistant.engine.llama_runtime import LlamaRuntime
from assistant.engine.prefix_cache import CachedDecoder
from assistant.engine.prompt_style import style_of
from assistant.engine.prompt_tokenizer import PromptTokenizer, try_vocabulary
from assistant.engine.span_automaton import TokenVocabulary
from assistant.engine.token_sampler import Sampler
from assistant.engine.token_stream import TextStream
from assistant.engine.token_vocabulary import token_vocabulary_of
from assistant.errors import ContextOverflowError, EngineError
from assistant.models.template_approval import template_hash
from assistant.models.verified_file import PinnedFile, path_of
from assistant.types import (
    Calibration,
    CancelToken,
    Likelihood,
    Message,
    ModelProfile,
    Quoted,
    Sampling,
)

_LOCK_POLL_SECONDS = 0.02


class LlamaChat:
    """A `ChatEngine` and `Scorer` on llama.cpp.

    `known` is its prompt style as it was recorded; without it the style is found out.
    `adapter` is a LoRA GGUF to be computed over the model in `file`; both are checked
    against their hashes if they are pinned; `calibration` and `profile` are kept
    for who asks (see `ChatEngine`). A `context_length` of 0 is the profile's.
    A prompt's beginning that the previous prompt shares is not computed again; `warm_up`
    computes one ahead of time.
    Raises `ModelError` for a file that can't be used.
    """

    def __init__(
        self,
        file: Path | PinnedFile,
        *,
        name: str,
        context_length: int,
        threads: int,
        known: KnownStyle | None = None,
        adapter: Path | PinnedFile | None = None,
        calibration: Calibration | None = None,
        profile: ModelProfile | None = None,
    ) -> None:
        self._name = name
        self._calibration = calibration or Calibration()
        self._profile = profile or ModelProfile()
        wanted = context_length or self._profile.context_length
        self._runtime = LlamaRuntime(file, wanted, threads, adapter)
        self._style = style_of(self._runtime, path_of(file), known or KnownStyle())
        self._tokenizer = PromptTokenizer(self._runtime)
        self._lock = threading.Lock()
        self._decoder = CachedDecoder(self._runtime)
        self._vocabulary: TokenVocabulary | None = None

    @property
    def name(self) -> str:
        return self._name

    @property
    def context_length(self) -> int:
        return self._runtime.context_length

    @property
    def calibration(self) -> Calibration:
        return self._calibration

    @property
    def profile(self) -> ModelProfile:
        return self._profile

    @property
    def computed_tokens(self) -> int:
        """How many tokens of the latest prompt were computed (the others were cached)."""
        return self._decoder.computed_tokens

    @property
    def style(self) -> PromptStyle:
        return self._style

    @property
    def template_sha256(self) -> str:
        return template_hash(self._runtime.template)

    @cached_property
    def end_of_turn(self) -> int:
        """The token that the template writes after an answer; found out once."""
        return self._tokenizer.end_of_turn(self._style)

    def close(self) -> None:
        """Free the model; waits for an answer that is being generated."""
        with self._lock:
            self._runtime.close()

    def tokenize(self, prompt: str) -> list[int]:
        """Return the tokens of a prompt; special ones only where the template wrote them."""
        return self._tokenizer.tokenize(prompt)

    def count_tokens(self, text: str) -> int:
        return len(self.tokenize(text))

    def try_vocabulary(self) -> None:
        """Use every token once; a vocabulary with a hole ends the process here."""
        try_vocabulary(self._runtime)

    def render(self, messages: Sequence[Message]) -> RenderedPrompt:
        if self._profile.no_think and messages and messages[-1].role == "user":
            last = f"{messages[-1].content}\n{self._profile.no_think}"
            messages = [*messages[:-1], Message("user", last)]
        return self._style.render(messages)

    def warm_up(self, prompt: str) -> None:
        tokens = self._fitting(prompt, 1)
        with self._at_work() as stop:
            self._decoder.prefill(tokens, stop)
            if self._calibration.quotes_only:
                self._token_vocabulary()  # 0.1 s that the first question need not wait

    def generate(
        self, prompt: str, sampling: Sampling, cancel: CancelToken | None = None
    ) -> Generator[str, None, None]:
        tokens = self._fitting(prompt, 1)
        with self._at_work(cancel) as stop:
            self._decoder.prefill(tokens, stop)
            yield from self._answer(sampling, stop)

    def quote(
        self,
        prompt: str,
        passages: Sequence[str],
        refusal: str,
        cancel: CancelToken | None = None,
        *,
        max_tokens: int = 192,
    ) -> Quoted:
        tokens = self._fitting(prompt, 2)
        with self._at_work(cancel) as stop:
            longest = min(max_tokens, self.context_length - len(tokens) - 1)
            search = QuoteDecoder(
                self._decoder, self._token_vocabulary(), self.end_of_turn, longest
            )
            return search.best(tokens, passages, self._tokenizer.plain(refusal)[0], stop)

    def _token_vocabulary(self) -> TokenVocabulary:
        if self._vocabulary is None:
            self._vocabulary = token_vocabulary_of(self._runtime, self._tokenizer)
        return self._vocabulary

    # -- likelihood ------------------------------------------------------------------

    def score(
        self,
        prompt: str,
        continuations: Sequence[str],
        cancel: CancelToken | None = None,
        *,
        ended: bool = False,
    ) -> list[Likelihood]:
        """Return how likely each continuation is; see `Scorer`.

        A continuation is text of the model: no special token is recognised in it.
        """
        end = [self.end_of_turn] if ended else []
        following = [self._tokenizer.plain(text) + end for text in continuations]
        tokens = self._fitting(prompt, max(map(len, following), default=0))
        rows = self._runtime.max_outputs
        with self._at_work(cancel) as stop:
            found = score_each(self._decoder, tokens, following, rows, stop)
        pairs = zip(found, following, strict=True)
        return [Likelihood(score, len(those)) for score, those in pairs]

    def next_log_probabilities(
        self, prompt: str, cancel: CancelToken | None = None
    ) -> LogProbabilities:
        """Return the log-probability (nats) of each token to begin the answer with.

        Shape (vocabulary,), by the token's number. Raises as `score` does.
        """
        tokens = self._fitting(prompt, 1)
        with self._at_work(cancel) as stop:
            return next_token(self._decoder, tokens, stop)

    # -- computing -------------------------------------------------------------------

    def _fitting(self, prompt: str, more: int) -> list[int]:
        """Return the tokens of a prompt after which `more` fit into the context."""
        tokens = self.tokenize(prompt)
        if len(tokens) + more > self.context_length:
            raise ContextOverflowError(
                f"The prompt has {len(tokens)} tokens; the model's context has room for "
                f"{max(0, self.context_length - more)}.",
                hint="Ask a shorter question, or set a larger context_length in config.toml.",
            )
        if not tokens:
            raise EngineError("The prompt is empty.")
        return tokens

    @contextmanager
    def _at_work(self, cancel: CancelToken | None = None) -> Iterator[CancelToken]:
        """Have the engine for oneself; llama.cpp stops when the token that is given is set."""
        cancel = cancel or CancelToken()
        while not self._lock.acquire(timeout=_LOCK_POLL_SECONDS):
            cancel.raise_if_cancelled()
        try:
            self._runtime.abort.clear()
            with cancel.calling(self._runtime.abort.set):
                yield cancel
        finally:
            self._runtime.abort.clear()
            self._lock.release()

    def _answer(self, sampling: Sampling, cancel: CancelToken) -> Iterator[str]:
        stream = TextStream(sampling.stop)
        room = self.context_length - len(self._decoder.cached)
        with closing(Sampler(self._runtime, sampling)) as sampler:
            token: int | None = None
            for _ in range(min(sampling.max_tokens, room)):
                cancel.raise_if_cancelled()
                if token is not None:
                    self._decoder.extend((token,))
                logits = self._decoder.logits()
                if token is None:
                    self._lean(logits, sampling)
                token = sampler.next()
                if self._runtime.ends_answer(token):
                    break
                if piece := stream.feed(self._runtime.piece(token)):
                    yield piece
                if stream.stopped:
                    return
        if piece := stream.finish():
            yield piece

    def _lean(self, logits: NDArray[np.float32], sampling: Sampling) -> None:
        """Add the bias of the first token, in llama.cpp's own memory."""
        for text, nats in sampling.first_bias:
            if tokens := self._tokenizer.plain(text):
                logits[tokens[0]] += nats
