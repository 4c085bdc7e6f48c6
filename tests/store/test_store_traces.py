"""A document is forgotten before witnesses: rows, decrypted pages, files; 1,000 markers."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.prove.forgetting import forget_before_witnesses, markers_of
from assistant.store import SqliteStore
from assistant.store.store_traces import StoreTraces
from assistant.types import Chunk, ParsedDocument
from tests.fakes.embedder import FakeEmbedder
from tests.store.test_store_contract import new

WORDS = [f"w{n:x}" for n in range(5_000)]


def prose(seed: int, words: int = 600) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=words)) + "\n"


def added(store: SqliteStore, seed: int, text: str) -> int:
    embedder = FakeEmbedder(dimension=64, token_limit=100_000)
    made = replace(
        new(f"{seed:04x}", name=f"{seed}.txt"),
        document=ParsedDocument(text, (0,), "text/plain", "A title"),
        chunks=[Chunk(0, 0, len(text), "")],
        vectors=embedder.embed_documents([text]),
    )
    return store.add(made).id


def forgotten(
    store: SqliteStore, number: int, folder: Path, *, keeps: bool = False
) -> dict[str, object]:
    record = store.get(number)

    def forget() -> dict[str, int]:
        if not keeps:
            store.forget(number)
        return {"conversations_deleted": 0}

    found = forget_before_witnesses(
        record,
        store.document_passages(number),
        StoreTraces(store.pool),
        forget,
        ["a table"],
        lambda: sorted(folder.rglob("*")),
    )
    assert found.record == record
    return found.report


def test_nothing_is_left_of_a_thousand_markers(store: SqliteStore, tmp_path: Path) -> None:
    numbers = [added(store, seed, prose(seed)) for seed in range(20)]
    folder, markers = store.path.parent, 0
    for number in numbers:
        report = forgotten(store, number, folder)
        assert report["passed"], report["problems"]
        assert report["markers_before"] == report["markers"]
        assert sum(report["rows_before"].values()) > 3  # type: ignore[attr-defined]
        assert not any(report["rows_after"].values())  # type: ignore[attr-defined]
        markers += int(report["markers"])  # type: ignore[call-overload]
        assert report["not_purged"] == ["a table"]
    assert markers >= 1_000


def test_what_another_document_says_too_is_no_trace(store: SqliteStore, tmp_path: Path) -> None:
    text = prose(1)
    first, _ = added(store, 1, text), added(store, 2, f"{prose(2)}{text}")
    report = forgotten(store, first, store.path.parent)
    assert report["passed"]
    # One may fall between two of the blocks in which the other's text is kept.
    assert report["markers_of_other_documents"] >= report["markers"] - 1  # type: ignore[operator]


def test_what_is_left_fails_the_certificate(store: SqliteStore, tmp_path: Path) -> None:
    text = prose(3)
    number = added(store, 3, text)
    (store.path.parent / "notes.txt").write_text(text, encoding="utf-16-le")
    report = forgotten(store, number, store.path.parent, keeps=True)
    assert not report["passed"]
    said = " ".join(report["problems"])  # type: ignore[arg-type]
    assert "documents: 1 rows are left" in said
    assert "markers are still in the library" in said
    assert "hold a marker in the clear" in said


def test_a_certificate_holds_no_word_of_the_document(store: SqliteStore, tmp_path: Path) -> None:
    text = prose(4)
    number = added(store, 4, text)
    said = str(forgotten(store, number, store.path.parent))
    assert not any(word in said for word in text.split() if len(word) > 4)
    assert "4.txt" not in said


@pytest.mark.parametrize("text", ["", "x\n", "short text\n", "a\n" * 500])
def test_a_short_text_has_few_markers(text: str) -> None:
    from tests.fakes.passages import make_hits

    passages = [hit.passage for hit in make_hits(text)] if text else []
    assert len(markers_of(passages)) <= 1
