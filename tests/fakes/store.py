"""A library in memory: exact cosine, plain BM25, the same answers and errors as the real one."""

from __future__ import annotations

import math
import re
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from assistant.errors import AssistantError, UsageError
from assistant.types import (
    Chunk,
    DocumentRecord,
    EmbedderIdentity,
    PageStart,
    ParsedDocument,
    Passage,
    Vectors,
)

STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be by did do does for from has have how in is it its of on or shall "
        "that the their there these this to was were what when where which who whom why will with",
    )
)


@dataclass(frozen=True)
class _Row:
    document_id: int
    chunk: Chunk
    vector: Vectors
    words: tuple[str, ...]


class FakeStore:
    """Implements `types.Store`. Words are compared in lower case, without stemming.

    `fail_with` is raised by every `add`; `added` and `forgotten` record what was done;
    `closed` tells whether `close` was called.
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
        self._parsed: dict[int, ParsedDocument] = {}
        self._rows: dict[int, _Row] = {}
        self._next_document = 1
        self._next_chunk = 1

    def find(self, content_hash: str) -> DocumentRecord | None:
        with self._lock:
            found = (r for r in self._records.values() if r.content_hash == content_hash)
            return next(found, None)

    def add(
        self,
        *,
        name: str,
        source: str,
        content_hash: str,
        document: ParsedDocument,
        chunks: Sequence[Chunk],
        vectors: Vectors,
        replace_source: bool = False,
    ) -> DocumentRecord:
        if self.fail_with is not None:
            raise self.fail_with
        if len(chunks) != len(vectors):
            raise ValueError("one vector for each chunk")
        with self._lock:
            known = self.find(content_hash)
            if known is not None:
                return known
            if replace_source:
                for old in [r for r in self._records.values() if r.source == source]:
                    self.forget(old.id)
            record = DocumentRecord(
                id=self._next_document,
                name=self._unique(name),
                source=source,
                media_type=document.media_type,
                content_hash=content_hash,
                title=document.title,
                pages=document.page_count,
                characters=len(document.text),
                chunks=len(chunks),
                added_at="2026-01-01T00:00:00+00:00",
            )
            self._next_document += 1
            self._records[record.id] = record
            self._parsed[record.id] = document
            for chunk, vector in zip(chunks, vectors, strict=True):
                text = f"{chunk.heading}\n{document.text[chunk.start : chunk.end]}"
                row = _Row(record.id, chunk, np.asarray(vector, np.float32), _words(text))
                self._rows[self._next_chunk] = row
                self._next_chunk += 1
            self.added.append(record)
            return record

    def documents(self) -> list[DocumentRecord]:
        with self._lock:
            return list(self._records.values())

    def resolve(self, reference: str) -> DocumentRecord:
        records = self.documents()
        found = [r for r in records if reference in (str(r.id), r.name)]
        if not found and reference:
            start = reference.casefold()
            found = [
                r
                for r in records
                if r.name.casefold().startswith(start) or r.content_hash.startswith(start)
            ]
        if len(found) == 1:
            return found[0]
        listed = ", ".join(f"{r.id}: {r.name}" for r in (found or records)[:10])
        many = f"'{reference}' names {len(found)} documents."
        none = f"No document is called '{reference}'."
        raise UsageError(many if found else none, hint=f"Documents: {listed}.")

    def forget(self, document_id: int) -> DocumentRecord:
        with self._lock:
            record = self._record(document_id)
            del self._records[document_id], self._parsed[document_id]
            self._rows = {i: r for i, r in self._rows.items() if r.document_id != document_id}
            self.forgotten.append(record)
            return record

    def page_text(self, document_id: int, page: int) -> str:
        with self._lock:
            record = self._record(document_id)
            if not 1 <= page <= record.pages:
                raise UsageError(f"'{record.name}' has no page {page}, only 1 to {record.pages}.")
            return self._parsed[document_id].page_text(page)

    def search_dense(self, vector: Vectors, k: int) -> list[tuple[int, float]]:
        with self._lock:
            query = np.asarray(vector, np.float32)
            scored = [(i, float(row.vector @ query)) for i, row in self._rows.items()]
        return sorted(scored, key=lambda hit: (-hit[1], hit[0]))[: max(k, 0)]

    def search_text(self, query: str, k: int) -> list[tuple[int, float]]:
        total, frequencies = self.term_frequencies(query)
        with self._lock:
            mean = sum(len(r.words) for r in self._rows.values()) / max(total, 1) or 1.0
            scored = []
            for chunk_id, row in self._rows.items():
                counts = Counter(row.words)
                length = 0.25 + 0.75 * len(row.words) / mean
                score = sum(
                    math.log(1 + (total - n + 0.5) / (n + 0.5))
                    * (counts[word] * 2.2 / (counts[word] + 1.2 * length))
                    for word, n in frequencies.items()
                    if counts[word]
                )
                if score > 0:
                    scored.append((chunk_id, score))
        return sorted(scored, key=lambda hit: (-hit[1], hit[0]))[: max(k, 0)]

    def term_frequencies(self, query: str) -> tuple[int, dict[str, int]]:
        words = [w for w in dict.fromkeys(_words(query)) if w not in STOP_WORDS]
        with self._lock:
            rows = [set(row.words) for row in self._rows.values()]
        return len(rows), {word: sum(word in row for row in rows) for word in words}

    def passages(self, chunk_ids: Sequence[int]) -> list[Passage]:
        with self._lock:
            return [self._passage(i, self._rows[i]) for i in chunk_ids if i in self._rows]

    def close(self) -> None:
        self.closed = True

    def _passage(self, chunk_id: int, row: _Row) -> Passage:
        parsed, chunk = self._parsed[row.document_id], row.chunk
        starts = [*parsed.page_starts, len(parsed.text)]
        touched = [
            PageStart(number, start)
            for number, (start, end) in enumerate(pairwise(starts), 1)
            if start < chunk.end and end > chunk.start
        ]
        return Passage(
            chunk_id=chunk_id,
            document_id=row.document_id,
            document=self._records[row.document_id].name,
            heading=chunk.heading,
            start=chunk.start,
            end=chunk.end,
            text=parsed.text[chunk.start : chunk.end],
            pages=tuple(touched) or (PageStart(1, 0),),
        )

    def _record(self, document_id: int) -> DocumentRecord:
        if document_id not in self._records:
            raise UsageError(f"The library has no document {document_id}.")
        return self._records[document_id]

    def _unique(self, name: str) -> str:
        taken = {r.name for r in self._records.values()}
        wanted, number = name, 2
        while name in taken:
            name, number = f"{wanted} ({number})", number + 1
        return name


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text.lower()))
