"""Messages from workers to the app. Workers post these and never touch a widget."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from textual.message import Message

from assistant.tui.error_view import ErrorView
from assistant.types import (
    AnswerEvent,
    CancelToken,
    DocumentRecord,
    IngestEvent,
    Page,
    PagePicture,
    PageView,
    Workspace,
)

E = TypeVar("E")

Post = Callable[[Message], object]
"""How a worker posts: `node.post_message`, which is safe from any thread."""


class Outbox(Generic[E]):
    """Events on their way from a worker to the app.

    `notify` is called once for each batch, not for each event: a stream that is faster
    than the screen makes bigger batches, not a longer queue of messages.
    """

    def __init__(self, notify: Callable[[Outbox[E]], object], merge: Callable[[E, E], E | None]):
        self._lock = threading.Lock()
        self._events: list[E] = []
        self._notify = notify
        self._merge = merge
        self._announced = False

    def put(self, event: E) -> None:
        """Add an event (worker's side)."""
        with self._lock:
            merged = self._merge(self._events[-1], event) if self._events else None
            if merged is None:
                self._events.append(event)
            else:
                self._events[-1] = merged
            announce, self._announced = not self._announced, True
        if announce:
            self._notify(self)

    def take(self) -> list[E]:
        """Take all events that wait, oldest first (app's side)."""
        with self._lock:
            events, self._events = self._events, []
            self._announced = False
        return events


@dataclass
class WorkspaceOpened(Message):
    """The library is open; its engines may still be cold."""

    workspace: Workspace
    library: str
    model: str
    documents: tuple[DocumentRecord, ...]


@dataclass
class WorkspaceFailed(Message):
    problem: ErrorView


@dataclass
class WarmedUp(Message):
    """The engines are loaded, or could not be."""

    model: str
    problem: ErrorView | None


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
    problem: ErrorView | None
    cancelled: bool


@dataclass
class IngestWaiting(Message):
    """The outbox has events of adding documents."""

    outbox: Outbox[IngestEvent]


@dataclass
class IngestEnded(Message):
    outbox: Outbox[IngestEvent]
    problem: ErrorView | None


@dataclass
class Forgotten(Message):
    document: DocumentRecord


@dataclass
class PageLoaded(Message):
    """A page's text, or the part of it around the quote: `text` begins at `offset`."""

    page: Page
    text: str
    offset: int
    before: int
    after: int


@dataclass
class PageDrawn(Message):
    """A page's picture, as `view` asked for it; without one, why there is none."""

    number: int
    view: PageView
    picture: PagePicture | None
    problem: ErrorView | None


@dataclass
class WorkFailed(Message):
    """A short piece of work (a list, a page, a forget) failed."""

    problem: ErrorView


@dataclass
class JobEnded(Message):
    """A job is over, whatever came of it."""

    name: str
    token: CancelToken
