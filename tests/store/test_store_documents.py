"""Adding, listing, finding and forgetting documents in a real file."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import StoreError, UsageError
from assistant.store import SqliteStore, StoreKey, open_store, store_health
from assistant.types import Chunk, NewDocument, PageStart, ParsedDocument, Store
from tests.fakes.embedder import FakeEmbedder
from tests.store.conftest import OpenStore
from tests.store.material import bytes_on_disk, decrypted_pages, put

TEXT = "Warranty lasts two years.\nLate fees are due within thirty days.\n"


def test_fits_the_protocol(store: SqliteStore) -> None:
    kept: Store = store
    assert kept.documents() == []


def test_a_document_survives_closing(
    store: SqliteStore, embedder: FakeEmbedder, open_again: OpenStore
) -> None:
    added = put(store, embedder, TEXT, name="contract.pdf", page_starts=(0, 26))
    store.close()
    again = open_again()
    assert again.documents() == [added]
    assert again.find(added.content_hash) == added
    assert (added.pages, added.characters, added.chunks) == (2, len(TEXT), 1)
    assert again.page_text(added.id, 1) == TEXT[:26]
    assert again.page_text(added.id, 2) == TEXT[26:]


def test_adding_the_same_content_twice_gives_the_known_record(
    store: SqliteStore, embedder: FakeEmbedder
) -> None:
    first = put(store, embedder, TEXT, name="a.txt")
    second = put(store, embedder, TEXT, name="b.txt")
    assert second == first
    assert store.documents() == [first]


def test_names_are_unique(store: SqliteStore, embedder: FakeEmbedder) -> None:
    names = [put(store, embedder, f"{TEXT}{n}", name="same.txt").name for n in range(3)]
    assert names == ["same.txt", "same.txt (2)", "same.txt (3)"]


@pytest.mark.parametrize(
    "name",
    ["two\nlines.txt", "\x1b]0;title\x07.pdf", "\u202egpj.exe", "nul\0name", "", "caf\udce9.txt"],
)
def test_hostile_names_are_kept_as_data(
    store: SqliteStore, embedder: FakeEmbedder, name: str
) -> None:
    record = put(store, embedder, TEXT, name=name)
    assert store.resolve(record.name) == record
    wanted = name.replace("\udce9", "\\udce9") or "untitled"
    assert record.name == wanted


@pytest.mark.parametrize(
    "text", ["a\0b" * 3000, "\ud800lone" * 900, "\U0001f600" * 9000, "e\u0301" * 5000]
)
def test_offsets_hold_for_any_text(store: SqliteStore, embedder: FakeEmbedder, text: str) -> None:
    half = len(text) // 2
    record = put(store, embedder, text, page_starts=(0, half), size=777)
    expected = text.replace("\ud800", "\ufffd")
    assert store.page_text(record.id, 1) == expected[:half]
    assert store.page_text(record.id, 2) == expected[half:]
    passages = store.passages(list(range(1, record.chunks + 1)))
    assert "".join(p.text for p in passages) == expected
    assert all(p.text == expected[p.start : p.end] for p in passages)


def test_passages_name_the_pages_that_they_touch(
    store: SqliteStore, embedder: FakeEmbedder
) -> None:
    text = "0123456789" * 3
    put(store, embedder, text, page_starts=(0, 10, 10, 20, 30), size=15, heading="Part")
    first, second = store.passages([1, 2])
    assert first.pages == (PageStart(1, 0), PageStart(3, 10))
    assert second.pages == (PageStart(3, 10), PageStart(4, 20))
    assert [(c.page, c.text) for c in first.cite(8, 12)] == [(1, "89"), (3, "01")]
    assert first.heading == "Part"
    assert store.passages([2, 99, 1]) == [second, first]


def test_a_page_that_is_not_there(store: SqliteStore, embedder: FakeEmbedder) -> None:
    record = put(store, embedder, TEXT)
    for page in (0, -1, 2, 10**30):
        with pytest.raises(UsageError, match="no page"):
            store.page_text(record.id, page)
    for number in (99, -1, 10**30):
        with pytest.raises(UsageError, match="no document"):
            store.page_text(number, 1)


def test_resolve(store: SqliteStore, embedder: FakeEmbedder) -> None:
    with pytest.raises(UsageError, match="no documents"):
        store.resolve("x")
    lease = put(store, embedder, TEXT, name="Lease.pdf")
    letter = put(store, embedder, TEXT + "x", name="Letter.pdf")
    assert store.resolve("1") == lease
    assert store.resolve("Letter.pdf") == letter
    assert store.resolve("lea") == lease
    assert store.resolve(letter.content_hash[:8].upper()) == letter
    lesson = put(store, embedder, TEXT + "y", name="Lesson.pdf")
    leased = put(store, embedder, TEXT + "z", name="Leased.pdf")
    assert store.resolve("Lease.pdf") == lease
    with pytest.raises(UsageError) as several:
        store.resolve("lea")
    assert "1 (Lease.pdf), 4 (Leased.pdf)" in several.value.hint
    assert [store.resolve(n) for n in ("les", "leased")] == [lesson, leased]
    for unknown in ("l", "le", letter.content_hash[:3], "", "nothing", "99999999999999999999999"):
        with pytest.raises(UsageError, match="No document"):
            store.resolve(unknown)


def test_a_short_beginning_names_no_document(store: SqliteStore, embedder: FakeEmbedder) -> None:
    only = put(store, embedder, TEXT, name="Will.pdf")
    for short in ("w", "wi", only.content_hash[:2]):
        with pytest.raises(UsageError, match="No document"):
            store.resolve(short)
    assert store.resolve("wil") == only


def test_a_document_that_is_called_like_a_number(
    store: SqliteStore, embedder: FakeEmbedder
) -> None:
    first = put(store, embedder, TEXT, name="2")
    second = put(store, embedder, TEXT + "x", name="x")
    assert [store.resolve(n) for n in ("1", "2", "x")] == [first, second, second]


def test_a_name_can_not_fake_a_line(store: SqliteStore, embedder: FakeEmbedder) -> None:
    name = "note\n9 (all is well).\x1b[2J\u202e\r\u2028.pdf"
    record = put(store, embedder, TEXT, name=name)
    put(store, embedder, TEXT + "x", name=f"{name}2")
    attempts = (
        lambda: store.resolve("absent"),
        lambda: store.resolve("not"),
        lambda: store.resolve("no\nsuch \x1b \udce9"),
        lambda: store.page_text(record.id, 99),
    )
    for attempt in attempts:
        with pytest.raises(UsageError) as caught:
            attempt()
        told = caught.value.message + caught.value.hint
        assert told.isprintable(), repr(told)


def test_replacing_a_source(store: SqliteStore, embedder: FakeEmbedder) -> None:
    old = put(store, embedder, "The old obligation.", name="a.txt", source="/a.txt")
    other = put(store, embedder, "Another matter.", name="b.txt")
    new = put(store, embedder, "The new obligation.", name="a.txt", source="/a.txt")
    assert store.documents() == [other, new]
    assert new.name == "a.txt"
    assert new.id != old.id
    assert store.search_text("old", 5) == []


def test_what_does_not_fit_together_is_refused(store: SqliteStore, embedder: FakeEmbedder) -> None:
    good = embedder.embed_documents(["x"])
    right = NewDocument(
        "n", ("s",), "h", ParsedDocument(TEXT, (0,), "text/plain"), [Chunk(0, 0, 3)], good
    )
    with pytest.raises(ValueError, match="from somewhere"):
        store.add(replace(right, sources=()))
    with pytest.raises(ValueError, match="span"):
        store.add(replace(right, chunks=[Chunk(0, 0, len(TEXT) + 1)]))
    with pytest.raises(ValueError, match="one vector"):
        store.add(replace(right, chunks=[]))
    with pytest.raises(ValueError, match="64 numbers"):
        store.add(replace(right, vectors=good[:, :8]))
    for spoiled in (good * np.float32("nan"), good * 0):
        with pytest.raises(StoreError, match="can't be searched"):
            store.add(replace(right, vectors=spoiled))
    assert store.documents() == []


def test_a_document_without_chunks(store: SqliteStore, embedder: FakeEmbedder) -> None:
    record = put(store, embedder, "")
    assert record.chunks == 0
    assert store.forget(record.id) == record


def test_many_threads_on_one_store(store: SqliteStore, embedder: FakeEmbedder) -> None:
    failures: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            for n in range(8):
                record = put(store, embedder, f"worker {worker} wrote number{n}", name="w.txt")
                assert store.find(record.content_hash) == record
                assert store.search_text(f"number{n}", 5)
                if n % 3 == 0:
                    store.forget(record.id)
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(store.documents()) == 6 * 5
    assert len({d.name for d in store.documents()}) == 6 * 5


def test_a_closed_store_says_so(store: SqliteStore) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreError, match="was closed"):
        store.documents()


def test_no_plain_text_on_disk(
    store: SqliteStore, embedder: FakeEmbedder, store_path: Path
) -> None:
    secret = "pheochromocytoma"
    put(store, embedder, f"Patient has {secret}. " * 300, name=f"{secret}.txt")
    while_open = bytes_on_disk(store_path.parent)
    assert {"library.db", "library.db-wal", "library.db-shm"} <= while_open.keys()
    assert len(while_open["library.db-wal"]) > 10_000
    store.close()
    after = bytes_on_disk(store_path.parent)
    assert after.keys() == {"library.db"}
    for content in (*while_open.values(), *after.values()):
        assert secret.encode() not in content
        assert b"CREATE TABLE" not in content
        assert not content.startswith(b"SQLite format 3\0")


def test_forgetting_leaves_no_trace_even_on_decrypted_pages(
    store: SqliteStore, embedder: FakeEmbedder, store_path: Path, key: StoreKey
) -> None:
    filler = "The supplier delivers goods under the terms of this agreement. "
    vocabulary = [f"xqmark{n:04d}z" for n in range(400)]
    marked = " ".join(f"{word} {filler}" for word in vocabulary)
    for n in range(6):
        put(store, embedder, f"{filler}{n} " * 120, name=f"before{n}.txt")
    record = put(store, embedder, marked, name="xqmark.txt", heading="xqmark heading", size=300)
    vectors = embedder.embed_documents([marked[:300]])
    bits = np.packbits(vectors[0] > 0, bitorder="little").tobytes()
    for n in range(6):
        put(store, embedder, f"{filler} after {n} " * 120, name=f"after{n}.txt")

    traces = [b"xqmark", b"mark0", record.content_hash.encode(), vectors[0].tobytes(), bits]
    store.close()
    before = decrypted_pages(store_path, key)
    assert all(trace in before for trace in traces)  # the test can see them

    with open_store(store_path, key, create=False, embedder=None) as again:
        assert again.forget(record.id) == record
        log = bytes_on_disk(store_path.parent)["library.db-wal"]
        assert log == b""
    after = decrypted_pages(store_path, key)
    assert {trace: after.count(trace) for trace in traces} == dict.fromkeys(traces, 0)
    assert store_health(store_path, key).ok


def test_forgotten_ids_are_never_used_again(store: SqliteStore, embedder: FakeEmbedder) -> None:
    first = put(store, embedder, TEXT)
    ((chunk_id, _),) = store.search_text("warranty", 5)
    store.forget(first.id)
    second = put(store, embedder, TEXT)
    assert second.id != first.id
    assert store.passages([chunk_id]) == []
    with pytest.raises(UsageError):
        store.forget(first.id)
    assert replace(second, id=first.id, added_at=first.added_at) == first
