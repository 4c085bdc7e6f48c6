"""Types of a grid: the same questions asked of many documents, a cell for each pair."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from assistant.types.answers import AnswerEvent
from assistant.types.cancel import CancelToken
from assistant.types.documents import Citation, DocumentRecord, Page, Passage
from assistant.types.feedback import Feedback

ColumnType = Literal["text", "date", "amount", "number", "yes-no", "list"]
COLUMN_TYPES: tuple[ColumnType, ...] = get_args(ColumnType)

CellState = Literal["found", "doubtful", "absent"]

CellReview = Literal["", "accepted", "corrected", "rejected"]
REVIEWS: tuple[CellReview, ...] = ("accepted", "corrected", "rejected")


MOST_UNASKED = 3_000
"""Passages that are read for a question without being asked to: half a minute's on two cores."""

NOT_THERE = "-"
"""A correction that says: the document does not answer."""


@dataclass(frozen=True, slots=True)
class Column:
    """A question that each document is asked, and the type of its values.

    `clause` names the kind of clause that answers, if its words are known
    (`tabular/clause_words.py`); "" leaves it to the reader to find the place.
    """

    name: str
    question: str
    type: ColumnType = "text"
    clause: str = ""


def column_key(column: Column) -> str:
    """Return what tells a question from another: its words, type and clause, not its name."""
    asked = f"{column.type}\n{column.question}" + (f"\n{column.clause}" if column.clause else "")
    return hashlib.sha256(asked.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class GridSpec:
    """What a grid is made of. `documents` are references as a person gives them.

    A reference is a number, a name or its beginning, a path, or a pattern with `*`; none
    stands for the whole library. What they name is looked up each time: a document that was
    replaced or added later is in the grid too.
    """

    name: str
    columns: tuple[Column, ...]
    documents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CellItem:
    """A verbatim quote, and what code reads from it.

    `places` are more than one where the quote goes over the end of a page. `value` is written
    by the column's type: "2024-04-03", "1500.00 usd", "30 days", "yes"; for text the quote on
    one line; "" if no such value is in the quote. `note` says what a person should know of it.
    """

    places: tuple[Citation, ...]
    value: str
    confidence: float
    note: str = ""

    @property
    def quote(self) -> str:
        return " ".join(place.text for place in self.places)


@dataclass(frozen=True, slots=True)
class Cell:
    """The answer of one document to one column.

    `items` is what the reader found: the likeliest, or of a list all that answers, in the order of
    the document; `more` were found beyond those that are kept. `others` are second thoughts, for
    whoever checks; they are all there is where the document does not answer. `confidence` (0..1) is
    that the document answers at all. `value` is what is shown; a correction's words replace it,
    and `correction` is where they stand ("" and nowhere: the document does not answer).
    """

    state: CellState
    items: tuple[CellItem, ...] = ()
    others: tuple[CellItem, ...] = ()
    confidence: float = 0.0
    value: str = ""
    more: int = 0
    reader: str = ""
    review: CellReview = ""
    feedback_id: int = 0
    correction: tuple[Citation, ...] = ()

    @property
    def quotes(self) -> tuple[Citation, ...]:
        """The places of what is shown: a correction's, else those of all that count."""
        if self.review == "corrected":
            return self.correction
        return tuple(place for item in self.items for place in item.places)

    @property
    def note(self) -> str:
        return self.items[0].note if self.items and self.review != "corrected" else ""


NOT_READ = Cell("absent")
"""Stands in a grid where nothing has been read yet: its `reader` is ""."""


@dataclass(frozen=True, slots=True)
class GridRow:
    """A document's cells, in the order of the columns; `NOT_READ` where none is yet."""

    document: DocumentRecord
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid as it is kept. `unread` counts the cells that were not read."""

    spec: GridSpec
    rows: tuple[GridRow, ...]
    created_at: str = ""

    @property
    def unread(self) -> int:
        return sum(cell.reader == "" for row in self.rows for cell in row.cells)


@dataclass(frozen=True, slots=True)
class GridStarted:
    """Event: of `cells` cells `known` stand there already."""

    documents: int
    cells: int
    known: int


@dataclass(frozen=True, slots=True)
class RowRead:
    """Event: cells of one document are kept now, by the number of their column.

    `done` of `cells` cells of the grid are there; at the rate so far the rest takes
    `seconds_left` (None where that isn't known).
    """

    document: DocumentRecord
    cells: tuple[tuple[int, Cell], ...]
    done: int
    total: int
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class RowGone:
    """Event: a document was forgotten while it was read."""

    document: DocumentRecord


@dataclass(frozen=True, slots=True)
class GridFinished:
    """Event: always the last one; `read` cells were read now."""

    grid: Grid
    read: int
    cancelled: bool = False


GridEvent = GridStarted | RowRead | RowGone | GridFinished


class Grids(Protocol):
    """The grids of a library."""

    def names(self) -> list[str]: ...

    def load(self, name: str) -> Grid:
        """Return a grid as it is kept. Raises `UsageError` if there is none of that name."""
        ...

    def fill(
        self, spec: GridSpec, cancel: CancelToken | None = None, *, again: bool = False
    ) -> Iterator[GridEvent]:
        """Keep the grid, and read what is missing; with `again` all but what was reviewed.

        A cell is missing where its document, its question or the reader is another. Each
        document's cells are committed together. Raises `UsageError` for a reference that names
        no document, `ModelError` where there is no reader.
        """
        ...

    def ask(
        self,
        question: str,
        documents: Sequence[str] = (),
        cancel: CancelToken | None = None,
        *,
        forced: bool = True,
    ) -> Iterator[AnswerEvent] | None:
        """Answer exactly from the rows of sheets, or by reading every document whole.

        Of those that `documents` name. Without `forced` documents are read only for a question
        that asks of them all, where that takes not long; else None.
        """
        ...

    def review(
        self, name: str, document_id: int, column: str, review: CellReview, words: str = ""
    ) -> Cell:
        """Keep what a person says of a cell; it becomes feedback too, `""` takes it back.

        Raises `UsageError` for a cell that was not read, and for a correction without words.
        """
        ...

    def remove(self, name: str) -> None:
        """Delete a grid so that no byte of it stays. Raises `UsageError` if there is none."""
        ...


class GridStore(Protocol):
    """Where grids are kept: an encrypted library."""

    def documents(self) -> list[DocumentRecord]: ...

    def document_passages(self, document_id: int) -> list[Passage]:
        """Return all passages of a document in order; none if it is gone."""
        ...

    def page(self, document_id: int, number: int) -> Page: ...

    def search_text(
        self, query: str, k: int, documents: Collection[int] | None = None
    ) -> list[tuple[int, float]]: ...

    def passages(self, chunk_ids: Sequence[int]) -> list[Passage]: ...


class GridState(Protocol):
    """The grids in one store."""

    def names(self) -> list[str]: ...

    def spec(self, name: str) -> tuple[GridSpec, str]:
        """Return a grid's columns and references, and when it was made."""
        ...

    def save(self, spec: GridSpec) -> None:
        """Make a grid, or change it; cells of questions that are gone go too."""
        ...

    def cells(self, name: str) -> dict[tuple[int, str], Cell]:
        """Return the cells by document and `column_key`."""
        ...

    def put(self, name: str, document_id: int, cells: Sequence[tuple[str, Cell]]) -> bool:
        """Keep cells of a document; False, and nothing kept, if document or grid is gone."""
        ...

    def remove(self, name: str) -> None: ...


class Judge(Protocol):
    """Keeps feedback on answers, as `Workspace` does."""

    def give_feedback(self, feedback: Feedback, *, any_words: bool = False) -> Feedback: ...

    def remove_feedback(self, feedback_id: int) -> Feedback: ...
