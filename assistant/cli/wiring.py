"""The only place that joins real objects together: store, engines, parser, session.

What a method needs is imported there: `assistant docs` waits for no engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.audit import AuditedStore, AuditedWorkspace, AuditRecorder
from assistant.cli import embedder_choice
from assistant.cli.library_feedback import LibraryFeedback
from assistant.cli.model_identity import chat_model_hash, identified
from assistant.config import Settings
from assistant.console.output import Output
from assistant.errors import UsageError
from assistant.models.installed_models import active_chat_name
from assistant.store import KeySource, StoreKey, open_store
from assistant.types import (
    ALL,
    AS_FOUND,
    AUTO,
    EVERYTHING,
    WHOLE_PAGE,
    AnswerEvent,
    CancelToken,
    DocumentFilter,
    DocumentRecord,
    IngestEvent,
    Labels,
    Note,
    Page,
    PagePicture,
    PageView,
    ReadOptions,
    ReEmbedProgress,
    SearchResult,
    SyncRules,
    Workspace,
)
from assistant.types.conversations import Conversations
from assistant.types.forgetting import Forgotten
from assistant.types.library_check import CheckProgress, Finding
from assistant.types.tabular import MOST_UNASKED, Grids
from assistant.unlock.unlock import LibraryUnlocker

if TYPE_CHECKING:
    from assistant.answering import AnswerSession
    from assistant.retrieval import Retriever


class LocalWorkspace(LibraryFeedback):
    """The real `Workspace`. Engines are loaded when first needed, each once.

    A library that does not exist is made by the first `add`, not by looking at it. `keys`
    gives its key; with `create` it is asked for the key of a new one at once, so that
    questions to the person come before the work.
    """

    def __init__(
        self, settings: Settings, keys: KeySource, recorder: AuditRecorder, *, create: bool = False
    ) -> None:
        super().__init__(settings)
        self._recorder = recorder
        self._keys = keys
        self._new_key: StoreKey | None = None
        self._store: AuditedStore | None = None
        if settings.store_path.exists():
            self._open_store()
        elif create:
            self._new_key = keys.get(create=True)

    @property
    def library_name(self) -> str:
        return self._settings.library

    @property
    def model_name(self) -> str:
        return active_chat_name(self._settings)

    def warm_up(self) -> None:
        self._load_embedder().embed_query("warm up")
        if self._store is not None and not self._store.is_empty:
            self._session().prepare()

    def ask(
        self,
        question: str,
        cancel: CancelToken | None = None,
        *,
        strategy: str = "",
        previous: str = "",
        documents: Sequence[str] = (),
        within: DocumentFilter = EVERYTHING,
    ) -> Iterator[AnswerEvent]:
        if not question.strip():
            raise UsageError("There is no question.", hint='Put one in quotes: assistant ask "..."')
        chosen = self._fitting(replace(within, documents=(*within.documents, *documents)))
        few = chosen is not None and sum(record.chunks for record in chosen) <= MOST_UNASKED
        forced = strategy == ALL or (bool(documents) and few)
        if forced or ((strategy or self._settings.reading) == AUTO and (few or chosen is None)):
            named = [str(record.id) for record in chosen or ()]
            if events := self.grids.ask(question, named, cancel, forced=forced):
                return events
        return self._session(chosen).ask(question, cancel, strategy=strategy, previous=previous)

    def search(
        self, query: str, limit: int = 8, within: DocumentFilter = EVERYTHING
    ) -> SearchResult:
        if not query.strip():
            raise UsageError("There is nothing to search for.", hint="Say what to look for.")
        return self._retriever(self._fitting(within)).search(query, limit)

    def add(
        self,
        paths: Sequence[Path],
        cancel: CancelToken | None = None,
        *,
        options: ReadOptions = AS_FOUND,
        sync: SyncRules | None = None,
    ) -> Iterator[IngestEvent]:
        from assistant.audit.audited_ocr_pages import AuditedOcrPages
        from assistant.ingest import Ingester, PictureReader

        ocr = self._load_ocr()
        parser = self._load_parser(pictures=ocr is not None)
        note = ""
        if self._store is None:
            texts = embedder_choice.sampled_texts(paths, parser, cancel, options)
            self._settings, note = embedder_choice.for_new(texts, self._settings)
        store = self._store or self._open_store()
        kept = AuditedOcrPages(store.pool, self._recorder)
        pictures = None if ocr is None else PictureReader(parser, ocr, kept)
        ingester = Ingester(store, self._load_embedder(), parser, self._settings, pictures)
        events = ingester.add(paths, cancel, options=options, sync=sync)
        return embedder_choice.with_note(note, events)

    def re_embed(
        self, embedder: str = "", cancel: CancelToken | None = None
    ) -> Iterator[ReEmbedProgress]:
        store = self._filled_store()
        settings = embedder_choice.chosen(embedder, store, self._settings)
        for event in embedder_choice.re_embedded(store, settings, cancel):
            if event.finished:
                self._settings, self._embedder = settings, None
            yield event

    def documents(self) -> list[DocumentRecord]:
        return self._store.documents() if self._store else []

    def describe(self, document_id: int, labels: Labels) -> DocumentRecord:
        return self._filled_store().describe(document_id, labels)

    def resolve(self, reference: str) -> DocumentRecord:
        return self._filled_store().resolve(reference)

    def forget(self, document_id: int) -> DocumentRecord:
        return self._filled_store().forget(document_id)

    def forget_with_proof(self, document_id: int, *, conversations: bool = False) -> Forgotten:
        from assistant.cli.certified_forgetting import forget_with_proof

        store, quoting = self._filled_store(), self.conversations
        return forget_with_proof(
            document_id, store, quoting, self._settings, whole_conversations=conversations
        )

    def page_text(self, document_id: int, page: int) -> str:
        return self._filled_store().page_text(document_id, page)

    def page(self, document_id: int, number: int) -> Page:
        return self._filled_store().page(document_id, number)

    def page_picture(
        self,
        document_id: int,
        number: int,
        view: PageView = WHOLE_PAGE,
        cancel: CancelToken | None = None,
    ) -> PagePicture:
        from assistant.documents.drawn_page import drawn_page

        record, drawer = self.resolve(str(document_id)), self._load_parser(pictures=True)
        return drawn_page(record, number, view, drawer, cancel)

    def notes(self, document_id: int) -> tuple[Note, ...]:
        return self._filled_store().notes(document_id)

    def check(self, progress: CheckProgress, cancel: CancelToken) -> tuple[Finding, ...]:
        from assistant.comparison.library_findings import check_library

        return check_library(self._filled_store(), self.conversations, progress, cancel)

    def note_export(self, what: str, count: int, documents: Sequence[int]) -> None:
        """Nothing to do here: `AuditedWorkspace` has recorded it."""

    @property
    def grids(self) -> Grids:
        from assistant.tabular.library_grids import LibraryGrids

        store = self._filled_store()
        return LibraryGrids(
            store, store.grids, self._load_reader, self, lambda n: identified(n, self._settings)[0]
        )

    @property
    def conversations(self) -> Conversations:
        from assistant.audit.audited_conversations import AuditedConversations

        return AuditedConversations((self._store or self._filled_store()).pool, self._recorder)

    def close(self) -> None:
        """Close the library and let go of the engines: they hold text of documents."""
        self._let_go()
        if self._store:
            self._store.close()

    def _open_store(self) -> AuditedStore:
        path = self._settings.store_path
        with self._lock:
            if self._store is None:
                key = self._new_key or self._keys.get(create=not path.exists())
                self._new_key = None
                choice = embedder_choice.when_opened(self._settings)
                store = open_store(path, key, create=True, embedder=choice)
                self._settings = embedder_choice.of_library(self._settings, store.embedder)
                self._recorder.attach(store)
                self._store = AuditedStore(store, self._recorder)
            return self._store

    def _filled_store(self) -> AuditedStore:
        """Return the store, or raise `UsageError` if there is nothing in it."""
        if self._store is None or self._store.is_empty:
            raise UsageError(
                f"The library '{self._settings.library}' is empty.",
                hint="Add documents first: assistant add PATH...",
            )
        return self._store

    def _fitting(self, within: DocumentFilter) -> list[DocumentRecord] | None:
        """Return the documents that fit a filter; None if it leaves out nothing."""
        from assistant.tabular.scope import fitting

        return None if within == EVERYTHING else fitting(self._filled_store().documents(), within)

    def _session(self, chosen: Sequence[DocumentRecord] | None = None) -> AnswerSession:
        from assistant.answering import AnswerSession

        retriever = self._retriever(chosen)
        return AnswerSession(
            retriever,
            self._load_chat(),
            self._load_embedder(),
            self._settings,
            reader=self._load_reader(),
            documents=self.documents if chosen is None else lambda: chosen,
        )

    def _retriever(self, chosen: Sequence[DocumentRecord] | None = None) -> Retriever:
        from assistant.retrieval import Retriever

        numbers = None if chosen is None else {record.id for record in chosen}
        return Retriever(self._filled_store(), self._load_embedder(), documents=numbers)


def open_workspace(
    settings: Settings, keys: KeySource | None = None, *, create: bool = False
) -> Workspace:
    """Open a library, with an audit log; `keys` is by default whoever can be asked for its key."""
    asking = keys or LibraryUnlocker(settings, Output(as_json=False))
    recorder = AuditRecorder(settings, lambda: {"model": chat_model_hash(settings)})
    return AuditedWorkspace(LocalWorkspace(settings, asking, recorder, create=create), recorder)
