"""A user's library, opened for reading: its retriever, its chunks, its chat model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from assistant.answering.best_sentence import score_sentences
from assistant.answering.prompt_budget import plan_prompt
from assistant.config import Settings, load_settings
from assistant.engine.engine_loader import (
    embedder_identity,
    has_chat_model,
    load_chat,
    load_embedder,
)
from assistant.errors import ModelError, UsageError
from assistant.prompts import DEFAULT_STYLE, PromptPassage
from assistant.retrieval import Retriever
from assistant.store import KeyFile, open_store
from assistant.types import ChatEngine, DocumentRecord, Embedder, Hit, Passage, Store
from convert.dataset.settings import RaftSettings

_AT_ONCE = 500
_MOST_GAPS = 100


@dataclass
class Library:
    """What RAFT asks of a library. `chat` is None if no chat model is installed."""

    store: Store
    embedder: Embedder
    settings: Settings
    chat: ChatEngine | None = None

    @cached_property
    def retriever(self) -> Retriever:
        return Retriever(self.store, self.embedder)

    @cached_property
    def _chunks(self) -> dict[int, list[Passage]]:
        """All chunks by document, in the order of the text.

        A store lists no chunks, but loads those that there are of a range of ids.
        """
        total = sum(record.chunks for record in self.store.documents())
        chunks: dict[int, list[Passage]] = {}
        seen, first, empty = 0, 1, 0
        while seen < total and empty < _MOST_GAPS:
            found = self.store.passages(range(first, first + _AT_ONCE))
            for passage in found:
                chunks.setdefault(passage.document_id, []).append(passage)
            seen, first = seen + len(found), first + _AT_ONCE
            empty = 0 if found else empty + 1
        return {k: sorted(v, key=lambda p: p.start) for k, v in chunks.items()}

    def documents(self) -> list[DocumentRecord]:
        return self.store.documents()

    def chunks(self, document_id: int) -> Sequence[Passage]:
        """Return the chunks of a document, in order."""
        return self._chunks.get(document_id, [])

    def search(self, question: str, limit: int) -> tuple[Hit, ...]:
        return self.retriever.search(question, limit).hits

    def windows(self, question: str, hits: Sequence[Hit]) -> list[PromptPassage]:
        """Cut passages to the windows that the laptop would show for this question."""
        if self.chat is None:
            raise ModelError("Windows are cut in a chat model's tokens, and there is none.")
        scored = score_sentences(self.retriever.query(question), hits, self.embedder)
        settings = replace(self.settings, prompt_passages=len(hits))
        plan = plan_prompt(question, hits, scored, self.chat, settings, DEFAULT_STYLE)
        return [PromptPassage(p.document, p.page, p.text) for p in plan.passages]


def library_settings(raft: RaftSettings) -> Settings:
    """Return the laptop's settings with the library that a RAFT source names."""
    settings = load_settings(raft.data_dir)
    return settings.with_changes(library=raft.library or None)


def store_path(raft: RaftSettings) -> Path:
    return library_settings(raft).store_path


@contextmanager
def open_library(raft: RaftSettings) -> Iterator[Library]:
    """Open a library for reading. Raises `UsageError` if there is none, or it is empty.

    Also what the store, the key and the models raise; a chat model is loaded only if
    windows are to be cut.
    """
    settings = library_settings(raft)
    if not settings.store_path.exists():
        raise UsageError(
            f"There is no library at {settings.store_path}.",
            hint="Add documents first (assistant add PATH...), or name --data-dir and --library.",
        )
    if raft.window_share > 0 and not has_chat_model(settings):
        raise UsageError(
            "Windows are cut in the chat model's tokens, and no chat model is installed.",
            hint="Install one (assistant models add FILE.gguf), or set --window-share 0.",
        )
    key = KeyFile(settings.key_path).get(create=False)
    identity = embedder_identity(settings)
    store = open_store(settings.store_path, key, create=False, embedder=identity)
    try:
        chat = load_chat(settings) if raft.window_share > 0 else None
        library = Library(store, load_embedder(settings), settings, chat)
        if not library.documents():
            raise UsageError(f"The library '{settings.library}' is empty.")
        yield library
    finally:
        store.close()
