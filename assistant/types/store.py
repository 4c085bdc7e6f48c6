"""The protocol of a store, and the data it takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from assistant.types.documents import (
    Chunk,
    DocumentRecord,
    Note,
    Page,
    ParsedDocument,
    Passage,
)
from assistant.types.labels import Labels
from assistant.types.protocols import EmbedderIdentity, Vectors


@dataclass(frozen=True, slots=True, eq=False)
class NewDocument:
    """A document that is to be stored. `vectors` has shape (len(chunks), dimension).

    `sources` are all paths at which this very content lies now, first the one that `name`
    comes from. `attached` are the places below those at which what it holds lies now: an
    attachment lies at its mail's path, a slash and its name.
    """

    name: str
    sources: tuple[str, ...]
    content_hash: str
    document: ParsedDocument
    chunks: Sequence[Chunk]
    vectors: Vectors
    attached: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Placement:
    """The new place of a stored document, and its new name ("" to keep the old one)."""

    document_id: int
    sources: tuple[str, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What the last sync noted of the file at a path.

    `stamp` is its size, times and inode when `content_hash` was read, "" if they can't tell
    whether it was changed since; `failure` is why that content could not be read, "" if it
    could. `gone_since` is when the file was first missed (ISO 8601), "" while it is there;
    `medium` tells that it lay on another file system than the folder that was synced.
    """

    stamp: str = ""
    content_hash: str = ""
    failure: str = ""
    gone_since: str = ""
    medium: bool = False


@dataclass(frozen=True, slots=True)
class ChunkText:
    """A stored chunk with its heading and text, as it is embedded."""

    chunk_id: int
    heading: str
    text: str


class VectorStaging(Protocol):
    """New vectors of a whole library, kept beside the old ones until all are there."""

    def begin(self, embedder: EmbedderIdentity) -> None:
        """Go on with the vectors of this embedder; those of any other are dropped."""
        ...

    def counts(self) -> tuple[int, int]:
        """Return how many chunks have a new vector, and how many there are."""
        ...

    def left(self, limit: int) -> list[ChunkText]: ...

    def keep(self, chunk_ids: Sequence[int], vectors: Vectors) -> None: ...

    def finish(self, embedder: EmbedderIdentity) -> bool:
        """Put the new vectors in the place of the old ones; False if some are missing."""
        ...


class Store(Protocol):
    """A library on disk. Safe to use from several threads; one connection each.

    A document is there once, however many paths (`sources`) its content lies at; a path holds
    one document.
    """

    def find(self, content_hash: str) -> DocumentRecord | None: ...

    def add(self, new: NewDocument) -> DocumentRecord:
        """Write one document in one transaction; the known record if its hash is there.

        It takes over its sources. The same transaction forgets other documents that are left
        without any, and what lay below these sources but is not attached any more.
        """
        ...

    def sources(self) -> dict[str, int]:
        """Return each path and the id of the document that was read from it last."""
        ...

    def place(self, placements: Sequence[Placement]) -> None:
        """Say where documents lie now, all in one transaction; ids that are gone are left out."""
        ...

    def known_files(self) -> dict[str, KnownFile]:
        """Return what syncs have noted of the files at each path."""
        ...

    def note_files(self, files: Mapping[str, KnownFile | None]) -> None:
        """Note files, all in one transaction; None removes a path's note."""
        ...

    def syncing(self) -> AbstractContextManager[None]:
        """Keep other syncs of this library out of the block. Raises `StoreBusyError` at once."""
        ...

    def documents(self) -> list[DocumentRecord]: ...

    @property
    def is_empty(self) -> bool:
        """Whether there is no document; told without listing them."""
        ...

    def resolve(self, reference: str) -> DocumentRecord:
        """Find a document by id, name or unique prefix of its name or hash.

        Raises `UsageError` when none or several match (the hint lists them).
        """
        ...

    def forget(self, document_id: int) -> DocumentRecord:
        """Delete a document so that no byte of it stays in the store's files."""
        ...

    def page_text(self, document_id: int, page: int) -> str: ...

    def page(self, document_id: int, number: int) -> Page:
        """Return a page as it is shown. Raises `UsageError` if there is no such page."""
        ...

    def notes(self, document_id: int) -> tuple[Note, ...]:
        """Return what is known of how a document was read."""
        ...

    def describe(self, document_id: int, labels: Labels) -> DocumentRecord:
        """Give a document tags, take some away, or say of which day it is."""
        ...

    def search_dense(
        self, vector: Vectors, k: int, documents: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """Nearest chunks: (chunk id, cosine similarity), best first.

        With `documents` the nearest of theirs: there are `k` of them if they have so many.
        """
        ...

    def search_text(
        self, query: str, k: int, documents: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """BM25 over chunk text: (chunk id, score, higher is better), best first.

        `query` is plain text from a person: never parsed as FTS5 syntax.
        """
        ...

    def term_frequencies(self, query: str) -> tuple[int, dict[str, int]]:
        """(number of chunks, {query word: chunks that hold it}), stop words left out."""
        ...

    def document_passages(self, document_id: int, limit: int = -1) -> list[Passage]:
        """Return the first `limit` passages of a document in order, all if it is negative.

        There are none if it is gone.
        """
        ...

    def passages(self, chunk_ids: Sequence[int]) -> list[Passage]:
        """Load passages in the order of the ids; ids that are gone are left out."""
        ...
