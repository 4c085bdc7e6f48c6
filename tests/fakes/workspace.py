"""A workspace without store or models: it plays scripts, and notes what it was asked.

`tests/unit/cli/test_workspace_contract.py` runs the same tests against it and the real one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from assistant.errors import UsageError
from assistant.store.document_rows import resolve
from assistant.tabular.library_grids import LibraryGrids
from assistant.types import (
    ALL,
    AS_FOUND,
    EVERYTHING,
    AnswerEvent,
    CancelToken,
    DocumentFilter,
    DocumentRecord,
    FileAdded,
    Finished,
    IngestEvent,
    IngestFinished,
    Labels,
    Note,
    Page,
    PageStart,
    Passage,
    ReadOptions,
    SearchResult,
    SyncRules,
)
from assistant.types.forgetting import Forgotten
from assistant.types.library_check import CheckProgress, Finding
from tests.fakes.conversations import FakeConversations
from tests.fakes.grids import FakeGridState, FakeGridStore
from tests.fakes.page_pictures import FakePagePictures
from tests.fakes.reader import FakeReader
from tests.fakes.workspace_feedback import FakeFeedback
from tests.fakes.workspace_scripts import (
    MODEL,
    PAGES,
    Step,
    answer,
    plain_ingest,
    record,
    warranty_hits,
    warranty_script,
)

REPORT: dict[str, Any] = {
    "kind": "forgetting", "made_at": "2026-12-01T10:00:00Z", "problems": [], "passed": True,
    "document": {"content_sha256": "ab" * 32}, "rows_before": {"documents": 1, "chunks": 3},
    "rows_after": {"documents": 0, "chunks": 0}, "markers": 8, "markers_left": 0,
    "files_searched": 5, "hits_in_files": 0, "not_purged": ["a file of training data"],
}  # fmt: skip


class FakeWorkspace(FakePagePictures, FakeFeedback):
    """Plays `answers` (one script for each question) and `ingests` (one for each add).

    What was called, and what waits, is said by the `ScriptPlayer`.
    """

    library_name_text = "sample library"

    def __init__(
        self,
        *,
        pages: dict[str, tuple[str, ...]] | None = None,
        answers: Iterable[Sequence[Step]] = (),
        ingests: Iterable[Sequence[Step]] = (),
        warm_up: Sequence[Step] = (),
        closing: Sequence[Step] = (),
        forgetting: Sequence[Step] = (),
        paging: Sequence[Step] = (),
        judging: Sequence[Step] = (),
        noted: Mapping[int, tuple[Note, ...]] = MappingProxyType({}),
        model: str = MODEL,
        forbidden: int | None = None,
    ) -> None:
        super().__init__(judging, forbidden)
        self._pages = {
            number: (name, text)
            for number, (name, text) in enumerate((PAGES if pages is None else pages).items(), 1)
        }
        self._answers = [list(script) for script in answers]
        self._ingests = [list(script) for script in ingests]
        self._warm_up, self._closing = warm_up, closing
        self._forgetting, self._paging = forgetting, paging
        self._noted = noted
        self.exported: list[tuple[str, int, tuple[int, ...]]] = []
        self._model = model
        self.grid_state = FakeGridState()
        self.conversations = FakeConversations()
        self.reader = FakeReader({})
        self.findings: tuple[Finding, ...] = ()
        self.questions: list[str] = []
        self.strategies: list[str] = []
        self.previous: list[str] = []
        self.added: list[Path] = []
        self.read_options = AS_FOUND
        self.synced: SyncRules | None = None
        self.within = EVERYTHING
        self.labels: dict[int, DocumentRecord] = {}
        self.closed = False

    # For tests -----------------------------------------------------------------------

    def record_of(self, name: str) -> DocumentRecord:
        number = next(n for n, (known, _) in self._pages.items() if known == name)
        return record(number, *self._pages[number])

    def passage(self, name: str, page: int, start: str, end: str, heading: str = "") -> Passage:
        """The passage of a document from the words `start` to the words `end`."""
        number = next(n for n, (known, _) in self._pages.items() if known == name)
        pages = self._pages[number][1]
        text = "".join(pages)
        begin = text.index(start)
        stop = text.index(end, begin) + len(end)
        starts = [sum(len(p) for p in pages[:i]) for i in range(len(pages))]
        touched = [
            PageStart(i + 1, at)
            for i, at in enumerate(starts)
            if at < stop and at + len(pages[i]) > begin
        ]
        assert touched[0].number == page
        return Passage(
            chunk_id=number * 100 + page,
            document_id=number,
            document=name,
            heading=heading,
            start=begin,
            end=stop,
            text=text[begin:stop],
            pages=tuple(touched),
        )

    # The workspace -------------------------------------------------------------------

    @property
    def library_name(self) -> str:
        self._note("library_name")
        return self.library_name_text

    @property
    def model_name(self) -> str:
        self._note("model_name")
        return self._model

    def warm_up(self) -> None:
        self._note("warm_up")
        list(self._play(self._warm_up, None, "warm_up"))

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
        self.within = within
        self._note("ask")
        if not question.strip():
            raise UsageError("There is no question.")
        self.questions.append(question)
        self.strategies.append(strategy)
        self.previous.append(previous)
        if strategy == ALL or documents:
            events = self.grids.ask(question, documents, cancel)
            assert events is not None
            yield from events
            return
        script = self._answers.pop(0) if self._answers else warranty_script(self)
        finished = False
        for event in self._play(script, cancel, "ask"):
            finished = isinstance(event, Finished)
            yield Finished(replace(event.answer, question=question)) if finished else event
        if not finished and cancel is not None and cancel.is_cancelled:
            yield Finished(answer(question, "", cancelled=True))

    def search(
        self, query: str, limit: int = 8, within: DocumentFilter = EVERYTHING
    ) -> SearchResult:
        self.within = within
        self._note("search")
        if not query.strip():
            raise UsageError("There is nothing to search for.")
        return SearchResult(query, warranty_hits(self)[:limit], 0.9, relevant=True)

    def add(
        self,
        paths: Sequence[Path],
        cancel: CancelToken | None = None,
        *,
        options: ReadOptions = AS_FOUND,
        sync: SyncRules | None = None,
    ) -> Iterator[IngestEvent]:
        self._note("add")
        self.synced = sync
        self.added.extend(paths)
        self.read_options = options
        script = self._ingests.pop(0) if self._ingests else plain_ingest(paths)
        added = known = failed = 0
        for event in self._play(script, cancel, "add"):
            if isinstance(event, FileAdded):
                added += 1
                self._pages[event.document.id] = (event.document.name, ("text\n",))
            known += type(event).__name__ == "FileKnown"
            failed += type(event).__name__ == "FileFailed"
            yield event
        stopped = cancel is not None and cancel.is_cancelled
        yield IngestFinished(added, known, failed, cancelled=stopped)

    def documents(self) -> list[DocumentRecord]:
        self._note("documents")
        return [
            self.labels.get(number, record(number, *entry)) for number, entry in self._pages.items()
        ]

    def describe(self, document_id: int, labels: Labels) -> DocumentRecord:
        known = self.labels.get(document_id, record(document_id, *self._known(document_id)))
        tags = tuple(sorted((set(known.tags) - set(labels.remove)) | set(labels.add)))
        day = known.dated if labels.dated is None else labels.dated
        self.labels[document_id] = replace(known, tags=tags, dated=day)
        return self.labels[document_id]

    def resolve(self, reference: str) -> DocumentRecord:
        self._note("resolve")
        return resolve(self.documents(), reference)

    def forget(self, document_id: int) -> DocumentRecord:
        self._note("forget")
        list(self._play(self._forgetting, None, "forget"))
        known = self._known(document_id)
        del self._pages[document_id]
        return record(document_id, *known)

    def forget_with_proof(self, document_id: int, *, conversations: bool = False) -> Forgotten:
        self._note("forget_with_proof")
        known = self.forget(document_id)
        return Forgotten(known, {**REPORT, "passed": not conversations})

    def page_text(self, document_id: int, page: int) -> str:
        self._note("page_text")
        list(self._play(self._paging, None, "page_text"))
        name, pages = self._known(document_id)
        if not 1 <= page <= len(pages):
            raise UsageError(f"'{name}' has no page {page}.")
        return pages[page - 1]

    def page(self, document_id: int, number: int) -> Page:
        return Page(number, self.page_text(document_id, number), f"page {number}")

    def notes(self, document_id: int) -> tuple[Note, ...]:
        self._known(document_id)
        return self._noted.get(document_id, ())

    def check(self, progress: CheckProgress, cancel: CancelToken) -> tuple[Finding, ...]:
        cancel.raise_if_cancelled()
        progress(len(self._pages), len(self._pages))
        return self.findings

    def note_export(self, what: str, count: int, documents: Sequence[int]) -> None:
        self._note("note_export")
        self.exported.append((what, count, tuple(documents)))

    @property
    def grids(self) -> LibraryGrids:
        self._note("grids")
        texts = {number: pages for number, (_, pages) in self._pages.items()}
        records = [record(number, *entry) for number, entry in self._pages.items()]
        store = FakeGridStore(records, texts)
        return LibraryGrids(store, self.grid_state, lambda: self.reader, self)

    def close(self) -> None:
        self._note("close")
        list(self._play(self._closing, None, "close"))
        self.closed = True

    def _known(self, document_id: int) -> tuple[str, tuple[str, ...]]:
        if document_id not in self._pages:
            raise UsageError(f"The library has no document number {document_id}.")
        return self._pages[document_id]
