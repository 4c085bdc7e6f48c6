"""Settings of a reader: what it learns from, and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from assistant.strict_reader import Meta
from convert.embedder.settings import Batch, Rate, Small, Threads, Tokens
from convert.settings import Count, Positive, Seed, Settings, Share

Minutes = Annotated[float, Meta(ge=0, le=100_000)]


@dataclass(frozen=True, slots=True)
class ReaderData(Settings):
    """The files to learn from, and how many samples are made of each; 0 samples is none.

    A file that is named must be there. Counts are the most that are drawn.
    """

    TABLE: ClassVar[str] = "reader.data"

    squad: tuple[Path, ...] = ()
    """Files in SQuAD's shape, 1.1 or 2.0."""

    answerable: Count = 42_000
    """Answerable questions of `squad`."""

    unanswerable: Path | None = None
    """JSON lines of questions that people wrote to be unanswerable on paragraphs of `squad`."""

    written: Count = 20_000
    """Questions that people wrote to be unanswerable, of `squad` and of `unanswerable`."""

    development: Path | None = None
    """JSON lines with a `title` each: the articles so called are held out of training."""

    near: Count = 10_000
    """Questions of `squad` beside a passage that a word search finds, but not their own."""

    changed: Count = 5_000
    """Questions of `squad` with a name swapped, an antonym or a negation."""

    numbers: Count = 4_000
    """Questions of `squad` with another number, date or code."""

    yes_no: Count = 3_000
    """Yes/no questions made of statements in `squad`."""

    sentences: Count = 6_000
    """Questions made by rule of sentences (who, whether, when, how, what a term means), half of
    them of `squad` and half of `cuad`."""

    attributes: Count = 4_000
    """Questions for what made passages say in other words, or do not say."""

    tables: Count = 4_000
    """Questions for a cell of a made table, or for one that it does not have."""

    letters: Count = 1_000
    """Questions for what stands in the head of a made letter."""

    codes: Count = 5_000
    """Questions for one of several things with codes, in made passages."""

    cuad: tuple[Path, ...] = ()
    """Contracts in CUAD's shape."""

    clauses: Count = 4_000
    """Questions for a clause of `cuad` that is there."""

    absent: Count = 3_000
    """Questions for a clause that is not there."""

    look_ups: Count = 4_000
    """Questions for a time or an amount in `cuad`, of which it is the whole answer."""

    medquad: Path | None = None
    """MedQuAD's answers, as JSON lines."""

    medical: Count = 3_500
    """Questions of `medquad`."""

    pubmedqa: Path | None = None
    """PubMedQA's abstracts: yes/no questions that a sentence decides; all are taken."""

    feedback: tuple[Path, ...] = ()
    """Questions with their right answers, as `assistant feedback export --training` writes them
    (JSON lines); all are taken."""

    feedback_repeats: Annotated[int, Meta(ge=1, le=1000)] = 4
    """How often each question of `feedback` is learned, cut and asked in other ways each time:
    a few dozen count for little among thousands."""


@dataclass(frozen=True, slots=True)
class ReaderSettings(Settings):
    """How a reader is trained."""

    TABLE: ClassVar[str] = "reader"

    data: ReaderData = field(default_factory=ReaderData)

    minutes: Minutes = 0.0
    """The training ends after so many minutes of training, samples left or not: the learning
    rate falls to 0 with the time. 0: when all samples were seen once for each epoch."""

    epochs: Annotated[float, Meta(ge=0.001, le=1000)] = 1.0
    """How often each sample is seen, unless the time is over before."""

    batch: Batch = 16
    """Samples of one step."""

    learning_rate: Rate = 2e-4
    """Greatest learning rate (AdamW); it rises in the `warmup` and then falls to 0, linearly."""

    warmup: Small = 0.05
    """Share of the training in which the learning rate rises."""

    weight_decay: Annotated[float, Meta(ge=0, le=1)] = 0.01
    """AdamW's, for matrices."""

    max_tokens: Tokens = 256
    """Tokens of question and passage together, in training and on the laptop."""

    relevance_weight: Annotated[float, Meta(ge=0, le=10)] = 0.5
    """What the loss of the relevance head counts beside that of the span."""

    dropout: Small = 0.0
    """Dropout of the hidden states. One pass over many samples needs none."""

    train_embeddings: bool = False
    """Whether the word embeddings are trained: their gradient costs more than the body's."""

    precision: Literal["float32", "bf16"] = "bf16"
    """Format of the arithmetic; weights and their updates are always float32."""

    cropped: Share = 0.45
    """Share of the passages that are cut to some sentences."""

    checkpoint_minutes: Minutes = 5.0
    """Minutes between checkpoints; 0 is one after each step."""

    keep_checkpoints: Positive = 2
    """How many checkpoints are kept while training."""

    seed: Seed = 0
    """Decides what is drawn, and in which order it is learned."""

    threads: Threads = 0
    """Threads of torch; 0 is one for each physical core."""
