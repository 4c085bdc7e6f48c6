"""The protocol for scoring texts that a chat model did not write itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.types.cancel import CancelToken


@dataclass(frozen=True, slots=True)
class Likelihood:
    """The log-probability of a text in nats (natural logarithm; at most 0), over `tokens`."""

    log_probability: float
    tokens: int


class Scorer(Protocol):
    """A chat model that can say how likely it finds given answers. One call at a time."""

    def score(
        self,
        prompt: str,
        continuations: Sequence[str],
        cancel: CancelToken | None = None,
        *,
        ended: bool = False,
    ) -> list[Likelihood]:
        """Return how likely each continuation of a rendered prompt is, in their order.

        With `ended` the answer must end there too: the end-of-turn token is scored with it.
        Raises `ContextOverflowError`, `EngineError`, `Cancelled`.
        """
        ...
