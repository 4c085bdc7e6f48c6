"""A plot of the loss in characters, for the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from assistant.html_page.charts import Point

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bits of a braille character's dots by row and column (Unicode 2800-28FF)."""

HELD_OUT = "\u25cf"
Cell = tuple[str, str]


def plot(
    line: Sequence[Point], marks: Sequence[Point], last: float, width: int, height: int
) -> list[list[Cell]]:
    """Return lines of (text, style) cells: a scale, `line` in dots, and `marks`.

    `width` and `height` are in characters, the scale included; x goes from 0 to `last`.
    """
    seen = [(x, y) for x, y in (*line, *marks) if math.isfinite(y)]
    columns = max(8, width - 9)
    if not seen:
        return [[("", "")] for _ in range(height)]
    low, high = min(y for _, y in seen), max(y for _, y in seen)
    room = 0.05 * (high - low) or 0.5
    low, high = max(0.0, low - room), high + room
    cells = [[0] * columns for _ in range(height)]

    def place(point: Point, wide: int, tall: int) -> tuple[int, int]:
        x = round(point[0] / max(1.0, last) * (wide - 1))
        y = round((high - point[1]) / (high - low) * (tall - 1))
        return min(x, wide - 1), min(y, tall - 1)

    for x, y in _joined([place(p, 2 * columns, 4 * height) for p in line if math.isfinite(p[1])]):
        cells[y // 4][x // 2] |= _DOTS[y % 4][x % 2]
    marked = {place(p, columns, height) for p in marks if math.isfinite(p[1])}
    rows = []
    for number, row in enumerate(cells):
        value = high - (high - low) * number / max(1, height - 1)
        scale = f"{value:7.3f} \u2502" if number % 3 == 0 else f"{'':7} \u2502"
        rows.append([(scale, "dim"), *_row(row, number, marked)])
    return rows


def _row(row: Sequence[int], number: int, marked: set[tuple[int, int]]) -> list[Cell]:
    found: list[Cell] = []
    for column, bits in enumerate(row):
        if (column, number) in marked:
            found.append((HELD_OUT, "bold dark_orange"))
        else:
            found.append((chr(0x2800 + bits) if bits else " ", "cyan"))
    return found


def _joined(places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Fill the vertical gaps between neighbours, so that dots make a line."""
    found: list[tuple[int, int]] = []
    for number, (x, y) in enumerate(places):
        found.append((x, y))
        if number and x - places[number - 1][0] <= 1:
            before = places[number - 1][1]
            step = 1 if y > before else -1
            found += [(x, between) for between in range(before + step, y, step)]
    return found
