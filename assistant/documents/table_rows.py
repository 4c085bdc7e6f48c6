"""Word the rows of a table so that each says what its cells mean: each with its column's head.

"Berth: up to 9 m | summer: 20 | winter: 13" answers what a berth of up to 9 m costs in winter;
"up to 9 m 20 13" does not. A row is one line, and the heads are a line of their own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.documents.document_builder import one_line

SEPARATOR = " | "

_LONGEST_HEAD = 80
_DIGITS = re.compile(r"\d")
_LETTERS = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class CellText:
    """The words of one cell in a row, its head before it, and the cell's column (from 0)."""

    column: int
    text: str


def worded_rows(
    grid: Sequence[Sequence[str]], head_rows: int | None = None
) -> list[list[CellText]]:
    """Return the cells of each row of `grid`, those that are empty left out.

    `head_rows` is how many of the first rows are heads, None to find out. A table of two
    columns without heads is a form: what its second column says goes with the first.
    """
    rows = [[one_line(cell) for cell in row] for row in grid]
    if head_rows is None:
        head_rows = guessed_head_rows(rows)
    if head_rows == 0 and _is_form(rows):
        return [_form_row(row) for row in rows]
    heads = column_heads(rows[:head_rows])
    worded = [plain_row(row) for row in rows[:head_rows]]
    return worded + [headed_row(row, heads) for row in rows[head_rows:]]


def joined(cells: Sequence[CellText]) -> str:
    """Return a row as one line."""
    return SEPARATOR.join(cell.text for cell in cells)


def plain_row(row: Sequence[str]) -> list[CellText]:
    """Return a row without heads; a cell that spans columns stands once."""
    return [
        CellText(n, cell)
        for n, cell in enumerate(row)
        if cell and not (n and len(row) > 2 and row[n - 1] == cell)
    ]


def headed_row(row: Sequence[str], heads: Sequence[str]) -> list[CellText]:
    """Return a row, each cell after the head of its column."""
    if len(row) > 1 and len(set(row)) == 1 and not is_figure(row[0]):
        return plain_row(row)[:1]  # one cell over the whole width: a heading in between
    cells = []
    for n, cell in enumerate(row):
        if cell:
            head = heads[n] if n < len(heads) else ""
            cells.append(CellText(n, f"{head}: {cell}" if head and head != cell else cell))
    return cells


def column_heads(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the head of each column; where heads have several rows, upper ones first."""
    width = max(map(len, rows), default=0)
    columns = [[row[n] for row in rows if n < len(row) and row[n]] for n in range(width)]
    return [" ".join(dict.fromkeys(words)).rstrip(":")[:_LONGEST_HEAD] for words in columns]


def guessed_head_rows(rows: Sequence[Sequence[str]]) -> int:
    """Return 1 if the first row reads like the heads of the columns below it, else 0.

    Of two columns only if there are figures below: else the first column names the second.
    """
    if len(rows) < 2 or not could_be_heads(rows[0]):
        return 0
    if len(rows[0]) > 2:
        return 1
    below = [row[1] for row in rows[1:] if len(row) > 1 and row[1]]
    figures = sum(map(is_figure, below))
    return 1 if figures > 1 and 2 * figures > len(below) else 0


def could_be_heads(row: Sequence[str]) -> bool:
    """Tell whether a row is words only, one for each column but perhaps the first."""
    cells = [cell for cell in row if cell]
    if len(cells) < 2 or len(cells) < len(row) - 1 or len(set(cells)) < 2:
        return False
    return not any(is_figure(cell) or len(cell) > _LONGEST_HEAD for cell in cells)


def is_figure(cell: str) -> bool:
    """Tell whether a cell is more figures than letters: a number, a date, an amount."""
    digits = len(_DIGITS.findall(cell))
    is_year = digits == len(cell) == 4
    return digits > 0 and not is_year and digits >= len(_LETTERS.findall(cell))


def _is_form(rows: Sequence[Sequence[str]]) -> bool:
    return all(len(row) == 2 for row in rows) and all(
        len(row[0]) <= _LONGEST_HEAD and not is_figure(row[0]) for row in rows
    )


def _form_row(row: Sequence[str]) -> list[CellText]:
    if row[0] and row[1] and row[0] != row[1]:
        return [CellText(0, f"{row[0].rstrip(':')}: {row[1]}")]
    return plain_row(row)[:1]
