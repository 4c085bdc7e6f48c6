"""Read OpenDocument spreadsheets: the text that each cell shows is in the file."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from assistant.documents.document_builder import DocumentBuilder, one_line
from assistant.documents.file_type import Kind
from assistant.documents.office.open_document import (
    note_open_contents,
    open_body,
    open_rows,
    open_title,
    paragraph_text,
)
from assistant.documents.office.package import Package
from assistant.documents.office.sheet_writer import SheetWriter, column_name
from assistant.documents.office.workbook import MAX_CELLS
from assistant.documents.office.xml_tree import parse_xml, value, words
from assistant.documents.table_grid import span
from assistant.types.documents import ParsedDocument, ReadOptions

_MOST_REPEATED = 1_000
_HIDDEN = frozenset(["collapse", "filter"])


def read_open_sheets(data: bytearray, kind: Kind, _options: ReadOptions) -> ParsedDocument:
    """Return the document: a sheet is a page. Raises `ParseFault`."""
    package = Package(data)
    body = open_body(package)
    hidden = _hidden_styles(parse_xml(package.read("content.xml")))
    builder = DocumentBuilder(kind)
    left = MAX_CELLS
    for table in body.iter("table"):
        name = one_line(table.get("name", "")) or "(without a name)"
        if table.get("style-name") in hidden:
            builder.note("hidden_sheets", 1, name)
        left = _Sheet(builder, name, left).read(table)
    note_open_contents(builder, package)
    return builder.finish(open_title(package))


def _hidden_styles(root: Element) -> set[str | None]:
    return {
        style.get("name")
        for style in root.iter("style")
        if value(style, "table-properties", name="display") == "false"
    }


class _Sheet:
    def __init__(self, builder: DocumentBuilder, name: str, left: int) -> None:
        self._builder, self._left = builder, left
        self._writer = SheetWriter(builder, name)
        self._comments: list[tuple[str, str, str]] = []

    def read(self, table: Element) -> int:
        """Write the sheet; return how many cells may still be read."""
        self._writer.begin()
        number, hidden = 1, 0
        for row, _ in open_rows(table):
            count = span(row.get("number-rows-repeated"))
            cells = self._cells(row, number)
            if cells:
                hidden += row.get("visibility") in _HIDDEN
                for again in range(min(count, _MOST_REPEATED)):
                    self._left -= len(cells)
                    if self._left < 0:
                        self._writer.left_out += 1
                    else:
                        self._writer.row(number + again, cells)
                self._writer.left_out += max(0, count - _MOST_REPEATED)
            number += count
        for comment in self._comments:
            self._writer.comment(*comment)
        self._writer.finish()
        if hidden:
            self._builder.note("hidden_rows", hidden, self._writer.name)
        return self._left

    def _cells(self, row: Element, number: int) -> dict[int, str]:
        cells: dict[int, str] = {}
        column = 0
        for cell in row:
            if cell.tag not in {"table-cell", "covered-table-cell"}:
                continue
            count = span(cell.get("number-columns-repeated"))
            text = one_line(" ".join(paragraph_text(p) for p in cell.findall("p")))
            across = span(cell.get("number-columns-spanned"))
            if text:
                for n in range(min(count, _MOST_REPEATED)):
                    cells[column + n] = text
                if across > 1:
                    self._writer.span(number, column, across)
            note = cell.find("annotation")
            if note is not None:
                author = one_line(words(note.find("creator")))
                said = " ".join(paragraph_text(p) for p in note.iter("p"))
                self._comments.append((f"{column_name(column)}{number}", author, said))
            column += count
        return cells
