"""Settings of a tuning of an embedder or a reranker."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from assistant.errors import UsageError

PRECISIONS = ("float32", "bf16")

_LIMITS: dict[str, tuple[float, float]] = {
    "questions": (0, 10_000_000),
    "held_out": (0, 1_000_000),
    "passages": (0, 100_000_000),
    "negatives": (0, 31),
    "depth": (1, 100),
    "margin": (0.0, 0.9),
    "max_tokens": (16, 8192),
    "epochs": (0.001, 1000),
    "batch": (2, 65_536),
    "learning_rate": (1e-9, 1.0),
    "warmup": (0.0, 0.9),
    "scale": (0.1, 1000),
    "evaluations": (1, 1000),
    "patience": (1, 1000),
    "min_gain": (-1.0, 1.0),
    "threads": (0, 512),
}


@dataclass(frozen=True, slots=True)
class TuneSettings:
    """What is learned from, how long, and when it counts. Raises `UsageError`."""

    questions: int = 4000
    """Train questions that are drawn from the data; 0 is all."""

    held_out: int = 300
    """Held-out questions by which the tuning is judged; 0 is all."""

    passages: int = 4000
    """Passages that are searched, those that answer a question first; 0 is all."""

    depth: int = 30
    """How many passages of the laptop's search are looked at for hard negatives."""

    margin: float = 0.05
    """A negative's cosine is at least by this share below the right passage's."""

    batch: int = 32
    """Questions of one step."""

    epochs: float = 1.0
    """How often each question is learned from."""

    warmup: float = 0.1
    """Share of the steps in which the learning rate rises; then it falls to 0."""

    precision: str = "float32"
    """Format of the arithmetic: "float32", or "bf16" (faster where the processor has it)."""

    evaluations: int = 4
    """How often the held-out questions are asked; each leaves a checkpoint."""

    patience: int = 2
    """Evaluations without a better figure after which the tuning ends."""

    min_gain: float = 0.0
    """Held-out nDCG@10 must grow by more than this, or the result is refused."""

    seed: int = 0
    """Decides what is drawn, and in which order it is learned."""

    threads: int = 0
    """Threads of torch and of the laptop's embedder; 0 is one for each physical core."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in _LIMITS:
                _check_number(field.name, value, _LIMITS[field.name])
        if self.precision not in PRECISIONS:
            raise UsageError(
                f"'precision' is {self.precision!r}.", hint=f"Choose from {', '.join(PRECISIONS)}."
            )

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Make settings of a recipe's table. Raises `UsageError` for an unknown key."""
        known = {f.name: f.type for f in fields(cls)}
        for key, value in table.items():
            if key not in known:
                raise UsageError(
                    f"Unknown setting '{key}'.", hint=f"Known are: {', '.join(sorted(known))}."
                )
            if known[key] in ("int", "str") and type(value).__name__ != known[key]:
                raise UsageError(f"'{key}' must be of type {known[key]}, not {value!r}.")
        return cls(**table)


@dataclass(frozen=True, slots=True)
class EmbedderSettings(TuneSettings):
    """How an embedder is tuned."""

    negatives: int = 1
    """Hard negatives of each question, beside all other passages of its batch."""

    max_tokens: int = 128
    """Tokens of a text that are read while tuning (what the laptop reads is unchanged)."""

    learning_rate: float = 2e-5
    """Greatest learning rate (AdamW)."""

    scale: float = 20.0
    """Cosines are multiplied by this before the softmax (1 / temperature)."""


def _check_number(name: str, value: Any, limits: tuple[float, float]) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"'{name}' must be a number, not {value!r}.")
    if not math.isfinite(value) or not limits[0] <= value <= limits[1]:
        raise UsageError(
            f"'{name}' is {value}, out of its limits.",
            hint=f"Choose from {limits[0]:g} to {limits[1]:g}.",
        )
