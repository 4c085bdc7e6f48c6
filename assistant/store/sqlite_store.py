"""The store for the rest of the program: `types.Store` over one encrypted file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import apsw

from assistant.errors import DiskFullError, StoreBusyError, StoreError, UsageError
from assistant.store.audit_state import AuditState
from assistant.store.chunk_search import (
    dense_hits,
    document_passages,
    passages,
    term_frequencies,
    text_hits,
)
from assistant.store.connection import Pool
from assistant.store.document_labels import add_tags, remove_tags, set_date, tags_of
from assistant.store.document_layout import notes_of, page_of
from assistant.store.document_rows import (
    any_there,
    check_new,
    delete,
    drop_below,
    every,
    find,
    get,
    insert,
    place,
    resolve,
    sources,
    sources_of,
    superseded,
    take_sources,
)
from assistant.store.embedder_identity import require_current
from assistant.store.feedback_migration import carry_over, speaking_of
from assistant.store.feedback_rows import FeedbackState
from assistant.store.file_notes import known_files, note_files
from assistant.store.grid_rows import GridRows
from assistant.store.ocr_page_rows import drop_pages
from assistant.store.page_texts import page_bounds, read_text
from assistant.store.private_files import alone
from assistant.store.re_embedding import ReEmbedding
from assistant.store.store_names import shown
from assistant.types import (
    DocumentRecord,
    EmbedderIdentity,
    KnownFile,
    Labels,
    NewDocument,
    Note,
    Page,
    Passage,
    Placement,
    Vectors,
)


class SqliteStore:
    """A library on disk. Made by `open_store`; safe to use from any thread.

    Every method raises `StoreError` (or a subclass) when the file can't be read or written,
    `StoreBusyError` when another process holds it too long, and leaves it as it was.
    """

    def __init__(self, pool: Pool, embedder: EmbedderIdentity | None) -> None:
        self.pool = pool
        self.embedder = embedder
        """The embedder that made the vectors of this store; None if none was recorded."""

    @property
    def path(self) -> Path:
        return self.pool.path

    @property
    def audit(self) -> AuditState:
        """The audit log's state inside this store."""
        return AuditState(self.pool)

    @property
    def feedback(self) -> FeedbackState:
        return FeedbackState(self.pool)

    @property
    def grids(self) -> GridRows:
        """Grids of questions and documents."""
        return GridRows(self.pool)

    def find(self, content_hash: str) -> DocumentRecord | None:
        """Return the document with this content hash, if the library has it."""
        with self.pool.reading() as connection:
            return find(connection, content_hash)

    def add(self, new: NewDocument) -> DocumentRecord:
        """Write one document in one transaction; the known record if its hash is there.

        A name that is taken gets " (2)" and so on. The same transaction deletes documents
        whose sources all have this content now. Raises `ValueError` for chunks and vectors
        that do not fit together.
        """
        if self.embedder is None:
            raise StoreError(
                f"{self.path} was opened without an embedder, so nothing can be added.",
                hint="Choose an embedder: assistant models use NAME",
            )
        check_new(new, self.embedder.dimension)
        with self.pool.writing() as connection:
            require_current(connection, self.embedder, self.path)
            old = superseded(connection, new)
            judged, tags = speaking_of(connection, old), tags_of(connection, old)
            for document_id in old:
                delete(connection, document_id)
            known = find(connection, new.content_hash)
            number = known.id if known else insert(connection, new)
            drop_pages(connection, new.content_hash)
            add_tags(connection, number, tags)
            take_sources(connection, number, new.sources)
            loose = drop_below(connection, new.sources, new.attached)
            for document_id in loose:
                delete(connection, document_id)
            record = get(connection, number)
            carry_over(connection, judged, old, record, new.document)
        if old or loose:
            self._clear_log(f"The older content of '{shown(record.name)}'")
        return record

    @property
    def re_embedding(self) -> ReEmbedding:
        """The vectors of another embedder, while they are made beside the old ones."""
        return ReEmbedding(self.pool)

    def get(self, document_id: int) -> DocumentRecord:
        """Return the document with this number. Raises `UsageError` if there is none."""
        with self.pool.reading() as connection:
            return get(connection, document_id)

    def describe(self, document_id: int, labels: Labels) -> DocumentRecord:
        """Give a document tags, take some away, or say of which day it is."""
        with self.pool.writing() as connection:
            get(connection, document_id)
            remove_tags(connection, document_id, labels.remove)
            add_tags(connection, document_id, labels.add)
            if labels.dated is not None:
                set_date(connection, document_id, labels.dated)
            return get(connection, document_id)

    def documents(self) -> list[DocumentRecord]:
        """Return all documents in the order in which they were added."""
        with self.pool.reading() as connection:
            return every(connection)

    def sources(self) -> dict[str, int]:
        """Return each path and the id of the document that was read from it last."""
        with self.pool.reading() as connection:
            return sources(connection)

    def place(self, placements: Sequence[Placement]) -> None:
        """Say where documents lie now, all in one transaction; ids that are gone are left out."""
        with self.pool.writing() as connection:
            place(connection, placements)

    def known_files(self) -> dict[str, KnownFile]:
        """Return what syncs have noted of the files at each path."""
        with self.pool.reading() as connection:
            return known_files(connection)

    def note_files(self, files: Mapping[str, KnownFile | None]) -> None:
        """Note files, all in one transaction; None removes a path's note."""
        with self.pool.writing() as connection:
            note_files(connection, files)

    def syncing(self) -> AbstractContextManager[None]:
        """Keep other syncs of this library out of the block. Raises `StoreBusyError` at once."""
        busy = StoreBusyError(
            f"Another sync of the library '{shown(self.path.stem)}' is at work.",
            hint="Wait for it, or stop it; what it has added stays.",
        )
        return alone(self.path.with_suffix(".sync"), 0.0, busy)

    @property
    def is_empty(self) -> bool:
        """Whether there is no document."""
        with self.pool.reading() as connection:
            return not any_there(connection)

    def resolve(self, reference: str) -> DocumentRecord:
        """Find the one document that an id, a name, or the beginning of a name or hash names."""
        return resolve(self.documents(), reference)

    def forget(self, document_id: int) -> DocumentRecord:
        """Delete a document so that no byte of it stays in the store's files.

        What came with it as an attachment, and lies nowhere else, goes too. Raises
        `UsageError` if there is none, and `StoreBusyError` if it was deleted but old pages
        stay in the log because another process reads them; the next opening ends that.
        """
        with self.pool.writing() as connection:
            paths = sources_of(connection, get(connection, document_id).id)
            record = delete(connection, document_id)
            for attachment in drop_below(connection, paths):
                delete(connection, attachment)
        self._clear_log(f"'{shown(record.name)}'")
        return record

    def page_text(self, document_id: int, page: int) -> str:
        """Return the text of a page (from 1). Raises `UsageError` if there is no such page."""
        with self.pool.reading() as connection:
            return read_text(connection, document_id, *self._bounds(connection, document_id, page))

    def page(self, document_id: int, number: int) -> Page:
        """Return a page as it is shown. Raises `UsageError` if there is no such page."""
        with self.pool.reading() as connection:
            start, end = self._bounds(connection, document_id, number)
            return page_of(connection, document_id, number, start, end)

    def notes(self, document_id: int) -> tuple[Note, ...]:
        """Return what is known of how a document was read."""
        with self.pool.reading() as connection:
            get(connection, document_id)
            return notes_of(connection, document_id)

    def _bounds(
        self, connection: apsw.Connection, document_id: int, page: int
    ) -> tuple[int, int | None]:
        record = get(connection, document_id)
        bounds = page_bounds(connection, document_id, page) if 0 < page <= record.pages else None
        if bounds is None:
            raise UsageError(
                f"'{shown(record.name)}' has no page {page}.",
                hint=f"Its pages are 1 to {record.pages}.",
            )
        return bounds

    def search_dense(
        self, vector: Vectors, k: int, documents: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """Nearest chunks: (chunk id, cosine similarity), best first. `vector`: (dimension,)."""
        import numpy as np

        query = np.asarray(vector, dtype=np.float32)
        if self.embedder is None or query.shape != (self.embedder.dimension,):
            raise ValueError(f"a query vector of shape {query.shape} does not fit the store")
        if not np.all(np.isfinite(query)):
            raise ValueError("a query vector has numbers that are not finite")
        with self.pool.reading() as connection:
            require_current(connection, self.embedder, self.path)
            return dense_hits(connection, query, k, documents)

    def search_text(
        self, query: str, k: int, documents: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """BM25 over heading and text: (chunk id, score, higher is better), best first."""
        with self.pool.reading() as connection:
            return text_hits(connection, query, k, documents)

    def term_frequencies(self, query: str) -> tuple[int, dict[str, int]]:
        """(number of chunks, {query word: chunks that hold it}), stop words left out.

        Words are in lower case and counted by their stem; of two words with one stem the
        first is there.
        """
        with self.pool.reading() as connection:
            return term_frequencies(connection, query)

    def passages(self, chunk_ids: Sequence[int]) -> list[Passage]:
        """Load passages in the order of the ids; ids that are gone are left out."""
        with self.pool.reading() as connection:
            return passages(connection, list(chunk_ids))

    def document_passages(self, document_id: int, limit: int = -1) -> list[Passage]:
        with self.pool.reading() as connection:
            return document_passages(connection, document_id, limit)

    def close(self) -> None:
        """Close the file. Calls that still run in other threads end first; safe to repeat."""
        self.pool.close()

    def __enter__(self) -> SqliteStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _clear_log(self, what: str) -> None:
        stays = f"{what} was deleted, but traces stay in the encrypted log of {self.path}: "
        try:
            if self.pool.truncate_log():
                return
        except DiskFullError as error:
            hint = "Make room; the next start of the program removes the traces."
            raise DiskFullError(f"{stays}the disk is full.", hint=hint) from error
        raise StoreBusyError(
            f"{stays}another process is reading it.",
            hint="Close the other windows of the program; its next start removes the traces.",
        )
