"""A store that records every change in the audit log before making it.

Recording at the store, and not around the whole ingest, has each document announced before
its transaction begins: a log that can't be written keeps even the second file of ten out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from assistant.audit.audited_grids import AuditedGridRows
from assistant.audit.recorder import MOST_LISTED, AuditRecorder
from assistant.store import SqliteStore
from assistant.store.feedback_rows import FeedbackState
from assistant.store.re_embedding import ReEmbedding
from assistant.types import (
    DocumentRecord,
    EmbedderIdentity,
    ExportKind,
    Feedback,
    KnownFile,
    Labels,
    NewDocument,
    Placement,
    Vectors,
)


class AuditedStore(SqliteStore):
    """A `SqliteStore` of which each change is recorded before and after it.

    Methods that change something also raise `AuditError`; then nothing was changed, unless it
    says otherwise. `recorder` must be attached to the store.
    """

    def __init__(self, store: SqliteStore, recorder: AuditRecorder) -> None:
        super().__init__(store.pool, store.embedder)
        self._recorder = recorder

    @property
    def feedback(self) -> AuditedFeedback:
        return AuditedFeedback(self, self._recorder)

    @property
    def grids(self) -> AuditedGridRows:
        return AuditedGridRows(self.pool, self._recorder)

    @property
    def re_embedding(self) -> AuditedReEmbedding:
        return AuditedReEmbedding(self, self._recorder)

    def add(self, new: NewDocument) -> DocumentRecord:
        recorder = self._recorder
        content = recorder.identifier("content", new.content_hash)
        source = recorder.identifier("source", new.sources[0])
        names = recorder.named("name", new.name) | {"source": source}
        with recorder.change("add", pages=False, content=content, **names) as done:
            record = super().add(new)
            counts = {name: getattr(record, name) for name in ("pages", "characters", "chunks")}
            done |= {"document": record.id, "counts": counts}
        return record

    def place(self, placements: Sequence[Placement]) -> None:
        numbers = [placement.document_id for placement in placements]
        listed = numbers[:MOST_LISTED]
        with self._recorder.change("move", documents=listed, count=len(numbers)):
            super().place(placements)

    def note_files(self, files: Mapping[str, KnownFile | None]) -> None:
        with self._recorder.change("note", count=len(files)):
            super().note_files(files)

    def describe(self, document_id: int, labels: Labels) -> DocumentRecord:
        recorder, known = self._recorder, self.get(document_id)
        fields = recorder.document(known) | {
            "added": len(labels.add),
            "removed": len(labels.remove),
        }
        with recorder.change("label", **fields, dated=labels.dated is not None):
            return super().describe(document_id, labels)

    def forget(self, document_id: int) -> DocumentRecord:
        known = self.get(document_id)  # what is not there needs no record
        with self._recorder.change("forget", **self._recorder.document(known)) as done:
            done["document"] = document_id
            return super().forget(document_id)

    def close(self) -> None:
        """Record the end of the session, then close the store in any case."""
        try:
            self._recorder.close()
        finally:
            super().close()


class AuditedReEmbedding(ReEmbedding):
    """The `ReEmbedding` of an `AuditedStore`, whose embedder it changes when it is finished."""

    def __init__(self, store: AuditedStore, recorder: AuditRecorder) -> None:
        super().__init__(store.pool)
        self._store, self._recorder = store, recorder

    def begin(self, embedder: EmbedderIdentity) -> None:
        with self._recorder.change("re-embed", pages=False, step="begun", model=embedder.sha256):
            super().begin(embedder)

    def keep(self, chunk_ids: Sequence[int], vectors: Vectors) -> None:
        with self._recorder.change("re-embed", pages=False, step="kept", count=len(chunk_ids)):
            super().keep(chunk_ids, vectors)

    def finish(self, embedder: EmbedderIdentity) -> bool:
        with self._recorder.change("re-embed", step="finished", model=embedder.sha256):
            finished = super().finish(embedder)
        if finished:
            self._store.embedder = embedder
        return finished


class AuditedFeedback(FeedbackState):
    """The `FeedbackState` of an `AuditedStore`; no text gets into the log."""

    def __init__(self, store: SqliteStore, recorder: AuditRecorder) -> None:
        super().__init__(store.pool)
        self._recorder = recorder

    def add(self, feedback: Feedback) -> Feedback:
        recorder = self._recorder
        fields = recorder.named("question", feedback.question)
        fields |= {"verdict": feedback.verdict, "correction": _given(feedback)}
        with recorder.change("feedback", **fields) as done:
            kept = super().add(feedback)
            done["feedback"] = kept.id
        return kept

    def remove(self, feedback_id: int) -> Feedback:
        self.get(feedback_id)  # what is not there needs no record
        with self._recorder.change("feedback-remove", feedback=feedback_id):
            return super().remove(feedback_id)

    def note_exported(self, ids: Collection[int], kind: ExportKind) -> None:
        """Record that text of these is about to be written to a file that is not encrypted."""
        with self._recorder.change("feedback-export", kind=kind, count=len(ids)):
            super().note_exported(ids, kind)


def _given(feedback: Feedback) -> str:
    """Say what kind of correction there is, without its content."""
    correction = feedback.correction
    if correction is None:
        return "none"
    if correction.unanswerable:
        return "unanswerable"
    return "place" if correction.places else "words"
