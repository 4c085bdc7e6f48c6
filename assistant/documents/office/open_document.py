"""Read OpenDocument texts and presentations (ISO/IEC 26300)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from assistant.documents.document_builder import DocumentBuilder, HeadingTrail, one_line
from assistant.documents.document_title import metadata_title
from assistant.documents.file_type import Kind
from assistant.documents.office.package import Package
from assistant.documents.office.xml_tree import children, parse_xml, path, words
from assistant.documents.parse_errors import ParseFault
from assistant.documents.table_grid import TableGrid, span, spans
from assistant.documents.table_rows import joined, worded_rows
from assistant.types.documents import ParsedDocument, ReadOptions

_APART = frozenset(["note", "annotation", "frame", "custom-shape", "g"])
"""What stands in a paragraph but is no part of its sentence."""

_WRAPS = frozenset(
    "section index-body table-of-content illustration-index list list-item list-header text-box "
    "g numbered-paragraph soft-page-break".split()
)
_MAX_SPACES = 100
_MAX_REPEATED = 100


def read_open_document(data: bytearray, kind: Kind, _options: ReadOptions) -> ParsedDocument:
    """Return the document; a slide is a page, a text has one page. Raises `ParseFault`."""
    package = Package(data)
    body = open_body(package)
    builder = DocumentBuilder(kind)
    if kind == "odp":
        for number, page in enumerate(body.iter("page"), 1):
            builder.page()
            _write_slide(builder, page, number)
    else:
        text = body.find("text")
        changes = text.find("tracked-changes") if text is not None else None
        if changes is not None and len(changes):
            builder.note("tracked_changes", len(changes))
        _Text(builder).blocks(() if text is None else text)
    note_open_contents(builder, package)
    return builder.finish(open_title(package))


def open_body(package: Package) -> Element:
    """Return the body of an OpenDocument file. Raises `ParseFault`."""
    if b"encryption-data" in package.read_if_there("META-INF/manifest.xml"):
        raise ParseFault("office_encrypted")
    data = package.read_if_there("content.xml")
    body = parse_xml(data).find("body") if data else None
    if body is None:
        raise ParseFault("package_without")
    return body


def open_title(package: Package) -> str:
    """Return the title in the properties of a file, "" if it has none."""
    data = package.read_if_there("meta.xml")
    return metadata_title(words(path(parse_xml(data), "meta", "title"))) if data else ""


def note_open_contents(builder: DocumentBuilder, package: Package) -> None:
    """Say what is in a package that is never run or read."""
    if package.below("basic/") or package.below("scripts/"):
        builder.note("macros")
    embedded = {name.split("/")[0] for name in package.below("object ")}
    if embedded:
        builder.note("embedded_objects", len(embedded))


def paragraph_text(element: Element) -> str:
    """Return the words of a paragraph, without the notes and comments that hang on it."""
    pieces = [element.text or ""]
    for child in element:
        if child.tag == "s":
            count = span(child.get("c"))
            pieces.append(" " * min(count, _MAX_SPACES))
        elif child.tag == "tab":
            pieces.append("\t")
        elif child.tag == "line-break":
            pieces.append("\n")
        elif child.tag == "note":
            pieces.append(f"[{words(child.find('note-citation'))}]")
        elif child.tag not in _APART and child.tag != "annotation-end":
            pieces.append(paragraph_text(child))
        pieces.append(child.tail or "")
    return "".join(pieces)


def _apart(element: Element) -> Iterator[Element]:
    """Yield the notes, comments and frames that hang on a paragraph, the outermost ones."""
    for child in element:
        if child.tag in _APART:
            yield child
        else:
            yield from _apart(child)


@dataclass
class _Text:
    builder: DocumentBuilder
    trail: HeadingTrail = field(default_factory=HeadingTrail)
    tables: int = 0

    def blocks(self, elements: Element | tuple[()], lead: str = "") -> None:
        for element in elements:
            if element.tag == "h":
                level = span(element.get("outline-level"))
                title = one_line(paragraph_text(element))
                if title:
                    self.builder.heading(title, level, self.trail.enter(level, title))
                self._hanging(element)
            elif element.tag == "p":
                text = paragraph_text(element).strip()
                if text:
                    self.builder.paragraph(lead + text, self.trail.paragraph())
                self._hanging(element)
            elif element.tag == "table":
                self._table(element)
            elif element.tag in _APART - {"g"}:
                self._hanging_one(element)
            elif element.tag in _WRAPS:
                self.blocks(element, "- " if element.tag == "list-item" else lead)

    def _hanging(self, element: Element) -> None:
        for one in _apart(element):
            self._hanging_one(one)

    def _hanging_one(self, one: Element) -> None:
        if one.tag == "note":
            number = words(one.find("note-citation"))
            note = one.find("note-body")
            text = one_line(" ".join(map(paragraph_text, () if note is None else note.iter("p"))))
            if text:
                kind = one.get("note-class", "footnote")
                place = self.trail.at(f"{kind} {number}")
                self.builder.paragraph(f"[{number}] {text}", place, "footnote")
        elif one.tag == "annotation":
            author = one_line(words(one.find("creator")))
            text = one_line(" ".join(map(paragraph_text, one.iter("p"))))
            if text:
                lead = f"Comment by {author}: " if author else "Comment: "
                self.builder.paragraph(lead + text, self.trail.at("comment"), "comment")
                self.builder.note("comments")
        else:
            for box in one.iter("text-box"):
                self.blocks(box)

    def _table(self, table: Element) -> None:
        grid, heads = TableGrid(), 0
        for row, is_head in open_rows(table):
            grid.row()
            heads += is_head
            for cell in children(row, "table-cell"):
                text = one_line(" ".join(paragraph_text(p) for p in cell.iter("p")))
                across, down = spans(cell.attrib, "number-columns-spanned", "number-rows-spanned")
                for _ in range(min(span(cell.get("number-columns-repeated")), _MAX_REPEATED)):
                    grid.cell(text, across, down)
        grid.end_row()
        rows = grid.rows
        if len(rows) < 2 or max(map(len, rows)) < 2:
            for cell_text in (cell for row_cells in rows for cell in row_cells if cell):
                self.builder.paragraph(cell_text, self.trail.paragraph())
            return
        self.tables += 1
        head_rows = heads if 0 < heads < len(rows) else None
        for number, cells in enumerate(worded_rows(rows, head_rows), 1):
            place = self.trail.at(f"table {self.tables}, row {number}")
            self.builder.paragraph(joined(cells), place, "table")


def open_rows(table: Element, *, is_head: bool = False) -> Iterator[tuple[Element, bool]]:
    """Yield the rows of a table, and whether each is marked as its head."""
    for child in table:
        if child.tag == "table-row":
            yield child, is_head
        elif child.tag in {"table-header-rows", "table-rows", "table-row-group"}:
            yield from open_rows(child, is_head=is_head or child.tag == "table-header-rows")


def _write_slide(builder: DocumentBuilder, page: Element, number: int) -> None:
    where = f"slide {number}"
    frames = [child for child in page if child.tag in _APART]
    for frame in sorted(frames, key=lambda f: f.get("class") != "title"):
        if frame.get("class") == "title":
            builder.heading(" ".join(map(paragraph_text, frame.iter("p"))), 1, where)
            continue
        for block in frame.iter():
            if block.tag == "p":
                builder.paragraph(paragraph_text(block), where)
    notes = page.find("notes")
    for paragraph in () if notes is None else notes.iter("p"):
        builder.paragraph(paragraph_text(paragraph), f"{where}, notes")
