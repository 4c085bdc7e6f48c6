"""The curves of a run as SVG."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.html_page.charts import Chart, Drawing, Line, Point, line_chart
from assistant.html_page.page import svg_file
from convert.train.loss_history import History


def charts_of(history: History) -> list[Chart]:
    """Return the charts of a run: loss, task score, learning rate and gradient."""
    steps, seen = history.steps, history.evaluations
    losses = [(float(s.step), s.loss) for s in steps]
    charts = [
        Chart(
            "Loss (nats a token)",
            (
                Line("training, each step", "#9db7d5", tuple(losses), faint=True),
                Line("training, smoothed", "#1f5fa8", tuple(smoothed(losses))),
                Line("held out", "#c2410c", tuple((e.step, e.loss) for e in seen), dots=True),
            ),
        )
    ]
    names = (
        ("score", "score (F1, refusals count)", "#15803d"),
        ("exact", "exact match", "#7c3aed"),
        ("refused", "unanswerable refused", "#0e7490"),
        ("false_refusals", "false refusals", "#be123c"),
        ("verbatim", "quotes verbatim", "#a16207"),
    )
    scores = []
    for field, name, colour in names:
        points = [(float(e.step), getattr(e, field)) for e in seen]
        known = tuple((x, y) for x, y in points if y is not None)
        if known:
            scores.append(Line(name, colour, known, dots=True))
    if scores:
        charts.append(Chart("Held-out questions, answered", tuple(scores), from_zero=True))
    rates = tuple((float(s.step), s.rate) for s in steps)
    charts.append(Chart("Learning rate", (Line("rate", "#64748b", rates),), from_zero=True))
    norms = tuple((float(s.step), s.gradient) for s in steps)
    charts.append(
        Chart("Gradient, before clipping", (Line("2-norm", "#64748b", norms),), from_zero=True)
    )
    return charts


def smoothed(points: Sequence[Point], weight: float = 0.9) -> list[Point]:
    """Return an exponential moving average, corrected for its start (as Adam does)."""
    found, total, share = [], 0.0, 0.0
    for x, y in points:
        total = weight * total + (1 - weight) * y
        share = weight * share + (1 - weight)
        found.append((x, total / share))
    return found


def drawings_of(history: History) -> list[Drawing]:
    """Return the charts of a run as drawings."""
    return [line_chart(chart) for chart in charts_of(history)]


def curves_svg(history: History) -> str:
    """Return all charts, one below the other, as an SVG document."""
    return svg_file(drawings_of(history))
