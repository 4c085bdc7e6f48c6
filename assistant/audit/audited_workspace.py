"""A workspace that records every action in the audit log before it shows or changes anything."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from assistant.audit.audited_grids import AuditedGrids
from assistant.audit.recorder import MOST_LISTED, AuditRecorder
from assistant.errors import AssistantError
from assistant.types import (
    AS_FOUND,
    EVERYTHING,
    WHOLE_PAGE,
    Answer,
    AnswerEvent,
    CancelToken,
    DocumentFilter,
    DocumentRecord,
    ExportKind,
    Feedback,
    FeedbackExport,
    FileAdded,
    Finished,
    Hit,
    IngestEvent,
    IngestFinished,
    Labels,
    Note,
    Page,
    PagePicture,
    PageView,
    ReadOptions,
    ReEmbedProgress,
    Retrieved,
    SearchResult,
    SyncRules,
    Workspace,
)
from assistant.types.conversations import Conversations
from assistant.types.forgetting import Forgotten
from assistant.types.library_check import CheckProgress, Finding

_Event = TypeVar("_Event")


class AuditedWorkspace:
    """Wraps any `Workspace`; its methods also raise `AuditError`.

    What is asked for is recorded before the wrapped workspace is called at all, so that an
    engine that can't be loaded leaves a record; an iterator begins with its first event. The
    passages are recorded before they are shown, the citations before the finished answer is.
    What the store itself does is recorded by `AuditedStore`, which has the same recorder.
    """

    def __init__(self, inner: Workspace, recorder: AuditRecorder) -> None:
        self._inner, self._recorder = inner, recorder

    @property
    def library_name(self) -> str:
        return self._inner.library_name

    @property
    def model_name(self) -> str:
        return self._inner.model_name

    def warm_up(self) -> None:
        self._inner.warm_up()

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
        """Answer as the wrapped workspace does; each event comes after its record."""
        recorder, began = self._recorder, time.monotonic()
        of = recorder.record("ask", length=len(question), **recorder.named("question", question))

        def note(event: AnswerEvent, said: dict[str, Any]) -> None:
            if isinstance(event, Retrieved):
                recorder.record("shown", of=of, **_shown(event.result))
            elif isinstance(event, Finished):
                said |= {"ms": _since(began), **_cited(event.answer)}

        yield from self._followed(
            "cite",
            of,
            lambda: self._inner.ask(
                question,
                cancel,
                strategy=strategy,
                previous=previous,
                documents=documents,
                within=within,
            ),
            note,
        )

    def search(
        self, query: str, limit: int = 8, within: DocumentFilter = EVERYTHING
    ) -> SearchResult:
        recorder = self._recorder
        of = recorder.record("search", length=len(query), **recorder.named("question", query))
        with recorder.outcome("shown", of):
            result = self._inner.search(query, limit, within)
        recorder.record("shown", of=of, **_shown(result))
        return result

    def add(
        self,
        paths: Sequence[Path],
        cancel: CancelToken | None = None,
        *,
        options: ReadOptions = AS_FOUND,
        sync: SyncRules | None = None,
    ) -> Iterator[IngestEvent]:
        """Add files as the wrapped workspace does; the last event comes after its record."""
        recorder, began = self._recorder, time.monotonic()
        of = recorder.record(
            "ingest", phase="start", named=len(paths), **({"sync": True} if sync else {})
        )
        added = 0

        def note(event: IngestEvent, said: dict[str, Any]) -> None:
            nonlocal added
            added += isinstance(event, FileAdded)
            if isinstance(event, IngestFinished):
                said |= {"pages": added > 0, "named": len(paths), "ms": _since(began)}
                said |= asdict(event)

        yield from self._followed(
            "ingest", of, lambda: self._inner.add(paths, cancel, options=options, sync=sync), note
        )

    def _followed(
        self,
        action: str,
        of: int,
        begin: Callable[[], Iterator[_Event]],
        note: Callable[[_Event, dict[str, Any]], None],
    ) -> Iterator[_Event]:
        """Pass on the events of work that begins now, as record `of` said.

        `note` looks at each event before it is shown, and says with the last one what stands
        in the record `action`. Work that fails, or that nobody waits for, gets one as well.
        """
        recorder, ended = self._recorder, False
        try:
            with recorder.outcome(action, of, pages=action == "ingest"):
                for event in begin():
                    said: dict[str, Any] = {}
                    note(event, said)
                    if said:
                        recorder.record(action, of=of, **said)
                        ended = True
                    yield event
        except GeneratorExit:
            if not ended:
                with suppress(AssistantError):
                    recorder.record(action, of=of, phase="left", pages=action == "ingest")
            raise

    def re_embed(
        self, embedder: str = "", cancel: CancelToken | None = None
    ) -> Iterator[ReEmbedProgress]:
        return self._inner.re_embed(embedder, cancel)

    def documents(self) -> list[DocumentRecord]:
        return self._inner.documents()

    def describe(self, document_id: int, labels: Labels) -> DocumentRecord:
        return self._inner.describe(document_id, labels)

    def resolve(self, reference: str) -> DocumentRecord:
        return self._inner.resolve(reference)

    def forget(self, document_id: int) -> DocumentRecord:
        return self._inner.forget(document_id)

    def forget_with_proof(self, document_id: int, *, conversations: bool = False) -> Forgotten:
        return self._inner.forget_with_proof(document_id, conversations=conversations)

    def page_text(self, document_id: int, page: int) -> str:
        self._recorder.record("view", document=document_id, page=page)
        return self._inner.page_text(document_id, page)

    def page(self, document_id: int, number: int) -> Page:
        self._recorder.record("view", document=document_id, page=number)
        return self._inner.page(document_id, number)

    def page_picture(
        self,
        document_id: int,
        number: int,
        view: PageView = WHOLE_PAGE,
        cancel: CancelToken | None = None,
    ) -> PagePicture:
        self._recorder.record("view", document=document_id, page=number)
        return self._inner.page_picture(document_id, number, view, cancel)

    def notes(self, document_id: int) -> tuple[Note, ...]:
        return self._inner.notes(document_id)

    def check(self, progress: CheckProgress, cancel: CancelToken) -> tuple[Finding, ...]:
        self._recorder.record("library-check", documents=len(self._inner.documents()))
        return self._inner.check(progress, cancel)

    def note_export(self, what: str, count: int, documents: Sequence[int]) -> None:
        listed = list(documents)[:MOST_LISTED]
        self._recorder.record(
            "text-export", what=what, count=count, documents=listed, of=len(documents)
        )
        self._inner.note_export(what, count, documents)

    def give_feedback(self, feedback: Feedback, *, any_words: bool = False) -> Feedback:
        # What changes or leaves the store is recorded there (`AuditedFeedback`).
        return self._inner.give_feedback(feedback, any_words=any_words)

    def feedback(self) -> list[Feedback]:
        return self._inner.feedback()

    def remove_feedback(self, feedback_id: int) -> Feedback:
        return self._inner.remove_feedback(feedback_id)

    def export_feedback(
        self, kind: ExportKind, *, training_share: float, both: bool = False
    ) -> FeedbackExport:
        return self._inner.export_feedback(kind, training_share=training_share, both=both)

    @property
    def grids(self) -> AuditedGrids:
        return AuditedGrids(self._inner.grids, self._recorder)

    @property
    def conversations(self) -> Conversations:
        return self._inner.conversations  # recorded where it is kept (`AuditedConversations`)

    def close(self) -> None:
        self._inner.close()


def _shown(result: SearchResult) -> dict[str, Any]:
    return {"relevant": result.relevant, **_places([_place(hit) for hit in result.hits])}


def _place(hit: Hit) -> tuple[int, int]:
    return hit.passage.document_id, hit.passage.page


def _cited(answer: Answer) -> dict[str, Any]:
    quotes = [(q.document_id, q.page) for s in answer.sentences for q in s.quotes]
    return {
        "abstained": answer.abstained,
        "cancelled": answer.cancelled,
        "sentences": len(answer.sentences),
        "supported": sum(sentence.supported for sentence in answer.sentences),
        "generated": answer.timings.generated_tokens,
        **_places(quotes),
    }


def _places(found: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Return documents and pages, each once and in order; a very long list is cut and counted."""
    places = [list(place) for place in dict.fromkeys(found)]
    return {"places": places[:MOST_LISTED], "count": len(places)}


def _since(began: float) -> int:
    return round(1000 * (time.monotonic() - began))
