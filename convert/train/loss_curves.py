"""The loss curves of a run as SVG."""

from __future__ import annotations

from collections.abc import Iterable

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
                Line("training, smoothed", "#1f5fa8", tuple(MovingAverage(losses).points)),
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


class MovingAverage:
    """An exponential moving average, corrected for its start (as Adam does), point by point."""

    def __init__(self, points: Iterable[Point] = (), weight: float = 0.9) -> None:
        self.points: list[Point] = []
        self._weight = weight
        self._total = self._share = 0.0
        for point in points:
            self.add(point)

    def add(self, point: Point) -> None:
        self._total = self._weight * self._total + (1 - self._weight) * point[1]
        self._share = self._weight * self._share + (1 - self._weight)
        self.points.append((point[0], self._total / self._share))


def drawings_of(history: History) -> list[Drawing]:
    """Return the charts of a run as drawings."""
    return [line_chart(chart) for chart in charts_of(history)]


def curves_svg(history: History) -> str:
    """Return all charts, one below the other, as an SVG document."""
    return svg_file(drawings_of(history))
