"""What a store must do when it is searched and read, the real one and the fake."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.errors import UsageError
from assistant.store import SqliteStore
from assistant.types import (
    Chunk,
    Locator,
    Note,
    PageStart,
    ParsedDocument,
    Placement,
    Region,
    RunningText,
    Store,
)
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.store import FakeStore
from tests.store.test_store_contract import TEXT, new


@pytest.fixture(params=["real", "fake"])
def either(request: pytest.FixtureRequest, embedder: FakeEmbedder) -> Store:
    if request.param == "fake":
        return FakeStore(embedder.identity)
    real: SqliteStore = request.getfixturevalue("store")
    return real


def test_searching_words(either: Store) -> None:
    either.add(new("aa11"))
    either.add(new("bb22", document=ParsedDocument("x" * 44, (0,), "text/plain")))
    assert [hit for hit, _ in either.search_text("the warranty, please", 5)] == [1]
    assert {hit for hit, _ in either.search_text("money", 5)} == {2, 4}
    for query in ("the of", "", "AND OR NOT", '"', "unknown"):
        assert either.search_text(query, 5) == []
    assert either.search_text("money", 0) == []
    scores = [score for _, score in either.search_text("warranty fees money", 5)]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0


def test_counting_words(either: Store) -> None:
    assert either.term_frequencies("warranty") == (0, {"warranty": 0})
    either.add(new("aa11"))
    either.add(new("bb22", document=ParsedDocument("x" * 44, (0,), "text/plain")))
    assert either.term_frequencies("the Warranty money unknown WARRANTY") == (
        4,
        {"warranty": 1, "money": 2, "unknown": 0},
    )


def test_searching_vectors(either: Store, embedder: FakeEmbedder) -> None:
    either.add(new("aa11"))
    best, similarity = either.search_dense(embedder.embed_query(TEXT[20:44]), 1)[0]
    assert best == 2
    assert similarity == pytest.approx(1.0, abs=1e-5)
    found = either.search_dense(embedder.embed_query("fees"), 99)
    assert [score for _, score in found] == sorted((s for _, s in found), reverse=True)
    assert len(found) == 2
    assert either.search_dense(embedder.embed_query("x"), 0) == []
    assert either.search_dense(np.zeros(64, np.float32), 3) == []
    for wrong in (np.ones(8, np.float32), np.full(64, np.nan, np.float32)):
        with pytest.raises(ValueError, match="query vector"):
            either.search_dense(wrong, 3)


def test_passages(either: Store) -> None:
    record = either.add(new("aa11"))
    second, first = either.passages([2, 77, -1, 10**30, 1])
    assert (second.text, second.heading, second.document) == (TEXT[20:44], "Money", "a.txt")
    assert second.pages == (PageStart(1, 0), PageStart(2, 26))
    assert (first.start, first.end, first.pages) == (0, 25, (PageStart(1, 0),))
    assert first.document_id == record.id
    either.place([Placement(record.id, ("/b.txt",), "b.txt")])
    assert either.passages([1])[0].document == "b.txt"


def test_pages_without_text(either: Store) -> None:
    document = ParsedDocument("0123456789" * 5, (0, 10, 10, 20, 50), "text/plain")
    record = either.add(new("aa11", document=document))
    assert [either.page_text(record.id, n) for n in (2, 3, 5)] == ["", "0123456789", ""]
    first, second = either.passages([1, 2])
    assert first.pages == (PageStart(1, 0), PageStart(3, 10), PageStart(4, 20))
    assert second.pages == (PageStart(4, 20),)


def test_pages(either: Store) -> None:
    number = either.add(new("aa11")).id
    assert either.page_text(number, 1) == TEXT[:26]
    assert either.page_text(number, 2) == TEXT[26:]
    for page in (0, 3, -1, 10**30):
        with pytest.raises(UsageError, match="no page"):
            either.page_text(number, page)
    with pytest.raises(UsageError, match="no document"):
        either.page_text(99, 1)


def test_a_place_is_called_what_the_document_calls_it(either: Store) -> None:
    text = "Alpha is one.\nBeta is two.\nGamma is three.\n"
    document = ParsedDocument(
        text,
        (0, 14, 27),
        "text/plain",
        locators=(Locator(0, "page i (sheet 1)"), Locator(14, "page 1 (sheet 2)")),
        running=(RunningText(2, "head", "Terms"), RunningText(2, "foot", "Draft of May")),
        regions=(Region(14, 26, "ocr", 0.6), Region(27, 42, "ocr", 0.95)),
        notes=(Note("pages_without_text", 1, "", (3,)),),
    )
    record = either.add(new("dd01", document=document, chunks=[Chunk(0, 0, 27), Chunk(1, 27, 42)]))
    hits = either.search_text("alpha gamma", 5)
    first, second = sorted(either.passages([n for n, _ in hits]), key=lambda p: p.start)
    [alpha, beta] = first.cite(0, 26)
    assert (alpha.where, alpha.confidence) == ("page i (sheet 1)", 1.0)
    assert (beta.where, beta.confidence, beta.page) == ("page 1 (sheet 2)", 0.6, 2)
    [gamma] = second.cite(0, 5)
    assert (gamma.where, gamma.confidence) == ("page 1 (sheet 2)", 0.95)
    page = either.page(record.id, 2)
    assert (page.text, page.where) == ("Beta is two.\n", "page 1 (sheet 2)")
    assert (page.head, page.foot) == ("Terms", "Draft of May")
    assert page.regions == (Region(0, 12, "ocr", 0.6),)
    assert either.page(record.id, 1).head == ""
    assert either.notes(record.id) == document.notes
    either.forget(record.id)
    with pytest.raises(UsageError):
        either.page(record.id, 2)
