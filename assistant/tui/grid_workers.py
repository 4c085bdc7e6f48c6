"""A table's work in threads: listing, loading, filling it, what a person says, pages beside it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from assistant.tabular.question_file import read_questions
from assistant.tui.error_view import ErrorView
from assistant.tui.messages import Outbox, PageLoaded, Post
from assistant.tui.workers import attempt, do, page_window
from assistant.types import CancelToken, Citation, Workspace
from assistant.types.tabular import Cell, CellReview, Grid, GridEvent, GridSpec


@dataclass
class GridsListed(Message):
    """The tables that the library keeps."""

    names: tuple[str, ...]


@dataclass
class GridLoaded(Message):
    """A table as it is kept; `problem` says why there is none."""

    grid: Grid | None
    problem: ErrorView | None = None


@dataclass
class GridWaiting(Message):
    """The outbox has events of filling a table."""

    outbox: Outbox[GridEvent]


@dataclass
class GridEnded(Message):
    outbox: Outbox[GridEvent]
    problem: ErrorView | None


@dataclass
class CellKept(Message):
    """What a person said of a cell is kept; or was not, with the problem."""

    document_id: int
    column: int
    cell: Cell | None
    problem: ErrorView | None = None


@dataclass
class CellPage(Message):
    """The page of the cell that was shown as number `serial`."""

    serial: int
    page: PageLoaded


def list_grids(workspace: Workspace, post: Post) -> None:
    """List the tables; a library without documents has none."""
    do(lambda: GridsListed(tuple(workspace.grids.names() if workspace.documents() else ())), post)


def load_grid(workspace: Workspace, name: str, post: Post) -> None:
    do(lambda: GridLoaded(workspace.grids.load(name)), post, lambda p: GridLoaded(None, p))


def spec_of(questions: str, documents: str) -> GridSpec:
    """Make a new table's specification. Raises `UsageError` for questions that can't be read."""
    columns = read_questions(questions)
    return GridSpec(questions, columns, tuple(p.strip() for p in documents.split(",") if p.strip()))


def fill_grid(workspace: Workspace, spec: GridSpec, cancel: CancelToken, post: Post) -> None:
    """Fill a table to its end."""
    outbox: Outbox[GridEvent] = Outbox(lambda box: post(GridWaiting(box)), lambda *_: None)

    def run() -> None:
        for event in workspace.grids.fill(spec, cancel):
            outbox.put(event)

    problem = attempt(run)
    post(GridEnded(outbox, problem))


def review_cell(
    workspace: Workspace,
    name: str,
    place: tuple[int, int, str],
    review: CellReview,
    words: str,
    post: Post,
) -> None:
    """Keep what a person says of the cell at `place`: document, number and name of its column."""
    document_id, number, column = place
    do(
        lambda: CellKept(
            document_id, number, workspace.grids.review(name, document_id, column, review, words)
        ),
        post,
        lambda problem: CellKept(document_id, number, None, problem),
    )


def load_cell_page(
    workspace: Workspace, document_id: int, quotes: tuple[Citation, ...], serial: int, post: Post
) -> None:
    """Load the page of the first quote, or a document's first page."""
    page = quotes[0].page if quotes else 1
    own = [quote for quote in quotes if quote.page == page]
    around = (min(q.start for q in own), max(q.end for q in own)) if own else (0, 0)
    do(lambda: CellPage(serial, page_window(workspace, document_id, page, around)), post)
