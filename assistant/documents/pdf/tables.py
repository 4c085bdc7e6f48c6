"""Tell tables from columns of prose, and write them row by row with the heads of their columns.

A row is one line: "Berth up to 9 m | Summer: 20 | Winter: 13". So the words of a cell, of its
row and of its column stand together, and a search for them finds the cell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median

from assistant.documents.pdf.layout import Line, Segment

CELL_END = " | "

_FEW_WORDS = 3
_LEAST_ROWS = 2
_FILLED = 0.6
_SIGNS = r".,:/%\u20ac$\u00a3+\u2212()\s-"
_NUMBER = re.compile(rf"[{_SIGNS}]{{0,8}}\d[\w{_SIGNS}]{{0,20}}")
_PROSE_WORDS = 5

Row = Sequence[Sequence[Segment]]
"""The cells of a row, one for each column, each the segments in it."""


def is_table(rows: Sequence[Row]) -> bool:
    """Tell whether rows of cells are a table.

    Most rows have a cell in most columns, on the same line, and all columns but one at most are
    short; in columns of prose the lines are long and fill their column.
    """
    columns = max(len(row) for row in rows)
    full = [row for row in rows if sum(map(bool, row)) >= 2]
    if columns < 2 or len(full) < _LEAST_ROWS or len(full) < _FILLED * len(rows):
        return False
    words = [_words([row[n] for row in rows if n < len(row)]) for n in range(columns)]
    long = [count for count in words if count > _FEW_WORDS]
    if columns == 2:
        return (not long and not _prose(rows)) or (len(long) == 1 and _numeric(rows))
    return len(long) <= 1 or (len(long) < columns and max(long) <= _PROSE_WORDS)


def table_lines(rows: Sequence[Row]) -> list[Line]:
    """Write a table row by row; its first row is taken for the heads if it looks like that."""
    texts = _joined(rows)
    heads = texts[0][0] if _has_heads([cells for cells, _, _ in texts]) else ()
    lines: list[Line] = []
    for number, (cells, top, bottom) in enumerate(texts):
        named = cells if not heads or number == 0 else _named(cells, heads)
        text = CELL_END.join(cell for cell in named if cell)
        lines.append(Line(text, number == 0, "table", top, bottom))
    return lines


def _joined(rows: Sequence[Row]) -> list[tuple[tuple[str, ...], float, float]]:
    """Return the texts of the rows with their places; a row may go on in the next."""
    found: list[tuple[list[str], float, float]] = []
    for row in rows:
        cells = [" ".join(s.text for s in cell) for cell in row]
        top = min(s.top for cell in row for s in cell)
        bottom = max(s.bottom for cell in row for s in cell)
        above = found[-1] if found else None
        if above and not cells[0] and above[0][0] and _continues(cells, above[0]):
            joined = [f"{a} {b}".strip() for a, b in zip(above[0], cells, strict=True)]
            found[-1] = (joined, above[1], bottom)
        else:
            found.append((cells, top, bottom))
    return [(tuple(cells), top, bottom) for cells, top, bottom in found]


def _continues(cells: Sequence[str], above: Sequence[str]) -> bool:
    """Tell whether a row without its first cell goes on with the cells above: text under text."""
    own = [n for n, cell in enumerate(cells) if cell]
    return all(above[n] and not _NUMBER.fullmatch(cells[n]) for n in own)


def _has_heads(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the first row names the columns: no numbers over columns of numbers."""
    if len(rows) < _LEAST_ROWS + 1:
        return False
    first, others = rows[0], rows[1:]
    named = [n for n in range(1, len(first)) if first[n]]
    if len(named) < max(1, len(first) - 2) or any(_NUMBER.fullmatch(first[n]) for n in named):
        return False
    for column in named:
        cells = [row[column] for row in others if row[column]]
        if cells and sum(bool(_NUMBER.fullmatch(c)) for c in cells) >= 0.6 * len(cells):
            return True
    return len(first) > _FEW_WORDS - 1 and all(first)


def _named(cells: Sequence[str], heads: Sequence[str]) -> list[str]:
    first, *others = cells
    named = [f"{head}: {cell}" if head and cell else cell
             for head, cell in zip(heads[1:], others, strict=True)]  # fmt: skip
    return [first, *named]


def _words(cells: Sequence[Sequence[Segment]]) -> float:
    counts = [len(" ".join(s.text for s in cell).split()) for cell in cells if cell]
    return median(counts) if counts else 0.0


def _numeric(rows: Sequence[Row]) -> bool:
    """Tell whether one of two columns holds numbers."""
    for column in (0, 1):
        texts = [" ".join(s.text for s in row[column]) for row in rows if row[column]]
        if texts and sum(bool(_NUMBER.fullmatch(t)) for t in texts) >= _FILLED * len(texts):
            return True
    return False


def _prose(rows: Sequence[Row]) -> bool:
    """Tell whether narrow columns hold running text: lines that fill them, few of them ended."""
    for column in (0, 1):
        segments = [s for row in rows for s in row[column]]
        if len(segments) < 2 * _FEW_WORDS:
            return False
        wide = max(s.right for s in segments) - min(s.left for s in segments)
        filling = sum(s.width >= 0.75 * wide for s in segments)
        small = sum(s.text[:1].islower() for s in segments)
        if filling < 0.6 * len(segments) or small < 0.3 * len(segments):
            return False
    return True
