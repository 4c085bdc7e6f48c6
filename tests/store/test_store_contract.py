"""The fake that other tests use behaves as the real store does: the same tests for both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assistant.errors import StoreError, UsageError
from assistant.store import SqliteStore
from assistant.types import (
    Chunk,
    NewDocument,
    ParsedDocument,
    Placement,
    Store,
)
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.store import FakeStore

TEXT = "Warranty lasts two years.\nLate fees are due.\n"


@pytest.fixture(params=["real", "fake"])
def either(request: pytest.FixtureRequest, embedder: FakeEmbedder) -> Store:
    if request.param == "fake":
        return FakeStore(embedder.identity)
    real: SqliteStore = request.getfixturevalue("store")
    return real


def new(content_hash: str, *sources: str, **changes: object) -> NewDocument:
    """A document of two chunks on two pages, from a path of its own unless `sources` say."""
    chunks = [Chunk(0, 0, 25, "Goods"), Chunk(1, 20, 44, "Money")]
    embedder = FakeEmbedder(dimension=64, token_limit=100_000)
    made = NewDocument(
        name="a.txt",
        sources=sources or (f"/papers/{content_hash}.txt",),
        content_hash=content_hash,
        document=ParsedDocument(TEXT, (0, 26), "text/plain", "A title"),
        chunks=chunks,
        vectors=embedder.embed_documents([TEXT[c.start : c.end] for c in chunks]),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


# -- what is attached --------------------------------------------------------------------------


def test_what_is_attached_goes_with_what_it_is_attached_to(either: Store) -> None:
    for name in ("a.pdf", "b.eml", "b.eml/c.pdf"):
        either.add(new(f"{name}0".replace("/", "-"), f"/m.eml/{name}"))
    either.place([Placement(either.sources()["/m.eml/a.pdf"], ("/m.eml/a.pdf", "/a.pdf"))])
    either.add(new("00ff", "/m.eml.txt"))
    attached = ("/m.eml/a.pdf", "/m.eml/b.eml")
    either.add(new("aa11", "/m.eml", attached=attached))
    assert len(either.documents()) == 5
    either.add(new("bb22", "/m.eml", attached=attached[1:]))
    left = {"/a.pdf", "/m.eml", "/m.eml.txt", "/m.eml/b.eml", "/m.eml/b.eml/c.pdf"}
    assert set(either.sources()) == left
    either.forget(either.sources()["/m.eml"])
    assert set(either.sources()) == {"/a.pdf", "/m.eml.txt"}
    assert len(either.documents()) == 2


# -- adding and finding ----------------------------------------------------------------------


def test_what_is_added_is_found(either: Store) -> None:
    assert either.documents() == []
    record = either.add(new("aa11", "/papers/a.txt"))
    assert (record.name, record.source, record.title) == ("a.txt", "/papers/a.txt", "A title")
    assert (record.pages, record.characters, record.chunks) == (2, len(TEXT), 2)
    assert (record.media_type, record.content_hash) == ("text/plain", "aa11")
    assert either.find("aa11") == record
    assert either.find("cc33") is None
    assert either.documents() == [record]


def test_it_is_empty_until_something_is_added_and_when_all_is_forgotten(either: Store) -> None:
    assert either.is_empty
    added = either.add(new("aa11"))
    assert not either.is_empty
    either.forget(added.id)
    assert either.is_empty


def test_content_is_there_once(either: Store) -> None:
    first = either.add(new("aa11", "/a.txt"))
    again = either.add(new("aa11", "/b.txt", name="b.txt"))
    assert again == first
    assert either.documents() == [first]
    assert either.sources() == {"/a.txt": first.id, "/b.txt": first.id}


def test_names_are_unique_and_hostile_ones_are_kept_as_data(either: Store) -> None:
    names = ["a.txt", "a.txt", "a.txt", "", "caf\udce9", "two\nlines"]
    kept = [either.add(new(f"{n:04d}", name=name)).name for n, name in enumerate(names)]
    assert kept == ["a.txt", "a.txt (2)", "a.txt (3)", "untitled", "caf\\udce9", "two\nlines"]
    assert [d.name for d in either.documents()] == kept


def test_what_does_not_fit_together_is_refused(either: Store) -> None:
    right = new("aa11")
    for wrong in (
        {"sources": ()},
        {"chunks": [Chunk(0, 0, len(TEXT) + 1), Chunk(1, 0, 1)]},
        {"chunks": []},
        {"vectors": right.vectors[:, :8]},
    ):
        with pytest.raises(ValueError, match=r".+"):
            either.add(replace(right, **wrong))  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="can't be searched"):
        either.add(replace(right, vectors=right.vectors * 0))
    assert either.documents() == []


def test_half_characters_become_one_that_can_be_stored(either: Store) -> None:
    document = ParsedDocument("\ud800" + TEXT[1:], (0,), "text/plain", "caf\udce9")
    record = either.add(new("aa11", document=document))
    assert record.title == "caf\\udce9"
    assert either.page_text(record.id, 1) == "\ufffd" + TEXT[1:]


def test_resolving(either: Store) -> None:
    with pytest.raises(UsageError, match="no documents"):
        either.resolve("x")
    first = either.add(new("aa11bb", name="Lease.pdf"))
    second = either.add(new("bb22cc", name="Leased.pdf"))
    third = either.add(new("cc33dd", name="1"))
    assert either.resolve("1") == first
    assert either.resolve("3") == third
    assert either.resolve("Lease.pdf") == first
    assert either.resolve("LEASED") == second
    assert either.resolve("bb22") == second
    for reference in ("zzz", "", "bb2", "le", "9" * 30):
        with pytest.raises(UsageError, match="No document"):
            either.resolve(reference)
    with pytest.raises(UsageError, match="fits 2 documents"):
        either.resolve("lea")


# -- where documents lie ---------------------------------------------------------------------


def test_a_path_holds_one_document(either: Store) -> None:
    either.add(new("aa11", "/a.txt"))
    record = either.add(new("bb22", "/a.txt"))
    assert either.documents() == [record]
    assert record.name == "a.txt"
    assert either.sources() == {"/a.txt": record.id}


def test_a_document_stays_while_one_path_holds_it(either: Store) -> None:
    first = either.add(new("aa11", "/a.txt", "/b.txt"))
    second = either.add(new("bb22", "/a.txt", name="b.txt"))
    kept = either.documents()[0]
    assert kept == replace(first, source="/b.txt")
    assert either.sources() == {"/b.txt": first.id, "/a.txt": second.id}
    third = either.add(new("cc33", "/b.txt", "/c.txt", name="c.txt"))
    assert either.documents() == [second, third]


def test_known_content_takes_a_path_over(either: Store) -> None:
    either.add(new("aa11", "/a.txt"))
    second = either.add(new("bb22", "/b.txt"))
    assert either.add(new("bb22", "/a.txt")) == second
    assert either.documents() == [second]
    assert either.sources() == {"/b.txt": second.id, "/a.txt": second.id}


def test_one_document_takes_the_place_of_several(either: Store) -> None:
    for number in (1, 2, 3):
        either.add(new(f"aa{number}", f"/{number}.txt"))
    either.add(new("bb22", "/1.txt", "/2.txt", name="b.txt"))
    assert [d.name for d in either.documents()] == ["a.txt (3)", "b.txt"]


def test_placing(either: Store) -> None:
    a = either.add(new("aa11", "/a.txt", name="a.txt"))
    b = either.add(new("bb22", "/b.txt", name="b.txt"))
    c = either.add(new("cc33", "/c.txt", "/d.txt", name="c.txt"))
    either.place(
        [
            Placement(a.id, ("/b.txt", "/x.txt"), "b.txt"),
            Placement(b.id, ("/a.txt",), "a.txt"),
            Placement(c.id, ("/d.txt", "/c.txt")),
            Placement(99, ("/y.txt",), "gone.txt"),
        ]
    )
    assert [(d.name, d.source) for d in either.documents()] == [
        ("b.txt", "/b.txt"),
        ("a.txt", "/a.txt"),
        ("c.txt", "/d.txt"),
    ]
    assert either.sources() == {
        "/b.txt": a.id,
        "/x.txt": a.id,
        "/a.txt": b.id,
        "/d.txt": c.id,
        "/c.txt": c.id,
    }
    either.place([Placement(b.id, ("/e.txt",), "c.txt")])
    assert either.documents()[1].name == "c.txt (2)"


def test_paths_that_are_no_text(either: Store) -> None:
    record = either.add(new("aa11", "/caf\udce9.txt"))
    assert record.source == "/caf\\udce9.txt"
    assert either.add(new("bb22", "/caf\udce9.txt")).source == "/caf\\udce9.txt"
    assert len(either.documents()) == 1


# -- pages, forgetting, closing --------------------------------------------------------------


def test_forgetting(either: Store, embedder: FakeEmbedder) -> None:
    record = either.add(new("aa11", "/a.txt", "/b.txt"))
    assert either.forget(record.id) == record
    assert either.documents() == []
    assert either.sources() == {}
    assert either.find("aa11") is None
    assert either.passages([1, 2]) == []
    assert either.search_text("warranty", 5) == []
    assert either.search_dense(embedder.embed_query("x"), 5) == []
    assert either.term_frequencies("warranty") == (0, {"warranty": 0})
    for number in (record.id, -1, 10**30):
        with pytest.raises(UsageError, match="no document"):
            either.forget(number)
    assert either.add(new("aa11")).id != record.id
    assert either.passages([1, 2]) == []


def test_a_closed_store_says_so(either: Store) -> None:
    either.close()  # type: ignore[attr-defined]
    either.close()  # type: ignore[attr-defined]
    for attempt in (
        either.documents,
        either.sources,
        lambda: either.find("aa11"),
        lambda: either.add(new("aa11")),
        lambda: either.place([]),
        lambda: either.forget(1),
        lambda: either.page_text(1, 1),
        lambda: either.passages([1]),
        lambda: either.search_text("warranty", 1),
        lambda: either.term_frequencies("warranty"),
        lambda: either.search_dense(np.ones(64, np.float32) / 8, 1),
    ):
        with pytest.raises(StoreError, match="was closed"):
            attempt()
