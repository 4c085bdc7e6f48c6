"""The run over all files that a person adds."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from assistant.config import Settings
from assistant.documents.chunker import chunk_steps, embedding_text
from assistant.documents.file_discovery import BadPath, FoundFile, discover
from assistant.documents.file_reader import read_document
from assistant.errors import AssistantError, Cancelled, DocumentError, EngineError
from assistant.types import (
    CancelToken,
    Chunk,
    DocumentRecord,
    Embedder,
    FileAdded,
    FileFailed,
    FileKnown,
    FileProgress,
    FilesFound,
    IngestEvent,
    IngestFinished,
    ParsedDocument,
    Parser,
    Store,
    Vectors,
)

BATCH = 16
"""Chunks that are embedded between two looks at progress and cancel."""

_ENGINE_FAULTS_ALLOWED = 3
_PAGES_LISTED = 8


class Ingester:
    """Adds files to a store. One `add` at a time; several processes may add to one store."""

    def __init__(
        self, store: Store, embedder: Embedder, parser: Parser, settings: Settings
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._parser = parser
        self._settings = settings

    def add(
        self, paths: Sequence[Path], cancel: CancelToken | None = None
    ) -> Iterator[IngestEvent]:
        """Add files and folders; the work is done as the events are taken.

        - The first event is `FilesFound`, then each file ends in exactly one of
          `FileAdded`, `FileKnown` and `FileFailed`, the last event is `IngestFinished`.
        - Content that the library has already is not parsed again (`FileKnown`).
        - A path whose content has changed replaces the document that it held before, in
          the same transaction; `FileAdded.replaced` says so.
        - A fault of one file is a `FileFailed` and the others go on. A fault of the store
          or of the model (disk full, library busy, other embedder; three engine errors in
          a row) would befall every file: it is reported for the file at hand and raised.
        - A cancel is seen within a batch; files committed before stay, the last event
          says `cancelled`.
        """
        token = cancel or CancelToken()
        counts: Counter[type] = Counter()
        cancelled = False
        try:
            for event in self._run(paths, token):
                counts[type(event)] += 1
                yield event
        except Cancelled:
            cancelled = True
        yield IngestFinished(
            added=counts[FileAdded],
            known=counts[FileKnown],
            failed=counts[FileFailed],
            cancelled=cancelled,
        )

    def _run(self, paths: Sequence[Path], cancel: CancelToken) -> Iterator[IngestEvent]:
        found = discover(paths, cancel)
        yield FilesFound(len(found.entries), found.skipped)
        held = {record.source: record for record in self._store.documents()}
        engine_faults = 0
        for index, entry in enumerate(found.entries):
            cancel.raise_if_cancelled()
            if isinstance(entry, BadPath):
                yield FileFailed(entry.path, index, entry.error)
                continue
            try:
                yield from self._file(entry, index, held, cancel)
                engine_faults = 0
            except Cancelled:
                raise
            except AssistantError as error:
                engine_faults = engine_faults + 1 if isinstance(error, EngineError) else 0
                yield FileFailed(entry.path, index, error)
                if not _concerns_one_file(error) or engine_faults >= _ENGINE_FAULTS_ALLOWED:
                    raise

    def _file(
        self,
        file: FoundFile,
        index: int,
        held: dict[str, DocumentRecord],
        cancel: CancelToken,
    ) -> Iterator[IngestEvent]:
        """Add one file; its last event is `FileAdded` or `FileKnown`."""
        yield FileProgress(file.path, index, "reading", 0, 1)
        source = _portable_source(file.path)
        known = self._known(file.path)
        if known is not None:
            self._forget_older(held.get(source), known)
            yield FileKnown(file.path, index, known)
            return
        parsed = self._parser.parse(file.path, cancel)
        document = parsed.document
        chunks: list[Chunk] = []
        for done, more in self._chunk(document, cancel):
            chunks.extend(more)
            yield FileProgress(file.path, index, "reading", done, len(document.text))
        vectors = np.empty((len(chunks), self._embedder.identity.dimension), dtype=np.float32)
        for done in self._embed(document, chunks, vectors, cancel):
            yield FileProgress(file.path, index, "embedding", done, len(chunks))
        cancel.raise_if_cancelled()
        yield FileProgress(file.path, index, "storing", 0, 1)
        record = self._store.add(
            name=file.name,
            source=source,
            content_hash=parsed.content_hash,
            document=document,
            chunks=chunks,
            vectors=vectors,
            replace_source=True,
        )
        before, held[source] = held.get(source), record
        replaced = before if before is not None and before.id != record.id else None
        yield FileAdded(file.path, index, record, replaced, _note(document))

    def _chunk(
        self, document: ParsedDocument, cancel: CancelToken
    ) -> Iterator[tuple[int, list[Chunk]]]:
        def count_tokens(texts: Sequence[str]) -> list[int]:
            cancel.raise_if_cancelled()  # chunking a text of 15 MB takes many seconds
            return self._embedder.count_tokens(texts)

        return chunk_steps(document, count_tokens, self._embedder.text_token_limit)

    def _embed(
        self,
        document: ParsedDocument,
        chunks: list[Chunk],
        vectors: Vectors,
        cancel: CancelToken,
    ) -> Iterator[int]:
        """Fill the rows of `vectors`, batch by batch; yield how many are done."""
        yield 0
        for at in range(0, len(chunks), BATCH):
            batch = chunks[at : at + BATCH]
            texts = [embedding_text(c.heading, document.text[c.start : c.end]) for c in batch]
            cancel.raise_if_cancelled()
            vectors[at : at + len(batch)] = self._embedder.embed_documents(texts, cancel)
            yield at + len(batch)

    def _known(self, path: Path) -> DocumentRecord | None:
        data = read_document(path, self._settings.max_file_mb)
        return self._store.find(hashlib.sha256(data).hexdigest())

    def _forget_older(self, before: DocumentRecord | None, now: DocumentRecord) -> None:
        """A file was overwritten with content that the library has under another path."""
        if before is not None and before.id != now.id:
            self._store.forget(before.id)


def _concerns_one_file(error: AssistantError) -> bool:
    return isinstance(error, DocumentError | EngineError)


def _portable_source(path: Path) -> str:
    """Return the absolute path as text that any store can hold, the same one every time."""
    return (
        str(path)
        .encode("utf-8", errors="surrogateescape")
        .decode("utf-8", errors="backslashreplace")
    )


def _note(document: ParsedDocument) -> str:
    """Say which pages have no text: a person would look for their content in vain."""
    bare = [n for n in range(1, document.page_count + 1) if not document.page_text(n).strip()]
    if not bare:
        return ""
    more = ", ..." if len(bare) > _PAGES_LISTED else ""
    listed = ", ".join(map(str, bare[:_PAGES_LISTED])) + more
    return f"{len(bare)} of {document.page_count} pages have no text (pictures or blank): {listed}"
