"""Worker threads: thin loops over the workspace that post messages to the app.

Nothing here knows a widget or owns state. Each function catches everything, because a
worker that dies in silence leaves the app waiting for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from textual.message import Message

from assistant.errors import Cancelled
from assistant.tui.error_view import ErrorView, error_view_of
from assistant.tui.messages import (
    AnswerEnded,
    AnswerWaiting,
    DocumentsListed,
    Forgotten,
    IngestEnded,
    IngestWaiting,
    Outbox,
    PageDrawn,
    PageLoaded,
    Post,
    WarmedUp,
    WorkFailed,
    WorkspaceFailed,
    WorkspaceOpened,
)
from assistant.types import (
    AnswerEvent,
    CancelToken,
    FileProgress,
    Generated,
    IngestEvent,
    PageView,
    Workspace,
)

PAGE_WINDOW = 20_000
"""Most characters of a page that are laid out on each side of the quote."""


def merge_answer(last: AnswerEvent, new: AnswerEvent) -> AnswerEvent | None:
    """Join streamed pieces that nobody has seen yet."""
    if isinstance(last, Generated) and isinstance(new, Generated):
        return Generated(last.text + new.text)
    return None


def merge_ingest(last: IngestEvent, new: IngestEvent) -> IngestEvent | None:
    """Keep only the newest progress of a file."""
    if isinstance(last, FileProgress) and isinstance(new, FileProgress) and last.path == new.path:
        return new
    return None


def open_library(open_workspace: Callable[[], Workspace], post: Post) -> None:
    """Open the workspace, tell what is in it, then warm up its engines."""
    try:
        workspace = open_workspace()
    except Exception as error:  # noqa: BLE001 - see the module's docstring
        post(WorkspaceFailed(error_view_of(error)))
        return
    try:
        opened = WorkspaceOpened(
            workspace,
            workspace.library_name,
            workspace.model_name,
            tuple(workspace.documents()),
        )
    except Exception as error:  # noqa: BLE001
        post(WorkspaceFailed(error_view_of(error)))
        attempt(workspace.close)
        return
    post(opened)
    problem = attempt(workspace.warm_up)
    try:
        model = workspace.model_name
    except Exception as error:  # noqa: BLE001
        model, problem = "", problem or error_view_of(error)
    post(WarmedUp(model, problem))


def answer(
    workspace: Workspace,
    question: str,
    cancel: CancelToken,
    post: Post,
    how: Mapping[str, Any] | None = None,
) -> None:
    """Run a question to its end; `how` are further arguments of `Workspace.ask`."""
    outbox: Outbox[AnswerEvent] = Outbox(lambda box: post(AnswerWaiting(box)), merge_answer)

    def run() -> None:
        for event in workspace.ask(question, cancel, **(how or {})):
            outbox.put(event)

    problem = attempt(run)
    post(AnswerEnded(outbox, problem, cancelled=cancel.is_cancelled))


def ingest(workspace: Workspace, paths: Sequence[Path], cancel: CancelToken, post: Post) -> None:
    """Add documents, then list what the library holds now."""
    outbox: Outbox[IngestEvent] = Outbox(lambda box: post(IngestWaiting(box)), merge_ingest)

    def run() -> None:
        for event in workspace.add(paths, cancel):
            outbox.put(event)

    problem = attempt(run)
    post(IngestEnded(outbox, problem))
    list_documents(workspace, post)


def list_documents(workspace: Workspace, post: Post) -> None:
    do(lambda: DocumentsListed(tuple(workspace.documents())), post)


def forget(workspace: Workspace, document_id: int, post: Post) -> None:
    """Forget a document, then list what is left."""
    do(lambda: Forgotten(workspace.forget(document_id)), post)
    list_documents(workspace, post)


def load_page(
    workspace: Workspace, document_id: int, page: int, around: tuple[int, int], post: Post
) -> None:
    """Load a page; of a very long one only the window around the span `around`."""
    do(lambda: page_window(workspace, document_id, page, around), post)


def draw_page(
    workspace: Workspace, document_id: int, number: int, view: PageView, post: Post
) -> None:
    """Draw a page; where that can't be, the text is shown and the reason said."""
    do(
        lambda: PageDrawn(number, view, workspace.page_picture(document_id, number, view), None),
        post,
        lambda problem: PageDrawn(number, view, None, problem),
    )


def page_window(
    workspace: Workspace, document_id: int, page: int, around: tuple[int, int]
) -> PageLoaded:
    """Return a page, or of a very long one the window around the span `around`."""
    shown = workspace.page(document_id, page)
    text = shown.text
    low = max(around[0] - PAGE_WINDOW, 0)
    high = min(around[1] + PAGE_WINDOW, len(text))
    return PageLoaded(shown, text[low:high], low, before=low, after=len(text) - high)


def do(
    work: Callable[[], Message], post: Post, failed: Callable[[ErrorView], Message] = WorkFailed
) -> None:
    """Post what `work` returns, or what `failed` makes of its failure."""
    problem = attempt(lambda: post(work()))
    if problem is not None:
        post(failed(problem))


def attempt(work: Callable[[], object]) -> ErrorView | None:
    """Run `work`; a failure becomes a `ErrorView`, a cancel is none."""
    try:
        work()
    except Cancelled:
        return None
    except Exception as error:  # noqa: BLE001
        return error_view_of(error)
    return None
