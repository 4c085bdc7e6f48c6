"""The fake that other tests use behaves as the real store does."""

from __future__ import annotations

import pytest

from assistant.errors import UsageError
from assistant.store import SqliteStore
from assistant.types import Chunk, PageStart, ParsedDocument, Store
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.store import FakeStore

TEXT = "Warranty lasts two years.\nLate fees are due.\n"


@pytest.fixture(params=["real", "fake"])
def either(request: pytest.FixtureRequest, embedder: FakeEmbedder) -> Store:
    if request.param == "fake":
        return FakeStore(embedder.identity)
    real: SqliteStore = request.getfixturevalue("store")
    return real


def add(store: Store, embedder: FakeEmbedder, content_hash: str, **changes: object) -> int:
    chunks = [Chunk(0, 0, 25, "Goods"), Chunk(1, 20, 44, "Money")]
    values: dict[str, object] = {
        "name": "a.txt",
        "source": "/papers/a.txt",
        "content_hash": content_hash,
        "document": ParsedDocument(TEXT, (0, 26), "text/plain", "A title"),
        "chunks": chunks,
        "vectors": embedder.embed_documents([TEXT[c.start : c.end] for c in chunks]),
    }
    return store.add(**(values | changes)).id  # type: ignore[arg-type]


def test_adding_and_finding(either: Store, embedder: FakeEmbedder) -> None:
    first = add(either, embedder, "aa11")
    assert add(either, embedder, "aa11", name="b.txt") == first
    second = add(either, embedder, "bb22")
    assert [d.name for d in either.documents()] == ["a.txt", "a.txt (2)"]
    assert either.find("bb22") == either.documents()[1]
    assert either.find("cc33") is None
    assert either.resolve("aa11").id == first
    assert either.resolve("a.txt (").id == second
    assert either.resolve("a.txt").id == first
    for reference in ("zzz", ""):
        with pytest.raises(UsageError):
            either.resolve(reference)


def test_searching(either: Store, embedder: FakeEmbedder) -> None:
    add(either, embedder, "aa11")
    add(either, embedder, "bb22", document=ParsedDocument("x" * 44, (0,), "text/plain"))
    assert [hit for hit, _ in either.search_text("the warranty, please", 5)] == [1]
    assert {hit for hit, _ in either.search_text("money", 5)} == {2, 4}
    assert either.search_text("the of", 5) == []
    assert either.term_frequencies("the Warranty money unknown") == (
        4,
        {"warranty": 1, "money": 2, "unknown": 0},
    )
    best, similarity = either.search_dense(embedder.embed_query("late fees are due ears"), 1)[0]
    assert best == 2
    assert similarity == pytest.approx(1.0, abs=1e-5)
    assert len(either.search_dense(embedder.embed_query("x"), 99)) == 4
    passage = either.passages([77, 2])[0]
    assert (passage.text, passage.heading) == (TEXT[20:44], "Money")
    assert passage.pages == (PageStart(1, 0), PageStart(2, 26))


def test_pages_and_forgetting(either: Store, embedder: FakeEmbedder) -> None:
    number = add(either, embedder, "aa11")
    assert either.page_text(number, 2) == TEXT[26:]
    with pytest.raises(UsageError):
        either.page_text(number, 3)
    assert either.forget(number).name == "a.txt"
    assert either.documents() == []
    assert either.passages([1, 2]) == []
    assert either.search_text("warranty", 5) == []
    with pytest.raises(UsageError):
        either.forget(number)


def test_replacing(either: Store, embedder: FakeEmbedder) -> None:
    add(either, embedder, "aa11")
    new = add(either, embedder, "bb22", replace_source=True)
    assert [(d.id, d.name) for d in either.documents()] == [(new, "a.txt")]
