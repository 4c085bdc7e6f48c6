"""The strategies by their names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from assistant.answering.course import Course, Task
from assistant.answering.strategies.map_reduce import MapReduce
from assistant.answering.strategies.rag_sequence import OneByOne
from assistant.answering.strategies.single_prompt import Together
from assistant.errors import UsageError
from assistant.types import (
    AUTO,
    EXTRACT,
    MAP_REDUCE,
    SEQUENCE,
    STRATEGIES,
    TOGETHER,
    TOKEN,
    AnswerEvent,
)


class Strategy(Protocol):
    """Reads passages with a chat model."""

    @property
    def passages(self) -> int:
        """How many passages it wants to be searched at least; 0 if what is set up will do."""
        ...

    def read(self, task: Task, course: Course) -> Iterator[AnswerEvent]:
        """Read, and put what was found into `course`; the events are for who watches.

        Raises `Cancelled`, `ContextOverflowError`, and what the chat model raises. What is in
        `course` by then stays.
        """
        ...


_READERS: dict[str, Strategy | None] = {
    TOGETHER: Together(),
    SEQUENCE: OneByOne(by_token=False),
    TOKEN: OneByOne(by_token=True),
    MAP_REDUCE: MapReduce(),
    EXTRACT: None,
}


def strategy_named(name: str) -> Strategy | None:
    """Return the strategy of a name; None for the one that asks no model."""
    return _READERS[name]


def check_strategy(name: str) -> str:
    """Return `name` if it is a strategy's or "auto"; raises `UsageError` if not."""
    if name != AUTO and name not in STRATEGIES:
        raise UsageError(
            f"There is no way of reading named '{name[:40]}'.",
            hint=f"Choose one of: {', '.join((AUTO, *STRATEGIES))}.",
        )
    return name
