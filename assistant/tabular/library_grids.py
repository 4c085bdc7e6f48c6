"""The grids of a library: fill them with the reader, load them, keep what a person says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from assistant.errors import Cancelled, UsageError
from assistant.feedback.validation import to_look_for
from assistant.tabular.library_question import answer_of_all, no_reader
from assistant.tabular.read_cell import read_cell
from assistant.tabular.scope import in_scope
from assistant.types import (
    AnswerEvent,
    CancelToken,
    Correction,
    DocumentRecord,
    Feedback,
    Reader,
    Verdict,
)
from assistant.types.tabular import (
    NOT_READ,
    NOT_THERE,
    Cell,
    CellReview,
    Column,
    Grid,
    GridEvent,
    GridFinished,
    GridRow,
    GridSpec,
    GridStarted,
    GridState,
    GridStore,
    Judge,
    RowGone,
    RowRead,
    column_key,
)

COMMIT_SECONDS = 10.0
"""Cells of a long document are kept at least so often: no more is lost when the power fails."""


_MOST_QUOTES = 20


@dataclass
class _Progress:
    """How many cells are there, and how long the rest takes: by passages times questions."""

    total: int
    done: int
    work: int
    began: float = field(default_factory=time.monotonic)
    worked: int = 0

    def read(self, passages: int) -> None:
        self.done += 1
        self.worked += passages

    @property
    def seconds_left(self) -> float | None:
        if not self.worked:
            return None
        return (time.monotonic() - self.began) / self.worked * max(self.work - self.worked, 0)


class LibraryGrids:
    """A `Grids` over a store. The reader is loaded when a grid is filled.

    `version` gives the hash of a reader's weights by its name: a better one has the same name.
    """

    def __init__(
        self, store: GridStore, state: GridState, reader: Callable[[], Reader | None], judge: Judge,
        version: Callable[[str], str] = lambda _: "",
    ) -> None:  # fmt: skip
        self._store, self._state = store, state
        self._load_reader, self._judge, self._version = reader, judge, version

    def names(self) -> list[str]:
        return self._state.names()

    def remove(self, name: str) -> None:
        self._state.remove(name)

    def load(self, name: str) -> Grid:
        spec, created_at = self._state.spec(name)
        cells = self._state.cells(name)
        keys = [column_key(column) for column in spec.columns]
        records = in_scope(self._store.documents(), spec.documents, strict=False)
        rows = [
            GridRow(r, tuple(cells.get((r.id, key), NOT_READ) for key in keys)) for r in records
        ]
        return Grid(spec, tuple(rows), created_at)

    def ask(
        self,
        question: str,
        documents: Sequence[str] = (),
        cancel: CancelToken | None = None,
        *,
        forced: bool = True,
    ) -> Iterator[AnswerEvent] | None:
        """Answer from the rows of sheets, or by reading every document; see `types.Grids`."""
        records = in_scope(self._store.documents(), documents)
        return answer_of_all(question, records, self._store, self._load_reader, cancel, forced)

    def fill(
        self, spec: GridSpec, cancel: CancelToken | None = None, *, again: bool = False
    ) -> Iterator[GridEvent]:
        token, reader = cancel or CancelToken(), self._load_reader()
        if reader is None:
            raise no_reader()
        records = in_scope(self._store.documents(), spec.documents)
        self._state.save(spec)
        known, name = self._state.cells(spec.name), self._known_as(reader)
        missing = {
            record: wanted
            for record in records
            if (wanted := _missing(spec.columns, record, known, name, again=again))
        }
        total = len(records) * len(spec.columns)
        left = sum(map(len, missing.values()))
        yield GridStarted(len(records), total, total - left)
        work = sum(max(r.chunks, 1) * len(wanted) for r, wanted in missing.items())
        progress, cancelled = _Progress(total, total - left, work), False
        for record, wanted in missing.items():
            try:
                yield from self._fill_row(spec, record, wanted, reader, token, progress)
            except Cancelled:
                cancelled = True
                break
        yield GridFinished(self.load(spec.name), progress.done - (total - left), cancelled)

    def _fill_row(
        self,
        spec: GridSpec,
        record: DocumentRecord,
        wanted: Sequence[int],
        reader: Reader,
        token: CancelToken,
        progress: _Progress,
    ) -> Iterator[GridEvent]:
        """Read the missing cells of a document; what was read is kept also after a cancel."""
        passages = self._store.document_passages(record.id)
        pending, since = list[tuple[int, Cell]](), time.monotonic()
        for number in wanted:
            stopped = False
            try:
                token.raise_if_cancelled()
                cell = read_cell(spec.columns[number], passages, reader, token)
                pending.append((number, replace(cell, reader=self._known_as(reader))))
                progress.read(max(len(passages), 1))
            except Cancelled:
                stopped = True
            late = time.monotonic() - since > COMMIT_SECONDS
            if pending and (stopped or late or number == wanted[-1]):
                keyed = [(column_key(spec.columns[n]), cell) for n, cell in pending]
                if not self._state.put(spec.name, record.id, keyed):
                    progress.done -= len(pending)
                    yield RowGone(record)
                    return
                cells, pending, since = tuple(pending), [], time.monotonic()
                yield RowRead(record, cells, progress.done, progress.total, progress.seconds_left)
            if stopped:
                raise Cancelled

    def _known_as(self, reader: Reader) -> str:
        return f"{reader.name}@{self._version(reader.name)[:12]}"

    # What a person says ----------------------------------------------------------------

    def review(
        self, name: str, document_id: int, column: str, review: CellReview, words: str = ""
    ) -> Cell:
        grid = self.load(name)
        asked, record, cell = _cell_of(grid, document_id, column)
        words = " ".join(words.split())
        if review == "corrected" and not words:
            raise UsageError(
                "The correction is empty.",
                hint=f"Give the right words, or '{NOT_THERE}' if the document does not answer.",
            )
        before = _unreviewed(cell)
        kept, feedback_id = before, 0
        if review:
            given = self._given(asked, record, before, review, words)
            feedback_id = given.id
            kept = replace(before, review=review, feedback_id=given.id)
            if review == "corrected":
                places = given.correction.places if given.correction else ()
                value = "" if words == NOT_THERE else words
                kept = replace(kept, value=value, correction=places)
        if not self._state.put(name, document_id, [(column_key(asked), kept)]):
            if feedback_id:
                self._judge.remove_feedback(feedback_id)
            raise UsageError(f"'{record.name}' was forgotten meanwhile.")
        if cell.feedback_id:
            self._take_back(cell.feedback_id)
        return kept

    def _take_back(self, feedback_id: int) -> None:
        try:
            self._judge.remove_feedback(feedback_id)
        except UsageError:  # it was removed by hand
            return

    def _given(
        self, column: Column, record: DocumentRecord, cell: Cell, review: CellReview, words: str
    ) -> Feedback:
        """Keep a verdict: the question names the document, since each has its own answer."""
        abstained = cell.state == "absent" or not cell.items
        quotes = tuple(place for item in cell.items[:1] for place in item.places)
        verdict: Verdict = "right" if review == "accepted" else "wrong"
        feedback = Feedback(
            question=f"{column.question} ({record.name})",
            verdict=verdict,
            answer=cell.value,
            abstained=abstained,
            quotes=() if abstained else quotes[:_MOST_QUOTES],
            model=cell.reader.partition("@")[0],
            strategy="table",
        )
        if review != "corrected":
            return self._judge.give_feedback(feedback)
        if words == NOT_THERE:
            gone = None if abstained else Correction(unanswerable=True)
            right: Verdict = "right" if abstained else "wrong"
            return self._judge.give_feedback(replace(feedback, correction=gone, verdict=right))
        placed = Correction(words, (to_look_for(words, record.name),))
        try:
            return self._judge.give_feedback(replace(feedback, correction=placed))
        except UsageError:  # the words are a person's own
            own = replace(feedback, correction=Correction(words))
            return self._judge.give_feedback(own, any_words=True)


def _missing(
    columns: Sequence[Column],
    record: DocumentRecord,
    known: dict[tuple[int, str], Cell],
    reader: str,
    *,
    again: bool,
) -> list[int]:
    """Return the numbers of the columns that a document has to be read for."""
    found = []
    for number, column in enumerate(columns):
        cell = known.get((record.id, column_key(column)))
        if cell is None or (not cell.review and (again or cell.reader != reader)):
            found.append(number)
    return found


def _cell_of(grid: Grid, document_id: int, column: str) -> tuple[Column, DocumentRecord, Cell]:
    for row in grid.rows:
        if row.document.id == document_id:
            for asked, cell in zip(grid.spec.columns, row.cells, strict=True):
                if asked.name.casefold() == column.casefold() and cell.reader:
                    return asked, row.document, cell
    raise UsageError(
        f"The table '{grid.spec.name}' has no cell '{column[:80]}' of document {document_id}.",
        hint="Fill it first, or look at its columns: assistant table show NAME",
    )


def _unreviewed(cell: Cell) -> Cell:
    """Return a cell as it was read."""
    value = "; ".join(item.value for item in cell.items)
    return replace(cell, value=value, review="", feedback_id=0, correction=())
