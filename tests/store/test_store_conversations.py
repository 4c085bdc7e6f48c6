"""Conversations in a real store: kept, found, gone with their documents, deleted for good."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.errors import UsageError
from assistant.store import SqliteStore, StoreKey
from assistant.store.conversation_rows import ConversationRows
from assistant.types import Answer, Citation, DocumentRecord, Hit, Scores, Sentence, Timings
from tests.fakes.embedder import FakeEmbedder
from tests.store.material import decrypted_pages, put

QUESTION = "Which zqask applies?"


def answered(store: SqliteStore, record: DocumentRecord, *, origin: str = "extract") -> Answer:
    quote = Citation(record.id, record.name, 1, 0, 9, "The zqlaw")
    said = Sentence("zqsaid The zqlaw", True, (quote,), origin)  # type: ignore[arg-type]
    shown = [p for r in store.documents() for p in store.document_passages(r.id)]
    hits = tuple(Hit(passage, Scores(0.5, dense=0.4)) for passage in shown)
    times = Timings(1.0, 1.0, None, 2.0)
    return Answer(QUESTION, said.text, False, (said,), hits, 0.9, times, "model", short=quote)


@pytest.fixture
def law(store: SqliteStore, embedder: FakeEmbedder) -> DocumentRecord:
    return put(store, embedder, "The zqlaw of Ostravia governs. " * 20, name="a.txt")


@pytest.fixture
def other(store: SqliteStore, embedder: FakeEmbedder) -> DocumentRecord:
    return put(store, embedder, "Something else is said here.", name="b.txt")


def test_a_conversation_is_found_as_it_was_kept_and_goes_on(
    store: SqliteStore, law: DocumentRecord
) -> None:
    rows, answer = ConversationRows(store.pool), answered(store, law)
    record = rows.keep(answer)
    assert (record.name, record.turns) == (QUESTION, 1)
    second = replace(answer, question="And zqthen?")
    assert rows.keep(second, record.id).turns == 2
    assert [turn.answer for turn in rows.load(record.id).turns] == [answer, second]
    assert [r.id for r in rows.find("ZQSAID zqthen")] == [record.id]
    assert rows.find("zqnowhere") == []
    assert rows.rename(record.id, "  Ostravian\nlaw ").name == "Ostravian law"
    for number in (0, 99, 2**70):
        with pytest.raises(UsageError, match="no conversation number"):
            rows.load(number)


@pytest.mark.parametrize("origin", ["extract", "model"])
def test_an_answer_goes_with_the_documents_that_its_words_may_come_from(
    store: SqliteStore, law: DocumentRecord, other: DocumentRecord, origin: str
) -> None:
    rows = ConversationRows(store.pool)
    number = rows.keep(answered(store, law, origin=origin)).id
    written = origin == "model"  # by a model that was shown both documents
    assert [r.id for r in rows.quoting(other.id)] == ([number] if written else [])
    store.forget(other.id)
    (turn,) = rows.load(number).turns
    assert (turn.answer is None) == written
    assert turn.answer is None or {h.passage.document for h in turn.answer.passages} == {"a.txt"}
    assert turn.question == QUESTION


@pytest.mark.parametrize("way", ["forgotten", "new version", "deleted"])
def test_no_byte_of_an_answer_stays(
    store: SqliteStore, embedder: FakeEmbedder, law: DocumentRecord, key: StoreKey, way: str
) -> None:
    rows = ConversationRows(store.pool)
    number = rows.keep(answered(store, law)).id
    if way == "deleted":
        assert rows.remove(number).turns == 1
    elif way == "new version":
        put(store, embedder, "Nothing of the kind.", name="a.txt", source=law.source)
    else:
        store.forget(law.id)
    assert way == "deleted" or rows.load(number).turns[0].answer is None
    path = store.path
    store.close()
    left = decrypted_pages(path, key)
    assert b"zqsaid" not in left
    assert (b"zqask" in left) == (way != "deleted")  # a person's own words stay till then


def test_an_answer_whose_document_was_forgotten_meanwhile_is_not_kept(
    store: SqliteStore, law: DocumentRecord
) -> None:
    answer, rows = answered(store, law), ConversationRows(store.pool)
    store.forget(law.id)
    with pytest.raises(UsageError, match="forgotten meanwhile"):
        rows.keep(answer)
    assert rows.find() == []
