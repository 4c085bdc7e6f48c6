"""Ask the questions of a suite one after the other, through the workspace, as a person would."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.errors import Cancelled, EngineError, UsageError
from assistant.evaluation.arms import CURRENT, Arm
from assistant.evaluation.gold_spans import GoldSpan, Pages
from assistant.evaluation.grading import Asked, Row, failure, grade
from assistant.evaluation.memory_use import Memory
from assistant.evaluation.ranking_metrics import DEPTH
from assistant.evaluation.suite import Item
from assistant.types import (
    Answer,
    CancelToken,
    Extracted,
    Finished,
    Generated,
    SearchResult,
    Workspace,
)


@dataclass(frozen=True, slots=True)
class GradedAnswer:
    """A row, and the answer itself for those who keep texts (None after an error)."""

    row: Row
    item: Item
    answer: Answer | None


def ask_items(
    workspace: Workspace,
    items: Sequence[Item],
    gold_spans: Mapping[str, tuple[GoldSpan, ...]],
    cancel: CancelToken,
    memory: Memory,
    arm: Arm = Arm(CURRENT, "", ""),  # noqa: B008 - it can't be changed
) -> Iterator[GradedAnswer]:
    """Ask each item as `arm` says and judge the answer, as it comes.

    An error that is about one question (the engine failed, the question is too long) is a
    row of its own; any other is raised. Raises `Cancelled`: an answer that was cut short is
    not judged.
    """
    pages = Pages(workspace)
    for item in items:
        cancel.raise_if_cancelled()
        where = gold_spans.get(item.id, ())
        try:
            asked = _ask(workspace, item, bool(where), cancel, memory, arm)
        except (EngineError, UsageError) as error:
            yield GradedAnswer(failure(item, where, error.code, closed=arm.closed), item, None)
            continue
        yield GradedAnswer(grade(item, where, asked, pages), item, asked.answer)


def _ask(
    workspace: Workspace,
    item: Item,
    searched: bool,
    cancel: CancelToken,
    memory: Memory,
    arm: Arm,
) -> Asked:
    began = time.perf_counter()
    words_ms = -1.0
    answer: Answer | None = None
    for event in workspace.ask(item.question, cancel, strategy=arm.strategy):
        memory.look()
        if isinstance(event, Extracted | Generated) and words_ms < 0:
            words_ms = _since(began)
        elif isinstance(event, Finished):
            answer = event.answer
    total_ms = _since(began)
    if answer is None:
        raise EngineError("The answer broke off.", hint="See: assistant doctor")
    if answer.cancelled:
        raise Cancelled
    search: SearchResult | None = None
    if searched and not arm.closed:
        # After the answer, so that the answer's own search is not the second one, and faster.
        search = workspace.search(item.question, DEPTH)
    return Asked(answer, search, words_ms, total_ms, arm.closed)


def _since(began: float) -> float:
    return (time.perf_counter() - began) * 1000.0
