"""Dense and text search over a real file."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.store import SqliteStore
from assistant.types import Chunk, NewDocument, ParsedDocument, Vectors
from tests.fakes.embedder import FakeEmbedder
from tests.store.conftest import OpenStore
from tests.store.material import put

DIMENSION = 384
CHUNKS = 6000


def clustered(rng: np.random.Generator, rows: int, centres: Vectors) -> Vectors:
    """Unit vectors about `centres`, with a common direction as sentence embeddings have."""
    points = centres[rng.integers(0, len(centres), rows)]
    points = points + 0.9 * rng.standard_normal(points.shape).astype(np.float32) + 0.15
    unit: Vectors = points / np.linalg.norm(points, axis=1, keepdims=True)
    return unit.astype(np.float32)


def put_vectors(store: SqliteStore, vectors: Vectors, *, per_document: int = 1000) -> None:
    for first in range(0, len(vectors), per_document):
        part = vectors[first : first + per_document]
        store.add(
            NewDocument(
                name=f"{first}.txt",
                sources=(f"{first}.txt",),
                content_hash=f"{first:064x}",
                document=ParsedDocument("x" * len(part), (0,), "text/plain"),
                chunks=[Chunk(n, n, n + 1) for n in range(len(part))],
                vectors=part,
            )
        )


def test_recall_against_exact_search(open_again: OpenStore) -> None:
    rng = np.random.default_rng(2)
    centres = rng.standard_normal((150, DIMENSION)).astype(np.float32)
    vectors, queries = clustered(rng, CHUNKS, centres), clustered(rng, 100, centres)
    store = open_again(embedder=FakeEmbedder(dimension=DIMENSION).identity)
    put_vectors(store, vectors)
    found = 0
    for query in queries:
        hits = store.search_dense(query, 10)
        exact = vectors @ query
        best = np.argsort(-exact)[:10] + 1
        found += len({chunk_id for chunk_id, _ in hits} & set(best.tolist()))
        scores = [score for _, score in hits]
        assert scores == sorted(scores, reverse=True)
        for chunk_id, score in hits:
            assert score == pytest.approx(float(exact[chunk_id - 1]), abs=1e-5)
    assert found / (10 * len(queries)) >= 0.99


def test_more_neighbours_than_4096_and_than_there_are(open_again: OpenStore) -> None:
    rng = np.random.default_rng(3)
    vectors = clustered(rng, 4300, rng.standard_normal((20, DIMENSION)).astype(np.float32))
    store = open_again(embedder=FakeEmbedder(dimension=DIMENSION).identity)
    put_vectors(store, vectors)
    for k, expected in ((4097, 4097), (5000, 4300), (10**9, 4300), (0, 0), (-1, 0)):
        hits = store.search_dense(vectors[0], k)
        assert len(hits) == expected
    assert hits == []
    assert store.search_dense(vectors[7], 1)[0][0] == 8


def test_an_empty_store(store: SqliteStore, embedder: FakeEmbedder) -> None:
    assert store.search_dense(embedder.embed_query("warranty"), 10) == []
    assert store.search_text("warranty", 10) == []
    assert store.term_frequencies("the warranty") == (0, {"warranty": 0})
    assert store.passages([1]) == []


def test_a_query_vector_that_does_not_fit(store: SqliteStore) -> None:
    for vector in (np.zeros((1, 64), np.float32), np.zeros(8, np.float32)):
        with pytest.raises(ValueError, match="does not fit"):
            store.search_dense(vector, 3)
    with pytest.raises(ValueError, match="finite"):
        store.search_dense(np.full(64, np.inf, np.float32), 3)
    assert store.search_dense(np.zeros(64, np.float32), 3) == []


@pytest.fixture
def library(store: SqliteStore, embedder: FakeEmbedder) -> SqliteStore:
    """Ten chunks that share no words but "clause"."""
    texts = {
        1: "The warranties last two years.",
        2: "Patients received résumé naïve dosage.",
        3: "The WHO analgesic ladder, third step.",
        4: 'He said "never" AND left (quickly) in 1999*.',
        5: "हिन्दी में अनुबंध",
        6: "Договор поставки",
        7: "naming: foo_bar v2.1",
    }
    for number, text in texts.items():
        record = put(store, embedder, text, name=f"{number}.txt", heading=f"Clause part{number}")
        assert record.id == number
    for number in range(8, 11):
        put(store, embedder, f"filler{number}", name=f"{number}.txt", heading="Clause")
    return store


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("warranty", 1),
        ("How long is the WARRANTY?", 1),
        ("resume", 2),
        ("NAÏVE dosages", 2),
        ("the WHO ladder", 3),
        ("part3", 3),
        ('"never', 4),
        ("never AND", 4),
        ("(quickly", 4),
        ("1999*", 4),
        ("body : quickly", 4),
        ("NEAR(quickly left, 2)", 4),
        ("अनुबंध", 5),
        ("договор", 6),
        ("foo_bar", 7),
        ("bar", 7),
    ],
)
def test_words_of_a_person(library: SqliteStore, query: str, first: int) -> None:
    hits = library.search_text(query, 5)
    assert hits
    assert hits[0][0] == first
    assert all(score > 0 for _, score in hits)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "the of and",
        "what is it",
        "AND OR NOT",
        "\0",
        "😀",
        '"',
        "*",
        "()",
        "^",
        "\u0301",
    ],
)
def test_queries_that_hold_no_word(library: SqliteStore, query: str) -> None:
    assert library.search_text(query, 5) == []
    assert library.term_frequencies(query) == (10, {})


def test_a_very_long_query(library: SqliteStore) -> None:
    padding = " ".join(f"word{n}" for n in range(100))
    assert [hit for hit, _ in library.search_text(f"ladder {padding} " * 2000, 5)] == [3]
    assert library.search_text("x" * 1_000_000, 5) == []


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(), max_size=60))
def test_no_query_is_ever_syntax(library: SqliteStore, query: str) -> None:
    for chunk_id, score in library.search_text(query, 20):
        assert 1 <= chunk_id <= 10
        assert score > 0
    total, frequencies = library.term_frequencies(query)
    assert total == 10
    assert all(0 <= n <= 10 for n in frequencies.values())


def test_term_frequencies(library: SqliteStore) -> None:
    total, frequencies = library.term_frequencies(
        "What is the clause on Warranty, nonsense, clauses?"
    )
    assert total == 10
    assert frequencies == {"clause": 10, "warranty": 1, "nonsense": 0}


def test_k_bounds_the_text_hits(library: SqliteStore) -> None:
    assert len(library.search_text("clause", 4)) == 4
    assert len(library.search_text("clause", 400)) == 10
    assert library.search_text("clause", 0) == []


def test_common_words_are_dropped_only_in_a_large_library(
    store: SqliteStore, embedder: FakeEmbedder
) -> None:
    """Words in more than half of all chunks weigh nothing; alone they still find something."""
    text = "".join(f"agreement item{n:04d}  " for n in range(1100))
    put(store, embedder, text, size=20)
    assert len(store.search_text("agreement item0042", 50)) == 1
    assert len(store.search_text("agreement", 50)) == 50


def test_an_absurd_number_of_hits(library: SqliteStore) -> None:
    vector = np.ones(library.embedder.dimension, np.float32)  # type: ignore[union-attr]
    for k in (2**31, 2**63, 99999999999999999999):
        assert len(library.search_dense(vector, k)) == 10
        assert library.search_text("ladder", k) == library.search_text("ladder", 10)
    assert library.passages([10**30, 1, -(10**30)]) == library.passages([1])
