"""Look up a strategy by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from assistant.answering.request import StrategyEvents, StrategyRequest
from assistant.answering.strategies import map_reduce, single_prompt
from assistant.errors import UsageError
from assistant.types import AUTO, MAP_REDUCE, STRATEGIES, SUMMARY, TOGETHER, WITHDRAWN

READERS: Mapping[str, Callable[[StrategyRequest], StrategyEvents]] = {
    TOGETHER: single_prompt.read,
    MAP_REDUCE: map_reduce.read,
}
"""Those that ask a model."""


def check_strategy(name: str) -> str:
    """Return `name` if it is a strategy's or "auto"; raises `UsageError` if not."""
    if name not in (AUTO, SUMMARY, *STRATEGIES):
        raise UsageError(
            f"There is no way of reading named '{name[:40]}'.",
            hint=WITHDRAWN.get(name, f"Choose one of: {', '.join((AUTO, *STRATEGIES))}."),
        )
    return name
