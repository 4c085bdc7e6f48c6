"""A library in memory: exact cosine, plain BM25, the same answers and errors as the real one.

`tests/store/test_store_contract.py` runs the same tests against both.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace

import numpy as np

from assistant.errors import AssistantError, StoreError, UsageError
from assistant.store.document_labels import document_date
from assistant.store.document_rows import check_new, resolve
from assistant.store.query_words import query_words
from assistant.store.store_names import storable
from assistant.types import (
    DocumentRecord,
    EmbedderIdentity,
    KnownFile,
    Labels,
    NewDocument,
    Note,
    Page,
    ParsedDocument,
    Passage,
    Placement,
    Vectors,
)
from assistant.types.documents import label_at
from tests.fakes.store_rows import Row, passage_of, ranked_by_words, words_of


class FakeStore:
    """Implements `types.Store`. Words are compared in lower case, without stemming.

    `fail_with` is raised by every `add`; `added` and `forgotten` record what was done;
    `closed` tells whether `close` was called. Without `embedder` vectors of any dimension fit.
    """

    def __init__(
        self,
        embedder: EmbedderIdentity | None = None,
        *,
        fail_with: AssistantError | None = None,
    ) -> None:
        self.embedder = embedder
        self.fail_with = fail_with
        self.added: list[DocumentRecord] = []
        self.forgotten: list[DocumentRecord] = []
        self.closed = False
        self._lock = threading.RLock()
        self._records: dict[int, DocumentRecord] = {}
        self._sources: dict[str, int] = {}
        self._files: dict[str, KnownFile] = {}
        self._parsed: dict[int, ParsedDocument] = {}
        self._rows: dict[int, Row] = {}
        self._next_document = 1
        self._next_chunk = 1

    def find(self, content_hash: str) -> DocumentRecord | None:
        return next((r for r in self.documents() if r.content_hash == content_hash), None)

    def add(self, new: NewDocument) -> DocumentRecord:
        if self.fail_with is not None:
            raise self.fail_with
        dimension = self.embedder.dimension if self.embedder else np.shape(new.vectors)[-1]
        check_new(new, dimension)
        with self._opened():
            taken, tags = {storable(source) for source in new.sources}, list[str]()
            for old in self.documents():
                own = {s for s, number in self._sources.items() if number == old.id}
                if own and own <= taken and old.content_hash != new.content_hash:
                    self.forgotten.append(old)
                    tags += old.tags
                    self._delete(old.id)
            known = self.find(new.content_hash)
            number = known.id if known else self._insert(new)
            self.describe(number, Labels(add=tags))
            self._take(number, new.sources)
            self._drop_below(new.sources, new.attached)
            record = self._record(number)
            if known is None:
                self.added.append(record)
            return record

    def sources(self) -> dict[str, int]:
        with self._opened():
            return dict(self._sources)

    def place(self, placements: Sequence[Placement]) -> None:
        with self._opened():
            there = [p for p in placements if p.document_id in self._records]
            moved = {p.document_id for p in there}
            self._sources = {s: n for s, n in self._sources.items() if n not in moved}
            named = [p for p in there if p.name]
            for p in named:
                self._records[p.document_id] = replace(self._records[p.document_id], name="")
            for p in named:
                name = self._unique(storable(p.name))
                self._records[p.document_id] = replace(self._records[p.document_id], name=name)
            for p in there:
                self._take(p.document_id, p.sources)

    def known_files(self) -> dict[str, KnownFile]:
        with self._opened():
            return dict(self._files)

    def note_files(self, files: Mapping[str, KnownFile | None]) -> None:
        with self._opened():
            merged: dict[str, KnownFile | None] = {**self._files, **files}
            self._files = {storable(s): f for s, f in merged.items() if f is not None}

    def syncing(self) -> AbstractContextManager[None]:
        return nullcontext()

    @property
    def is_empty(self) -> bool:
        with self._opened():
            return not self._records

    def documents(self) -> list[DocumentRecord]:
        with self._opened():
            return [self._record(number) for number in self._records]

    def describe(self, document_id: int, labels: Labels) -> DocumentRecord:
        with self._opened():
            known = self._record(document_id)
            tags = tuple(sorted((set(known.tags) - set(labels.remove)) | set(labels.add)))
            day = known.dated if labels.dated is None else labels.dated
            self._records[document_id] = replace(known, tags=tags, dated=day)
            return self._record(document_id)

    def resolve(self, reference: str) -> DocumentRecord:
        return resolve(self.documents(), reference)

    def forget(self, document_id: int) -> DocumentRecord:
        with self._opened():
            record = self._record(document_id)
            paths = [s for s, n in self._sources.items() if n == document_id]
            self._delete(document_id)
            self._drop_below(paths, ())
            self.forgotten.append(record)
            return record

    def _delete(self, document_id: int) -> None:
        content, own = self._records[document_id].content_hash, self._sources
        self._files = {
            source: file
            for source, file in self._files.items()
            if own.get(source) != document_id and file.content_hash != content
        }
        del self._records[document_id], self._parsed[document_id]
        self._sources = {s: n for s, n in self._sources.items() if n != document_id}
        self._rows = {i: r for i, r in self._rows.items() if r.document_id != document_id}

    def _drop_below(self, paths: Sequence[str], kept: Sequence[str]) -> None:
        stay, tops = set(map(storable, kept)), tuple(f"{storable(path)}/" for path in paths)
        within = tuple(f"{path}/" for path in stay)
        below = [s for s in self._sources if s.startswith(tops) and s not in stay]
        below = [source for source in below if not source.startswith(within)]
        touched = {self._sources.pop(source) for source in below}
        for number in touched - set(self._sources.values()):
            self._delete(number)

    def page_text(self, document_id: int, page: int) -> str:
        with self._opened():
            record = self._record(document_id)
            if not 1 <= page <= record.pages:
                raise UsageError(f"'{record.name}' has no page {page}.", hint="Its pages are ...")
            return self._parsed[document_id].page_text(page)

    def page(self, document_id: int, number: int) -> Page:
        text = self.page_text(document_id, number)
        parsed = self._parsed[document_id]
        start = parsed.page_starts[number - 1]
        running = {r.position: r.text for r in parsed.running if r.page == number}
        touched = [r for r in parsed.regions if r.start < start + len(text) and start < r.end]
        regions = (
            replace(r, start=max(r.start - start, 0), end=min(r.end - start, len(text)))
            for r in touched
        )
        where = label_at(parsed.locators, start) or f"page {number}"
        head, foot = running.get("head", ""), running.get("foot", "")
        return Page(number, text, where, head, foot, tuple(regions))

    def notes(self, document_id: int) -> tuple[Note, ...]:
        with self._opened():
            self._record(document_id)
            return self._parsed[document_id].notes

    def search_dense(
        self, vector: Vectors, k: int, documents: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        query = np.asarray(vector, np.float32)
        if self.embedder is not None and query.shape != (self.embedder.dimension,):
            raise ValueError(f"a query vector of shape {query.shape} does not fit the store")
        if not np.all(np.isfinite(query)):
            raise ValueError("a query vector has numbers that are not finite")
        with self._opened():
            scored = [
                (i, float(row.vector @ query))
                for i, row in self._rows.items()
                if documents is None or row.document_id in documents
            ]
        found = sorted(scored, key=lambda hit: (-hit[1], hit[0]))[: max(k, 0)]
        return found if np.any(query) else []

    def search_text(
        self, query: str, k: int, documents: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        _, frequencies = self.term_frequencies(query)
        with self._opened():
            ranked = ranked_by_words(self._rows, frequencies, len(self._rows))
            within = [
                hit
                for hit in ranked
                if documents is None or self._rows[hit[0]].document_id in documents
            ]
        return within[: max(k, 0)]

    def term_frequencies(self, query: str) -> tuple[int, dict[str, int]]:
        words = query_words(query)
        with self._opened():
            rows = [set(row.words) for row in self._rows.values()]
        return len(rows), {word: sum(word in row for row in rows) for word in words}

    def document_passages(self, document_id: int, limit: int = -1) -> list[Passage]:
        own = sorted(n for n, row in self._rows.items() if row.document_id == document_id)
        return self.passages(own if limit < 0 else own[:limit])

    def passages(self, chunk_ids: Sequence[int]) -> list[Passage]:
        with self._opened():
            return [self._passage(i, self._rows[i]) for i in chunk_ids if i in self._rows]

    def _passage(self, chunk_id: int, row: Row) -> Passage:
        number = row.document_id
        return passage_of(chunk_id, row, self._records[number].name, self._parsed[number])

    def close(self) -> None:
        self.closed = True

    def _insert(self, new: NewDocument) -> int:
        parsed = replace(new.document, text=re.sub("[\ud800-\udfff]", "\ufffd", new.document.text))
        number, self._next_document = self._next_document, self._next_document + 1
        self._records[number] = DocumentRecord(
            id=number,
            name=self._unique(storable(new.name) or "untitled"),
            source="",
            media_type=parsed.media_type,
            content_hash=new.content_hash,
            title=storable(parsed.title),
            pages=parsed.page_count,
            characters=len(parsed.text),
            chunks=len(new.chunks),
            added_at="2026-01-01T00:00:00+00:00",
            dated=document_date(new.name, parsed.text),
        )
        self._parsed[number] = parsed
        for chunk, vector in zip(new.chunks, new.vectors, strict=True):
            text = f"{chunk.heading}\n{parsed.text[chunk.start : chunk.end]}"
            row = Row(number, chunk, np.asarray(vector, np.float32), words_of(text))
            self._rows[self._next_chunk] = row
            self._next_chunk += 1
        return number

    def _take(self, document_id: int, sources: Sequence[str]) -> None:
        for source in map(storable, sources):
            if self._sources.get(source) != document_id:
                self._sources.pop(source, None)
                self._sources[source] = document_id

    def _record(self, document_id: int) -> DocumentRecord:
        if document_id not in self._records:
            raise UsageError(
                f"The library has no document number {document_id}.",
                hint="List the documents with: assistant docs",
            )
        first = next((s for s, n in self._sources.items() if n == document_id), "")
        return replace(self._records[document_id], source=first)

    @contextmanager
    def _opened(self) -> Iterator[None]:
        with self._lock:
            if self.closed:
                raise StoreError("The library was closed.", hint="Open it again: start anew.")
            yield

    def _unique(self, name: str) -> str:
        taken = {r.name for r in self._records.values()}
        wanted, number = name, 2
        while name in taken:
            name, number = f"{wanted} ({number})", number + 1
        return name
