"""The report of a training run as an HTML page."""

from __future__ import annotations

from dataclasses import asdict

from assistant.html_page.page import Block, Row, html_page
from convert.train.loss_curves import drawings_of
from convert.train.loss_history import Evaluation, History, best
from convert.train.settings import TrainSettings

_COLUMNS = (
    ("step", "step"),
    ("loss", "held-out loss"),
    ("score", "score"),
    ("exact", "EM"),
    ("f1", "F1"),
    ("refused", "refused"),
    ("false_refusals", "false refusals"),
    ("verbatim", "verbatim"),
)


def report_html(title: str, history: History, settings: TrainSettings) -> str:
    """Return the page: what happened, the curves, each evaluation, the settings."""
    chosen = best(history.evaluations, settings.select_by, settings.min_improvement)
    evaluations = [
        Row(
            [_shown(getattr(one, field)) for field, _ in _COLUMNS],
            "good" if chosen is not None and one.step == chosen.step else "",
        )
        for one in history.evaluations
    ]
    blocks = [
        Block("title", title),
        Block("text", _summary(history, chosen, settings)),
        *(Block("verdict", warning, mood="warning") for warning in history.warnings),
        *(Block("drawing", drawing=drawing) for drawing in drawings_of(history)),
        Block("heading", "Evaluations"),
        Block("table", head=[name for _, name in _COLUMNS], rows=evaluations, numeric=True),
        Block(
            "text",
            "Loss: mean over the tokens of the answers, in nats. The scores are of greedy "
            "answers to validation samples: EM and F1 (SQuAD) where there is an answer, the share "
            "refused where there is none, false refusals, and quotes that stand in the passages. "
            "Score is the mean F1 over both kinds.",
        ),
        Block("heading", "Settings"),
        Block(
            "table",
            head=["setting", "value"],
            rows=[(name, _shown(value)) for name, value in asdict(settings).items()],
            numeric=True,
        ),
    ]
    return html_page(title, blocks)


def _summary(history: History, chosen: Evaluation | None, settings: TrainSettings) -> str:
    tokens = sum(s.tokens for s in history.steps)
    samples = sum(s.samples for s in history.steps)
    seconds = sum(s.seconds for s in history.steps)
    parts = [f"{history.last_step} steps, {samples:,} samples, {tokens:,} tokens"]
    if seconds:
        parts.append(f"{samples / seconds:.1f} samples/s and {tokens / seconds:.0f} tokens/s")
    parts.append(f"{history.seconds / 60:.1f} minutes in all")
    if chosen is not None:
        parts.append(f"best by {settings.select_by}: step {chosen.step}")
    return "; ".join(parts) + "."


def _shown(value: object) -> str:
    if value is None:
        return "\u2013"
    if isinstance(value, float):
        return f"{value:.4g}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
