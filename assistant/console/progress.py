"""A progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TextColumn

from assistant.console.output import Output
from assistant.safe_text import safe_text

Report = Callable[[str, int, int], None]
"""Called with (what is being done, units done, units in all; 0 if not known)."""


def time_left(seconds: float | None) -> str:
    """Say how long something will still take, behind a comma; "" if that is not known."""
    if seconds is None:
        return ""
    return f", {seconds / 60:.0f} min left" if seconds >= 90 else f", {seconds:.0f} s left"


@contextmanager
def progress_bar(output: Output) -> Iterator[Report]:
    """Give a function that moves a bar on stderr; nothing is shown to scripts."""
    with Progress(
        BarColumn(),
        TextColumn("{task.description}", markup=False),
        console=output.errors,
        transient=True,
        disable=not output.interactive,
    ) as progress:
        task = progress.add_task("", total=None)

        def report(what: str, done: int, total: int) -> None:
            label = safe_text(what, single_line=True)
            progress.update(task, completed=done, total=total or None, description=label)

        yield report
