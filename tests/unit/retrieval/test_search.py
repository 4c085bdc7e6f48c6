"""Search over the fake store: what is found, why, and whether it is relevant."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.errors import UsageError
from assistant.retrieval import Calibration, Evidence, Retriever, calibration_for
from assistant.types import Chunk, NewDocument, ParsedDocument
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.store import FakeStore

TEXTS = (
    "The oil of the pump is changed twice a year.",
    "Nurses sign letters.",
    "Gates open early.",
)
WORDS_ONLY = Calibration(-5.0, 0.0, 10.0, 0.5, 0.1, "test")


def make(texts: tuple[str, ...] = TEXTS) -> Retriever:
    store, embedder = FakeStore(), FakeEmbedder()
    for text in texts:
        store.add(
            NewDocument(
                name=text[:5],
                sources=(text,),
                content_hash=text,
                document=ParsedDocument(text, (0,), "text/plain"),
                chunks=[Chunk(0, 0, len(text))],
                vectors=embedder.embed_documents([text]),
            )
        )
    return Retriever(store, embedder, calibration=WORDS_ONLY)


def test_best_passage_first_with_the_scores_of_both_sources() -> None:
    result = make().search("oil pump", limit=2)
    best = result.hits[0]
    assert best.passage.text == TEXTS[0]
    assert (best.scores.dense_rank, best.scores.bm25_rank) == (1, 1)
    assert best.scores.dense is not None
    assert best.scores.dense > 0.3
    assert len(result.hits) == 2
    assert result.relevant
    assert result.hits[1].scores.bm25 is None


def test_a_question_about_something_else_is_not_relevant() -> None:
    result = make().search("football championship winner")
    assert result.hits
    assert not result.relevant
    assert result.relevance < 0.1


def test_an_empty_library_has_no_hits_and_no_relevance() -> None:
    result = make(()).search("oil")
    assert (result.hits, result.relevance, result.relevant) == ((), 0.0, False)


@pytest.mark.parametrize("query", ["", "  ", "?!", "\n\x1b"])
def test_a_query_without_words_is_refused(query: str) -> None:
    with pytest.raises(UsageError):
        make().search(query)


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(UsageError):
        make().search("oil", limit=0)


def test_search_syntax_in_a_query_is_only_text() -> None:
    assert make().search('oil" OR NEAR(* AND "').hits[0].passage.text == TEXTS[0]


def test_relevance_grows_with_the_evidence() -> None:
    for name in ("all-minilm-l6-v2-int8", "some-embedder"):
        calibration = calibration_for(name)
        weak = calibration.relevance(Evidence(0.1, 0.1, 4))
        strong = calibration.relevance(Evidence(0.8, 1.0, 4))
        assert 0.0 <= weak < calibration.threshold < strong <= 1.0
        assert calibration.provenance


def test_stop_words_alone_leave_the_cosine_to_decide() -> None:
    calibration = calibration_for("all-minilm-l6-v2-int8")
    assert calibration.relevance(Evidence(0.1, 0.0, 0)) < calibration.threshold


CODED = (
    "The seal AX-4417/A is torqued to 12 Nm.",
    "The seal AX-4417/B is torqued to 19 Nm.",
    "\u00a7 11(4) On route 11 the fare for prams is 114 cents.",
    "IT resets passwords before noon. Annex I lists the tools.",
    "Type A blood is kept in fridge one.",
    "It is who we are in the annex.",
)


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("What is AX-4417/A?", 0),
        ("ax-4417/b", 1),
        ("What does section 11(4) say?", 2),
        ("Where is IT?", 3),
        ("What is in Annex I?", 3),
        ("Which is type A?", 4),
    ],
)
def test_a_library_that_holds_the_very_code_speaks_of_it(question: str, place: int) -> None:
    found = make(CODED).search(question)
    assert found.relevant
    assert CODED[place] in [hit.passage.text for hit in found.hits]
    assert make(CODED).evidence(question).named


@pytest.mark.parametrize(
    "question",
    ["What is AX-4417/C?", "What does section 12(4) say?", "What is in Annex II?", "What is WHO?",
     "Which is type B?", "Is AX-4417/A in Annex II?"],
)  # fmt: skip
def test_another_code_is_not_named(question: str) -> None:
    assert not make(CODED).evidence(question).named


def test_a_code_that_stands_there_outweighs_what_the_embedder_makes_of_it() -> None:
    for calibration in (calibration_for("all-minilm-l6-v2-int8"), calibration_for("x")):
        named = Evidence(0.05, 0.6, 3, named=True)
        assert calibration.relevance(named) >= calibration.threshold
        assert calibration.relevance(replace(named, named=False)) <= calibration.relevance(named)
