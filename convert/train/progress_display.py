"""Show a run's progress: a live plot, or plain lines without a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from assistant.html_page.charts import thinned
from assistant.safe_text import safe_text
from convert.train.loss_curves import MovingAverage
from convert.train.loss_history import Evaluation
from convert.train.terminal_plot import HELD_OUT, plot
from convert.train.training_events import (
    Evaluated,
    EvaluationProgress,
    Event,
    Notice,
    PreparationProgress,
    Saved,
    Started,
    StepDone,
    Watch,
)

LINE_SECONDS = 10.0
"""Least time between two plain lines about steps."""

_PLOT_HEIGHT = 12
_WIDEST = 110


@contextmanager
def watching(console: Console) -> Iterator[Watch]:
    """Show a run on a console (standard error): live in a terminal, else line by line."""
    if console.is_terminal and (console.encoding or "").lower().startswith("utf"):
        screen = LiveDisplay(console)
        with Live(screen, console=console, refresh_per_second=4, transient=False):
            yield screen
    else:
        yield PlainDisplay(console)


class PlainDisplay:
    """One line for each evaluation and warning, and now and then one for the steps."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said = 0.0

    def __call__(self, event: Event) -> None:
        line = self._line(event)
        if line:
            self._console.print(_text(line), soft_wrap=True)

    def _line(self, event: Event) -> str:
        if isinstance(event, StepDone):
            now = time.monotonic()
            if now - self._said < LINE_SECONDS and event.record.step not in (1, event.total):
                return ""
            self._said = now
            return step_line(event)
        if isinstance(event, PreparationProgress):
            return event.what if event.done in (0, event.total) else ""
        if isinstance(event, Evaluated):
            return evaluation_line(event.evaluation, best=event.best)
        if isinstance(event, Started):
            return started_line(event)
        return event.text if isinstance(event, Notice) else ""


class LiveDisplay:
    """A renderable that rich draws again and again: plot, progress, last evaluation."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._losses = MovingAverage()
        self._held_out: list[tuple[float, float]] = []
        self._total = 0
        self._head = "starting"
        self._step: StepDone | None = None
        self._evaluation = ""
        self._busy = ""
        self._saved = ""
        self._notes: list[str] = []

    def __call__(self, event: Event) -> None:
        if isinstance(event, StepDone):
            self._step, self._busy = event, ""
            self._losses.add((float(event.record.step), event.record.loss))
        elif isinstance(event, Started):
            self._head, self._total, self._busy = started_line(event), event.total, ""
            self._losses = MovingAverage((float(s.step), s.loss) for s in event.history.steps)
            self._held_out = [(float(e.step), e.loss) for e in event.history.evaluations]
        elif isinstance(event, PreparationProgress):
            count = f" {event.done:,}/{event.total:,}" if event.total else ""
            self._busy = f"{event.what}{count}"
        elif isinstance(event, EvaluationProgress):
            self._busy = f"evaluating {event.done}/{event.total}"
        elif isinstance(event, Evaluated):
            self._busy = ""
            self._held_out.append((float(event.evaluation.step), event.evaluation.loss))
            self._evaluation = evaluation_line(event.evaluation, best=event.best)
        elif isinstance(event, Saved):
            self._saved = f"checkpoint of step {event.step}"
        else:
            self._notes.append(event.text)

    def __rich__(self) -> RenderableType:
        parts: list[RenderableType] = [_text(self._head, "bold")]
        if self._losses.points or self._held_out:
            parts.append(self._plot())
            parts.append(_text(f"\u2500 training loss   {HELD_OUT} held out", "dim"))
        if self._total:
            done = self._losses.points[-1][0] if self._losses.points else 0.0
            parts.append(self._bar(done))
        if self._step:
            parts.append(_text(step_line(self._step)))
        parts += [_text(line) for line in (self._evaluation, self._busy) if line]
        parts += [_text(note, "yellow") for note in self._notes[-3:]]
        if self._saved:
            parts.append(_text(f"{self._saved}; Ctrl-C saves and stops", "dim"))
        return Group(*parts)

    def _plot(self) -> Text:
        text = Text()
        width = self._width()
        line = thinned(self._losses.points)
        rows = plot(line, self._held_out, self._total, width, _PLOT_HEIGHT)
        for row in rows:
            for cell, style in row:
                text.append(cell, style=style)
            text.append("\n")
        text.rstrip()
        return text

    def _bar(self, done: float) -> Text:
        filled = round(self._width() * done / self._total)
        return Text("\u2501" * filled, style="cyan").append(
            "\u2501" * (self._width() - filled), style="dim"
        )

    def _width(self) -> int:
        return min(self._console.width, _WIDEST)


def started_line(event: Started) -> str:
    """Say what is trained, and how much packing saves."""
    times = event.alone / event.tokens if event.tokens else 1.0
    team = f" in {event.processes} processes" if event.processes > 1 else ""
    begin = f"goes on after step {event.done}" if event.done else "starts"
    return (
        f"Training {begin}: {event.total} steps, {event.samples:,} samples in {event.tokens:,} "
        f"tokens ({times:.1f} times fewer than one by one), {event.parameters / 1e6:.1f} million "
        f"weights on {event.device}{team}"
    )


def step_line(event: StepDone) -> str:
    """Say where the run is, how fast, and how long it takes yet."""
    record = event.record
    return (
        f"step {record.step}/{event.total}  epoch {record.epoch + 1}  loss {record.loss:.4f}  "
        f"rate {record.rate:.2e}  {event.samples_per_second:.1f} samples/s  "
        f"{event.tokens_per_second:,.0f} tokens/s  {duration(event.left)} left"
    )


def evaluation_line(one: Evaluation, *, best: bool) -> str:
    """Say how an evaluation went."""
    parts = [f"step {one.step}: held-out loss {one.loss:.4f}"]
    for name, value in (
        ("score", one.score),
        ("EM", one.exact),
        ("F1", one.f1),
        ("refused", one.refused),
        ("false refusals", one.false_refusals),
        ("verbatim", one.verbatim),
    ):
        if value is not None:
            parts.append(f"{name} {value:.2f}")
    return ", ".join(parts) + (" (best)" if best else "")


def duration(seconds: float) -> str:
    """Return a time as people say it: 45s, 12m, 3h05m."""
    if seconds < 90:
        return f"{seconds:.0f}s"
    minutes = round(seconds / 60)
    return f"{minutes}m" if minutes < 90 else f"{minutes // 60}h{minutes % 60:02d}m"


def _text(text: str, style: str = "") -> Text:
    return Text(safe_text(text, single_line=True), style=style)
