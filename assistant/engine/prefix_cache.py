"""Decode prompts and reuse the cached tokens of the prefix they share with the last one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.engine.llama_runtime import BATCH, LlamaRuntime
from assistant.errors import Cancelled, EngineError
from assistant.types import CancelToken


class CachedDecoder:
    """Tracks which tokens a runtime has cached, also after errors."""

    def __init__(self, runtime: LlamaRuntime) -> None:
        self._runtime = runtime
        self.cached: list[int] = []
        self.computed_tokens = 0
        """How many tokens of the latest prompt were computed (the others were cached)."""

    def prefill(self, tokens: Sequence[int], cancel: CancelToken) -> None:
        """Decode a prompt from where it differs from what is cached; its last token always."""
        same = 0
        for old, new in zip(self.cached, tokens[:-1], strict=False):
            if old != new:
                break
            same += 1
        self.keep(same)
        at = len(self.cached)
        self.computed_tokens = len(tokens) - at
        while at < len(tokens):
            cancel.raise_if_cancelled()
            self.extend(tokens[at : at + BATCH])
            at = len(self.cached)

    def extend(self, tokens: Sequence[int], outputs: int = 1) -> None:
        """Decode up to `BATCH` tokens and remember them; as before if it is aborted or fails.

        Logits can be had for the last `outputs` of them. Raises `Cancelled` when aborted.
        """
        done = False
        try:
            done = self._runtime.decode(tokens, outputs)
        finally:
            if done:
                self.cached += tokens
            else:
                self.keep(len(self.cached))
        if not done:
            raise Cancelled

    def keep(self, count: int) -> None:
        """Forget all but the first `count` cached tokens (or more, where a model must)."""
        self.cached = self.cached[:count] if self._runtime.forget_from(count) else []

    def logits(self, from_end: int = 1) -> NDArray[np.float32]:
        """Return the logits of a decoded token, counted from the last; see `LlamaRuntime`.

        Raises `EngineError` if they are not finite; nothing is cached then.
        """
        logits = self._runtime.logits(from_end)
        if not is_usable(logits):
            self.wipe()
            raise not_finite()
        return logits

    def wipe(self) -> None:
        """Forget everything, and leave none of its numbers: they may not be finite."""
        self._runtime.wipe()
        self.cached = []


def is_usable(logits: NDArray[np.float32]) -> bool:
    """Whether no logit is NaN or +inf, and not all are -inf."""
    return math.isfinite(float(logits.max()))


def not_finite() -> EngineError:
    """Return the error for logits that no answer can be made of."""
    return EngineError(
        "The model computed numbers that are not finite.",
        hint="The model file may be damaged: check it with assistant models verify, or use "
        "another model.",
    )
