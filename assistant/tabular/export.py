"""Write a grid as CSV, Markdown or XLSX; nothing in it is run by the program that opens it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping

from assistant.safe_text import safe_text
from assistant.tabular.xlsx_writer import SheetCell, workbook
from assistant.types.tabular import Cell, Column, Grid

ABSENT = "not in this document"
UNREAD = "not read"

_STARTS_FORMULA = tuple("=+-@\t\r\n|%\uff1d\uff0b\uff0d\uff20")
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*(?: ?%)?")
_INSIDE = re.compile(
    r"([;\t\r\n][\s\"]*)(?=[=+\-@|%\uff1d\uff0b\uff0d\uff20])"
    r"(?![+-]?\d+(?:[.,]\d+)*(?: ?%)?\s*(?:[;\t\r\n]|\Z))"
)
"""Where a cell may begin for a spreadsheet that parts at other signs than commas."""

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|<>~&])")
_MOST_NOTED = 5


def cell_text(cell: Cell) -> str:
    """Return what a cell says, in a word where it has no value."""
    if not cell.reader:
        return UNREAD
    if cell.review == "rejected":
        return "rejected"
    if cell.review == "corrected":
        return cell.value or ABSENT
    if cell.state == "absent":
        return ABSENT
    if not cell.value:
        return "see the quote"
    return f"{cell.value} (and {cell.more} more)" if cell.more else cell.value


def mark(cell: Cell) -> str:
    """Return how far a cell can be relied on, in a word."""
    return cell.review or ("doubtful" if cell.reader and cell.state == "doubtful" else "")


def places(cell: Cell) -> str:
    """Return where a cell's words stand: "page 3", "page 3; page 7"."""
    return "; ".join(dict.fromkeys(place.where for place in cell.quotes))


def grid_as(kind: str, grid: Grid) -> bytes:
    """Return the bytes of a file of this kind: csv, md or xlsx."""
    return WRITERS[kind](grid)


def _csv(grid: Grid) -> bytes:
    """Write each column with its quote, places, confidence and mark beside it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    heads = [
        head
        for column in grid.spec.columns
        for head in (column.name, *(f"{column.name}: {part}" for part in _PARTS))
    ]
    writer.writerow([harmless(head) for head in ("Document", *heads)])
    for row in grid.rows:
        said = [
            text
            for cell in row.cells
            for text in (cell_text(cell), _quoted(cell), places(cell), _sure(cell), mark(cell))
        ]
        writer.writerow([harmless(text) for text in (row.document.name, *said)])
    return out.getvalue().encode("utf-8-sig")


_PARTS = ("quote", "place", "confidence", "mark")


def harmless(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would run; a number is none.

    As OWASP advises ("CSV Injection"), the full-width signs of East Asian keyboards too; also
    behind a semicolon, a tab and a line's end, at which German and French settings part cells.
    """
    plain = _INSIDE.sub(r"\1'", safe_text(text.replace("\r\n", "\n")))
    first = plain.lstrip(" \u00a0\u3000\ufeff")
    if first.startswith(_STARTS_FORMULA) and not _PLAIN_NUMBER.fullmatch(first.strip()):
        return f"'{plain}"
    return plain


def _quoted(cell: Cell) -> str:
    return "\n".join(place.text for place in cell.quotes)


def _sure(cell: Cell) -> str:
    return f"{cell.confidence:.0%}" if cell.reader else ""


def _markdown(grid: Grid) -> bytes:
    heads = ["Document", *(column.name for column in grid.spec.columns)]
    lines = [_md_row(heads), _md_row(["---"] * len(heads), raw=True)]
    for row in grid.rows:
        cells = [
            " ".join(filter(None, (cell_text(c), f"[{p}]" if (p := places(c)) else "", _in(c))))
            for c in row.cells
        ]
        lines.append(_md_row([row.document.name, *cells]))
    return ("\n".join([f"# {_md(grid.spec.name)}", "", *lines]) + "\n").encode()


def _in(cell: Cell) -> str:
    return f"({word})" if (word := mark(cell)) else ""


def _md_row(cells: list[str], *, raw: bool = False) -> str:
    return f"| {' | '.join(cells if raw else map(_md, cells))} |"


def _md(text: str) -> str:
    folded = safe_text(" ".join(text.split()), single_line=True)
    return _MARKUP.sub(r"\\\1", folded)


def _xlsx(grid: Grid) -> bytes:
    heads = [SheetCell(name, style="head") for name in ("Document",)]
    heads += [SheetCell(c.name, note=c.question, style="head") for c in grid.spec.columns]
    rows = [
        [
            SheetCell(row.document.name),
            *(_sheet_cell(c, cell) for c, cell in zip(grid.spec.columns, row.cells, strict=True)),
        ]
        for row in grid.rows
    ]
    return workbook(grid.spec.name, [heads, *rows])


def _sheet_cell(column: Column, cell: Cell) -> SheetCell:
    text = cell_text(cell)
    typed = column.type if text == cell.value and column.type in ("date", "number") else "text"
    style = cell.review or (cell.state if cell.reader else "absent")
    return SheetCell(text, note=_note(cell), style=style, kind=typed)


def _note(cell: Cell) -> str:
    """Return the comment of a cell: each quote with its place, and how sure it is."""
    if not cell.reader:
        return ""
    said = [f"{_sure(cell)} sure{f', {word}' if (word := mark(cell)) else ''}"]
    said += [f'"{place.text}" ({place.where})' for place in cell.quotes[:_MOST_NOTED]]
    if cell.note:
        said.append(cell.note)
    return "\n".join(said)


WRITERS: Mapping[str, Callable[[Grid], bytes]] = {"csv": _csv, "md": _markdown, "xlsx": _xlsx}
