"""Saying whether an answer is right: the work in a thread, and what there is to choose from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual.message import Message

from assistant.feedback.validation import feedback_of, outcome
from assistant.text.sentences import split_sentences
from assistant.tui.error_view import ErrorView
from assistant.tui.messages import Post
from assistant.tui.turn_state import Turn
from assistant.tui.workers import do
from assistant.types import Answer, Citation, Correction, Feedback, Verdict, Workspace

MOST_SENTENCES = 300
"""Sentences of the passages shown that can be chosen as the right source."""


@dataclass
class FeedbackKept(Message):
    """The library holds this verdict now."""

    feedback: Feedback


@dataclass
class FeedbackRemoved(Message):
    """The verdict was taken back."""


@dataclass
class FeedbackRefused(Message):
    """Nothing was changed, and why."""

    problem: ErrorView


@dataclass(frozen=True, slots=True)
class Choice:
    """A sentence of passage `number`, and where it stands."""

    number: int
    text: str
    places: tuple[Citation, ...]


def choices(answer: Answer) -> list[Choice]:
    """Return the sentences of the passages that were shown, in the order of the passages."""
    found: list[Choice] = []
    for number, hit in enumerate(answer.passages, start=1):
        text = hit.passage.text
        for start, end in split_sentences(text):
            places = hit.passage.cite(start, end)
            if places and len(found) < MOST_SENTENCES:
                found.append(Choice(number, " ".join(text[start:end].split()), places))
    return found


def said_of(feedback: Feedback) -> str:
    """Say in a few words what a person said of an answer, and whether it is enough."""
    words = {"right": "right", "wrong": "wrong", "wrong-source": "right, from another place"}
    said = words[feedback.verdict]
    correction = feedback.correction
    if correction is not None and correction.unanswerable:
        return f"{said}: not in the documents"
    if correction is not None:
        return f"{said}, corrected"
    return said if outcome(feedback) else f"{said}, no correction yet"


def keeping(
    turn: Turn, verdict: Verdict, correction: Correction | None, *, any_words: bool
) -> Callable[[Workspace, Post], None]:
    """Return the work that keeps a verdict on a turn's answer."""
    answer = turn.answer
    if answer is None:
        raise ValueError("there is no answer to judge")
    given = feedback_of(answer, verdict, correction)
    return lambda workspace, post: do(
        lambda: FeedbackKept(workspace.give_feedback(given, any_words=any_words)),
        post,
        FeedbackRefused,
    )


def taking_back(feedback_id: int) -> Callable[[Workspace, Post], None]:
    """Return the work that removes a verdict."""

    def remove(workspace: Workspace) -> FeedbackRemoved:
        workspace.remove_feedback(feedback_id)
        return FeedbackRemoved()

    return lambda workspace, post: do(lambda: remove(workspace), post, FeedbackRefused)
