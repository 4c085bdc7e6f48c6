"""A store that changes nothing before the log has said so.

Recording at the store, and not around the whole ingest, has each document announced before
its transaction begins: a log that can't be written keeps even the second file of ten out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.audit.audited_feedback import AuditedFeedback
from assistant.errors import UsageError
from assistant.store import SqliteStore
from assistant.types import (
    DocumentRecord,
    EmbedderIdentity,
    NewDocument,
    Passage,
    Placement,
    Vectors,
)

if TYPE_CHECKING:
    from assistant.audit.recorder import AuditTrail


class AuditedStore:
    """`types.Store` over a `SqliteStore`: adding and forgetting are recorded before and after.

    Both also raise `AuditError`; then nothing was changed, unless it says otherwise.
    """

    def __init__(self, store: SqliteStore, trail: AuditTrail) -> None:
        self._store, self._trail = store, trail

    @property
    def path(self) -> Path:
        return self._store.path

    @property
    def embedder(self) -> EmbedderIdentity | None:
        return self._store.embedder

    @property
    def feedback(self) -> AuditedFeedback:
        return AuditedFeedback(self._store.feedback, self._trail)

    def add(self, new: NewDocument) -> DocumentRecord:
        """Add a document as `SqliteStore.add` does."""
        trail = self._trail
        self._before_write()
        content = trail.identifier("content", new.content_hash)
        source = trail.identifier("source", new.sources[0])
        names = trail.named("name", new.name) | {"source": source}
        intent = trail.record("add", phase="intent", content=content, **names)
        with trail.outcome("add", intent):
            record = self._store.add(new)
        counts = {"pages": record.pages, "characters": record.characters, "chunks": record.chunks}
        trail.record("add", of=intent, phase="done", document=record.id, counts=counts)
        return record

    def forget(self, document_id: int) -> DocumentRecord:
        """Forget a document as `SqliteStore.forget` does."""
        trail = self._trail
        known = next((r for r in self._store.documents() if r.id == document_id), None)
        if known is None:
            raise UsageError(
                f"The library has no document number {document_id}.",
                hint="List the documents with: assistant docs",
            )
        self._before_write()
        intent = trail.record("forget", phase="intent", **trail.document(known))
        with trail.outcome("forget", intent, pages=True):
            record = self._store.forget(document_id)
        trail.record("forget", of=intent, phase="done", document=document_id, pages=True)
        return record

    def place(self, placements: Sequence[Placement]) -> None:
        """Say where documents lie now, as `SqliteStore.place` does."""
        trail = self._trail
        self._before_write()
        moved = [placement.document_id for placement in placements]
        intent = trail.record(
            "move", phase="intent", documents=moved[:MOST_LISTED], count=len(moved)
        )
        with trail.outcome("move", intent, pages=True):
            self._store.place(placements)
        trail.record("move", of=intent, phase="done", pages=True)

    def _before_write(self) -> None:
        if self._trail.log is not None:
            self._trail.log.before_write()

    # What changes nothing goes straight to the store -----------------------------------

    def find(self, content_hash: str) -> DocumentRecord | None:
        return self._store.find(content_hash)

    def documents(self) -> list[DocumentRecord]:
        return self._store.documents()

    def sources(self) -> dict[str, int]:
        return self._store.sources()

    def resolve(self, reference: str) -> DocumentRecord:
        return self._store.resolve(reference)

    def page_text(self, document_id: int, page: int) -> str:
        return self._store.page_text(document_id, page)

    def search_dense(self, vector: Vectors, k: int) -> list[tuple[int, float]]:
        return self._store.search_dense(vector, k)

    def search_text(self, query: str, k: int) -> list[tuple[int, float]]:
        return self._store.search_text(query, k)

    def term_frequencies(self, query: str) -> tuple[int, dict[str, int]]:
        return self._store.term_frequencies(query)

    def passages(self, chunk_ids: Sequence[int]) -> list[Passage]:
        return self._store.passages(chunk_ids)

    def close(self) -> None:
        """Record the end of the session, then close the store in any case."""
        try:
            self._trail.close()
        finally:
            self._store.close()
