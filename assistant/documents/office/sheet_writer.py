"""Write the rows of a sheet: each cell after its column's head, each place named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from assistant.documents.document_builder import DocumentBuilder, one_line, shortened
from assistant.documents.size_limits import MAX_CHARACTERS
from assistant.documents.table_rows import (
    SEPARATOR,
    CellText,
    column_heads,
    could_be_heads,
    guessed_head_rows,
    headed_row,
    is_figure,
    joined,
)

_MOST_TEXT = MAX_CHARACTERS * 9 // 10
_LOOK_AHEAD = 30
_LONGEST_NAME = 60
_FORM_COLUMNS = 2
MOST_COLUMNS = 16_384

Row = Mapping[int, str]
"""The cells of a row that are not empty, by their columns (from 0)."""


@dataclass
class SheetWriter:
    """Takes the rows of one sheet from above; ends with `finish`.

    Rows that follow each other are a block. The first rows of a block are its heads if they
    read so; a block that has none goes on with those of the one before.
    """

    builder: DocumentBuilder
    name: str
    merged: dict[tuple[int, int], int] = field(default_factory=dict)
    """By row (from 1) and column: how many columns a cell spans, where it is more than one."""
    left_out: int = 0
    _block: list[tuple[int, Row]] = field(default_factory=list)
    _last: int = 0
    _heads: list[str] = field(default_factory=list)
    _decided: bool = False
    _near: bool = True
    _is_form: bool = False

    def __post_init__(self) -> None:
        self._where = f"sheet {shortened(one_line(self.name), _LONGEST_NAME)}"

    def begin(self) -> None:
        """Begin the page of the sheet, headed with its name."""
        self.builder.page()
        self.builder.heading(self.name, 1, self._where)

    def span(self, number: int, column: int, across: int) -> None:
        """Say that a cell spans columns; before its row is taken."""
        self.merged[number, column] = across

    def row(self, number: int, cells: Row) -> None:
        """Take row `number` (from 1)."""
        if not cells:
            return
        if self.builder.length > _MOST_TEXT:
            self.left_out += 1
            return
        if number > self._last + 1:
            self._decide()
            self._decided = False
            self._near = number == self._last + 2
        self._last = number
        if self._decided:
            self._write(number, cells)
            return
        self._block.append((number, cells))
        if len(self._block) >= _LOOK_AHEAD:
            self._decide()

    def comment(self, cell: str, author: str, text: str) -> None:
        """Add a comment on a cell; after all rows."""
        lead = f"Comment on {cell} by {author}: " if author else f"Comment on {cell}: "
        if text.strip():
            place = f"{self._where}, comment on cell {cell}"
            self.builder.paragraph(lead + one_line(text), place, "comment")
            self.builder.note("comments")

    def finish(self) -> None:
        """Write what is left."""
        self._decide()
        if self.left_out:
            self.builder.note("rows_left_out", self.left_out, self.name)

    def _decide(self) -> None:
        """Find the heads of the block at hand, and write its rows."""
        block, self._block = self._block, []
        self._decided = True
        if not block:
            return
        titles = 0
        width = max(len(cells) for _, cells in block)
        first = min(min(cells) for _, cells in block)
        while titles < len(block) and len(block[titles][1]) == 1 < width:
            if min(block[titles][1]) > first:
                break  # over some of the columns only
            titles += 1
        for number, cells in block[:titles]:
            self._plain(number, cells)
        block = block[titles:]
        rows = _grid([cells for _, cells in block])
        count = guessed_head_rows(_squeezed(rows))
        if len(block) > 2 and self._spans(*block[0]) and could_be_heads(_filled(rows[1])):
            count = 2
        if count:
            filled = [
                self._spread(number, row) for (number, _), row in zip(block, rows, strict=True)
            ]
            self._heads = column_heads(filled[:count])
        elif not self._goes_on(rows):
            self._heads = []
        self._is_form = not self._heads and width <= _FORM_COLUMNS
        for number, cells in block[:count]:
            self._plain(number, cells)
        for number, cells in block[count:]:
            self._write(number, cells)

    def _goes_on(self, rows: Sequence[Sequence[str]]) -> bool:
        """A block goes on with the heads of the one before, over one empty row."""
        width = max(map(len, rows), default=0)
        return self._near and bool(self._heads) and width <= len(self._heads)

    def _spans(self, number: int, cells: Row) -> bool:
        return any((number, column) in self.merged for column in cells)

    def _spread(self, number: int, row: Sequence[str]) -> list[str]:
        """Repeat what spans columns in each of them."""
        spread = list(row)
        for column, cell in enumerate(row):
            across = self.merged.get((number, column), 1)
            for more in range(column + 1, min(column + across, column + 200)):
                spread.extend([""] * (more + 1 - len(spread)))
                spread[more] = spread[more] or cell
        return spread

    def _write(self, number: int, cells: Row) -> None:
        if self._is_form and len(cells) == _FORM_COLUMNS:
            (column, key), (_, said) = sorted(cells.items())
            if not is_figure(key):
                self._cells(number, [CellText(column, f"{key.rstrip(':')}: {said}")], cells)
                return
        row = _grid([cells])[0]
        self._cells(number, headed_row(row, self._heads) if self._heads else _all(row), cells)

    def _plain(self, number: int, cells: Row) -> None:
        self._cells(number, _all(_grid([cells])[0]), cells)

    def _cells(self, number: int, words: Sequence[CellText], cells: Row) -> None:
        first, last = column_name(min(cells)), column_name(max(cells))
        place = f"cell {first}{number}"
        if first != last:
            place = f"cells {first}{number}:{last}{number}"
        start = self.builder.length
        ahead = 0
        for at, cell in enumerate(words):
            place = f"cell {column_name(cell.column)}{number}" if at else place
            self.builder.locate(f"{self._where}, {place}", ahead)
            ahead += len(cell.text) + len(SEPARATOR)
        self.builder.write(joined(words))
        self.builder.region(start, "table")
        self.builder.write("\n\n")


def _grid(rows: Sequence[Row]) -> list[list[str]]:
    return [[cells.get(column, "") for column in range(max(cells) + 1)] for cells in rows]


def _squeezed(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Drop the columns that are empty in all rows: a table need not begin in column A."""
    width = max(map(len, rows), default=0)
    used = [c for c in range(width) if any(c < len(row) and row[c] for row in rows)]
    return [[row[c] if c < len(row) else "" for c in used] for row in rows]


def _filled(row: Sequence[str]) -> list[str]:
    return [cell for cell in row if cell]


def _all(row: Sequence[str]) -> list[CellText]:
    return [CellText(column, cell) for column, cell in enumerate(row) if cell]


@lru_cache(maxsize=MOST_COLUMNS)
def column_name(column: int) -> str:
    """Return the letters of a column (from 0): A, Z, AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
