"""The rows of a `FakeStore`: ranked by words, and shown as passages."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from assistant.types import Chunk, Locator, PageStart, ParsedDocument, Passage, Vectors


@dataclass(frozen=True)
class Row:
    document_id: int
    chunk: Chunk
    vector: Vectors
    words: tuple[str, ...]


def words_of(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text.lower()))


def ranked_by_words(
    rows: Mapping[int, Row], frequencies: Mapping[str, int], k: int
) -> list[tuple[int, float]]:
    """The `k` best rows by plain BM25, with their scores."""
    mean = sum(len(row.words) for row in rows.values()) / max(len(rows), 1) or 1.0
    scored = []
    for chunk_id, row in rows.items():
        counts = Counter(row.words)
        length = 0.25 + 0.75 * len(row.words) / mean
        score = sum(
            math.log(1 + (len(rows) - n + 0.5) / (n + 0.5))
            * (counts[word] * 2.2 / (counts[word] + 1.2 * length))
            for word, n in frequencies.items()
            if counts[word]
        )
        if score > 0:
            scored.append((chunk_id, score))
    return sorted(scored, key=lambda hit: (-hit[1], hit[0]))[: max(k, 0)]


def passage_of(chunk_id: int, row: Row, name: str, parsed: ParsedDocument) -> Passage:
    """The row of a document as it is shown, with the pages that it touches."""
    chunk = row.chunk
    starts = [*parsed.page_starts, len(parsed.text)]
    touched = [
        PageStart(number, start)
        for number, (start, end) in enumerate(pairwise(starts), 1)
        if start < end and start < chunk.end and end > chunk.start
    ]
    return Passage(
        chunk_id=chunk_id,
        document_id=row.document_id,
        document=name,
        heading=chunk.heading,
        start=chunk.start,
        end=chunk.end,
        text=parsed.text[chunk.start : chunk.end],
        pages=tuple(touched) or (PageStart(1, 0),),
        locators=_touched_locators(parsed, chunk),
        regions=tuple(r for r in parsed.regions if r.start < chunk.end and chunk.start < r.end),
    )


def _touched_locators(parsed: ParsedDocument, chunk: Chunk) -> tuple[Locator, ...]:
    before = [place for place in parsed.locators if place.start <= chunk.start]
    inside = [place for place in parsed.locators if chunk.start < place.start < chunk.end]
    return (*before[-1:], *inside)
