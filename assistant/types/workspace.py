"""The protocol of a workspace: all that a front end can do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from assistant.types.answers import AnswerEvent, SearchResult
from assistant.types.cancel import CancelToken
from assistant.types.conversations import Conversations
from assistant.types.documents import (
    AS_FOUND,
    DocumentRecord,
    Note,
    Page,
    ReadOptions,
)
from assistant.types.feedback import ExportKind, Feedback, FeedbackExport
from assistant.types.forgetting import Forgotten
from assistant.types.ingest import IngestEvent, ReEmbedProgress, SyncRules
from assistant.types.labels import EVERYTHING, DocumentFilter, Labels
from assistant.types.library_check import CheckProgress, Finding
from assistant.types.ocr import WHOLE_PAGE, PagePicture, PageView
from assistant.types.tabular import Grids


class Workspace(Protocol):
    """An open library with its engines. Every method may block: call it from a worker.

    Iterators do their work as they are consumed, in the consumer's thread; a cancelled
    one still ends with its last event (`Finished`, `IngestFinished`).
    All methods raise `AssistantError` only.
    """

    @property
    def library_name(self) -> str: ...

    @property
    def model_name(self) -> str:
        """The chat model in use; "" when none is installed (answers are extracts only)."""
        ...

    def warm_up(self) -> None:
        """Load the engines now, so that the first question does not wait for them."""
        ...

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
        """Answer a question. `strategy` is one of `types.reading`, "" what is set up.

        `previous` is the question before this one: where this one leans on it ("And for
        pumps?"), its words are put before this one's, for the search and for the model.
        With `documents` (references as `GridSpec` has them) or the strategy `ALL` each of them
        is read whole; so is every one for a question that asks of all, if that takes not long.
        Documents that do not fit `within` are neither searched nor read.
        """
        ...

    def search(
        self, query: str, limit: int = 8, within: DocumentFilter = EVERYTHING
    ) -> SearchResult: ...

    def add(
        self,
        paths: Sequence[Path],
        cancel: CancelToken | None = None,
        *,
        options: ReadOptions = AS_FOUND,
        sync: SyncRules | None = None,
    ) -> Iterator[IngestEvent]:
        """Add files and folders; with `sync`, keep the library in step with them."""
        ...

    def re_embed(
        self, embedder: str = "", cancel: CancelToken | None = None
    ) -> Iterator[ReEmbedProgress]:
        """Make all vectors anew with the embedder of that name; "" is what suits the documents.

        The library is searched as before until the last event, which says so. After a cancel
        the next call goes on. Raises `ModelError` for an unknown embedder.
        """
        ...

    def documents(self) -> list[DocumentRecord]: ...

    def describe(self, document_id: int, labels: Labels) -> DocumentRecord:
        """Give a document tags, take some away, or say of which day it is."""
        ...

    def resolve(self, reference: str) -> DocumentRecord: ...

    def forget(self, document_id: int) -> DocumentRecord: ...

    def forget_with_proof(self, document_id: int, *, conversations: bool = False) -> Forgotten:
        """Forget a document and look for what is left; with `conversations`, those that quote
        it go as a whole. Raises `StoreError` for a library too large to be looked through.
        """
        ...

    def page_text(self, document_id: int, page: int) -> str: ...

    def page(self, document_id: int, number: int) -> Page: ...

    def page_picture(
        self,
        document_id: int,
        number: int,
        view: PageView = WHOLE_PAGE,
        cancel: CancelToken | None = None,
    ) -> PagePicture:
        """Return a page as it is printed. Raises `DocumentError` where that can't be."""
        ...

    def notes(self, document_id: int) -> tuple[Note, ...]: ...

    @property
    def grids(self) -> Grids:
        """Tables of many documents. Raises `UsageError` where the library is empty."""
        ...

    @property
    def conversations(self) -> Conversations:
        """What was asked before. Raises `UsageError` where there is no library yet."""
        ...

    def close(self) -> None: ...

    def check(self, progress: CheckProgress, cancel: CancelToken) -> tuple[Finding, ...]:
        """Look through the whole library for what makes answers wrong. Raises `Cancelled`."""
        ...

    def note_export(self, what: str, count: int, documents: Sequence[int]) -> None:
        """Record that text of these documents is about to be written to a plain file.

        Raises `AuditError`: then nothing may be written.
        """
        ...

    def give_feedback(self, feedback: Feedback, *, any_words: bool = False) -> Feedback:
        """Keep what a person says of an answer; returned as it is kept.

        Raises `UsageError` for a correction whose words stand nowhere (its hint names the
        nearest sentence), unless `any_words` takes them as they are.
        """
        ...

    def feedback(self) -> list[Feedback]:
        """Return all feedback, oldest first; the newest of a question counts."""
        ...

    def remove_feedback(self, feedback_id: int) -> Feedback: ...

    def export_feedback(
        self, kind: ExportKind, *, training_share: float, both: bool = False
    ) -> FeedbackExport:
        """Return the rows of a file that leaves the library, after that was recorded."""
        ...
