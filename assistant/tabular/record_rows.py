"""The rows of tables in a document's text, cell by cell, with the places of the cells.

Tables are stored as lines, each cell after the head of its column ("Employee: 4711 | Days: 12");
see `documents.table_rows`. Here they are read back. A line that can't be cut into cells with
certainty makes its whole table inexact, and nothing is computed from that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assistant.types import Citation, Locator, Page, Passage
from assistant.types.documents import label_at

SEPARATOR = " | "
"""Between the cells of a row, as `documents.table_rows` writes it."""


@dataclass(frozen=True, slots=True)
class RecordCell:
    text: str
    place: Citation


@dataclass
class RecordTable:
    """Rows below one another with the same heads; `exact` unless a line could not be cut."""

    document_id: int
    document: str
    heads: list[str]
    rows: list[Mapping[str, RecordCell]] = field(default_factory=list)
    exact: bool = True


def tables_of(passages: Sequence[Passage], pages: Sequence[Page]) -> list[RecordTable]:
    """Return the tables of a document, of which `passages` are all in order."""
    if not passages:
        return []
    starts = {p.number: p.start for passage in passages for p in passage.pages}
    places = sorted({place for p in passages for place in p.locators}, key=lambda one: one.start)
    found: list[RecordTable] = []
    for page in pages:
        at = _Places(passages[0], page, starts.get(page.number, 0), places)
        _read_page(page.text, at, found)
    return [table for table in found if table.rows]


@dataclass(frozen=True)
class _Places:
    passage: Passage
    page: Page
    start: int
    locators: Sequence[Locator]

    def cite(self, start: int, end: int) -> Citation:
        text = self.page.text[start:end]
        label = label_at(self.locators, self.start + start)
        passage = self.passage
        return Citation(
            passage.document_id, passage.document, self.page.number, start, end, text, label
        )


def _read_page(text: str, places: _Places, found: list[RecordTable]) -> None:
    """Add the rows of a page: a line of heads begins a table, lines with these heads go on."""
    for start, line in _lines(text):
        parts = line.split(SEPARATOR)
        table = found[-1] if found else None
        if len(parts) < 2:
            if table is not None and _headed(line, table.heads):
                table.exact = False  # a row with a single cell, or the text after a table
            continue
        if table is not None and (row := _row(parts, start, table.heads, places)) is not None:
            table.rows.append(row)
        elif table is not None and any(_headed(part, table.heads) for part in parts):
            table.exact = False
        else:  # what names no head may be heads
            passage = places.passage
            heads = [part.strip() for part in parts]
            found.append(RecordTable(passage.document_id, passage.document, heads))
            found[-1].exact = len(set(heads)) == len(heads)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    for line in text.split("\n"):
        yield at, line
        at += len(line) + 1


def _headed(part: str, heads: Sequence[str]) -> str:
    """Return the longest head that a part of a line begins with, "" if none does."""
    return max((head for head in heads if part.startswith(f"{head}: ")), key=len, default="")


def _row(
    parts: Sequence[str], start: int, heads: Sequence[str], places: _Places
) -> dict[str, RecordCell] | None:
    """Cut a line into cells; None unless each has another head, in the order of the heads."""
    row: dict[str, RecordCell] = {}
    last = -1
    for part in parts:
        head = _headed(part, heads)
        # A cell that says the same as its head stands alone: it is not one of these rows.
        if not head or heads.index(head) <= last:
            return None
        last = heads.index(head)
        begin = start + len(head) + 2
        row[head] = RecordCell(part[len(head) + 2 :], places.cite(begin, start + len(part)))
        start += len(part) + len(SEPARATOR)
    return row


def line_of(table: RecordTable, row: Mapping[str, RecordCell]) -> str:
    """Return a row in words."""
    return SEPARATOR.join(f"{head}: {row[head].text}" for head in table.heads if head in row)
