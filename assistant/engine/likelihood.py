"""Compute the log-probability that a model gives to a text.

All are natural logarithms (nats), from a softmax over the vocabulary in 64 bits. Only a
few rows of logits are held at a time (`LlamaRuntime.max_outputs`), whatever the length.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.engine.prefix_cache import CachedDecoder
from assistant.types import CancelToken

LogProbabilities = NDArray[np.float64]


def log_softmax(logits: NDArray[np.float32]) -> LogProbabilities:
    """Turn logits, shape (vocabulary,), into log-probabilities."""
    shifted = logits.astype(np.float64) - float(logits.max())
    made: LogProbabilities = shifted - np.log(np.exp(shifted).sum())
    return made


def log_total(logits: NDArray[np.float32]) -> float:
    """Return what is subtracted from a logit to make it a log-probability (half the price)."""
    top = logits.max()
    # Added up in 64 bits: 50,000 terms, most of them tiny beside the greatest.
    return float(top) + float(np.log(np.exp(logits - top).sum(dtype=np.float64)))


def next_token(
    decoder: CachedDecoder, prompt: Sequence[int], cancel: CancelToken
) -> LogProbabilities:
    """Return the log-probability of each token after the prompt, shape (vocabulary,)."""
    decoder.prefill(prompt, cancel)
    return log_softmax(decoder.logits())


def score_each(
    decoder: CachedDecoder,
    prompt: Sequence[int],
    following: Sequence[Sequence[int]],
    rows: int,
    cancel: CancelToken,
) -> list[float]:
    """Return the log-probability of each continuation after the prompt.

    The prompt is computed once, and stays cached. `rows` is how many logits are held.
    """
    first = next_token(decoder, prompt, cancel)
    scores = []
    for tokens in following:
        decoder.keep(len(prompt))
        if len(decoder.cached) < len(prompt):  # a model that can't go back forgot it all
            decoder.prefill(prompt, cancel)
        score = float(first[tokens[0]]) if tokens else 0.0
        scores.append(score + float(each_token(decoder, tokens, rows, cancel).sum()))
    decoder.keep(len(prompt))
    return scores


def each_token(
    decoder: CachedDecoder, tokens: Sequence[int], rows: int, cancel: CancelToken
) -> LogProbabilities:
    """Return the log-probability of each token but the first, given all that precede it.

    Shape (max(0, len(tokens) - 1),). What is cached already precedes the first token.
    """
    found: list[float] = []
    for at in range(0, len(tokens) - 1, rows):
        cancel.raise_if_cancelled()
        part = tokens[at : min(at + rows, len(tokens) - 1)]
        decoder.extend(part, outputs=len(part))
        for row, following in enumerate(tokens[at + 1 : at + 1 + len(part)]):
            found.append(log_probability(decoder.logits(len(part) - row), following))
    return np.array(found, dtype=np.float64)


def log_probability(logits: NDArray[np.float32], token: int) -> float:
    """Return the log-probability of one token: what `log_softmax` has for it, and sooner."""
    return float(logits[token]) - log_total(logits)
