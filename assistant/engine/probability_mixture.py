"""Sums of probabilities over passages, in logs, and what their prompts share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from assistant.engine.likelihood import LogProbabilities


def weighed_sum(terms: Sequence[float], weights: Sequence[float]) -> float:
    """Return the log of the sum of probabilities, each weighed; all are logs (nats)."""
    return float(np.logaddexp.reduce(np.add(terms, weights)))


def mixture(
    likely: Mapping[int, LogProbabilities], weights: Mapping[int, float]
) -> LogProbabilities:
    """Return the log of the weighed sum of distributions over the next token."""
    if len(weights) == 1:
        (number,) = weights
        return likely[number]
    mixed: LogProbabilities = np.logaddexp.reduce([likely[n] + w for n, w in weights.items()])
    return mixed


def shared_beginning(prompts: Sequence[Sequence[int]]) -> int:
    """Return how many tokens all prompts begin with; at least one of each is left over."""
    most = min(map(len, prompts)) - 1
    first = prompts[0]
    for at in range(most):
        if any(prompt[at] != first[at] for prompt in prompts):
            return at
    return most
