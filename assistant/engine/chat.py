"""The chat model: prompt in, pieces of text out, stopped at once when asked."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from assistant.engine.llama_runtime import BATCH, LlamaRuntime
from assistant.engine.sampler import Sampler
from assistant.engine.templates import (
    PromptStyle,
    RenderedPrompt,
    assert_style,
    choose_style,
    make_style,
    template_hash,
)
from assistant.engine.text_stream import TextStream
from assistant.errors import Cancelled, ContextOverflowError, EngineError, ModelError
from assistant.types import CancelToken, Message, Sampling

_LOCK_POLL_SECONDS = 0.02


class LlamaChat:
    """A `ChatEngine` on llama.cpp.

    `style` names the prompt style ("" finds it out); unless `template_sha256` says that
    the file's own template was compared with the style before, it is compared now.
    A prompt's beginning that the previous prompt shares is not computed again; to
    compute a beginning ahead of time, generate with `max_tokens=0`.
    Raises `ModelError` for a file that can't be used.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str,
        context_length: int,
        threads: int,
        style: str = "",
        default_system: str = "",
        template_sha256: str = "",
    ) -> None:
        self._name = name
        self._runtime = LlamaRuntime(path, context_length, threads)
        self._style = self._choose_style(path, style, default_system, template_sha256)
        self._specials: dict[str, int] = {}
        self._not_special: set[str] = set()
        self._lock = threading.Lock()
        self._cached: list[int] = []
        self.computed_tokens = 0
        """How many tokens of the latest prompt were computed (the others were cached)."""

    @property
    def name(self) -> str:
        return self._name

    @property
    def context_length(self) -> int:
        return self._runtime.context_length

    @property
    def style(self) -> PromptStyle:
        return self._style

    @property
    def template_sha256(self) -> str:
        return template_hash(self._runtime.template)

    def close(self) -> None:
        """Free the model; waits for an answer that is being generated."""
        with self._lock:
            self._runtime.close()

    def count_tokens(self, text: str) -> int:
        return len(self.tokenize(text))

    def render(self, messages: Sequence[Message]) -> RenderedPrompt:
        return self._style.render(messages)

    def generate(
        self, prompt: str, sampling: Sampling, cancel: CancelToken | None = None
    ) -> Iterator[str]:
        tokens = self.tokenize(prompt)
        if len(tokens) + 1 > self.context_length:
            raise ContextOverflowError(
                f"The prompt has {len(tokens)} tokens; the model's context has room for "
                f"{self.context_length - 1}.",
                hint="Ask a shorter question, or set a larger context_length in config.toml.",
            )
        if not tokens:
            raise EngineError("The prompt is empty.")
        cancel = cancel or CancelToken()
        self._acquire(cancel)
        try:
            self._runtime.abort.clear()
            with cancel.calling(self._runtime.abort.set):
                self._prefill(tokens, cancel)
                if sampling.max_tokens > 0:
                    yield from self._answer(sampling, cancel)
        finally:
            self._runtime.abort.clear()
            self._lock.release()

    # -- prompt ----------------------------------------------------------------------

    def tokenize(self, prompt: str) -> list[int]:
        """Return the tokens of a prompt; special ones only where the template wrote them.

        Text between two special tokens is tokenized as one, wherever it came from, so a
        harmless prompt gets the tokens that it had when the model was trained.
        """
        runtime = self._runtime
        if not isinstance(prompt, RenderedPrompt):
            return self._plain(prompt)
        tokens: list[int] = []
        plain = ""
        for text, by_template in prompt.parts:
            for piece in self._split(text) if by_template else [text]:
                special = self._specials.get(piece) if by_template else None
                if special is None:
                    plain += piece
                    continue
                tokens += self._plain(plain)
                tokens.append(special)
                plain = ""
        tokens += self._plain(plain)
        if runtime.adds_bos and tokens[:1] != [runtime.bos]:
            tokens.insert(0, runtime.bos)
        return tokens

    def _split(self, text: str) -> list[str]:
        """Cut a template's text at its special tokens (kept as pieces)."""
        if text not in self._not_special:
            for token in self._runtime.tokenize(text, special=True):
                if self._runtime.is_special(token):
                    self._specials[self._runtime.token_text(token)] = token
            self._not_special.add(text)
        known = sorted(self._specials, key=len, reverse=True)
        if not known:
            return [text]
        return [p for p in re.split("(" + "|".join(map(re.escape, known)) + ")", text) if p]

    def _plain(self, text: str) -> list[int]:
        """Tokenize text in which no special token of the template may come to be.

        llama.cpp recognises "user defined" tokens even in plain text; where a model has
        marked its turn markers so, they are taken apart after the first character.
        """
        if not text:
            return []
        tokens = self._runtime.tokenize(text, special=False)
        forbidden = set(self._specials.values())
        if forbidden.isdisjoint(tokens):
            return tokens
        marks = sorted(self._specials, key=len, reverse=True)
        cut = re.split(
            "|".join(f"(?<={re.escape(m[0])})(?={re.escape(m[1:])})" for m in marks), text
        )
        tokens = [t for part in cut for t in self._runtime.tokenize(part, special=False)]
        return [t for t in tokens if t not in forbidden]

    # -- computing -------------------------------------------------------------------

    def _acquire(self, cancel: CancelToken) -> None:
        while not self._lock.acquire(timeout=_LOCK_POLL_SECONDS):
            cancel.raise_if_cancelled()

    def _prefill(self, tokens: list[int], cancel: CancelToken) -> None:
        """Decode the prompt from where it differs from what is cached."""
        same = 0
        for old, new in zip(self._cached, tokens[:-1], strict=False):
            if old != new:
                break
            same += 1
        self._keep(same)
        at = len(self._cached)
        self.computed_tokens = len(tokens) - at
        while at < len(tokens):
            cancel.raise_if_cancelled()
            self._decode(tokens[at : at + BATCH])
            at = len(self._cached)

    def _decode(self, tokens: Sequence[int]) -> None:
        """Decode and remember; the cache is as before if it is aborted or fails."""
        done = False
        try:
            done = self._runtime.decode(tokens)
        finally:
            if done:
                self._cached += tokens
            else:
                self._keep(len(self._cached))
        if not done:
            raise Cancelled

    def _keep(self, count: int) -> None:
        self._cached = self._cached[:count] if self._runtime.forget_from(count) else []

    def _answer(self, sampling: Sampling, cancel: CancelToken) -> Iterator[str]:
        stream = TextStream(sampling.stop)
        room = self.context_length - len(self._cached)
        with Sampler(self._runtime, sampling) as sampler:
            token: int | None = None
            for _ in range(min(sampling.max_tokens, room)):
                cancel.raise_if_cancelled()
                if token is not None:
                    self._decode((token,))
                best = float(self._runtime.logits().max())
                if not math.isfinite(best):
                    self._keep(0)
                    raise EngineError("The model computed numbers that are not finite.")
                token = sampler.next()
                if self._runtime.ends_answer(token):
                    break
                if piece := stream.feed(self._runtime.piece(token)):
                    yield piece
                if stream.stopped:
                    return
        if piece := stream.finish():
            yield piece

    def _choose_style(
        self, path: Path, style: str, default_system: str, template_sha256: str
    ) -> PromptStyle:
        template = self._runtime.template
        if not template:
            self._runtime.close()
            raise ModelError(
                f"{path} has no chat template, so how to ask it is unknown.",
                hint="Use an instruction-tuned model (its name often ends in Instruct or it).",
            )
        bos = self._runtime.token_text(self._runtime.bos)
        eos = self._runtime.token_text(self._runtime.eos)
        try:
            if not style:
                style, default_system = choose_style(template, bos, eos)
            made = make_style(style, default_system, template, bos, eos)
            if template_hash(template) != template_sha256:
                assert_style(made, template, bos, eos)
        except ModelError as error:
            self._runtime.close()
            raise ModelError(f"{path}: {error.message}", hint=error.hint) from error
        return made
