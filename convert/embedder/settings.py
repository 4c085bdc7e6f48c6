"""Settings of an embedder's tuning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from assistant.strict_reader import Meta
from convert.settings import Count, Seed, Settings

Negatives = Annotated[int, Meta(ge=0, le=31)]
Batch = Annotated[int, Meta(ge=2, le=65_536)]
Tokens = Annotated[int, Meta(ge=16, le=8192)]
Rate = Annotated[float, Meta(ge=1e-9, le=1.0)]
Small = Annotated[float, Meta(ge=0.0, le=0.9)]
Some = Annotated[int, Meta(ge=1, le=1000)]
Threads = Annotated[int, Meta(ge=0, le=512)]


@dataclass(frozen=True, slots=True)
class EmbedderSettings(Settings):
    """How an embedder is tuned: what is learned from, how long, and when it counts."""

    TABLE: ClassVar[str] = "tuning"

    questions: Count = 4000
    """Train questions that are drawn from the data; 0 is all."""

    held_out: Count = 300
    """Held-out questions by which the tuning is judged; 0 is all."""

    passages: Count = 4000
    """Passages that are searched, those that answer a question first; 0 is all."""

    negatives: Negatives = 1
    """Hard negatives of each question, beside all other passages of its batch."""

    depth: Annotated[int, Meta(ge=1, le=100)] = 30
    """How many passages of the laptop's search are looked at for hard negatives."""

    margin: Small = 0.05
    """A negative's cosine is at least by this share below the right passage's."""

    batch: Batch = 32
    """Questions of one step."""

    learning_rate: Rate = 2e-5
    """Greatest learning rate (AdamW)."""

    max_tokens: Tokens = 128
    """Tokens of a text that are read while tuning (what the laptop reads is unchanged)."""

    epochs: Annotated[float, Meta(ge=0.001, le=1000)] = 1.0
    """How often each question is learned from."""

    warmup: Small = 0.1
    """Share of the steps in which the learning rate rises; then it falls to 0."""

    precision: Literal["float32", "bf16"] = "float32"
    """Format of the arithmetic: "float32", or "bf16" (faster where the processor has it)."""

    evaluations: Some = 4
    """How often the held-out questions are asked; each leaves a checkpoint."""

    patience: Some = 2
    """Evaluations without a better figure after which the tuning ends."""

    min_gain: Annotated[float, Meta(ge=-1.0, le=1.0)] = 0.0
    """Held-out nDCG@10 must grow by more than this, or the result is refused."""

    seed: Seed = 0
    """Decides what is drawn, and in which order it is learned."""

    threads: Threads = 0
    """Threads of torch and of the laptop's embedder; 0 is one for each physical core."""

    scale: Annotated[float, Meta(ge=0.1, le=1000)] = 20.0
    """Cosines are multiplied by this before the softmax (1 / temperature)."""
