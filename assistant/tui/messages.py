"""What workers tell the app. Workers post these and never touch a widget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from assistant.tui.error_view import Problem
from assistant.types import AnswerEvent, CancelToken, DocumentRecord, IngestEvent, Workspace

if TYPE_CHECKING:
    from assistant.tui.workers import Outbox

Post = Callable[[Message], object]
"""How a worker posts: `node.post_message`, which is safe from any thread."""


@dataclass
class WorkspaceOpened(Message):
    """The library is open; its engines may still be cold."""

    workspace: Workspace
    library: str
    model: str
    documents: tuple[DocumentRecord, ...]


@dataclass
class WorkspaceFailed(Message):
    problem: Problem


@dataclass
class WarmedUp(Message):
    """The engines are loaded, or could not be."""

    model: str
    problem: Problem | None


@dataclass
class DocumentsListed(Message):
    documents: tuple[DocumentRecord, ...]


@dataclass
class AnswerWaiting(Message):
    """The outbox has events of the answer."""

    outbox: Outbox[AnswerEvent]


@dataclass
class AnswerEnded(Message):
    outbox: Outbox[AnswerEvent]
    problem: Problem | None
    cancelled: bool


@dataclass
class IngestWaiting(Message):
    """The outbox has events of adding documents."""

    outbox: Outbox[IngestEvent]


@dataclass
class IngestEnded(Message):
    outbox: Outbox[IngestEvent]
    problem: Problem | None


@dataclass
class Forgotten(Message):
    document: DocumentRecord


@dataclass
class PageLoaded(Message):
    """A page's text, or the part of it around the quote: `text` begins at `offset`."""

    page: int
    text: str
    offset: int
    before: int
    after: int


@dataclass
class WorkFailed(Message):
    """A short piece of work (a list, a page, a forget) failed."""

    problem: Problem


@dataclass
class JobEnded(Message):
    """A job of the desk is over, whatever came of it."""

    name: str
    token: CancelToken
