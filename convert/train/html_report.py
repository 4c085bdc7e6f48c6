"""The report of a run: one HTML file that needs nothing else, not even a script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from html import escape

from assistant.safe_text import safe_text
from convert.train.loss_curves import curves_svg
from convert.train.loss_history import Evaluation, History, best
from convert.train.settings import TrainSettings

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 820px; color: #1e293b }
table { border-collapse: collapse; margin: 1em 0 } th, td { padding: .2em .8em; text-align: right }
th { border-bottom: 1px solid #94a3b8 } td:first-child, th:first-child { text-align: left }
tr.best { background: #dcfce7 } .warning { background: #fef3c7; padding: .5em 1em }
svg { max-width: 100%; height: auto }
"""
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
    body = [f"<h1>{_text(title)}</h1>", f"<p>{_text(_summary(history, chosen, settings))}</p>"]
    body += [f'<p class="warning">{_text(warning)}</p>' for warning in history.warnings]
    body.append(curves_svg(history))
    body.append("<h2>Evaluations</h2>")
    body.append(_table([name for _, name in _COLUMNS], _rows(history.evaluations), chosen))
    body.append(
        "<p>Loss: mean over the tokens of the answers, in nats. The scores are of greedy "
        "answers to validation samples: EM and F1 (SQuAD) where there is an answer, the share "
        "refused where there is none, false refusals, and quotes that stand in the passages. "
        "Score is the mean F1 over both kinds.</p>"
    )
    body.append("<h2>Settings</h2>")
    values = ([name, _shown(value)] for name, value in asdict(settings).items())
    body.append(_table(["setting", "value"], values, None))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        f"<title>{_text(title)}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


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


def _rows(evaluations: Sequence[Evaluation]) -> Iterable[list[str]]:
    for one in evaluations:
        yield [_shown(getattr(one, field)) for field, _ in _COLUMNS]


def _table(names: Sequence[str], rows: Iterable[Sequence[str]], chosen: Evaluation | None) -> str:
    head = "".join(f"<th>{_text(name)}</th>" for name in names)
    body = []
    for row in rows:
        mark = ' class="best"' if chosen is not None and row[0] == str(chosen.step) else ""
        body.append(f"<tr{mark}>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>")
    return f"<table><tr>{head}</tr>\n" + "\n".join(body) + "</table>"


def _shown(value: object) -> str:
    if value is None:
        return "\u2013"
    if isinstance(value, float):
        return f"{value:.4g}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _text(text: str) -> str:
    """Make any text safe in HTML: no markup, no control characters."""
    return escape(safe_text(text, single_line=True))
