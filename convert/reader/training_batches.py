"""Samples as token windows with labels, in batches of like length."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.engine.reader_windows import Offset, WindowMaker, tokenize
from convert.reader.reading_samples import ReadingSample

LENGTH_STEP = 16
"""Batches are padded to a multiple of so many tokens: oneDNN compiles kernels for each new
shape and keeps them (`convert.embedder.trainer.LENGTH_STEP`)."""

_POOL = 64
"""Batches that are sorted by length together; the rest of the order stays random."""

Ids = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Example:
    """A window with its labels: first and last token of the answer, 0 and 0 for none.

    `first` is the index of the first passage token.
    """

    ids: Ids
    first: int
    start: int
    end: int

    @property
    def answered(self) -> bool:
        return self.start > 0


def encode_samples(
    samples: Iterable[ReadingSample], tokenizer: Any, maker: WindowMaker, rng: random.Random
) -> list[Example]:
    """Return an example for each sample; those whose answer has no token are left out."""
    found = (_encoded(sample, tokenizer, maker, rng) for sample in samples)
    return [example for example in found if example is not None]


def _encoded(
    sample: ReadingSample, tokenizer: Any, maker: WindowMaker, rng: random.Random
) -> Example | None:
    question, passage = tokenize(tokenizer, sample.question), tokenize(tokenizer, sample.passage)
    if not question.ids or not passage.ids:
        return None
    room = maker.passage_room(question)
    wanted = sample.answer or (sample.near, sample.near + 1)
    span = _tokens_of(passage.offsets, wanted)
    if span is None:
        if sample.answer:
            return None
        span = 0, 0
    first = _cut(span, len(passage.ids), room, rng)
    stretch = passage.part(first, first + room)
    window = maker.window(question, stretch)
    ids = np.array(window.ids, dtype=np.int32)
    if sample.answer is None:
        return Example(ids, window.first, 0, 0)
    last = min(span[1], first + room - 1)
    return Example(ids, window.first, window.first + span[0] - first, window.first + last - first)


def _tokens_of(offsets: Sequence[Offset], span: Offset) -> Offset | None:
    inside = [i for i, (a, b) in enumerate(offsets) if a < span[1] and span[0] < b]
    return (inside[0], inside[-1]) if inside else None


def _cut(span: Offset, length: int, room: int, rng: random.Random) -> int:
    """Return the first token of a window of `room` tokens that holds the span, or its begin."""
    if length <= room:
        return 0
    least = max(0, min(span[0], span[1] - room + 1))
    most = min(span[0], length - room)
    return rng.randint(min(least, most), most)


def batches(
    examples: Sequence[Example], size: int, seed: int, epoch: int
) -> Iterator[list[Example]]:
    """Yield the batches of an epoch: a random order, sorted by length in pools of batches."""
    rng = random.Random(f"{seed} {epoch}")  # noqa: S311 - no secret
    order = rng.sample(range(len(examples)), len(examples))
    for at in range(0, len(order), size * _POOL):
        pool = sorted(order[at : at + size * _POOL], key=lambda i: len(examples[i].ids))
        cuts = [pool[i : i + size] for i in range(0, len(pool), size)]
        rng.shuffle(cuts)
        yield from ([examples[i] for i in cut] for cut in cuts)


def padded(batch: Sequence[Example]) -> dict[str, npt.NDArray[np.int64]]:
    """Return the arrays of a batch, shape (batch, tokens); labels have shape (batch,).

    `allowed` is 1 where an answer may begin or end: the first token and the passage's.
    """
    longest = max(len(example.ids) for example in batch)
    width = -(-longest // LENGTH_STEP) * LENGTH_STEP
    names = ("input_ids", "attention_mask", "token_type_ids", "allowed")
    table = {name: np.zeros((len(batch), width), dtype=np.int64) for name in names}
    for row, example in enumerate(batch):
        length = len(example.ids)
        table["input_ids"][row, :length] = example.ids
        table["attention_mask"][row, :length] = 1
        table["token_type_ids"][row, example.first : length] = 1
        table["allowed"][row, example.first : length - 1] = 1
        table["allowed"][row, 0] = 1
    labels = {
        "starts": np.array([example.start for example in batch], dtype=np.int64),
        "ends": np.array([example.end for example in batch], dtype=np.int64),
    }
    return table | labels
