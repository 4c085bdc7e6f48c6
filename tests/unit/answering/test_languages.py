"""Questions and documents in languages that the reader doesn't know."""

from __future__ import annotations

import pytest

from assistant.answering import AnswerSession
from assistant.answering.best_sentence import is_fragment
from assistant.answering.nearest_sentence import why_not_read
from assistant.config import Settings
from assistant.retrieval import Retriever
from assistant.text.language import language_of
from assistant.types import EXTRACT, READER, Answer, Finished
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.reader import FakeReader
from tests.fakes.store import FakeStore
from tests.store.material import put

LASTS = "How long does the warranty on the pumps last?"
MANY, ENGLISH_ONLY = "multilingual-e5-small-int8", "all-minilm-l6-v2-int8"
GERMAN = (
    "Die Garantie auf die Pumpen gilt 24 Monate. Der Käufer zahlt jede Rechnung in 30 Tagen. "
    "Das Gericht in Lindenau entscheidet über den Streit, und es ist für alle Fragen zuständig."
)
ENGLISH = (
    "The warranty on the pumps lasts 24 months. The buyer pays each invoice in 30 days. "
    "The court of Lindenau decides, and it is the only one that may do so."
)


def ask(question: str, text: str, embedder: str, tmp_path) -> Answer:  # type: ignore[no-untyped-def]
    fake = FakeEmbedder(name=embedder)
    store = FakeStore(fake.identity)
    put(store, fake, text, size=1000)
    settings = Settings(data_dir=tmp_path)
    session = AnswerSession(
        Retriever(store, fake), None, fake, settings, reader=FakeReader({LASTS: {"24 months": 5.0}})
    )
    return next(e.answer for e in session.ask(question) if isinstance(e, Finished))


def test_an_english_question_on_english_documents_is_read(tmp_path) -> None:  # type: ignore[no-untyped-def]
    answer = ask(LASTS, ENGLISH, MANY, tmp_path)
    assert answer.strategy == READER
    assert answer.short is not None


@pytest.mark.parametrize(
    ("question", "text", "said"),
    [
        ("Wie lange gilt die Garantie auf die Pumpen?", GERMAN, "The question is in German"),
        ("Garantie Pumpen?", GERMAN, "The passages are in German"),
        ("¿Cuánto? The warranty on the pumps lasts months", ENGLISH, "The question is in Spanish"),
    ],
)
def test_else_the_nearest_sentence_is_given_and_no_one_is_sure(  # type: ignore[no-untyped-def]
    question: str, text: str, said: str, tmp_path
) -> None:
    answer = ask(question, text, MANY, tmp_path)
    assert answer.strategy == EXTRACT
    assert answer.model == ""
    assert answer.confidence is None
    assert answer.short is None
    assert answer.route is not None
    assert said in answer.route.reason
    assert "not known" in answer.route.reason
    assert not answer.abstained
    assert "24" in answer.sentences[0].text
    assert answer.sentences[0].quotes


def test_a_language_that_no_part_knows_is_said(tmp_path) -> None:  # type: ignore[no-untyped-def]
    answer = ask("Сколько длится гарантия на насосы?", ENGLISH, ENGLISH_ONLY, tmp_path)
    assert answer.abstained
    assert answer.route is not None
    assert "a Cyrillic script" in answer.route.reason
    assert "re-embed" in answer.route.reason


def test_one_foreign_passage_among_english_ones_keeps_no_question_from_the_reader() -> None:
    assert why_not_read("How long does it last?", (), multilingual=True) == ""


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("How do I bake bread?", "en"),
        ("Wie viel wiegt der Motor?", "de"),
        ("Quel droit régit le contrat ?", "fr"),
        ("¿Pesa?", "es"),
        ("水泵的保修期有多长", "CJK"),
        ("AX-4417/B", ""),
        ("", ""),
    ],
)
def test_the_language_of_a_question_is_told(question: str, language: str) -> None:
    assert language_of(question, least=1) == language


def test_a_chinese_sentence_is_no_fragment() -> None:
    assert not is_fragment("会员大会在三月举行。")
    assert is_fragment("会员大会在几月举行\uff1f")
    assert is_fragment("会员")
