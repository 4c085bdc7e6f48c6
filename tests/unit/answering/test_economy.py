"""What a question costs: nothing is looked up, embedded or listed twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path

from assistant.answering import AnswerSession
from assistant.audit import AuditRecorder
from assistant.cli.wiring import LocalWorkspace
from assistant.config import Settings
from assistant.retrieval import Retriever
from assistant.types import DocumentRecord, Finished
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.store import FakeStore
from tests.unit.answering.strategies.sessions import QUESTION, TEXTS, WORDS_ONLY, filled


class CountingStore(FakeStore):
    """Counts what it is asked for. It keeps no tables."""

    grids = None

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()

    def documents(self) -> list[DocumentRecord]:
        self.asked["documents"] += 1
        return super().documents()

    def search_text(
        self, query: str, k: int, documents: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        self.asked["term_frequencies"] -= 1  # the fake's own look-up is part of the search
        return super().search_text(query, k, documents)

    def term_frequencies(self, query: str) -> tuple[int, dict[str, int]]:
        self.asked["term_frequencies"] += 1
        return super().term_frequencies(query)


def test_a_question_is_embedded_once_and_its_words_are_looked_up_once() -> None:
    store, embedder = CountingStore(), FakeEmbedder()
    filled(store, embedder, TEXTS)
    store.asked.clear()
    retriever = Retriever(store, embedder, calibration=WORDS_ONLY)
    settings = Settings(data_dir=Path("unused"))
    *_, last = AnswerSession(retriever, None, embedder, settings).ask(QUESTION)
    assert isinstance(last, Finished)
    assert last.answer.sentences
    assert embedder.queries == [QUESTION]
    assert store.asked == {"term_frequencies": 1}


def test_documents_are_listed_once_for_the_sheets_among_them(tmp_path: Path) -> None:
    """Whether there are any is told without; those whose rows could answer must be known."""
    store, embedder = CountingStore(), FakeEmbedder()
    filled(store, embedder, TEXTS)
    store.asked.clear()
    settings = Settings(data_dir=tmp_path, chat_model="-")
    workspace = LocalWorkspace(settings, None, AuditRecorder(settings))  # type: ignore[arg-type]
    workspace._store, workspace._embedder = store, embedder  # type: ignore[assignment]
    *_, last = workspace.ask(QUESTION)
    assert isinstance(last, Finished)
    assert store.asked["documents"] == 1
    *_, last = workspace.ask("Which documents do you have?")
    assert isinstance(last, Finished)
    assert last.answer.text.startswith("The library has 3 documents")
    assert store.asked["documents"] == 3  # for its sheets again, and to name them
