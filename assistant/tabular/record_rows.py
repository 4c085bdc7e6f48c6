"""The rows of tables in a document's text, cell by cell, with the places of the cells.

Tables are stored as lines, each cell after the head of its column ("Employee: 4711 | Days: 12");
see `documents.table_rows`. Here they are read back. A line that can't be cut into cells with
certainty makes its whole table inexact, and nothing is computed from that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from assistant.types import Citation, DocumentRecord, Page, Passage
from assistant.types.documents import label_at

SEPARATOR = " | "
"""Between the cells of a row, as `documents.table_rows` writes it."""


class RecordCell(NamedTuple):
    """A cell's text, and where it stands: `start:end` are offsets in the text of the page."""

    text: str
    document_id: int
    page: int
    start: int


@dataclass
class RecordTable:
    """Rows below one another with the same heads; `exact` unless a line could not be cut."""

    document_id: int
    document: str
    heads: list[str]
    rows: list[Mapping[str, RecordCell]] = field(default_factory=list)
    exact: bool = True


def tables_of(record: DocumentRecord, pages: Iterable[Page]) -> list[RecordTable]:
    """Return the tables of a document."""
    found: list[RecordTable] = []
    for page in pages:
        _read_page(page, record, found)
    return [table for table in found if table.rows]


def cite(cells: Sequence[RecordCell], passages: Sequence[Passage]) -> list[Citation]:
    """Return the places of cells of one document; `passages` are its own, all in order."""
    starts = {p.number: p.start for passage in passages for p in passage.pages}
    known = sorted({place for p in passages for place in p.locators}, key=lambda one: one.start)
    name = passages[0].document if passages else ""
    return [
        Citation(number, name, page, start, start + len(text), text, label)
        for text, number, page, start in cells
        for label in [label_at(known, starts.get(page, 0) + start)]
    ]


def _read_page(page: Page, record: DocumentRecord, found: list[RecordTable]) -> None:
    """Add the rows of a page: a line of heads begins a table, lines with these heads go on."""
    for start, line in _lines(page.text):
        parts = line.split(SEPARATOR)
        table = found[-1] if found else None
        if len(parts) < 2:
            if table is not None and _headed(line, table.heads):
                table.exact = False  # a row with a single cell, or the text after a table
        elif table is not None and (row := _row(parts, start, table, page.number)) is not None:
            table.rows.append(row)
        elif table is not None and any(_headed(part, table.heads) for part in parts):
            table.exact = False
        else:  # what names no head may be heads
            heads = [part.strip() for part in parts]
            exact = len(set(heads)) == len(heads)
            found.append(RecordTable(record.id, record.name, heads, exact=exact))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    for line in text.split("\n"):
        yield at, line
        at += len(line) + 1


def _headed(part: str, heads: Sequence[str]) -> str:
    """Return the longest head that a part of a line begins with, "" if none does."""
    if ": " not in part:
        return ""
    return max((head for head in heads if part.startswith(f"{head}: ")), key=len, default="")


def _row(
    parts: Sequence[str], start: int, table: RecordTable, page: int
) -> dict[str, RecordCell] | None:
    """Cut a line into cells; None unless each has another head, in the order of the heads."""
    row: dict[str, RecordCell] = {}
    left = table.heads
    for part in parts:
        head = _headed(part, left)
        # A cell that says the same as its head stands alone: it is not one of these rows.
        if not head:
            return None
        left = left[left.index(head) + 1 :]
        skipped = len(head) + 2
        row[head] = RecordCell(part[skipped:], table.document_id, page, start + skipped)
        start += len(part) + len(SEPARATOR)
    return row
