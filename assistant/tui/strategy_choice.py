"""The choice of the answering strategy (F7), and its name on the screen."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.tui.turn_state import Turn
from assistant.types import AUTO, DIRECT, FOLLOW_UP, STRATEGIES, Answer

WAYS = {
    AUTO: "each question's words decide",
    "reader": "the answer's words are looked for in many passages",
    "together": "all passages in one prompt",
    "map-reduce": "many passages one by one, all quotes listed",
    "extract": "no model, the best sentence only",
}
"""Name of each strategy, and what it does."""


def next_way(name: str) -> str:
    """Return the strategy after `name`, cyclically."""
    names = (AUTO, *STRATEGIES)
    return names[(names.index(name) + 1) % len(names)]


def said_of_way(name: str) -> str:
    return f"Questions are now read: {name} ({WAYS[name]})."


def question_before(turns: Sequence[Turn]) -> str:
    """Return the question that a follow-up goes on from; "" if there is none.

    That is the last one which stood by itself: of "And for valves?", "And for tanks?" each
    goes on from the question before both.
    """
    for turn in reversed(turns):
        answer = turn.answer
        if answer is None or answer.strategy == DIRECT:
            continue
        if answer.route is None or answer.route.kind != FOLLOW_UP:
            return turn.question
    return ""


def why(answer: Answer) -> str:
    """Return one line about the strategy and why it was chosen; "" if not known."""
    if answer.route is None:
        return ""
    searched = f" Searched for: {answer.route.searched}" if answer.route.searched else ""
    return f"{answer.strategy} ({answer.route.kind}). {answer.route.reason}{searched}"
