"""Read a PowerPoint presentation (Office Open XML): slides, tables, diagrams, charts, notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from assistant.documents.document_builder import DocumentBuilder, one_line
from assistant.documents.file_type import Kind
from assistant.documents.office.chart import chart_rows
from assistant.documents.office.package import Package
from assistant.documents.office.relationships import (
    Related,
    main_part,
    note_contents,
    package_title,
    related_part,
    relationships,
)
from assistant.documents.office.xml_tree import children, parse_xml, path, value, words
from assistant.documents.parse_errors import ParseFault
from assistant.documents.table_grid import TableGrid, spans
from assistant.documents.table_rows import joined, worded_rows
from assistant.types.documents import ParsedDocument, ReadOptions

_TITLES = frozenset(["title", "ctrTitle"])
_FURNITURE = frozenset(["dt", "ftr", "hdr", "sldNum", "sldImg"])


def read_slides(data: bytearray, kind: Kind, _options: ReadOptions) -> ParsedDocument:
    """Return the document: a slide is a page, its speaker notes stand below it.

    Hidden slides are read, and said. Raises `ParseFault`.
    """
    package = Package(data)
    main = main_part(package, "ppt/presentation.xml")
    builder = DocumentBuilder(kind)
    for number, part in enumerate(_slide_parts(package, main), 1):
        builder.page()
        if part in package:
            _Slide(package, builder, number).write(part)
    note_contents(builder, package, "ppt/")
    return builder.finish(package_title(package))


def _slide_parts(package: Package, main: str) -> list[str]:
    """Return the parts of the slides in the order in which they are shown."""
    references = relationships(package, main)
    entries = parse_xml(package.read(main)).find("sldIdLst")
    ids = [entry.get("r:id", "") for entry in (() if entries is None else entries)]
    parts = [references[i].part for i in ids if i in references]
    if not parts:
        raise ParseFault("package_without")
    return parts


@dataclass
class _Slide:
    package: Package
    builder: DocumentBuilder
    number: int

    @property
    def where(self) -> str:
        return f"slide {self.number}"

    def write(self, part: str) -> None:
        root = parse_xml(self.package.read(part))
        related = relationships(self.package, part)
        if root.get("show") in {"0", "false"}:
            self.builder.note("hidden_slides", paged=True)
        tree = path(root, "cSld", "spTree")
        for shape in sorted(_shapes(tree), key=_comes_first):
            self._shape(shape, related)
        self._notes(related_part(self.package, part, "notesSlide"))
        self._comments(related)

    def _shape(self, shape: Element, related: dict[str, Related]) -> None:
        if shape.tag == "sp":
            self._text(shape)
            return
        table = next(shape.iter("tbl"), None)
        if table is not None:
            self._table(table)
        for reference in shape.iter():
            target = related.get(reference.get("r:id", "") or reference.get("r:dm", ""))
            if target is None or target.part not in self.package:
                continue
            if target.kind == "chart":
                for row in chart_rows(parse_xml(self.package.read(target.part))):
                    self.builder.paragraph(row, f"{self.where}, chart", "table")
            elif target.kind == "diagramData":
                for point in parse_xml(self.package.read(target.part)).iter("pt"):
                    self.builder.paragraph(one_line(words(point.find("t"))), self.where)

    def _text(self, shape: Element) -> None:
        placeholder = value(shape, "nvSpPr", "nvPr", "ph", name="type")
        body = shape.find("txBody")
        if body is None or placeholder in _FURNITURE:
            return
        paragraphs = [text for text in map(paragraph_text, body.iter("p")) if text]
        if placeholder in _TITLES:
            self.builder.heading(" ".join(paragraphs), 1, self.where)
            return
        for text in paragraphs:
            self.builder.paragraph(text, self.where)

    def _table(self, table: Element) -> None:
        grid = TableGrid()
        for row in children(table, "tr"):
            grid.row()
            for cell in children(row, "tc"):
                if not {"hMerge", "vMerge"} & set(cell.attrib):
                    text = " ".join(paragraph_text(p) for p in cell.iter("p"))
                    grid.cell(one_line(text), *spans(cell.attrib, "gridSpan", "rowSpan"))
        grid.end_row()
        marked = value(table, "tblPr", name="firstRow") in {"1", "true"}
        head_rows = 1 if marked and len(grid.rows) > 1 else None
        for number, cells in enumerate(worded_rows(grid.rows, head_rows), 1):
            self.builder.paragraph(joined(cells), f"{self.where}, table row {number}", "table")

    def _notes(self, part: str) -> None:
        if not part:
            return
        tree = path(parse_xml(self.package.read(part)), "cSld", "spTree")
        for shape in _shapes(tree):
            if value(shape, "nvSpPr", "nvPr", "ph", name="type") == "body":
                for paragraph in shape.iter("p"):
                    self.builder.paragraph(paragraph_text(paragraph), f"{self.where}, notes")

    def _comments(self, related: dict[str, Related]) -> None:
        for target in related.values():
            if target.kind == "comments" and target.part in self.package:
                for comment in children(parse_xml(self.package.read(target.part)), "cm"):
                    parts = (part for part in comment.iter() if part.tag in {"text", "t"})
                    text = one_line(" ".join(map(words, parts)))
                    if text:
                        self.builder.paragraph(
                            f"Comment: {text}", f"{self.where}, comment", "comment"
                        )
                        self.builder.note("comments")


def paragraph_text(paragraph: Element) -> str:
    """Return the words of a paragraph of DrawingML, its line breaks as newlines."""
    pieces = []
    for part in paragraph.iter():
        if part.tag == "t":
            pieces.append(part.text or "")
        elif part.tag == "br":
            pieces.append("\n")
        elif part.tag == "tab":
            pieces.append("\t")
    return "".join(pieces).strip()


def _shapes(tree: Element | None) -> Iterator[Element]:
    """Yield the shapes of a slide, through groups and alternatives, in the file's order."""
    for child in () if tree is None else tree:
        if child.tag in {"sp", "graphicFrame"}:
            yield child
        elif child.tag in {"grpSp", "Choice"}:
            yield from _shapes(child)
        elif child.tag == "AlternateContent":
            yield from _shapes(child.find("Choice"))


def _comes_first(shape: Element) -> bool:
    """The title leads, wherever it stands in the file."""
    return value(shape, "nvSpPr", "nvPr", "ph", name="type") not in _TITLES
