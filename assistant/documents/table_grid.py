"""Lay the cells of a table out on a grid: what spans rows or columns stands in each of them."""

from __future__ import annotations

from collections.abc import Mapping

_MAX_SPAN = 1_000
_MAX_CELLS = 1_000_000


class TableGrid:
    """Takes a table cell by cell, and gives its rows."""

    def __init__(self) -> None:
        self._rows: list[list[str]] = []
        self._heads: list[bool] = []
        self._below: dict[int, tuple[int, str]] = {}
        """By column: how many more rows a cell from above reaches into, and its text."""
        self._cells = 0

    def row(self) -> None:
        """Begin a row."""
        self.end_row()
        self._rows.append([])
        self._heads.append(True)

    def cell(self, text: str, across: int = 1, down: int = 1, *, head: bool = False) -> None:
        """Add the next cell of the row, and in how many columns and rows it stands."""
        if not self._rows:
            self.row()
        across, down = (min(max(1, span), _MAX_SPAN) for span in (across, down))
        self._cells += across
        if self._cells > _MAX_CELLS:
            across = down = 1
        row = self._rows[-1]
        self._take_from_above(row)
        for _ in range(across):
            if down > 1:
                self._below[len(row)] = (down, text)
            row.append(text)
        self._heads[-1] &= head or not text

    def end_row(self) -> None:
        """End the row that is at work, if there is one."""
        if self._rows:
            self._take_from_above(self._rows[-1])
            self._below = {
                c: (left - 1, text) for c, (left, text) in self._below.items() if left > 1
            }

    def _take_from_above(self, row: list[str]) -> None:
        while len(row) in self._below:
            row.append(self._below[len(row)][1])

    @property
    def rows(self) -> list[list[str]]:
        """The rows; ended by `row` and `end_row`, and as long as they came."""
        return self._rows

    @property
    def head_rows(self) -> int | None:
        """How many of the first rows are heads only, None if none is or all are."""
        count = 0
        while count < len(self._heads) and self._heads[count]:
            count += 1
        return count if 0 < count < len(self._heads) else None


def span(value: str | None) -> int:
    """Return the number in an attribute such as `colspan`, 1 if there is none."""
    digits = (value or "").strip()
    return int(digits) if digits.isdecimal() and 0 < len(digits) < 8 else 1


def spans(attributes: Mapping[str, str | None], across: str, down: str) -> tuple[int, int]:
    """Return in how many columns and rows a cell stands."""
    return span(attributes.get(across)), span(attributes.get(down))
