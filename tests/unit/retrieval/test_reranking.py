"""A reranker's order joins the search's; whether the library speaks about it does not change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from assistant.errors import EngineError
from assistant.retrieval import FusionWeights, Retriever
from assistant.retrieval.rerank import RERANKED, rerank
from assistant.types import CancelToken, Chunk, NewDocument, ParsedDocument
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.passages import make_hits
from tests.fakes.store import FakeStore


@dataclass
class FakeReranker:
    """Likes texts by how often they hold `word`; `read` records what it was given."""

    word: str
    weight: float = 1.0
    fail_with: Exception | None = None
    read: list[str] = field(default_factory=list)

    def score(
        self, question: str, texts: Sequence[str], cancel: CancelToken | None = None
    ) -> list[float]:
        if self.fail_with is not None:
            raise self.fail_with
        self.read += texts
        return [float(text.count(self.word)) for text in texts]


def texts_of(hits: Sequence[object]) -> list[str]:
    return [hit.passage.text for hit in hits]  # type: ignore[attr-defined]


def make(reranker: FakeReranker | None, count: int = 30) -> Retriever:
    store, embedder = FakeStore(), FakeEmbedder()
    for number in range(count):
        text = f"oil pump number {number} " + ("exact" if number == 7 else "other")
        store.add(
            NewDocument(
                name=f"d{number}",
                sources=(text,),
                content_hash=text,
                document=ParsedDocument(text, (0,), "text/plain"),
                chunks=[Chunk(0, 0, len(text))],
                vectors=embedder.embed_documents([text]),
            )
        )
    return Retriever(store, embedder, reranker=reranker)


def test_a_strong_reranker_puts_its_choice_first_and_scores_still_fall() -> None:
    hits = make_hits("one", "two", "three best", "four")
    ranked = rerank("q", hits, FakeReranker("best", weight=8.0), FusionWeights())
    assert texts_of(ranked) == ["three best", "one", "two", "four"]
    fused = [hit.scores.fused for hit in ranked]
    assert all(a >= b for a, b in pairwise(fused))
    assert ranked[0].scores.dense_rank == 3


def test_a_weak_reranker_only_breaks_what_is_nearly_equal() -> None:
    hits = make_hits(*(f"text {n}" + " best" * (n == 9) for n in range(10)))
    ranked = rerank("q", hits, FakeReranker("best", weight=0.01), FusionWeights())
    assert ranked[0].passage.text == "text 0"


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_nothing_is_read_where_nothing_can_change(weight: float) -> None:
    reranker = FakeReranker("x", weight=weight)
    hits = make_hits("one", "two") if weight == 0.0 else make_hits("one")
    assert rerank("q", hits, reranker, FusionWeights()) == hits
    assert rerank("q", (), reranker, FusionWeights()) == ()
    assert reranker.read == []


def test_equal_scores_keep_the_order_of_the_search() -> None:
    hits = make_hits("one", "two", "three")
    ranked = rerank("q", hits, FakeReranker("absent"), FusionWeights())
    assert texts_of(ranked) == ["one", "two", "three"]


def test_only_the_first_hits_are_read_again() -> None:
    reranker = FakeReranker("x")
    hits = make_hits(*(f"text {n}" for n in range(RERANKED + 5)))
    ranked = rerank("q", hits, reranker, FusionWeights())
    assert len(reranker.read) == RERANKED
    assert ranked[RERANKED:] == hits[RERANKED:]


def test_the_search_reads_deeper_than_it_returns() -> None:
    reranker = FakeReranker("exact", weight=8.0)
    found = make(reranker).search("oil pump", limit=2)
    assert len(found.hits) == 2
    assert len(reranker.read) == RERANKED
    assert found.hits[0].passage.text.strip().endswith("exact")


def test_relevance_is_judged_without_it() -> None:
    plain, reranked = make(None), make(FakeReranker("exact"))
    for question in ("oil pump", "football championship"):
        before, after = plain.search(question), reranked.search(question)
        assert (before.relevance, before.relevant) == (after.relevance, after.relevant)
        assert plain.evidence(question) == reranked.evidence(question)


def test_an_empty_library_and_a_failing_model() -> None:
    assert make(FakeReranker("x"), count=0).search("oil").hits == ()
    with pytest.raises(EngineError):
        make(FakeReranker("x", fail_with=EngineError("no"))).search("oil pump")
