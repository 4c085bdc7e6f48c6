"""Feedback in a real store: places are checked, texts are read, forgetting takes it along."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import UsageError
from assistant.store import SqliteStore, StoreKey, open_store, store_health, write_copy
from assistant.types import Citation, Correction, DocumentRecord, Feedback, ShownPassage
from tests.fakes.embedder import FakeEmbedder
from tests.store.conftest import OpenStore
from tests.store.fixtures import make_store_0003 as third
from tests.store.material import bytes_on_disk, decrypted_pages, put

FIRST = "The warranty lasts 24 months. "
SECOND = "Fees are due within thirty days."
PAGES = (0, len(FIRST))


@pytest.fixture
def document(store: SqliteStore, embedder: FakeEmbedder) -> DocumentRecord:
    return put(store, embedder, FIRST + SECOND, name="contract.txt", page_starts=PAGES)


def cite(record: DocumentRecord, page: int, start: int, text: str) -> Citation:
    return Citation(record.id, record.name, page, start, start + len(text), text)


def shown(record: DocumentRecord, start: int = 0, end: int = 62) -> ShownPassage:
    return ShownPassage(record.id, record.name, 1, start, end, "what the front end knew")


def about(record: DocumentRecord, **changes: object) -> Feedback:
    given = Feedback(
        question="How long is the warranty?",
        verdict="right",
        answer='"24 months"',
        quotes=(cite(record, 1, 19, "24 months"),),
        shown=(shown(record),),
        model="small",
        model_sha256="ab" * 32,
        base="smaller",
        prompt_version=3,
        strategy="together",
    )
    return replace(given, **changes)  # type: ignore[arg-type]


def test_what_was_given_is_kept_and_its_texts_are_the_librarys(
    store: SqliteStore, document: DocumentRecord, open_again: OpenStore
) -> None:
    correction = Correction("thirty days", (cite(document, 2, 20, "thirty days"),))
    given = about(document, verdict="wrong", correction=correction)
    kept = store.feedback.add(given)
    assert (kept.id, kept.at[:2]) == (1, "20")
    assert kept.shown[0].text == FIRST + SECOND
    stored = replace(kept, id=0, at="", shown=given.shown)
    assert stored == given
    assert open_again().feedback.every() == [kept]
    assert open_again().feedback.get(1) == kept


@pytest.mark.parametrize(
    "change",
    [
        {"start": 18},
        {"end": 27},
        {"page": 2},
        {"page": 2**70},
        {"page": 0},
        {"start": -9},
        {"text": "36 months"},
        {"text": "", "end": 19},
        {"document_id": 7},
        {"document_id": 2**70},
        {"document": "another.txt"},
        {"end": 2**70, "text": "24 months. x"},
        {"end": 99, "text": "24 months. "},
    ],
)
def test_a_quote_that_stands_elsewhere_is_refused_whole(
    store: SqliteStore, document: DocumentRecord, change: dict[str, object]
) -> None:
    bad = replace(cite(document, 1, 19, "24 months"), **change)  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        store.feedback.add(about(document, quotes=(bad,)))
    with pytest.raises(UsageError):
        store.feedback.add(about(document, verdict="wrong", correction=Correction("", (bad,))))
    assert store.feedback.every() == []


@pytest.mark.parametrize("span", [(0, 63), (5, 5), (-1, 4), (0, 2**70)])
def test_a_passage_outside_the_document_is_refused(
    store: SqliteStore, document: DocumentRecord, span: tuple[int, int]
) -> None:
    with pytest.raises(UsageError):
        store.feedback.add(about(document, shown=(shown(document, *span),)))


def test_numbers_are_never_used_again_and_exports_are_noted(
    store: SqliteStore, document: DocumentRecord
) -> None:
    store.feedback.add(about(document))
    second = store.feedback.add(about(document, verdict="wrong"))
    store.feedback.note_exported([second.id], "training")
    store.feedback.note_exported([second.id], "suite")
    store.feedback.note_exported([second.id], "suite")
    assert [entry.exported for entry in store.feedback.every()] == [(), ("suite", "training")]
    assert store.feedback.remove(second.id).verdict == "wrong"
    assert store.feedback.add(about(document)).id == 3
    with pytest.raises(UsageError, match="number 2"):
        store.feedback.remove(2)
    with pytest.raises(UsageError):
        store.feedback.get(2**70)


def test_forgetting_a_document_takes_along_what_speaks_of_it(
    store: SqliteStore, document: DocumentRecord, embedder: FakeEmbedder
) -> None:
    other = put(store, embedder, "Pumps are checked daily.", name="guide.txt")
    place = cite(other, 1, 0, "Pumps")
    quoting = store.feedback.add(about(document))
    corrected = store.feedback.add(
        about(other, quotes=(place,), shown=(), verdict="wrong-source",
              correction=Correction("", (cite(document, 1, 19, "24 months"),)))
    )  # fmt: skip
    loose = store.feedback.add(
        about(document, quotes=(), verdict="wrong", correction=Correction("two years"))
    )
    beside = store.feedback.add(
        about(document, quotes=(place,), shown=(shown(document), shown(other, 0, 24)))
    )
    apart = store.feedback.add(about(other, quotes=(place,), shown=()))
    store.forget(document.id)
    left = store.feedback.every()
    assert {quoting.id, corrected.id, loose.id}.isdisjoint(entry.id for entry in left)
    assert left[0] == replace(beside, answer="", shown=beside.shown[1:])
    assert left[1:] == [apart]
    store.forget(other.id)
    assert store.feedback.every() == []


def test_a_newer_version_of_a_file_keeps_what_it_still_says(
    store: SqliteStore, embedder: FakeEmbedder
) -> None:
    def version(text: str, starts: tuple[int, ...] = (0,)) -> DocumentRecord:
        return put(store, embedder, text, name="a.txt", source="/a.txt", page_starts=starts)

    old = version(FIRST + SECOND, PAGES)
    other = put(store, embedder, "Pumps are checked daily.", name="guide.txt")
    place = cite(old, 2, 20, "thirty days")
    right = store.feedback.add(about(old, shown=(shown(old), shown(other, 0, 24))))
    placed = Correction("a month", (place,))
    store.feedback.add(about(old, shown=(), verdict="wrong", correction=placed))
    none = Correction(unanswerable=True)
    store.feedback.add(about(old, shown=(), verdict="wrong", correction=none))
    store.feedback.add(about(old, shown=(), verdict="wrong", correction=Correction("ten")))
    store.feedback.note_exported([right.id], "suite")
    before = store.feedback.every()

    new = version(f"New. {SECOND} {FIRST}", (0, 5))
    kept = store.feedback.every()
    assert [(e.id, e.at, e.exported) for e in kept] == [
        (e.id, e.at, e.exported) for e in before[:3]
    ]
    assert {e.answer for e in kept} == {""}
    quote = cite(new, 2, len(SECOND) + 20, "24 months")
    assert kept[0].quotes == (quote,)
    assert [p.document for p in kept[0].shown] == ["guide.txt"]
    moved = cite(new, 2, 20, "thirty days")
    assert kept[1].correction == Correction("a month", (moved,))
    assert kept[2].correction == none

    version("The warranty lasts 36 months. Fees are due within thirty days.", (0, 58))
    left = store.feedback.every()  # "thirty days" goes over a page break now
    assert [e.id for e in left] == [3]
    assert left[0].quotes == ()
    version(f"{FIRST}{FIRST}")
    assert store.feedback.add(about(other, quotes=(), shown=())).id == 5


def test_words_that_stand_twice_in_a_newer_version_are_not_carried_over(
    store: SqliteStore, embedder: FakeEmbedder
) -> None:
    old = put(store, embedder, FIRST, name="a.txt", source="/a.txt")
    store.feedback.add(about(old, shown=()))
    put(store, embedder, FIRST * 2, name="a.txt", source="/a.txt")
    assert store.feedback.every() == []


def test_forgetting_leaves_no_canary_of_feedback_on_decrypted_pages(
    store: SqliteStore, embedder: FakeEmbedder, store_path: Path, key: StoreKey
) -> None:
    marks = [b"zqquestion", b"zqanswer", b"zqwords", b"zqdocument", b"zqmodel"]
    text = "The zqdocument lasts long. " * 40
    record = put(store, embedder, text, name="zqdocument.txt")
    other = put(store, embedder, FIRST * 30, name="other.txt")
    for number in range(60):
        store.feedback.add(
            about(
                record,
                question=f"zqquestion {number}? " * 9,
                answer="zqanswer " * 30,
                verdict="wrong",
                quotes=(cite(record, 1, 4, "zqdocument"),),
                shown=(shown(record), shown(other)),
                correction=Correction("zqwords " * 20, (cite(record, 1, 4, "zqdocument"),)),
                model="zqmodel",
            )
        )
        store.feedback.add(about(other, quotes=(), shown=(shown(record),), answer="zqanswer"))
    removed = store.feedback.add(about(other, question="zqremoved?", quotes=(), shown=()))
    store.close()
    before = decrypted_pages(store_path, key)
    assert all(mark in before for mark in (*marks, b"zqremoved"))  # the test can see them

    with open_store(store_path, key, create=False, embedder=None) as again:
        again.feedback.remove(removed.id)
        again.forget(record.id)
        assert bytes_on_disk(store_path.parent)["library.db-wal"] == b""
        assert len(again.feedback.every()) == 60
    after = decrypted_pages(store_path, key)
    assert {mark: after.count(mark) for mark in (*marks, b"zqremoved")} == dict.fromkeys(
        (*marks, b"zqremoved"), 0
    )
    assert store_health(store_path, key).ok


def test_a_copy_under_another_key_has_the_feedback(
    store: SqliteStore, document: DocumentRecord, store_path: Path, key: StoreKey, tmp_path: Path
) -> None:
    kept = store.feedback.add(about(document))
    store.close()
    new = StoreKey(bytes(range(1, 33)))
    write_copy(store_path, key, tmp_path / "copy.db", new)
    with open_store(tmp_path / "copy.db", new, create=False, embedder=None) as copy:
        assert copy.feedback.every() == [kept]


def test_a_store_from_before_feedback_takes_it(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    shutil.copyfile(third.PATH, path)
    assert store_health(path, third.KEY).schema == "0003_audit"
    assert "0004_feedback" in store_health(path, third.KEY).pending
    with open_store(path, third.KEY, create=False, embedder=third.EMBEDDER) as store:
        (record,) = store.documents()
        assert store.feedback.every() == []
        quote = cite(record, 1, 19, "two years")
        kept = store.feedback.add(about(record, quotes=(quote,), shown=()))
        assert kept.quotes == (quote,)
        store.forget(record.id)
        assert store.feedback.every() == []
    assert store_health(path, third.KEY).ok
