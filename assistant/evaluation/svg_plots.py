"""Plots as inline SVG: nothing is loaded, no script runs, a screen reader gets a title.

Colours are the first of Okabe and Ito's (2008), which people with a colour vision
deficiency can tell apart; each arm also has its own mark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from assistant.safe_text import safe_text

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#666666")
_LABEL, _PLOT, _RIGHT = 190, 420, 110
_BAR, _GAP, _AXIS = 16, 14, 24
_SIDE, _MARGIN = 320, 46


def clean(value: object) -> str:
    """Return a text as it may stand in the page."""
    return escape(safe_text(str(value), single_line=True))


def bars(arms: Sequence[Mapping[str, Any]], names: Mapping[str, str], title: str) -> str:
    """Draw shares (0..1) of each arm as bars with their intervals; "" if there is nothing.

    `names` are the measures and their titles.
    """
    rows = [name for name in names if any(name in arm["figures"] for arm in arms)]
    if not rows:
        return ""
    block = len(arms) * _BAR + _GAP
    height = len(rows) * block + _AXIS
    parts = [_open(_LABEL + _PLOT + _RIGHT, height, title)]
    for tick in range(0, 11, 2):
        x = _LABEL + _PLOT * tick / 10
        parts.append(f'<line class="grid" x1="{x}" y1="0" x2="{x}" y2="{height - _AXIS}"/>')
        parts.append(f'<text class="tick" x="{x}" y="{height - 8}">{tick / 10:.1f}</text>')
    for at, name in enumerate(rows):
        top = at * block + _GAP / 2
        middle = top + len(arms) * _BAR / 2 + 4
        parts.append(
            f'<text class="name" x="{_LABEL - 8}" y="{middle}">{clean(names[name])}</text>'
        )
        for number, arm in enumerate(arms):
            if name in arm["figures"]:
                parts.append(_bar(arm["figures"][name], number, top + number * _BAR))
    return "".join([*parts, "</svg>"])


def _bar(figure: Mapping[str, Any], number: int, y: float) -> str:
    value, low, high = figure["value"], figure["low"], figure["high"]
    width = _PLOT * min(1.0, max(0.0, value))
    colour = COLOURS[number % len(COLOURS)]
    text = f"{value:.3f}"
    middle = y + _BAR / 2 - 1
    drawn = (
        f'<rect x="{_LABEL}" y="{y:.1f}" width="{width:.1f}" height="{_BAR - 3}" fill="{colour}"/>'
    )
    end = width
    if low is not None and high is not None:
        left, right = (_LABEL + _PLOT * min(1.0, max(0.0, v)) for v in (low, high))
        end = max(width, right - _LABEL)
        ends = "".join(
            f'<line class="whisker" x1="{x:.1f}" y1="{middle - 4:.1f}" x2="{x:.1f}" '
            f'y2="{middle + 4:.1f}"/>'
            for x in (left, right)
        )
        drawn += (
            f'<line class="whisker" x1="{left:.1f}" y1="{middle:.1f}" x2="{right:.1f}" '
            f'y2="{middle:.1f}"/>{ends}'
        )
    return (
        drawn + f'<text class="value" x="{_LABEL + end + 6:.1f}" y="{middle + 4:.1f}">{text}</text>'
    )


def curves(arms: Sequence[Mapping[str, Any]], title: str) -> str:
    """Draw the risk-coverage curve of each arm; "" if no arm answered anything."""
    if not any(arm["risk_coverage"] for arm in arms):
        return ""
    width = height = _SIDE + 2 * _MARGIN
    parts = [_open(width, height, title)]
    for tick in range(0, 11, 2):
        at = _SIDE * tick / 10
        x, y = _MARGIN + at, _MARGIN + _SIDE - at
        parts.append(
            f'<line class="grid" x1="{x}" y1="{_MARGIN}" x2="{x}" y2="{_MARGIN + _SIDE}"/>'
        )
        parts.append(
            f'<line class="grid" x1="{_MARGIN}" y1="{y}" x2="{_MARGIN + _SIDE}" y2="{y}"/>'
        )
        parts.append(
            f'<text class="tick" x="{x}" y="{_MARGIN + _SIDE + 16}">{tick / 10:.1f}</text>'
        )
        parts.append(f'<text class="name" x="{_MARGIN - 6}" y="{y + 4}">{tick / 10:.1f}</text>')
    for number, arm in enumerate(arms):
        parts.append(_curve(arm["risk_coverage"], number))
    parts.append(
        f'<text class="tick" x="{width / 2}" y="{height - 8}">share of questions answered</text>'
        f'<text class="tick" x="14" y="{height / 2}" '
        f'transform="rotate(-90 14 {height / 2})">share of these wrong</text>'
    )
    return "".join([*parts, "</svg>"])


def _curve(points: Sequence[Sequence[float]], number: int) -> str:
    if not points:
        return ""
    colour = COLOURS[number % len(COLOURS)]
    places = [(_MARGIN + _SIDE * x, _MARGIN + _SIDE * (1 - y)) for x, y in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dash = ("", "6 3", "2 3", "8 3 2 3")[number % 4]
    x, y = places[-1]
    return (
        f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2" '
        f'stroke-dasharray="{dash}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
    )


def _open(width: float, height: float, title: str) -> str:
    name = clean(title)
    return (
        f'<svg role="img" aria-label="{name}" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}"><title>{name}</title>'
    )
