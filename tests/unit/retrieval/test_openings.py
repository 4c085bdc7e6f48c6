"""The beginnings of documents are read too where the question is about the documents' makers."""

from __future__ import annotations

from assistant.retrieval import Retriever
from assistant.types import Chunk, NewDocument, ParsedDocument
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.store import FakeStore

OPENING = "Lease of 3 May between Anna Orrin and the Quill Company. "
REST = "The parties may end it. "


def library(count: int) -> Retriever:
    store, embedder = FakeStore(), FakeEmbedder()
    for number in range(count):
        texts = [f"{number}. {OPENING}", f"{number}. Nothing is said here. ", f"{number}. {REST}"]
        ends = [sum(map(len, texts[: n + 1])) for n in range(3)]
        starts = [0, *ends[:2]]
        store.add(
            NewDocument(
                name=f"lease{number}.txt",
                sources=(f"lease{number}.txt",),
                content_hash=str(number),
                document=ParsedDocument("".join(texts), (0,), "text/plain"),
                chunks=[Chunk(n, *span) for n, span in enumerate(zip(starts, ends, strict=True))],
                vectors=embedder.embed_documents(texts),
            )
        )
    return Retriever(store, embedder)


def test_the_first_passages_of_found_documents_stand_before_the_hits_and_once() -> None:
    retriever = library(3)
    found = retriever.search("Which parties may end it?", 2)
    more = retriever.with_openings(found, documents=1)
    first = found.hits[0].passage.document_id
    added = more.hits[: len(more.hits) - len(found.hits)]
    assert more.hits[len(added) :] == found.hits
    assert added
    assert {hit.passage.document_id for hit in added} == {first}
    assert {hit.scores for hit in added} == {found.hits[0].scores}
    assert OPENING in added[0].passage.text
    numbers = [hit.passage.chunk_id for hit in more.hits]
    assert len(numbers) == len(set(numbers))


def test_nothing_found_has_no_openings() -> None:
    retriever = library(0)
    assert retriever.with_openings(retriever.search("parties")).hits == ()
