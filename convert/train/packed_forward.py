"""The forward pass over a packed row: the attention mask, and the loss on learned tokens.

On a CPU attention is computed in pieces of 128 queries, each against only those keys that
it can see: PyTorch's fused kernel computes the whole square and is four times slower on
such rows (measured: 44 ms against 13 ms a layer, forward and backward, 1,000 tokens,
9 heads of 64). Elsewhere the same visibility is given as a mask to the fused kernel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from convert.train.sequence_packing import IGNORED, Row, Segment

ATTENTION = "prefix_shared"
_QUERIES = 128
_PLAIN_ATTENTION = ("llama", "mistral", "qwen2", "qwen3", "smollm3", "granite")
"""Model types whose attention is a plain scaled softmax over all earlier tokens."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Queries [start, end) of a row, the ranges of keys that they see, and the mask.

    `mask` has the shape (queries, keys) and is added to the scores; None: all are seen.
    """

    start: int
    end: int
    keys: tuple[tuple[int, int], ...]
    mask: Tensor | None


def row_loss(model: Any, row: Row) -> tuple[Tensor, int]:
    """Return the sum of the token losses (nats) of a row, and the number of labels.

    `model` is a causal language model of transformers, plain or wrapped by peft; logits
    are computed only where a label stands.
    """
    device = next(model.parameters()).device
    labels = torch.tensor(row.labels, device=device)
    learned = (labels != IGNORED).nonzero().squeeze(1)
    hidden = _hidden(model, row, device)[0, learned]
    logits = model.get_output_embeddings()(hidden)
    loss = torch.nn.functional.cross_entropy(logits.float(), labels[learned], reduction="sum")
    return loss, len(learned)


def use_packed_attention(model: Any) -> bool:
    """Make a model's attention understand packed rows without a mask, where that is faster.

    Returns whether it was done. Call it once, after the model is loaded on its device.
    """
    config = model.config
    plain = config.model_type in _PLAIN_ATTENTION and not _windowed(config)
    if not plain or next(model.parameters()).device.type != "cpu":
        return False
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface

    AttentionInterface.register(ATTENTION, packed_attention)
    AttentionMaskInterface.register(ATTENTION, _no_mask)
    model.set_attn_implementation(ATTENTION)
    return True


def packed_attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float,
    pieces: tuple[_Piece, ...] = (),
    **_: Any,
) -> tuple[Tensor, None]:
    """Attention over one row; shapes (1, heads, tokens, size), result (1, tokens, heads, size).

    Fewer key heads than query heads are shared, each by a run of query heads (GQA).
    """
    del module, attention_mask
    heads, shared, size = query.shape[1], key.shape[1], query.shape[3]
    keys, values = key[0], value[0]
    outputs = []
    for piece in pieces:
        asked = query[0, :, piece.start : piece.end].reshape(shared, -1, size)
        seen = torch.cat([keys[:, a:b] for a, b in piece.keys], 1)
        held = torch.cat([values[:, a:b] for a, b in piece.keys], 1)
        scores = torch.bmm(asked, seen.transpose(1, 2)) * scaling
        if piece.mask is not None:
            rows, columns = piece.mask.shape
            scores = scores.view(shared, -1, rows, columns) + piece.mask.to(scores.dtype)
        weights = torch.softmax(scores, -1, dtype=torch.float32).to(values.dtype)
        found = torch.bmm(weights.view(shared, -1, seen.shape[1]), held)
        outputs.append(found.view(heads, piece.end - piece.start, size))
    return torch.cat(outputs, 1).transpose(0, 1).unsqueeze(0), None


def visible(row: Row) -> Tensor:
    """Return the mask of a row, shape (tokens, tokens): True where the query sees the key."""
    seen = torch.zeros(len(row), len(row), dtype=torch.bool)
    for segment in row.segments:
        for start, end in _runs(segment):
            length = end - start
            seen[start:end, start:end] = torch.ones(length, length, dtype=torch.bool).tril()
            if start >= segment.prefix_end:
                seen[start:end, segment.start : segment.prefix_end] = True
    return seen


def _hidden(model: Any, row: Row, device: torch.device) -> Tensor:
    ids = torch.tensor([row.input_ids], device=device)
    positions = torch.tensor([row.position_ids], device=device)
    options: dict[str, Any] = {}
    if model.config._attn_implementation == ATTENTION:  # noqa: SLF001  (its only name)
        options["pieces"] = tuple(_pieces(row))
    else:
        options["attention_mask"] = visible(row)[None, None].to(device)
    core = model.get_base_model() if hasattr(model, "get_base_model") else model
    states = core.model(input_ids=ids, position_ids=positions, use_cache=False, **options)
    hidden: Tensor = states.last_hidden_state
    return hidden


def _pieces(row: Row) -> Iterator[_Piece]:
    """Cut a row's queries into pieces, each with the keys that at least one of them sees."""
    mask = visible(row)
    for segment in row.segments:
        yield from _cut(mask, segment, segment.start, segment.prefix_end)
        yield from _cut(mask, segment, segment.prefix_end, segment.end)


def _cut(mask: Tensor, segment: Segment, start: int, end: int) -> Iterator[_Piece]:
    for first in range(start, end, _QUERIES):
        last = min(end, first + _QUERIES)
        ranges: tuple[tuple[int, int], ...]
        if first < segment.prefix_end:
            ranges = ((segment.start, last),)
        else:
            branch = max(s for s in segment.branches if s <= first)
            ranges = ((segment.start, segment.prefix_end), (branch, last))
        seen = torch.cat([mask[first:last, a:b] for a, b in ranges], 1)
        hidden = torch.zeros(seen.shape).masked_fill_(~seen, float("-inf"))
        yield _Piece(first, last, ranges, None if bool(seen.all()) else hidden)


def _runs(segment: Segment) -> Iterator[tuple[int, int]]:
    """Yield the token ranges of a block: its prefix, then each branch."""
    if segment.prefix_end > segment.start:
        yield segment.start, segment.prefix_end
    yield from zip(segment.branches, (*segment.branches[1:], segment.end), strict=True)


def _windowed(config: Any) -> bool:
    return bool(getattr(config, "sliding_window", None)) and bool(
        getattr(config, "use_sliding_window", True)
    )


def _no_mask(*_: Any, **__: Any) -> None:
    return None
