"""Read a Word document (Office Open XML, ECMA-376): body, tables, notes, comments, changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from assistant.documents.document_builder import DocumentBuilder, HeadingTrail, one_line
from assistant.documents.file_type import Kind
from assistant.documents.office.numbering import Numbering
from assistant.documents.office.package import Package
from assistant.documents.office.relationships import (
    Related,
    main_part,
    note_contents,
    package_title,
    related_part,
    relationships,
)
from assistant.documents.office.word_runs import Run, runs_of
from assistant.documents.office.word_styles import WordStyles
from assistant.documents.office.xml_tree import children, parse_xml, path, value
from assistant.documents.table_grid import TableGrid, span
from assistant.documents.table_rows import joined, worded_rows
from assistant.types.documents import ParsedDocument, ReadOptions, RegionKind

_CONTAINERS = frozenset(
    "sdt sdtContent customXml smartTag ins moveTo body AlternateContent Choice txbxContent".split()
)
_NO_NOTES = frozenset(["separator", "continuationSeparator", "continuationNotice"])


def read_word(data: bytearray, kind: Kind, _options: ReadOptions) -> ParsedDocument:
    """Return the document; it has one page, as Word makes pages anew on each machine.

    Text that was inserted under "track changes" is text, what was deleted is left out, and a
    note says how many changes there are. Footnotes and comments stand after the paragraph that
    they belong to. Raises `ParseFault`.
    """
    package = Package(data)
    main = main_part(package, "word/document.xml")
    builder = DocumentBuilder(kind)
    _Word(package, main, builder).write()
    note_contents(builder, package, "word/")
    return builder.finish(package_title(package))


@dataclass
class _Word:
    package: Package
    main: str
    builder: DocumentBuilder
    trail: HeadingTrail = field(default_factory=HeadingTrail)
    tables: int = 0

    def __post_init__(self) -> None:
        self.styles = WordStyles(self._root("styles"))
        self.numbering = Numbering(self._root("numbering"))
        self.footnotes = _by_id(self._root("footnotes"), "footnote")
        self.endnotes = _by_id(self._root("endnotes"), "endnote")
        self.comments = _by_id(self._root("comments"), "comment")

    def _root(self, kind: str) -> Element | None:
        part = related_part(self.package, self.main, kind)
        return parse_xml(self.package.read(part)) if part else None

    def write(self) -> None:
        for related in relationships(self.package, self.main).values():
            if related.kind in {"header", "footer"} and related.part in self.package:
                self._running(related)
        body = parse_xml(self.package.read(self.main)).find("body")
        for block in () if body is None else _inside(body, "p", "tbl"):
            if block.tag == "p":
                self._paragraph(block)
            else:
                self._table(block)

    def _running(self, related: Related) -> None:
        root = parse_xml(self.package.read(related.part))
        lines = ("".join(run.text for run in self._seen(p)) for p in root.iter("p"))
        text = "\n".join(line for line in map(one_line, lines) if line)
        self.builder.running(text, "head" if related.kind == "header" else "foot")

    def _paragraph(self, paragraph: Element) -> None:
        style = self.styles.paragraph(paragraph.find("pPr"))
        number = self._number(style.list_id, style.list_level)
        runs = self._seen(paragraph, hidden=style.hidden)
        text = "".join(run.text for run in runs).strip()
        if style.level and text:
            title = f"{number} {text}" if number and number != "-" else text
            self.builder.heading(title, style.level, self.trail.enter(style.level, title))
        elif text:
            self._runs(runs, f"{number} " if number else "")
        self._attached(runs)
        for box in _boxes(paragraph):
            for block in _inside(box, "p", "tbl"):
                self._paragraph(block) if block.tag == "p" else self._table(block)

    def _number(self, list_id: str, level: int) -> str:
        return self.numbering.next(list_id, level) if list_id and list_id != "0" else ""

    def _seen(self, element: Element, *, hidden: bool = False) -> list[Run]:
        """Return the runs that a reader sees; count those that are hidden or deleted."""
        seen: list[Run] = []
        changes = 0
        for run in runs_of(element):
            if run.changes:
                changes += run.changes
            elif (hidden or run.hidden) and run.text.strip():
                self.builder.note("hidden_text")
            else:
                seen.append(run)
        if changes:
            self.builder.note("tracked_changes", changes)
        return seen

    def _runs(self, runs: list[Run], lead: str) -> None:
        """Write a paragraph, with a region over what was inserted under "track changes"."""
        start = self.builder.length + len(lead)
        marks: list[tuple[int, int]] = []
        text = ""
        for run in runs:
            piece = run.text if text else run.text.lstrip()
            if run.inserted and piece.strip():
                marks.append((len(text), len(text) + len(piece.rstrip())))
            text += piece
        self.builder.paragraph(lead + text, self.trail.paragraph())
        for begin, end in marks:
            self.builder.region(start + begin, "tracked", start + end)

    def _attached(self, runs: list[Run]) -> None:
        """Write the notes and comments of a paragraph after it."""
        for run in runs:
            if run.reference in {"footnote", "endnote"}:
                notes = self.footnotes if run.reference == "footnote" else self.endnotes
                place = self.trail.at(f"{run.reference} {run.number}")
                self._apart(notes.pop(run.number, None), place, "footnote", f"[{run.number}] ")
            elif run.reference == "comment":
                comment = self.comments.pop(run.number, None)
                author = one_line(comment.get("author", "")) if comment is not None else ""
                lead = f"Comment by {author}: " if author else "Comment: "
                self._apart(comment, self.trail.at("comment"), "comment", lead)

    def _apart(self, element: Element | None, place: str, kind: RegionKind, lead: str) -> None:
        if element is None:
            return
        paragraphs = ["".join(run.text for run in self._seen(p)) for p in element.iter("p")]
        text = one_line(" ".join(paragraphs))
        if text:
            self.builder.paragraph(lead + text, place, kind)
            if kind == "comment":
                self.builder.note("comments")

    def _table(self, table: Element) -> None:
        grid, marked, runs = TableGrid(), 0, list[Run]()
        merged: dict[int, str] = {}
        for row in _inside(table, "tr"):
            if path(row, "trPr", "del") is not None:
                self.builder.note("tracked_changes")
                continue
            grid.row()
            column = 0
            marked += path(row, "trPr", "tblHeader") is not None
            for cell in _inside(row, "tc"):
                across = span(value(cell, "tcPr", "gridSpan"))
                text = self._cell(cell, runs)
                if path(cell, "tcPr", "vMerge") is not None:
                    if value(cell, "tcPr", "vMerge") == "restart":
                        merged[column] = text
                    text = text or merged.get(column, "")
                grid.cell(text, across)
                column += across
        self._write_table(grid, marked)
        self._attached(runs)

    def _cell(self, cell: Element, runs: list[Run]) -> str:
        """Return the words of a cell in one line, those of tables in it too."""
        texts = []
        for block in _inside(cell, "p", "tbl"):
            if block.tag == "p":
                style = self.styles.paragraph(block.find("pPr"))
                number = self._number(style.list_id, style.list_level)
                seen = self._seen(block, hidden=style.hidden)
                runs += (run for run in seen if run.reference)
                texts.append(one_line(f"{number} {''.join(run.text for run in seen)}"))
            else:
                rows = (
                    " ".join(self._cell(c, runs) for c in _inside(r, "tc"))
                    for r in _inside(block, "tr")
                )
                texts.append(one_line("; ".join(rows)))
        return " ".join(text for text in texts if text not in {"", "-"})

    def _write_table(self, grid: TableGrid, marked: int) -> None:
        rows = grid.rows
        if len(rows) < 2 or max(map(len, rows)) < 2:  # a frame round a text
            for cell in (cell for row in rows for cell in row if cell):
                self.builder.paragraph(cell, self.trail.paragraph())
            return
        self.tables += 1
        head_rows = marked if 0 < marked < len(rows) else None
        for number, cells in enumerate(worded_rows(rows, head_rows), 1):
            place = self.trail.at(f"table {self.tables}, row {number}")
            self.builder.paragraph(joined(cells), place, "table")


def _inside(element: Element, *tags: str) -> Iterator[Element]:
    """Yield the children with one of these tags, through what only wraps them."""
    for child in element:
        if child.tag in tags:
            yield child
        elif child.tag in _CONTAINERS:
            yield from _inside(child, *tags)


def _boxes(paragraph: Element) -> Iterator[Element]:
    """Yield the text boxes anchored in a paragraph, once: Word writes each in two ways."""
    for run in paragraph.iter("r"):
        box = next(run.iter("txbxContent"), None)
        if box is not None:
            yield box


def _by_id(root: Element | None, tag: str) -> dict[str, Element]:
    found = () if root is None else children(root, tag)
    return {note.get("id", ""): note for note in found if note.get("type") not in _NO_NOTES}
