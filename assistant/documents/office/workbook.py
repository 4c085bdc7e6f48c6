"""Read an Excel workbook (Office Open XML): what its cells show, hidden ones and comments too."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from assistant.documents.document_builder import DocumentBuilder, one_line
from assistant.documents.file_type import Kind
from assistant.documents.office.number_format import BUILT_IN, shown_number
from assistant.documents.office.package import Package
from assistant.documents.office.relationships import (
    main_part,
    note_contents,
    package_title,
    related_part,
    relationships,
)
from assistant.documents.office.sheet_writer import SheetWriter
from assistant.documents.office.xml_tree import children, parse_xml, stream_xml, value, words
from assistant.types.documents import ParsedDocument, ReadOptions

MAX_CELLS = 2_000_000
"""Of a workbook. The rows after them are left out, which a note says."""

_CELL = re.compile(r"([A-Z]{1,3})(\d{1,7})\Z")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\b[^>]*?\bref=\"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})")
_TRUE = frozenset(["1", "true"])


def read_workbook(data: bytearray, kind: Kind, _options: ReadOptions) -> ParsedDocument:
    """Return the document: a sheet is a page. Of formulas it has what they gave last.

    Raises `ParseFault`.
    """
    package = Package(data)
    main = main_part(package, "xl/workbook.xml")
    builder = DocumentBuilder(kind)
    root = parse_xml(package.read(main))
    book = _Book(package, main, value(root, "workbookPr", name="date1904") in _TRUE)
    parts = relationships(package, main)
    for sheet in root.iter("sheet"):
        name = one_line(sheet.get("name", "")) or "(without a name)"
        related = parts.get(sheet.get("r:id", ""))
        if related is None or related.kind != "worksheet" or related.part not in package:
            builder.note("chart_sheets", 1, name)
            continue
        if sheet.get("state", "visible") != "visible":
            builder.note("hidden_sheets", 1, name)
        _Sheet(book, builder, name, related.part).read()
    note_contents(builder, package, "xl/")
    return builder.finish(package_title(package))


class _Book:
    """What the sheets of a workbook share: strings, formats, and how many cells are left."""

    def __init__(self, package: Package, main: str, from_1904: bool) -> None:
        self.package = package
        self.from_1904 = from_1904
        self.cells_left = MAX_CELLS
        self.strings = _shared_strings(package, related_part(package, main, "sharedStrings"))
        styles = related_part(package, main, "styles")
        self.formats = _formats(parse_xml(package.read(styles))) if styles else []


def _shared_strings(package: Package, part: str) -> list[str]:
    strings: list[str] = []
    open_tags: list[str] = []
    pieces: list[str] = []

    def start(tag: str, _attributes: dict[str, str]) -> None:
        open_tags.append(tag)

    def end(tag: str) -> None:
        open_tags.pop()
        if tag == "si":
            strings.append("".join(pieces))
            pieces.clear()

    def text(piece: str) -> None:
        if open_tags[-1] == "t" and "rPh" not in open_tags:  # how Japanese is read aloud
            pieces.append(piece)

    if part:
        stream_xml(package.read(part), start, end, text)
    return strings


def _formats(root: Element) -> list[str]:
    """Return the number format of each style of cells."""
    own = {f.get("numFmtId", ""): f.get("formatCode", "") for f in root.iter("numFmt")}
    styles = root.find("cellXfs")
    ids = [
        style.get("numFmtId", "0") for style in (() if styles is None else children(styles, "xf"))
    ]
    return [
        own.get(i, BUILT_IN.get(int(i), "") if i.isdecimal() and len(i) < 4 else "") for i in ids
    ]


@dataclass
class _Cell:
    column: int
    kind: str
    style: int
    value: list[str] = field(default_factory=list)
    has_formula: bool = False


class _Sheet:
    """Reads one sheet as a stream: a sheet may be larger than any tree of it could be."""

    def __init__(self, book: _Book, builder: DocumentBuilder, name: str, part: str) -> None:
        self._book, self._builder, self._part = book, builder, part
        self._data = book.package.read(part)
        self._writer = SheetWriter(builder, name, _merged(self._data))
        self._row, self._cells = 0, dict[int, str]()
        self._cell: _Cell | None = None
        self._in_value = False
        self._hidden = self._without_value = 0

    def read(self) -> None:
        self._writer.begin()
        stream_xml(self._data, self._start, self._end, self._text)
        self._write_comments()
        self._writer.finish()
        if self._hidden:
            self._builder.note("hidden_rows", self._hidden, self._writer.name)
        if self._without_value:
            self._builder.note("formulas_without_value", self._without_value, self._writer.name)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "c":
            self._cell = self._begun(attributes)
        elif tag in {"v", "t"}:
            self._in_value = self._cell is not None
        elif tag == "f" and self._cell is not None:
            self._cell.has_formula = True
        elif tag == "row":
            number = attributes.get("r", "")
            self._row = int(number) if number.isdecimal() and len(number) < 8 else self._row + 1
            self._hidden += attributes.get("hidden") in _TRUE
        elif tag == "col":
            self._hidden += attributes.get("hidden") in _TRUE

    def _begun(self, attributes: dict[str, str]) -> _Cell:
        found = _CELL.match(attributes.get("r", ""))
        column = _column(found.group(1)) if found else max(self._cells, default=-1) + 1
        style = attributes.get("s", "0")
        number = int(style) if style.isdecimal() and len(style) < 6 else 0
        return _Cell(column, attributes.get("t", "n"), number)

    def _text(self, piece: str) -> None:
        if self._in_value and self._cell is not None:
            self._cell.value.append(piece)

    def _end(self, tag: str) -> None:
        if tag in {"v", "t"}:
            self._in_value = False
        elif tag == "c" and self._cell is not None:
            self._ended(self._cell)
            self._cell = None
        elif tag == "row":
            cells, self._cells = self._cells, {}
            self._book.cells_left -= len(cells)
            if self._book.cells_left < 0:
                self._writer.left_out += bool(cells)
            else:
                self._writer.row(self._row, cells)

    def _ended(self, cell: _Cell) -> None:
        raw = "".join(cell.value)
        text = self._shown(cell, raw) if raw else ""
        text = text.strip() if text.isprintable() and "  " not in text else one_line(text)
        if text:
            self._cells[cell.column] = text
        elif cell.has_formula and not raw:
            self._without_value += 1

    def _shown(self, cell: _Cell, raw: str) -> str:
        if cell.kind == "s":
            strings = self._book.strings
            at = int(raw) if raw.isdecimal() and len(raw) < 9 else len(strings)
            return strings[at] if at < len(strings) else ""
        if cell.kind == "b":
            return "TRUE" if raw == "1" else "FALSE"
        if cell.kind != "n":
            return raw
        formats = self._book.formats
        code = formats[cell.style] if cell.style < len(formats) else ""
        return shown_number(raw, code, from_1904=self._book.from_1904)

    def _write_comments(self) -> None:
        for related in relationships(self._book.package, self._part).values():
            if related.kind == "comments" and related.part in self._book.package:
                root = parse_xml(self._book.package.read(related.part))
                authors = [one_line(words(author)) for author in root.iter("author")]
                for comment in root.iter("comment"):
                    who = comment.get("authorId", "")
                    at = int(who) if who.isdecimal() and len(who) < 6 else len(authors)
                    text = "".join(words(t) for t in comment.iter("t"))
                    cell = comment.get("ref", "")
                    if _CELL.match(cell):
                        author = authors[at] if at < len(authors) else ""
                        self._writer.comment(cell, author, text)


def _merged(data: bytes) -> dict[tuple[int, int], int]:
    """Return how many columns the cells span that span any; the file tells after the rows."""
    found: dict[tuple[int, int], int] = {}
    for first, row, last in _MERGED.findall(data):
        begin, end = _column(first.decode()), _column(last.decode())
        if end > begin:
            found[int(row), begin] = end - begin + 1
    return found


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
