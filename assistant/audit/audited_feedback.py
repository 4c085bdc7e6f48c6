"""Feedback that is kept, removed and exported only after the log has said so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.store.feedback_rows import FeedbackState
from assistant.types import ExportKind, Feedback

if TYPE_CHECKING:
    from assistant.audit.recorder import AuditTrail


class AuditedFeedback:
    """`FeedbackState`, each change recorded before and after; no text gets into the log.

    Its methods also raise `AuditError`; then nothing was changed, unless it says otherwise.
    """

    def __init__(self, state: FeedbackState, trail: AuditTrail) -> None:
        self._state, self._trail = state, trail

    def add(self, feedback: Feedback) -> Feedback:
        trail = self._trail
        self._before_write()
        question = trail.named("question", feedback.question)
        of = trail.record(
            "feedback",
            phase="intent",
            verdict=feedback.verdict,
            correction=_given(feedback),
            **question,
        )
        with trail.outcome("feedback", of, pages=True):
            kept = self._state.add(feedback)
        trail.record("feedback", of=of, phase="done", feedback=kept.id, pages=True)
        return kept

    def every(self) -> list[Feedback]:
        return self._state.every()

    def get(self, feedback_id: int) -> Feedback:
        return self._state.get(feedback_id)

    def remove(self, feedback_id: int) -> Feedback:
        trail = self._trail
        self._state.get(feedback_id)  # what is not there needs no record
        self._before_write()
        of = trail.record("feedback-remove", phase="intent", feedback=feedback_id)
        with trail.outcome("feedback-remove", of, pages=True):
            removed = self._state.remove(feedback_id)
        trail.record("feedback-remove", of=of, phase="done", pages=True)
        return removed

    def note_exported(self, ids: Sequence[int], kind: ExportKind) -> None:
        """Record that text of these is about to be written to a file that is not encrypted."""
        trail = self._trail
        self._before_write()
        of = trail.record("feedback-export", phase="intent", kind=kind, count=len(ids))
        with trail.outcome("feedback-export", of, pages=True):
            self._state.note_exported(ids, kind)
        trail.record("feedback-export", of=of, phase="done", pages=True)

    def _before_write(self) -> None:
        if self._trail.log is not None:
            self._trail.log.before_write()


def _given(feedback: Feedback) -> str:
    """Say what kind of correction there is, without its content."""
    correction = feedback.correction
    if correction is None:
        return "none"
    if correction.unanswerable:
        return "unanswerable"
    return "place" if correction.places else "words"
