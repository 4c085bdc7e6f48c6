"""The panel that shows the progress of adding documents, and its result."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import ProgressBar, Static

from assistant.tui import safe_content
from assistant.tui.ingest_progress import Failure, Note, Progress

SHOWN_FAILURES = 200


class IngestPanel(Vertical):
    """Stays after the end, so that the failures can be read; the next run replaces it."""

    def __init__(self) -> None:
        super().__init__(id="ingest")

    def compose(self) -> ComposeResult:
        yield Static(id="ingest-headline")
        yield ProgressBar(id="ingest-files", show_eta=False)
        yield Static(id="ingest-file")
        yield ProgressBar(id="ingest-steps", show_eta=False)
        with VerticalScroll(id="ingest-failures"):
            yield Static(id="failure-list")

    def on_mount(self) -> None:
        self.display = False

    def show(self, progress: Progress) -> None:
        self.display = True
        self.query_one("#ingest-headline", Static).update(
            safe_content.line(progress.headline, "bold")
        )
        files = self.query_one("#ingest-files", ProgressBar)
        files.display = not progress.finished
        files.update(total=progress.total or None, progress=progress.files_done)
        self._show_file(progress)
        failures = self.query_one("#ingest-failures", VerticalScroll)
        failures.display = bool(progress.failures or progress.notes)
        rows = _failures(progress.failures) + _notes(progress.notes)
        self.query_one("#failure-list", Static).update(safe_content.lines(rows))

    def _show_file(self, progress: Progress) -> None:
        line = self.query_one("#ingest-file", Static)
        steps = self.query_one("#ingest-steps", ProgressBar)
        line.display = steps.display = not progress.finished
        line.update(safe_content.line(progress.file_line))
        if progress.current is not None:
            steps.update(total=progress.current.total or None, progress=progress.current.done)
        else:
            steps.update(total=1, progress=0)


def _failures(failures: list[Failure]) -> list[Content]:
    rows: list[Content] = []
    for failure in failures[:SHOWN_FAILURES]:
        problem = failure.problem
        rows.append(
            safe_content.join(
                safe_content.line(failure.path.name, "bold"),
                safe_content.line(f"  {problem.title}", "$text-error"),
            )
        )
        rows.append(safe_content.block(f"  {problem.message}"))
        if problem.hint:
            rows.append(safe_content.join(("  What to do: ", "bold"), problem.hint))
    more = len(failures) - SHOWN_FAILURES
    if more > 0:
        rows.append(safe_content.line(f"and {more} more", "$foreground-muted"))
    return rows


def _notes(notes: list[Note]) -> list[Content]:
    return [
        safe_content.join(
            safe_content.line(note.document, "bold"), safe_content.line(f"  {note.text}")
        )
        for note in notes[:SHOWN_FAILURES]
    ]
