"""The progress of adding documents, counted from the events, nothing estimated."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from assistant.console.progress import time_left
from assistant.tui.error_view import ErrorView, error_view_of
from assistant.types import (
    FileAdded,
    FileFailed,
    FileKnown,
    FileProgress,
    FilesFound,
    IngestEvent,
    IngestFinished,
)

STAGE_WORDS = {
    "recognizing": "reading by OCR, page",
    "reading": "reading",
    "embedding": "indexing",
    "storing": "storing",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that was left out, and why."""

    path: Path
    problem: ErrorView


@dataclass(frozen=True, slots=True)
class Note:
    """A note about a document that was added."""

    document: str
    text: str


@dataclass
class Progress:
    """One run of adding documents. `total` is None until the folders were walked."""

    total: int | None = None
    added: int = 0
    known: int = 0
    updated: int = 0
    failures: list[Failure] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    current: FileProgress | None = None
    finished: bool = False
    cancelled: bool = False
    stopping: bool = False
    problem: ErrorView | None = None

    @property
    def files_done(self) -> int:
        return self.added + self.known + len(self.failures)

    def apply(self, event: IngestEvent) -> bool:
        """Take an event; True if the library holds another document, or calls one otherwise."""
        if isinstance(event, FilesFound):
            self.total = event.total
        elif isinstance(event, FileProgress):
            self.current = event
        elif isinstance(event, FileAdded):
            self.added += 1
            self.updated += event.replaced is not None
            if event.note:
                self.notes.append(Note(event.document.name, event.note))
            self.current = None
            return True
        elif isinstance(event, FileKnown):
            self.known += 1
            self.current = None
            return True
        elif isinstance(event, FileFailed):
            self.failures.append(Failure(event.path, error_view_of(event.error)))
            self.current = None
        elif isinstance(event, IngestFinished):
            self.cancelled = event.cancelled
        return False

    def end(self, problem: ErrorView | None) -> None:
        """The events are over."""
        self.finished = True
        self.current = None
        self.problem = problem

    @property
    def headline(self) -> str:
        """Return the progress, or the result at the end, on one line."""
        if self.finished:
            return self._outcome()
        if self.stopping:
            return "Stopping after what is being stored ..."
        if self.total is None:
            return "Looking for files ..."
        number = min(self.files_done + 1, self.total)
        return f"Adding file {number} of {self.total}  ·  Esc stops"

    @property
    def file_line(self) -> str:
        """The file at work, its stage, how far it is and the time left; "" if there is none."""
        if self.current is None:
            return ""
        now = self.current
        stage = STAGE_WORDS.get(now.stage, now.stage)
        done = min(now.done + 1, now.total) if now.stage == "recognizing" else now.done
        return f"{now.path.name}: {stage} {done} of {now.total}{time_left(now.seconds_left)}"

    def _outcome(self) -> str:
        parts = [f"Added {self.added}"]
        if self.updated:
            parts.append(f"{self.updated} of them newer versions")
        if self.known:
            parts.append(f"{self.known} here already")
        if self.failures:
            parts.append(f"{len(self.failures)} not added (see below)")
        line = ", ".join(parts) + "."
        if self.problem is not None:
            return f"Stopped by an error. {line}"
        return f"Cancelled. {line}" if self.cancelled else line
