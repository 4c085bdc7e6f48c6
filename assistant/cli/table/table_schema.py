"""What `assistant table` prints with `--json`; see `assistant.cli.schema` for the rules."""

from __future__ import annotations

from collections.abc import Iterable

from assistant.console.json_output import Document, Shape
from assistant.tabular.export import cell_text
from assistant.types import Citation
from assistant.types.tabular import Cell, CellItem, CellReview, CellState, Column, ColumnType, Grid


class ColumnJson(Shape, frozen=True):
    name: str
    question: str
    type: ColumnType


class ItemJson(Shape, frozen=True):
    """A quote by its places (two where it goes over a page's end), and what code read in it."""

    value: str
    confidence: float
    note: str
    places: list[Citation]


class CellJson(Shape, frozen=True):
    """`value` is "" where the document does not answer (`state`: "absent") or was not read
    (`read`: false); `text` is what people are shown. `more` quotes were found beyond `items`;
    `others` are second thoughts that do not count.
    """

    column: str
    read: bool
    state: CellState
    review: CellReview
    value: str
    text: str
    confidence: float
    more: int
    quotes: list[Citation]
    items: list[ItemJson]
    others: list[ItemJson]


class RowJson(Shape, frozen=True):
    document_id: int
    document: str
    cells: list[CellJson]


class TableJson(Document, frozen=True):
    """A table; `unread` cells were not read yet."""

    name: str
    documents: list[str]
    columns: list[ColumnJson]
    rows: list[RowJson]
    unread: int


class TableFilledJson(Document, frozen=True):
    """`read` cells were read now; `gone` documents were forgotten meanwhile; `exported` is the
    file that was written ("" if none was).
    """

    table: TableJson
    read: int
    gone: list[str]
    cancelled: bool
    exported: str


class TableNamesJson(Document, frozen=True):
    tables: list[str]


class TemplateJson(Shape, frozen=True):
    name: str
    columns: list[ColumnJson]


class TemplatesJson(Document, frozen=True):
    templates: list[TemplateJson]


class TableMarkedJson(Document, frozen=True):
    document_id: int
    cell: CellJson


class TableExportedJson(Document, frozen=True):
    name: str
    file: str
    rows: int


class TableRemovedJson(Document, frozen=True):
    removed: str


def column_json(column: Column) -> ColumnJson:
    return ColumnJson(column.name, column.question, column.type)


def cell_json(column: Column, cell: Cell) -> CellJson:
    return CellJson(
        column=column.name,
        read=bool(cell.reader),
        state=cell.state,
        review=cell.review,
        value=cell.value,
        text=cell_text(cell),
        confidence=cell.confidence,
        more=cell.more,
        quotes=list(cell.quotes),
        items=_items(cell.items),
        others=_items(cell.others),
    )


def _items(items: Iterable[CellItem]) -> list[ItemJson]:
    return [ItemJson(i.value, i.confidence, i.note, list(i.places)) for i in items]


def table_json(grid: Grid) -> TableJson:
    columns = grid.spec.columns
    rows = [
        RowJson(
            row.document.id,
            row.document.name,
            [cell_json(c, cell) for c, cell in zip(columns, row.cells, strict=True)],
        )
        for row in grid.rows
    ]
    listed = [column_json(column) for column in columns]
    return TableJson(grid.spec.name, list(grid.spec.documents), listed, rows, grid.unread)
