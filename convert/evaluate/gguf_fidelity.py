"""Does a GGUF compute what the merged weights compute? (unsloth #7792: maybe not at all.)

Merged weights can be fine and the GGUF made of them noise. So both read the same tokens:
the merged model's greedy path is forced on the GGUF, and at each position both say which
token they hold most likely; and both read held-out text, whose perplexity is compared.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.engine.chat_model import LlamaChat
from assistant.errors import EngineError, ModelError, UsageError
from convert.atomic_output import Job
from convert.base_model import load_tokenizer
from convert.evaluate.ask_engine import messages_for
from convert.evaluate.evaluation_items import Item
from convert.evaluate.logit_sources import MergedReader
from convert.export.llama_logits import GgufModel

_LONGEST_OPENING = 48
_SHORTEST_TEXT = 16
_CONTINUATION = 100
_TEXT_TOKENS = 256
_TASK_SHARE = 0.25
_MOST_TEXTS = 8

Tokens = list[int]


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How a GGUF differs from the weights that it was made of.

    `agreement`: share of `tokens` positions along the merged model's greedy paths at which
    both hold the same token most likely. `paths` is how many paths there were and
    `paths_equal` on how many both always agreed: running free, the GGUF writes those to
    the end; of each other one it writes as much as stands before the first disagreement,
    `diverges_after` tokens in the mean. Perplexities are of the same `text_tokens`
    held-out tokens.
    """

    tokens: int
    agreement: float
    paths: int
    paths_equal: int
    diverges_after: float
    text_tokens: int
    perplexity_merged: float
    perplexity_gguf: float
    tokenizers_agree: bool

    @property
    def perplexity_gap(self) -> float:
        """Relative difference of the perplexities (0.01 is one percent)."""
        return abs(self.perplexity_gguf / self.perplexity_merged - 1.0)


def compare(
    gguf: Path,
    merged: Path,
    items: Sequence[Item],
    *,
    tokens: int,
    threads: int,
    job: Job,
) -> Fidelity:
    """Compare an F16 GGUF with the merged weights (a Hugging Face folder).

    A quarter of the `tokens` continues the prompts of `items`, the others the beginnings
    of their passages. Raises `UsageError` for no items, `ModelError` for vocabularies of
    different sizes, `EngineError` for logits that are not finite.
    """
    if not items:
        raise UsageError("There is no text to compare the models on.")
    material = _material(gguf, merged, items, threads)
    longest = max(map(len, material.tasks + material.texts))
    weights = MergedReader(merged, threads)
    reader = GgufModel(gguf, context=longest + _CONTINUATION, threads=threads)
    try:
        if reader.vocabulary_size < weights.vocabulary_size:
            raise ModelError(
                f"{gguf.name} knows {reader.vocabulary_size} tokens, the merged model "
                f"{weights.vocabulary_size}: they are not the same model."
            )
        agreed = _agreed(reader, weights, material, tokens, job)
        texts = material.texts[:_MOST_TEXTS]
        losses = [(weights.loss(text), _loss(reader, text)) for text in texts]
    finally:
        reader.close()
    read = sum(len(text) - 1 for text in texts)
    apart = [path.index(False) for path in agreed if not all(path)]
    return Fidelity(
        tokens=sum(map(len, agreed)),
        agreement=sum(map(sum, agreed)) / sum(map(len, agreed)),
        paths=len(agreed),
        paths_equal=len(agreed) - len(apart),
        diverges_after=sum(apart) / len(apart) if apart else 0.0,
        text_tokens=read,
        perplexity_merged=math.exp(sum(a for a, _ in losses) / read),
        perplexity_gguf=math.exp(sum(b for _, b in losses) / read),
        tokenizers_agree=material.tokenizers_agree,
    )


@dataclass(frozen=True, slots=True)
class _Material:
    """Task prompts to go on from, and texts: to go on from their beginnings, and to read."""

    tasks: list[Tokens]
    texts: list[Tokens]
    tokenizers_agree: bool


def _material(gguf: Path, merged: Path, items: Sequence[Item], threads: int) -> _Material:
    chat = LlamaChat(gguf, name="F16", context_length=_TEXT_TOKENS, threads=threads)
    try:
        rendered = [chat.render(messages_for(item)) for item in items]
        tasks = [chat.tokenize(prompt) for prompt in rendered]
        passages = dict.fromkeys(p.text for item in items for p in item.passages)
        texts = [t for t in (chat.tokenize(p) for p in passages) if len(t) >= _SHORTEST_TEXT]
    finally:
        chat.close()
    if not texts:
        raise UsageError("The passages are too short to compare the models on.")
    tokenizer = load_tokenizer(merged)
    agree = all(
        tokenizer(str(prompt), add_special_tokens=False)["input_ids"] == own
        for prompt, own in zip(rendered, tasks, strict=True)
    )
    return _Material(tasks, [text[:_TEXT_TOKENS] for text in texts], agree)


def _opening(text: Tokens) -> Tokens:
    """What of a text is given to go on from: half of it, or the beginning of a long one."""
    return text[: min(_LONGEST_OPENING, len(text) // 2)]


def _agreed(
    reader: GgufModel,
    weights: MergedReader,
    material: _Material,
    tokens: int,
    job: Job,
) -> list[list[bool]]:
    """Return, for each path, at which of its positions both hold the same token likeliest."""
    found: list[list[bool]] = []
    done = 0
    for prompts, until in (
        (material.tasks, round(tokens * _TASK_SHARE)),
        ([_opening(text) for text in material.texts], tokens),
    ):
        for prompt in prompts:
            if done >= until:
                break
            job.cancel.raise_if_cancelled()
            path = weights.greedy(prompt, min(_CONTINUATION, until - done), reader.ends_answer)
            read = _logits(reader, [*prompt, *path[:-1]], len(prompt) - 1)
            found.append(
                [int(row.argmax()) == token for row, token in zip(read, path, strict=True)]
            )
            done += len(path)
            job.progress("Comparing the GGUF with the merged weights", done, tokens)
    return found


def _loss(reader: GgufModel, tokens: Tokens) -> float:
    """Return the summed negative log-likelihood (nats) of all tokens but the first."""
    rows = _logits(reader, tokens[:-1]).astype(np.float64)
    rows -= rows.max(axis=1, keepdims=True)
    return float((np.log(np.exp(rows).sum(axis=1)) - rows[np.arange(len(rows)), tokens[1:]]).sum())


def _logits(reader: GgufModel, tokens: Tokens, first: int = 0) -> NDArray[np.float32]:
    rows = reader.logits(tokens, first)
    if not np.isfinite(rows.max(axis=1)).all():
        raise EngineError("The model computed numbers that are not finite.")
    return rows
