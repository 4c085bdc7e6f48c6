"""The plots of an evaluation: bars of shares, and curves of risk over coverage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assistant.html_page.charts import (
    COLOURS,
    DASHES,
    Chart,
    Drawing,
    Line,
    Shape,
    grid,
    legend,
    line_chart,
    text,
)

_LABEL, _PLOT, _RIGHT = 190, 420, 110
_BAR, _GAP, _AXIS, _KEY = 16, 14, 24, 24
_SIDE = 460

Arms = Sequence[Mapping[str, Any]]


def bars(arms: Arms, names: Mapping[str, str], title: str) -> Drawing | None:
    """Draw shares (0..1) of each arm as bars with their intervals; None if there is nothing.

    `names` are the measures and their titles.
    """
    rows = [name for name in names if any(name in arm["figures"] for arm in arms)]
    if not rows:
        return None
    bottom = len(rows) * (len(arms) * _BAR + _GAP)
    shapes: list[Shape] = []
    for tick in range(0, 11, 2):
        x = _LABEL + _PLOT * tick / 10
        shapes += [grid(x, 0, x, bottom), text(x, bottom + 16, f"{tick / 10:.1f}", "middle")]
    for at, name in enumerate(rows):
        top = at * (len(arms) * _BAR + _GAP) + _GAP / 2
        shapes.append(text(_LABEL - 8, top + len(arms) * _BAR / 2 + 4, names[name], "end"))
        for number, arm in enumerate(arms):
            if name in arm["figures"]:
                shapes += _bar(arm["figures"][name], _colour(number), top + number * _BAR)
    key = [(str(arm["name"]), _colour(number)) for number, arm in enumerate(arms)]
    shapes += legend(key, 0, bottom + _AXIS + _KEY - 6)
    return Drawing(title, _LABEL + _PLOT + _RIGHT, bottom + _AXIS + _KEY, shapes)


def curves(arms: Arms, title: str) -> Drawing | None:
    """Draw the risk-coverage curve of each arm; None if no arm answered anything."""
    lines = [
        Line(
            str(arm["name"]),
            _colour(number),
            [(x, y) for x, y in arm["risk_coverage"]],
            end=True,
            dash=DASHES[number % len(DASHES)],
        )
        for number, arm in enumerate(arms)
    ]
    if not any(line.points for line in lines):
        return None
    chart = Chart(
        title,
        lines,
        x_range=(0.0, 1.0),
        y_range=(0.0, 1.0),
        x_label="share of questions answered",
        y_label="share of these wrong",
        width=_SIDE,
        height=_SIDE,
    )
    return line_chart(chart)


def _bar(figure: Mapping[str, Any], colour: str, y: float) -> Iterator[Shape]:
    value, low, high = figure["value"], figure["low"], figure["high"]
    end, middle = _x(value), y + _BAR / 2 - 1
    box = {"x": _LABEL, "y": f"{y:.1f}", "width": f"{end - _LABEL:.1f}", "height": _BAR - 3}
    yield Shape("rect", {**box, "fill": colour})
    if low is not None and high is not None:
        left, right = _x(low), _x(high)
        ends = "".join(f"M{x:.1f} {middle - 4:.1f}v8" for x in (left, right))
        path = f"M{left:.1f} {middle:.1f}H{right:.1f}{ends}"
        yield Shape("path", {"class": "whisker", "d": path, "stroke-width": 1.5})
        end = max(end, right)
    yield text(end + 6, middle + 4, f"{value:.3f}")


def _x(share: float) -> float:
    return _LABEL + _PLOT * min(1.0, max(0.0, share))


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]
