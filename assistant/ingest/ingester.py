"""Add files to a library, one after another."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from assistant.config import Settings
from assistant.documents.chunker import chunk_steps, embedding_text
from assistant.documents.file_discovery import BadPath, FoundFile, discover
from assistant.documents.reading_notes import all_worded
from assistant.errors import AssistantError, Cancelled, DocumentError, EngineError
from assistant.ingest.attachments import (
    Place,
    reads_again,
    under_subject,
    with_bare_pages,
    with_left_out,
)
from assistant.ingest.ocr_pages import PictureReader, read_pictures, with_layer_tried
from assistant.ingest.plan import portable_source
from assistant.ingest.run_library import RunLibrary, files_of
from assistant.ingest.sync_run import SyncRun
from assistant.types import (
    AS_FOUND,
    Attachment,
    CancelToken,
    Chunk,
    Embedder,
    FileAdded,
    FileFailed,
    FileKnown,
    FileProgress,
    FilesFound,
    IngestEvent,
    IngestFinished,
    NewDocument,
    ParsedDocument,
    ParsedFile,
    Parser,
    ReadOptions,
    Store,
    SyncRules,
    Vectors,
)

BATCH = 16
"""Chunks that are embedded between two looks at progress and cancel."""

_ENGINE_FAULTS_ALLOWED = 3


class Ingester:
    """Adds files to a store. One `add` at a time; several processes may add to one store."""

    def __init__(
        self,
        store: Store,
        embedder: Embedder,
        parser: Parser,
        settings: Settings,
        pictures: PictureReader | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._parser = parser
        self._settings = settings
        self._pictures = pictures
        self._clock = clock

    def add(
        self,
        paths: Sequence[Path],
        cancel: CancelToken | None = None,
        *,
        options: ReadOptions = AS_FOUND,
        sync: SyncRules | None = None,
    ) -> Iterator[IngestEvent]:
        """Add files and folders; the work is done as the events are taken.

        - The first event is `FilesFound`, then each file ends in exactly one of
          `FileAdded`, `FileKnown` and `FileFailed`, the last event is `IngestFinished`.
        - What is attached to a mail is added before it, with events of its own; what of it
          can't be read is in the mail's note.
        - All files are read once before anything is changed, so that documents whose files
          were renamed, copied or swapped are known for what they are (see `plan`).
        - Content that the library has already is not parsed again (`FileKnown`), unless
          `options` asks for another reading of it: then that one replaces it.
        - A path whose content has changed replaces the document that it held before, in
          the same transaction, unless that lies elsewhere too; `FileAdded.replaced` says so.
        - A fault of one file is a `FileFailed` and the others go on. A fault of the store
          or of the model (disk full, library busy, other embedder; three engine errors in
          a row) would befall every file: it is reported for the file at hand and raised.
        - A cancel is seen within a batch; files committed before stay, the last event
          says `cancelled`.
        - Documents of these folders whose files are gone are named by `FileGone`. With `sync`
          they are forgotten when its grace is over, and files that are as the last sync
          found them are not read: they have no event. See `sync_run`.
        """
        token = cancel or CancelToken()
        counts: Counter[type] = Counter()
        cancelled = False
        run = SyncRun(self._store, paths, sync, self._clock)
        try:
            with run:
                for event in self._run(paths, token, options, run):
                    counts[type(event)] += 1
                    yield event
        except Cancelled:
            cancelled = True
        yield IngestFinished(
            added=counts[FileAdded],
            known=counts[FileKnown],
            failed=counts[FileFailed],
            cancelled=cancelled,
            unchanged=run.unchanged,
        )

    def _run(
        self, paths: Sequence[Path], cancel: CancelToken, options: ReadOptions, run: SyncRun
    ) -> Iterator[IngestEvent]:
        found = discover(paths, cancel)
        yield FilesFound(len(found.entries), found.skipped)
        contents = yield from run.compare(found, self._settings.max_file_mb, cancel)
        library = RunLibrary(self._store, files_of(found.entries, contents))
        moved = library.settle()
        yield from run.begin(found, contents, moved)
        engine_faults = 0
        for index, entry in enumerate(found.entries):
            cancel.raise_if_cancelled()
            if isinstance(entry, BadPath):
                if not run.is_folder(entry.path):
                    yield FileFailed(entry.path, index, entry.error)
                continue
            if run.is_unchanged(entry):
                continue
            try:
                read = self._file(entry, index, contents[entry.path], library, cancel, options)
                yield from run.reading(entry, contents[entry.path], read)
                engine_faults = 0
            except Cancelled:
                raise
            except AssistantError as error:
                engine_faults = engine_faults + 1 if isinstance(error, EngineError) else 0
                yield FileFailed(entry.path, index, error)
                if not _concerns_one_file(error) or engine_faults >= _ENGINE_FAULTS_ALLOWED:
                    raise
            yield from run.pace(entry)
        yield from run.gone(found, library)

    def _file(
        self,
        file: FoundFile,
        index: int,
        content: str | DocumentError,
        library: RunLibrary,
        cancel: CancelToken,
        options: ReadOptions,
    ) -> Iterator[IngestEvent]:
        """Add one file; its last event is `FileAdded` or `FileKnown`."""
        if isinstance(content, DocumentError):
            raise content
        known = self._store.find(content)
        if known is not None and not reads_again(options):
            yield FileKnown(file.path, index, known)
            return
        yield FileProgress(file.path, index, "reading", 0, 1)
        parsed = self._parser.parse(file.path, cancel, options)
        parsed = yield from self._looked_at(file.path, parsed, file.path, index, cancel)
        sources = library.sources_of(parsed.content_hash, [portable_source(file.path)])
        place = Place(file.path, index, file.name, sources, (parsed.content_hash,), options)
        yield from self._parsed(parsed, place, library, cancel)

    def _parsed(
        self, parsed: ParsedFile, place: Place, library: RunLibrary, cancel: CancelToken
    ) -> Iterator[IngestEvent]:
        """Store what is attached to a document, then the document itself.

        In this order, because what the library has is not parsed again: a mail that is there
        has all that came with it, also when the program was killed in between.
        """
        document = with_bare_pages(parsed.document)
        if document.attachments and reads_again(place.options):
            library.forget(parsed.content_hash)  # what is attached would go with it later
        attached: list[str] = []
        left: list[str] = []
        for attachment in document.attachments:
            inner = place.below(attachment)
            try:
                yield from self._attachment(attachment, document.title, inner, library, cancel)
                attached += inner.sources
            except DocumentError:
                left.append(attachment.name)
        if left:
            document = with_left_out(document, left)
        yield from self._stored(
            parsed.content_hash, document, place, tuple(attached), library, cancel
        )

    def _attachment(
        self,
        attachment: Attachment,
        subject: str,
        place: Place,
        library: RunLibrary,
        cancel: CancelToken,
    ) -> Iterator[IngestEvent]:
        """Add what came with a mail about `subject`. Raises `DocumentError`."""
        content = place.contents[-1]
        known = self._store.find(content)
        if known is not None and not reads_again(place.options):
            library.attach(known, place.sources)
            yield FileKnown(place.path, place.index, known)
            return
        place.check()
        yield FileProgress(place.path, place.index, "reading", 0, 1)
        parsed = self._parser.parse_attachment(attachment, cancel, place.options)
        parsed = yield from self._looked_at(attachment, parsed, place.path, place.index, cancel)
        place = replace(place, sources=library.sources_of(content, place.sources))
        yield from self._parsed(under_subject(parsed, attachment, subject), place, library, cancel)

    def _stored(
        self,
        content: str,
        document: ParsedDocument,
        place: Place,
        attached: tuple[str, ...],
        library: RunLibrary,
        cancel: CancelToken,
    ) -> Iterator[IngestEvent]:
        """Chunk, embed and store a document."""
        path, index = place.path, place.index
        chunks: list[Chunk] = []
        for done, more in self._chunk(document, cancel):
            chunks.extend(more)
            yield FileProgress(path, index, "reading", done, len(document.text))
        vectors = np.empty((len(chunks), self._embedder.identity.dimension), dtype=np.float32)
        for done in self._embed(document, chunks, vectors, cancel):
            yield FileProgress(path, index, "embedding", done, len(chunks))
        cancel.raise_if_cancelled()
        yield FileProgress(path, index, "storing", 0, 1)
        sources = place.sources
        if reads_again(place.options):
            sources = tuple(dict.fromkeys((*sources, *library.forget(content))))
        new = NewDocument(place.name, sources, content, document, chunks, vectors, attached)
        record, replaced = library.add(new)
        yield FileAdded(path, index, record, replaced, all_worded(document.notes))

    def _looked_at(
        self,
        file: Path | Attachment,
        parsed: ParsedFile,
        path: Path,
        index: int,
        cancel: CancelToken,
    ) -> Generator[IngestEvent, None, ParsedFile]:
        """Read the pages that are pictures; return the file with their text."""
        reader, settings = self._pictures, self._settings
        if reader is None:
            return parsed
        if not parsed.pictures:
            return with_layer_tried(file, parsed, reader, cancel)
        return (yield from read_pictures(file, parsed, path, index, reader, settings, cancel))

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


def _concerns_one_file(error: AssistantError) -> bool:
    return isinstance(error, DocumentError | EngineError)
