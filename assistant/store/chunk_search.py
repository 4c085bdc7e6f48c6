"""Search chunks by vector and by word."""

from __future__ import annotations

import json
from collections.abc import Collection

import apsw

from assistant.store.document_layout import locators_of_span, regions_of_span
from assistant.store.page_texts import pages_of_span, read_text
from assistant.store.query_rows import fetch, fetch_one
from assistant.store.query_words import match_any, query_words
from assistant.store.schema import TOKENIZER
from assistant.types import Passage, Vectors

OVERSAMPLE = 16
FEWEST_CANDIDATES = 1024
"""Recall@10 of 600 SciFact queries on 11,168 MiniLM vectors, against exact search: 0.972 with
160 candidates (1.5 ms), 0.996 with 512 (2.2 ms), 0.999 with 1,024 (3.2 ms)."""
MOST_CANDIDATES = 4096

HEADING_WEIGHT = 1.5
"""How much a word in the heading counts against one in the text (1.0). BM25's nDCG@10 on the
SciFact training claims, titles as headings: 0.693 with 0.5, 0.700 from 1.0 to 2.0, 0.695 with
3.0; fused with dense search, more is slightly better."""

_MOST_TERMS = 64
_MOST_HITS = 2**31 - 1
"""More than a library can hold chunks; SQLite's integers end at 2**63 - 1."""

_COMMON = 0.5
_MANY_CHUNKS = 1000

# A plain table, not vec0. Measured on 50,000 x 384: 7 against 5 ms for 128 candidates, but 9
# against 40 ms for 512 and 17 against 105 ms for 4,096; and neither a bound of 4,096 nor shadow
# tables to keep clean. The inner query scans one bit for each number, the outer one reads the
# vectors of the best.
# A filter narrows the scan itself, so that the best of what fits are found, not what fits among
# the best.
_DENSE = """
SELECT vectors.chunk_id, vec_distance_cosine(vectors.vector, :vector) AS distance
FROM (
    SELECT chunk_id FROM vector_bits {within}
    ORDER BY vec_distance_hamming(vec_bit(bits), vec_quantize_binary(:vector))
    LIMIT :candidates
) AS nearest
CROSS JOIN vectors ON vectors.chunk_id = nearest.chunk_id
ORDER BY distance, vectors.chunk_id
LIMIT :k
"""

_TEXT = """
SELECT rowid, rank FROM text_index
WHERE text_index MATCH :words AND rank MATCH :ranking {within} ORDER BY rank LIMIT :k
"""
_WITHIN = (
    "IN (SELECT chunks.id FROM chunks JOIN json_each(:documents) AS chosen "
    "ON chunks.document_id = chosen.value)"
)


def dense_hits(
    connection: apsw.Connection,
    vector: Vectors,
    k: int,
    documents: Collection[int] | None = None,
) -> list[tuple[int, float]]:
    """Return (chunk id, cosine similarity) of the `k` nearest chunks (of `documents`), best first.

    The candidates are chosen by the bits of the vectors, their order is exact.
    """
    if k < 1 or not vector.any():
        return []
    k = min(k, _MOST_HITS)
    candidates = max(k, min(max(k * OVERSAMPLE, FEWEST_CANDIDATES), MOST_CANDIDATES))
    values = {"vector": vector.astype("<f4").tobytes(), "candidates": candidates, "k": k}
    chosen, within = _narrowed(documents, f"WHERE chunk_id {_WITHIN}")
    rows = fetch(connection, _DENSE.format(within=within), values | chosen)
    return [(chunk_id, 1.0 - distance) for chunk_id, distance in rows]


def text_hits(
    connection: apsw.Connection, query: str, k: int, documents: Collection[int] | None = None
) -> list[tuple[int, float]]:
    """Return (chunk id, BM25 score, higher is better) of chunks with a word of `query`."""
    words = _telling_words(connection, query_words(query))
    if k < 1 or not words:
        return []
    ranking = f"bm25({HEADING_WEIGHT}, 1.0)"
    # The plus sign keeps SQLite from looking up the rows one by one in the word index.
    chosen, within = _narrowed(documents, f"AND +rowid {_WITHIN}")
    values = {"words": match_any(words), "ranking": ranking, "k": min(k, _MOST_HITS)}
    rows = fetch(connection, _TEXT.format(within=within), values | chosen)
    return [(chunk_id, -rank) for chunk_id, rank in rows]


def _narrowed(documents: Collection[int] | None, condition: str) -> tuple[dict[str, str], str]:
    """Return the values and the condition that keep a search within documents."""
    if documents is None:
        return {}, ""
    return {"documents": json.dumps(sorted(documents))}, condition


def term_frequencies(connection: apsw.Connection, query: str) -> tuple[int, dict[str, int]]:
    """Return (number of chunks, {word of `query`: number of chunks that hold it})."""
    return chunk_count(connection), _frequencies(connection, query_words(query))


def chunk_count(connection: apsw.Connection) -> int:
    """Return the number of chunks in the library."""
    row = fetch_one(connection, "SELECT coalesce(sum(chunks), 0) FROM documents")
    return int(row[0]) if row else 0


def passages(connection: apsw.Connection, chunk_ids: list[int]) -> list[Passage]:
    """Load passages in the order of the ids; ids that are gone are left out."""
    loaded = (_passage(connection, n) for n in chunk_ids if abs(n) < 2**63)
    return [passage for passage in loaded if passage is not None]


def document_passages(
    connection: apsw.Connection, document_id: int, limit: int = -1
) -> list[Passage]:
    """Return the first `limit` passages of a document in order, all if it is negative."""
    query = "SELECT id FROM chunks WHERE document_id = ? ORDER BY ordinal LIMIT ?"
    return passages(connection, [n for (n,) in fetch(connection, query, (document_id, limit))])


def _passage(connection: apsw.Connection, chunk_id: int) -> Passage | None:
    row = fetch_one(
        connection,
        'SELECT c.document_id, d.name, c.heading, c.start, c."end" '
        "FROM chunks AS c JOIN documents AS d ON d.id = c.document_id WHERE c.id = ?",
        (chunk_id,),
    )
    if row is None:
        return None
    document_id, name, heading, start, end = row
    return Passage(
        chunk_id=chunk_id,
        document_id=document_id,
        document=name,
        heading=heading,
        start=start,
        end=end,
        text=read_text(connection, document_id, start, end),
        pages=pages_of_span(connection, document_id, start, end),
        locators=locators_of_span(connection, document_id, start, end),
        regions=regions_of_span(connection, document_id, start, end),
    )


def _telling_words(connection: apsw.Connection, words: list[str]) -> list[str]:
    """Return the rarest of `words` that are in the index at all.

    BM25 gives a word that is in more than half of all rows no weight, but its rows would be
    scored one by one: in a large library such words are dropped while there are others.
    """
    frequencies = {w: n for w, n in _frequencies(connection, words).items() if n > 0}
    total = chunk_count(connection)
    rare = [w for w, n in frequencies.items() if n <= total * _COMMON]
    kept = rare if rare and total >= _MANY_CHUNKS else list(frequencies)
    return sorted(kept, key=lambda w: frequencies[w])[:_MOST_TERMS]


def _frequencies(connection: apsw.Connection, words: list[str]) -> dict[str, int]:
    """Count the chunks of each word; words with the same stem count once, as the first."""
    tokenizer = connection.fts5_tokenizer(TOKENIZER[0], list(TOKENIZER[1:]))
    seen: set[tuple[str, ...]] = set()
    found: dict[str, int] = {}
    for word in words:
        tokens = tokenizer(word.encode(), apsw.FTS5_TOKENIZE_QUERY, None, include_offsets=False)
        stems = tuple(str(stem) for token in tokens for stem in token)
        if stems and stems not in seen:
            seen.add(stems)
            found[word] = min(_chunks_with(connection, stem) for stem in stems)
    return found


def _chunks_with(connection: apsw.Connection, stem: str) -> int:
    row = fetch_one(connection, "SELECT doc FROM text_terms WHERE term = ?", (stem,))
    return int(row[0]) if row else 0
