"""Charts as plain shapes, which the page's template writes as SVG.

Colours are the first of Okabe and Ito's (2008), which people with a colour vision
deficiency can tell apart; each line also has its own dashes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#666666")
DASHES = ("none", "6 3", "2 3", "8 3 2 3")
_LEFT, _RIGHT, _TOP, _BOTTOM, _LEGEND = 56, 16, 30, 40, 22
_LETTER = 5.6  # mean width of a letter at 11 px
_MOST_POINTS = 800

Point = tuple[float, float]
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """One SVG element. Its text and its attributes are escaped when it is written."""

    tag: str
    attributes: Mapping[str, object]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Shapes on a canvas of so many units; `title` is what a screen reader says."""

    title: str
    width: int
    height: int
    shapes: Sequence[Shape] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: its name, colour, and points; `dots` marks each point, `end` the last one."""

    name: str
    colour: str
    points: Sequence[Point]
    dots: bool = False
    end: bool = False
    faint: bool = False
    dash: str = "none"


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves with one scale. Ranges that are not given are those of the points.

    `from_zero` begins the vertical scale at 0.
    """

    title: str
    lines: Sequence[Line]
    from_zero: bool = False
    x_range: Range | None = None
    y_range: Range | None = None
    x_label: str = ""
    y_label: str = ""
    width: int = 760
    height: int = 284


def text(x: float, y: float, said: str, anchor: str = "start", **more: object) -> Shape:
    """Return a text at a place; `anchor` is "start", "middle" or "end"."""
    placed = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}
    return Shape("text", {**placed, **more}, said)


def grid(x1: float, y1: float, x2: float, y2: float) -> Shape:
    """Return a faint straight line."""
    return Shape(
        "path", {"class": "grid", "d": f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}", "stroke": "#e2e8f0"}
    )


def legend(names: Sequence[tuple[str, str]], x: float, y: float) -> Iterator[Shape]:
    """Yield the key of (name, colour) pairs in one row."""
    for name, colour in names:
        yield Shape("rect", {"x": f"{x:.0f}", "y": y - 8, "width": 10, "height": 4, "fill": colour})
        yield text(x + 14, y, name, "start", **{"font-size": 11})
        x += 26 + _LETTER * len(name)


def line_chart(chart: Chart) -> Drawing:
    """Draw the curves over their scales, with a key below that tells each one's last value."""
    points = [p for line in chart.lines for p in line.points if math.isfinite(p[1])]
    shapes = [text(_LEFT, 14, chart.title, "start", **{"font-weight": "bold"})]
    if points:
        shapes += _curves(chart, points)
    else:
        shapes.append(text(_LEFT, chart.height / 2, "nothing yet"))
    return Drawing(chart.title, chart.width, chart.height, shapes)


def _curves(chart: Chart, points: Sequence[Point]) -> Iterator[Shape]:
    x0, x1 = chart.x_range or (0.0, max(1.0, *(x for x, _ in points)))
    y0, y1 = chart.y_range or _range([y for _, y in points], from_zero=chart.from_zero)
    left = _LEFT + (16 if chart.y_label else 0)
    right, bottom = chart.width - _RIGHT, chart.height - _BOTTOM - _LEGEND

    def place(point: Point) -> Point:
        x = left + (point[0] - x0) / (x1 - x0) * (right - left)
        return x, bottom - (point[1] - y0) / (y1 - y0) * (bottom - _TOP)

    for value in ticks(y0, y1):
        _, y = place((x0, value))
        yield grid(left, y, right, y)
        yield text(left - 6, y + 4, f"{value:.3g}", "end")
    for value in ticks(x0, x1, 8):
        x, _ = place((value, y0))
        yield text(x, bottom + 16, f"{value:.6g}", "middle")
    if chart.x_label:
        yield text((left + right) / 2, bottom + 32, chart.x_label, "middle")
    if chart.y_label:
        middle = (_TOP + bottom) / 2
        yield text(14, middle, chart.y_label, "middle", transform=f"rotate(-90 14 {middle:.1f})")
    for line in chart.lines:
        yield from _line(line, [place(p) for p in thinned(line.points) if math.isfinite(p[1])])
    names = [(f"{n.name} {n.points[-1][1]:.3g}" if n.points else n.name) for n in chart.lines]
    colours = [line.colour for line in chart.lines]
    yield from legend(list(zip(names, colours, strict=True)), _LEFT, chart.height - 6)


def _line(line: Line, places: Sequence[Point]) -> Iterator[Shape]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    drawn = {"points": path, "fill": "none", "stroke": line.colour, "stroke-dasharray": line.dash}
    yield Shape("polyline", {**drawn, "stroke-width": 1 if line.faint else 2})
    for x, y in places if line.dots else places[-1:] if line.end else ():
        yield Shape("circle", {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": 3, "fill": line.colour})


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Return round numbers from `low` to `high`, about `count` of them."""
    if not high > low:
        return [low]
    raw = (high - low) / count
    unit = 10.0 ** math.floor(math.log10(raw))
    size = next(m * unit for m in (1, 2, 5, 10) if m * unit >= raw)
    first = math.ceil(low / size - 1e-9)
    return [n * size for n in range(first, math.floor(high / size + 1e-9) + 1)]


def thinned(points: Sequence[Point]) -> Sequence[Point]:
    """Return at most about 800 of the points, the last one always."""
    every = max(1, len(points) // _MOST_POINTS)
    return points if every == 1 else [*points[:-1:every], points[-1]]


def _range(values: Sequence[float], *, from_zero: bool) -> Range:
    low, high = min(values), max(values)
    if from_zero:
        low = min(low, 0.0)
    room = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return (low if from_zero else low - room), high + room
