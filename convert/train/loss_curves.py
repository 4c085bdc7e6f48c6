"""The curves of a run as SVG: our own few lines of it, no script, nothing loaded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from convert.train.loss_history import History

WIDTH, HEIGHT = 760, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 30, 34
_GAP = 24
_MOST_POINTS = 800
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: its name, colour, and points (step, value); `dots` marks each point."""

    name: str
    colour: str
    points: tuple[Point, ...]
    dots: bool = False
    faint: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves over the same steps, with one scale. `from_zero` begins it at 0."""

    title: str
    lines: tuple[Line, ...]
    from_zero: bool = False


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
    charts.append(Chart("Learning rate", (Line("rate", "#475569", rates),), from_zero=True))
    norms = tuple((float(s.step), s.gradient) for s in steps)
    charts.append(
        Chart("Gradient, before clipping", (Line("2-norm", "#475569", norms),), from_zero=True)
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


def curves_svg(history: History) -> str:
    """Return all charts, one below the other, as an SVG document."""
    charts = charts_of(history)
    height = len(charts) * (HEIGHT + _GAP)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="12">'
    )
    parts = [head, f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>']
    for number, chart in enumerate(charts):
        parts.append(f'<g transform="translate(0 {number * (HEIGHT + _GAP)})">')
        parts += _chart(chart)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>"]) + "\n"


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Return round numbers from `low` to `high`, about `count` of them."""
    if not high > low:
        return [low]
    raw = (high - low) / count
    unit = 10.0 ** math.floor(math.log10(raw))
    size = next(m * unit for m in (1, 2, 5, 10) if m * unit >= raw)
    first = math.ceil(low / size - 1e-9)
    return [n * size for n in range(first, math.floor(high / size + 1e-9) + 1)]


def _chart(chart: Chart) -> list[str]:
    points = [p for line in chart.lines for p in line.points if math.isfinite(p[1])]
    parts = [f'<text x="{_LEFT}" y="14" font-weight="bold">{escape(chart.title)}</text>']
    if not points:
        return [*parts, f'<text x="{_LEFT}" y="{HEIGHT / 2}">nothing yet</text>']
    x0, x1 = 0.0, max(1.0, *(x for x, _ in points))
    y0, y1 = _range([y for _, y in points], from_zero=chart.from_zero)

    def place(point: Point) -> Point:
        x = _LEFT + (point[0] - x0) / (x1 - x0) * (WIDTH - _LEFT - _RIGHT)
        y = HEIGHT - _BOTTOM - (point[1] - y0) / (y1 - y0) * (HEIGHT - _TOP - _BOTTOM)
        return x, y

    for value in ticks(y0, y1):
        _, y = place((x0, value))
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}" stroke="#e2e8f0"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.3g}</text>')
    for value in ticks(x0, x1, 8):
        x, _ = place((value, y0))
        y = HEIGHT - _BOTTOM + 16
        parts.append(f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{value:g}</text>')
    for line in chart.lines:
        parts += _line(line, [place(p) for p in thinned(line.points) if math.isfinite(p[1])])
    return parts + _legend(chart.lines)


def _line(line: Line, places: Sequence[Point]) -> list[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    width = 1 if line.faint else 2
    parts = [
        f'<polyline points="{path}" fill="none" stroke="{line.colour}" stroke-width="{width}"/>'
    ]
    if line.dots:
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{line.colour}"/>'
                  for x, y in places]  # fmt: skip
    return parts


def _legend(lines: Sequence[Line]) -> list[str]:
    parts, x = [], float(_LEFT)
    for line in lines:
        y = HEIGHT - 4
        parts.append(f'<rect x="{x:.0f}" y="{y - 8}" width="10" height="4" fill="{line.colour}"/>')
        last = f" {line.points[-1][1]:.3g}" if line.points else ""
        label = f"{line.name}{last}"
        parts.append(f'<text x="{x + 14:.0f}" y="{y}" font-size="11">{escape(label)}</text>')
        x += 26 + 5.6 * len(label)
    return parts


def thinned(points: Sequence[Point]) -> Sequence[Point]:
    """Return at most about 800 of the points, the last one always."""
    every = max(1, len(points) // _MOST_POINTS)
    return points if every == 1 else [*points[:-1:every], points[-1]]


def _range(values: Sequence[float], *, from_zero: bool) -> tuple[float, float]:
    low, high = min(values), max(values)
    if from_zero:
        low = min(low, 0.0)
    room = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return (low if from_zero else low - room), high + room
