"""Tags, dates and filters: what is narrowed down is searched whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.errors import UsageError
from assistant.retrieval import Retriever
from assistant.store import SqliteStore, StoreKey, open_store
from assistant.store.document_labels import document_date
from assistant.tabular.scope import fitting
from assistant.types import DocumentFilter, Labels, Store
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.store import FakeStore
from tests.store.material import put

EMBEDDER = FakeEmbedder(dimension=64)


def real(folder: Path) -> SqliteStore:
    path = folder / "library.db"
    return open_store(path, StoreKey(bytes(range(32))), create=True, embedder=EMBEDDER.identity)


@pytest.fixture(params=["fake", "real"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "fake":
        yield FakeStore(EMBEDDER.identity)
        return
    with real(tmp_path) as opened:
        yield opened


def test_a_narrow_filter_still_fills_its_hits(store: Store) -> None:
    """All chunks nearest to the question lie in other documents."""
    for number in range(40):
        put(store, EMBEDDER, f"warranty warranty pump {number} " * 60, name=f"{number}.txt")
    wanted = put(
        store, EMBEDDER, "warranty of the garden gate and its many other parts. " * 60, name="w.txt"
    )
    vector = EMBEDDER.embed_query("warranty pump")
    everywhere = {hit for hit, _ in store.search_dense(vector, 8)}
    own = {n for n, _ in store.search_dense(vector, 10**6, {wanted.id})}
    assert len(own) == wanted.chunks >= 8
    assert everywhere & own == set()
    assert {n for n, _ in store.search_dense(vector, 8, {wanted.id})} <= own
    assert len(store.search_dense(vector, 8, {wanted.id})) == 8
    assert len(store.search_text("warranty pump", 8, {wanted.id})) == 8
    assert {n for n, _ in store.search_text("warranty", 10**6, {wanted.id})} <= own
    assert store.search_dense(vector, 8, set()) == store.search_text("pump", 8, set()) == []
    found = Retriever(store, EMBEDDER, documents={wanted.id}).search("warranty pump", 8)
    assert [hit.passage.document_id for hit in found.hits] == [wanted.id] * 8


def test_a_filter_changes_no_score_and_no_order(tmp_path: Path) -> None:
    with real(tmp_path) as store:
        for number in range(30):
            put(store, EMBEDDER, f"clause {number} of warranty part{number % 7} " * 20)
        vector = EMBEDDER.embed_query("warranty clause")
        chosen = {3, 9, 27}
        for search in (
            lambda k, documents=None: store.search_dense(vector, k, documents),
            lambda k, documents=None: store.search_text("warranty part3", k, documents),
        ):
            whole = search(10**6)
            inside = {p.chunk_id for p in store.passages([n for n, _ in whole])
                      if p.document_id in chosen}  # fmt: skip
            assert search(10**6, chosen) == [hit for hit in whole if hit[0] in inside]


def test_tags_are_kept_and_go_with_the_document(store: Store) -> None:
    first = put(store, EMBEDDER, "One.", source="/papers/a.txt")
    assert first.tags == ()
    store.describe(first.id, Labels(add=["signed", "2025", "signed"]))
    assert store.describe(first.id, Labels(remove=["2025", "absent"], dated="2025-03-31")).tags == (
        "signed",
    )
    [listed] = store.documents()
    assert (listed.tags, listed.dated) == (("signed",), "2025-03-31")
    newer = put(store, EMBEDDER, "Two.", source="/papers/a.txt")
    assert store.documents() == [newer]
    assert newer.tags == ("signed",)  # a newer version keeps them
    store.forget(newer.id)
    assert put(store, EMBEDDER, "Two.", source="/papers/a.txt").tags == ()
    with pytest.raises(UsageError):
        store.describe(99, Labels(add=["x"]))


@pytest.mark.parametrize(
    ("name", "text", "day"),
    [
        ("a.txt", "This Agreement is made on 3 May 2024 between", "2024-05-03"),
        ("2025-03-31 minutes.txt", "Held on 1 April 2025.", "2025-03-31"),
        ("minutes_2025-03-31.txt", "", "2025-03-31"),
        ("a.txt", "Berlin, den 7. Mai 2023", "2023-05-07"),
        ("a.txt", "On 5/3/2020 or rather 2020-03-07.", "2020-03-07"),  # 5/3: nobody can tell
        ("a.txt", "31 April 2024, then 30 April 2024", "2024-04-30"),
        ("a.txt", "In May 2024. The year 2023. Clause 1.2.20.", ""),
        ("a.txt", "x" * 4000 + " 3 May 2024", ""),
        ("1066-10-14.txt", "Founded 14 October 1066.", ""),
    ],
)
def test_the_date_of_a_document(name: str, text: str, day: str) -> None:
    assert document_date(name, text) == day


def test_filters_choose_documents(store: Store) -> None:
    sources = ("contracts/2025/a.txt", "contracts/2024/b.txt", "letters/c.txt")
    texts = ("Dated 3 May 2025.", "Dated 30 June 2024.", "No date at all.")
    for source, text in zip(sources, texts, strict=True):
        put(store, EMBEDDER, text, name=source, source=f"/papers/{source}")
    store.describe(1, Labels(add=["signed"]))
    store.describe(2, Labels(add=["signed", "old"]))
    records = store.documents()

    def chosen(**said: object) -> list[int]:
        return [r.id for r in fitting(records, DocumentFilter(**said))]  # type: ignore[arg-type]

    assert chosen() == [1, 2, 3]
    assert chosen(documents=("contracts/2025",)) == [1]
    assert chosen(documents=("/papers/contracts",)) == [1, 2]
    assert chosen(tags=("signed",)) == [1, 2]
    assert chosen(tags=("signed", "old")) == [2]
    assert chosen(since="2025") == [1]
    assert chosen(until="2024-06") == chosen(until="2024-06-30") == chosen(until="2024") == [2]
    assert chosen(since="2024-06-30", until="2025-05") == [1, 2]
    assert chosen(types=("TXT",)) == [1, 2, 3]
    assert chosen(types=(".plain", "pdf")) == [1, 2, 3]
    for nothing in ({"tags": ("x",)}, {"types": ("pdf",)}, {"since": "2026"}, {"until": "2023"}):
        with pytest.raises(UsageError):
            chosen(**nothing)
