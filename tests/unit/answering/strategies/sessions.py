"""A session over a few sentences, with fakes for models and store, for the tests of reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from assistant.answering import AnswerSession
from assistant.config import Settings
from assistant.retrieval import Calibration as Relevance
from assistant.retrieval import Retriever
from assistant.types import (
    Answer,
    AnswerEvent,
    Calibration,
    CancelToken,
    Chunk,
    Finished,
    NewDocument,
    ParsedDocument,
    Quoted,
)
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.engine import FakeChat, placed
from tests.fakes.store import FakeStore

TEXTS = (
    "The warranty on the pumps lasts 24 months.",
    "The warranty on the pumps lasts 36 months by the amendment.",
    "Filters, hoses and seals of the pumps are excluded from the warranty on the pumps.",
)
QUESTION = "How long is the warranty on the pumps?"
LISTING = "Which parts of the pumps does the warranty exclude?"
WORDS_ONLY = Relevance(
    intercept=-5.0, cosine=0.0, coverage=10.0, threshold=0.5, reading=0.05, provenance="test"
)


QUOTES_ONLY = Calibration(quotes_only=True)


class Quoter(FakeChat):
    """A tuned model: `answer` makes its quote of the passages that a prompt shows."""

    def __init__(self, answer: Callable[[Sequence[str]], Quoted], **how: object) -> None:
        super().__init__(calibration=QUOTES_ONLY, **how)  # type: ignore[arg-type]
        self.answer = answer

    def quote(
        self,
        prompt: str,
        passages: Sequence[str],
        refusal: str,
        cancel: CancelToken | None = None,
        *,
        max_tokens: int = 192,
    ) -> Quoted:
        if cancel is not None:
            cancel.raise_if_cancelled()
        self.prompts.append(prompt)
        return placed(self.answer(passages), passages)


def first_words(count: int) -> Callable[[Sequence[str]], Quoted]:
    return lambda passages: Quoted(" ".join(passages[0].split()[:count]), -2.0, -0.5, count)


def filled(store: FakeStore, embedder: FakeEmbedder, texts: Sequence[str]) -> None:
    """Add each text as a document, "contract0.txt" and so on."""
    for number, text in enumerate(texts):
        store.add(
            NewDocument(
                name=f"contract{number}.txt",
                sources=(f"contract{number}.txt",),
                content_hash=str(number),
                document=ParsedDocument(text, (0,), "text/plain"),
                chunks=[Chunk(0, 0, len(text))],
                vectors=embedder.embed_documents([text]),
            )
        )


def session(chat: FakeChat | None, texts: Sequence[str] = TEXTS, **how: object) -> AnswerSession:
    store, embedder = FakeStore(), FakeEmbedder()
    filled(store, embedder, texts)
    retriever = Retriever(store, embedder, calibration=WORDS_ONLY)
    settings = Settings(data_dir=Path("unused")).with_changes(**how)
    return AnswerSession(retriever, chat, embedder, settings, documents=store.documents)


def finish(events: Iterator[AnswerEvent]) -> tuple[Answer, list[AnswerEvent]]:
    seen = list(events)
    assert isinstance(seen[-1], Finished)
    return seen[-1].answer, seen


def written(answer: Answer) -> list[str]:
    return [s.text for s in answer.sentences if s.origin == "model"]
