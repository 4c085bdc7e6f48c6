"""One passage at a time, in one batch: RAG-Sequence and RAG-Token (Lewis et al. 2020).

Each passage stands in a prompt of its own. Its answers are weighed with the probability that
the passage is the right one, so that a good passage that is alone with its opinion counts for
more than a poor one, and passages that agree count together.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from assistant.answering.course import Course, Found, Task
from assistant.answering.prompt_budget import plan_prompt
from assistant.answering.quote_location import PassageIndex
from assistant.answering.strategies.passage_priors import log_priors
from assistant.errors import ContextOverflowError
from assistant.prompts import REFUSAL, PromptPassage, build_messages
from assistant.types import (
    AnswerEvent,
    Candidate,
    Generated,
    Hit,
    Passage,
    Quoted,
    Reading,
    Weighed,
    WeighedText,
)


class OneByOne:
    """Reads the windows that `Together` would show, each by itself."""

    passages = 0

    def __init__(self, *, by_token: bool) -> None:
        self._by_token = by_token

    def read(self, task: Task, course: Course) -> Iterator[AnswerEvent]:
        task.cancel.raise_if_cancelled()
        plan = plan_prompt(
            task.question, task.hits, task.scored, task.chat, task.settings, task.style
        )
        course.plan = plan
        fitting = plan.passages[: task.chat.side_by_side]
        if not fitting:
            course.written = REFUSAL
            return
        weighed, windows, numbers = self._weighed(task, fitting, plan.max_answer_tokens)
        course.speaks()
        if task.chat.calibration.quotes_only:
            yield from _quoted(weighed, task, course, windows, numbers)
        elif weighed.texts:
            course.written = weighed.texts[0].text
            yield Generated(course.written)

    def _weighed(
        self, task: Task, windows: Sequence[Passage], longest: int
    ) -> tuple[Weighed, Sequence[Passage], list[int]]:
        """Weigh as many of the windows as fit the context side by side."""
        while True:
            numbers = [number_of(window, task.hits) for window in windows]
            try:
                weighed = task.chat.weigh(
                    readings(task, windows, numbers),
                    REFUSAL,
                    task.cancel,
                    max_tokens=longest,
                    by_token=self._by_token,
                )
            except ContextOverflowError:
                if len(windows) == 1:
                    raise
                windows = windows[:-1]
            else:
                return weighed, windows, numbers


def readings(task: Task, windows: Sequence[Passage], numbers: Sequence[int]) -> list[Reading]:
    """Return each window with a prompt of its own and its weight."""
    weights = log_priors([task.hits[number] for number in numbers])
    return [
        Reading(prompt_of(task, window), window.text, weight)
        for window, weight in zip(windows, weights, strict=True)
    ]


def prompt_of(task: Task, window: Passage) -> str:
    """Return the prompt that shows one window alone."""
    shown = PromptPassage(window.document, window.page, window.text)
    return task.chat.render(build_messages(task.question, [shown], task.style))


def number_of(window: Passage, hits: Sequence[Hit]) -> int:
    """Return the number of the hit that a window was cut from."""
    ids = [hit.passage.chunk_id for hit in hits]
    return ids.index(window.chunk_id)


def _quoted(
    weighed: Weighed,
    task: Task,
    course: Course,
    windows: Sequence[Passage],
    numbers: Sequence[int],
) -> Iterator[AnswerEvent]:
    placed = [(text, _place(text, windows)) for text in weighed.texts]
    course.candidates = candidates(placed, windows, numbers)
    if not weighed.texts or not weighed.texts[0].text:
        course.written = REFUSAL
        return
    best, where = placed[0]
    course.quoted = Quoted(
        best.text,
        weighed.refusal - weighed.opening,
        best.log_probability - weighed.opening,
        best.tokens,
        best.complete,
    )
    if task.chat.calibration.refuses_side_by_side(weighed):
        course.written = REFUSAL
    else:
        course.found.append(Found(best.text, numbers[where]))
        course.written = f'"{best.text}"'
    yield Generated(course.written)


def _place(text: WeighedText, windows: Sequence[Passage]) -> int:
    """Return the number of the window that a text stands in, by preference its own."""
    found = PassageIndex(windows).find(text.text, [text.reading])
    return found[0].passage if found else max(text.reading, 0)


def candidates(
    placed: Sequence[tuple[WeighedText, int]],
    windows: Sequence[Passage],
    numbers: Sequence[int],
) -> tuple[Candidate, ...]:
    """Return the texts that stand in their windows, with the places there."""
    found = []
    for text, where in placed:
        index = PassageIndex([windows[where]])
        quotes = tuple(c for place in index.find(text.text) for c in index.cite(place))
        if quotes:
            probability = min(1.0, math.exp(text.log_probability))
            found.append(Candidate(text.text, quotes, numbers[where], probability))
    return tuple(found)
