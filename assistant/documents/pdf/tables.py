"""Tell tables from columns of prose, and write them row by row with the heads of their columns.

A row is one line: "Berth up to 9 m | Summer: 20 | Winter: 13". So the words of a cell, of its
row and of its column stand together, and a search for them finds the cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from assistant.documents.pdf.layout import (
    FLUSH,
    Columns,
    Line,
    Segment,
    is_justified,
    is_running_text,
    line_height,
)
from assistant.documents.pdf.table_heads import (
    FARTHEST,
    Extent,
    column_names,
    heads_above,
    is_number,
    number_of_heads,
)

CELL_END = " | "

_FEW_WORDS = 3
_LEAST_ROWS = 2
_FILLED = 0.6
_PROSE_WORDS = 5
_LEAST_PROSE = 5
_WHITE = 0.48
"""Least white between two columns, in heights of a line."""

_MOST_SPANNING = 2
_JUMP = 0.25
"""By how much the white between rows is wider than that within a row, in heights of a line."""

Cell = list[Segment]
Row = list[Cell]
"""The cells of a row, one for each column, each the segments in it."""

Band = Sequence[Segment]
"""The segments of one line of sight across the page."""


def read_table(
    bands: Sequence[Band], above: Sequence[Band], before: Columns | None = None
) -> tuple[int, list[Line]] | None:
    """Return how many of the bands above belong to a table, and its lines; None if it is none.

    Heads that stand over several columns cross the white between these, so that they may be among
    `above`, from the top of the page down to the table. If the table goes on from the page
    before, whose columns are `before`, and has no heads here, it keeps those.
    """
    height = line_height([s for band in bands for s in band])
    if (far := _far_above(bands, height)) and (found := read_table(bands[far:], (), before)):
        return 0, [_line(" ".join(s.text for s in band), band) for band in bands[:far]] + found[1]
    skipped, edges = _edges(bands, height)
    rows = _merged([_cells(band, edges) for band in bands[skipped:]], height)
    if not is_table(rows):
        return None
    columns = _extents(rows)
    white = median(_white(a, b) for a, b in pairwise(rows))
    used = heads_above(above, bands[0], columns, height, white) if skipped == 0 else 0
    goes_on = before is not None and _alike(before.extents, columns, height)
    repeated = before is not None and tuple(map(_text, rows[0])) == before.names
    first = number_of_heads(rows, guess=repeated or not goes_on)
    spanning = [*above[len(above) - used :], *bands[:skipped]]
    if not first:
        used, spanning = 0, list(bands[:skipped])
    over = [*spanning, *([s for cell in row for s in cell] for row in rows[:first])]
    lines = [_line(CELL_END.join(s.text for s in band), band) for band in spanning]
    lines += [_row_line(row, ()) for row in rows[:first]]
    names = column_names(over, columns, len(spanning))
    if before is not None and goes_on and not over:
        names = list(before.names)
    lines += [_row_line(row, names) for row in rows[first:]]
    own = Columns(tuple(names), tuple(columns)) if any(names) else None
    return used, [replace(line, columns=own) for line in lines]


def _far_above(bands: Sequence[Band], height: float) -> int:
    """Return how many bands (0 or 1) stand too far above the others to be of their table.

    A page's head in two parts is no head of the columns that happen to stand below them.
    """
    if len(bands) <= _LEAST_ROWS + 1:
        return 0
    first, *others = (
        min(s.top for s in below) - max(s.bottom for s in above) for above, below in pairwise(bands)
    )
    return int(first > FARTHEST * max(height, *others))


def _alike(one: Sequence[Extent], other: Sequence[Extent], height: float) -> bool:
    """Tell whether columns begin, or end, at the same places."""
    close = FLUSH * height
    return len(one) == len(other) and all(
        min(abs(a[0] - b[0]), abs(a[1] - b[1])) <= close for a, b in zip(one, other, strict=True)
    )


def is_table(rows: Sequence[Row]) -> bool:
    """Tell whether rows of cells are a table.

    Most rows have a cell in most columns, on the same line, and all columns but one at most are
    short; in columns of prose the lines are long and fill their column.
    """
    columns = max(len(row) for row in rows)
    full = [row for row in rows if sum(map(bool, row)) >= 2]
    if columns < 2 or len(full) < _LEAST_ROWS or len(full) < _FILLED * len(rows):
        return False
    words = [_words([row[n] for row in rows]) for n in range(columns)]
    long = [count for count in words if count > _FEW_WORDS]
    if _prose(rows):
        return False
    if columns == 2:
        return not long or _is_form(rows) or (len(long) == 1 and _numeric(rows))
    return len(long) <= 1 or (len(long) < columns and max(long) <= _PROSE_WORDS)


def _edges(bands: Sequence[Band], height: float) -> tuple[int, list[float]]:
    """Return where columns begin behind white, and how many heads at the top cross the white."""
    best: tuple[int, list[float]] = (0, _beginnings(bands, height))
    for skipped in range(1, min(_MOST_SPANNING, len(bands) - _LEAST_ROWS) + 1):
        if any(map(str.isdigit, "".join(s.text for s in bands[skipped - 1]))):
            break
        edges = _beginnings(bands[skipped:], height)
        if len(edges) > len(best[1]):
            best = skipped, edges
    return best


def _beginnings(bands: Sequence[Band], height: float) -> list[float]:
    found: list[float] = []
    end = float("inf")
    for segment in sorted((s for band in bands for s in band), key=lambda s: s.left):
        if segment.left > end + _WHITE * height:
            found.append(segment.left)
        end = segment.right if end == float("inf") else max(end, segment.right)
    return found


def _cells(band: Band, edges: Sequence[float]) -> Row:
    row: Row = [[] for _ in range(len(edges) + 1)]
    for segment in band:
        row[sum(segment.left >= edge - 0.1 for edge in edges)].append(segment)
    return row


def _merged(rows: Sequence[Row], height: float) -> list[Row]:
    """Join the lines of cells that take several lines.

    They are told by the white between the lines, which is narrower than between rows; where all
    of it is alike, a line without its first cell goes on with the cells above.
    """
    limit = _narrow(rows, height)
    found: list[Row] = []
    joined = False
    for row in rows:
        near = found and limit is not None and _white(found[-1], row) <= limit
        if near or (limit is None and found and _continues(row, found[-1])):
            found[-1] = [[*a, *b] for a, b in zip(found[-1], row, strict=True)]
            joined = True
        else:
            found.append(row)
    if joined and limit is not None and _doubled(found):
        return list(rows)
    return found


def _narrow(rows: Sequence[Row], height: float) -> float | None:
    """Return the widest white within a row; None if the white does not tell rows from lines."""
    whites = sorted(_white(a, b) for a, b in pairwise(rows))
    jumps = [(b - a, a) for a, b in pairwise(whites)]
    partial = any(not all(row) for row in rows)
    if not jumps or not partial or max(jumps)[0] < _JUMP * height:
        return None
    return max(jumps)[1]


def _white(above: Row, below: Row) -> float:
    return min(s.top for cell in below for s in cell) - max(s.bottom for c in above for s in c)


def _doubled(rows: Sequence[Row]) -> bool:
    """Tell whether cells with two numbers came about, which are two rows' cells."""
    numbers = [sum(map(_is_numeric, cell)) for row in rows for cell in row[1:]]
    return any(count > 1 for count in numbers)


def _is_numeric(segment: Segment) -> bool:
    return is_number(segment.text)


def _continues(row: Row, above: Row) -> bool:
    """Tell whether a row without its first cell goes on with the cells above: text under text."""
    own = [n for n, cell in enumerate(row) if cell]
    return 0 not in own and all(above[n] and not is_number(_text(row[n])) for n in own)


def _extents(rows: Sequence[Row]) -> list[tuple[float, float]]:
    columns = [[s for row in rows for s in row[n]] for n in range(len(rows[0]))]
    return [(min(s.left for s in own), max(s.right for s in own)) for own in columns]


def _row_line(row: Row, names: Sequence[str]) -> Line:
    cells = [_text(cell) for cell in row]
    if names:
        pairs = zip(names[1:], cells[1:], strict=True)
        cells[1:] = [f"{name}: {cell}" if name and cell else cell for name, cell in pairs]
    return _line(CELL_END.join(filter(None, cells)), [s for cell in row for s in cell])


def _line(text: str, band: Band) -> Line:
    return Line(text, False, "table", min(s.top for s in band), max(s.bottom for s in band))


def _text(cell: Cell) -> str:
    return " ".join(s.text for s in cell)


def _words(cells: Sequence[Cell]) -> float:
    counts = [len(_text(cell).split()) for cell in cells if cell]
    return median(counts) if counts else 0.0


def _numeric(rows: Sequence[Row]) -> bool:
    """Tell whether one of two columns holds numbers."""
    for column in (0, 1):
        texts = [_text(row[column]) for row in rows if row[column]]
        if texts and sum(map(is_number, texts)) >= _FILLED * len(texts):
            return True
    return False


def _is_form(rows: Sequence[Row]) -> bool:
    """Tell whether the first of two columns holds labels, which end with a colon."""
    labels = [_text(row[0]) for row in rows if row[0]]
    return sum(label.endswith(":") for label in labels) >= _FILLED * len(labels)


def _prose(rows: Sequence[Row]) -> bool:
    """Tell whether two columns hold running text: lines that fill them, few of them ended."""
    return sum(_is_prose([s for row in rows for s in row[n]]) for n in range(len(rows[0]))) > 1


def _is_prose(segments: Sequence[Segment]) -> bool:
    if sum(map(_is_numeric, segments)) > 0.3 * len(segments) or not segments:
        return False
    words = sum(len(s.text.split()) for s in segments)
    justified = words >= _FEW_WORDS * len(segments) and is_justified(segments)
    return (justified or len(segments) >= _LEAST_PROSE) and is_running_text(segments)
