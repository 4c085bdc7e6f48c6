"""The part of the real workspace that keeps people's judgements of answers."""

from __future__ import annotations

from dataclasses import replace

from assistant.audit import AuditedStore
from assistant.cli.engines import Engines
from assistant.cli.model_identity import identified
from assistant.prompts import PROMPT_VERSION
from assistant.types import ExportKind, Feedback, FeedbackExport


class LibraryFeedback(Engines):
    """Feedback of one library, whose store the workspace opens."""

    _store: AuditedStore | None

    def _filled_store(self) -> AuditedStore:
        raise NotImplementedError

    def give_feedback(self, feedback: Feedback, *, any_words: bool = False) -> Feedback:
        from assistant.feedback.validation import completed

        store = self._filled_store()
        checked = completed(feedback, store, any_words=any_words)
        named = identified(feedback.model, self._settings)
        return store.feedback.add(
            replace(checked, model_sha256=named[0], base=named[1], prompt_version=PROMPT_VERSION)
        )

    def feedback(self) -> list[Feedback]:
        return self._store.feedback.every() if self._store else []

    def remove_feedback(self, feedback_id: int) -> Feedback:
        store = self._store or self._filled_store()
        return store.feedback.remove(feedback_id)

    def export_feedback(
        self, kind: ExportKind, *, training_share: float, both: bool = False
    ) -> FeedbackExport:
        from assistant.feedback.export_rows import export
        from assistant.feedback.validation import with_older

        store = self._filled_store()
        entries = store.feedback.every()
        made = export(kind, entries, store, training_share=training_share, both=both)
        if made.ids:
            store.feedback.note_exported(with_older(entries, made.ids), kind)
        return made
