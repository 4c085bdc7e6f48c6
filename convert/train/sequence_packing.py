"""Pack samples into rows without padding; samples with a common prefix share it.

Retrieval-augmented samples come in groups: the same passages, many questions. A *block*
holds the tokens that all samples of a group have in common once (the prefix), and after
it each sample's own rest (a branch), which sees the prefix and itself but no other branch;
positions count on from the prefix in every branch. The loss is exactly that of the single
samples, at a fraction of the tokens (prefix sharing as in tree attention: Cai et al. 2024,
"Medusa"; for training: "Prefix Grouper", Liu et al. 2025). A *row* is some blocks one
after another.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from convert.train.tokenize_samples import Tokenized

IGNORED = -100
"""Label of tokens that are not learned, as in PyTorch's cross entropy."""


@dataclass(frozen=True, slots=True)
class Block:
    """A shared prefix and its branches.

    `prefix` tokens; `branches`: for each sample the rest of its prompt, and its completion.
    """

    prefix: tuple[int, ...]
    branches: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    ids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.prefix) + sum(len(a) + len(b) for a, b in self.branches)


@dataclass(frozen=True, slots=True)
class Segment:
    """Where a block stands in a row: token indices [start, end) of prefix and branches.

    `branches` holds the start of each branch; the last one ends at `end`.
    """

    start: int
    prefix_end: int
    branches: tuple[int, ...]
    end: int


@dataclass(frozen=True, slots=True)
class Row:
    """One row of tokens; all lists have the same length.

    `labels[i]` is the token to be predicted *at* position i (already shifted), `IGNORED`
    where nothing is learned.
    """

    input_ids: tuple[int, ...]
    position_ids: tuple[int, ...]
    labels: tuple[int, ...]
    segments: tuple[Segment, ...]
    ids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.input_ids)

    @property
    def samples(self) -> int:
        return len(self.ids)

    @property
    def label_tokens(self) -> int:
        return sum(label != IGNORED for label in self.labels)


def pack_rows(
    tokenized: Sequence[Tokenized], row_tokens: int, *, seed: int, epoch: int = 0
) -> list[Row]:
    """Pack samples into rows of about `row_tokens` tokens, in an order set by the seed.

    A row is longer only if a single sample is. The same arguments give the same rows.
    """
    order = random.Random(f"{seed}/{epoch}")  # noqa: S311  (an order, not a secret)
    blocks = [block for group in _groups(tokenized) for block in _blocks(group, row_tokens, order)]
    order.shuffle(blocks)
    rows = [_row(part) for part in _fill(blocks, row_tokens)]
    order.shuffle(rows)
    return rows


def _groups(tokenized: Sequence[Tokenized]) -> list[list[Tokenized]]:
    """Put samples together that name the same group; one without a group stays alone."""
    by_name: dict[str, list[Tokenized]] = defaultdict(list)
    alone: list[list[Tokenized]] = []
    for one in tokenized:
        if one.sample.group:
            by_name[one.sample.group].append(one)
        else:
            alone.append([one])
    return [*by_name.values(), *alone]


def _blocks(group: list[Tokenized], row_tokens: int, order: random.Random) -> list[Block]:
    """Cut a group into blocks that fit a row, each with as many branches as fit."""
    order.shuffle(group)
    shared = _common(group)
    blocks: list[Block] = []
    part: list[Tokenized] = []
    size = shared
    for one in group:
        extra = len(one) - shared
        if part and size + extra > row_tokens:
            blocks.append(_block(part))
            part, size = [], shared
        part.append(one)
        size += extra
    blocks.append(_block(part))
    return blocks


def _block(part: Sequence[Tokenized]) -> Block:
    shared = _common(part)
    return Block(
        prefix=part[0].prompt[:shared],
        branches=tuple((one.prompt[shared:], one.completion) for one in part),
        ids=tuple(one.sample.id for one in part),
    )


def _common(part: Sequence[Tokenized]) -> int:
    """Return how many tokens all prompts begin with, leaving one to predict from."""
    first = part[0].prompt
    shared = min(len(one.prompt) for one in part) - 1
    for one in part[1:]:
        limit = shared
        shared = next((i for i in range(limit) if one.prompt[i] != first[i]), limit)
    return max(shared, 0)


def _fill(blocks: Sequence[Block], row_tokens: int) -> list[list[Block]]:
    """Fill rows: each block goes where the least room is left that is still enough."""
    rows: list[tuple[int, list[Block]]] = []
    open_rows: list[int] = []
    for block in blocks:
        fitting = [i for i in open_rows if rows[i][0] >= len(block)]
        if fitting:
            best = min(fitting, key=lambda i: rows[i][0])
            rows[best] = (rows[best][0] - len(block), [*rows[best][1], block])
        else:
            rows.append((row_tokens - len(block), [block]))
            open_rows.append(len(rows) - 1)
            open_rows = open_rows[-64:]  # few open rows keep this linear
    return [part for _, part in rows]


def _row(blocks: Sequence[Block]) -> Row:
    tokens: list[int] = []
    positions: list[int] = []
    labels: list[int] = []
    segments = []
    for block in blocks:
        start = len(tokens)
        tokens += block.prefix
        positions += range(len(block.prefix))
        labels += [IGNORED] * len(block.prefix)
        starts = []
        for prompt, completion in block.branches:
            starts.append(len(tokens))
            tokens += (*prompt, *completion)
            length = len(prompt) + len(completion)
            positions += range(len(block.prefix), len(block.prefix) + length)
            labels += [IGNORED] * (len(prompt) - 1) + [*completion, IGNORED]
        segments.append(Segment(start, start + len(block.prefix), tuple(starts), len(tokens)))
    return Row(
        tuple(tokens),
        tuple(positions),
        tuple(labels),
        tuple(segments),
        tuple(name for block in blocks for name in block.ids),
    )
