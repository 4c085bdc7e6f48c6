"""The paragraphs and tables of an RTF file in the making, and what hangs on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from assistant.documents.document_builder import DocumentBuilder, HeadingTrail, one_line
from assistant.documents.table_rows import joined, worded_rows


@dataclass
class RtfBlocks:
    """Takes text and the ends of paragraphs, cells and rows; writes what is finished."""

    builder: DocumentBuilder
    trail: HeadingTrail
    level: int = 0
    """Of the heading that the paragraph at work is, 0 if it is none."""
    in_table: bool = False
    author: str = ""
    _text: str = ""
    _inserted: list[tuple[int, int]] = field(default_factory=list)
    _aside: list[tuple[str, str]] = field(default_factory=list)
    _row: list[str] = field(default_factory=list)
    _rows: list[list[str]] = field(default_factory=list)
    _tables: int = 0

    def text(self, text: str, *, inserted: bool = False) -> None:
        """Add text to the paragraph."""
        if inserted and text.strip():
            self.builder.note("tracked_changes")
            self._inserted.append((len(self._text), len(self._text) + len(text)))
        self._text += text

    def aside(self, kind: str, text: str) -> None:
        """Hang a "footnote" or a "comment" on the paragraph."""
        lead = "Note: "
        if kind == "comment":
            lead = f"Comment by {self.author}: " if self.author else "Comment: "
        if text.strip():
            self._aside.append((kind, lead + one_line(text)))

    def end_paragraph(self) -> None:
        """End the paragraph; in a table it goes on in its cell."""
        if self.in_table:
            self._text += "\n"
            return
        self.end_table()
        text, inserted, aside = self._text, self._inserted, self._aside
        self._text, self._inserted, self._aside = "", [], []
        self._write(text, inserted)
        self._write_aside(aside)

    def _write(self, text: str, inserted: Sequence[tuple[int, int]]) -> None:
        if not text.strip():
            return
        if self.level:
            title = one_line(text)
            self.builder.heading(title, self.level, self.trail.enter(self.level, title))
            return
        start = self.builder.length - (len(text) - len(text.lstrip()))
        end = self.builder.length + len(text.strip())
        self.builder.paragraph(text, self.trail.paragraph())
        for first, last in inserted:
            self.builder.region(max(0, start + first), "tracked", min(end, start + last))

    def _write_aside(self, aside: Sequence[tuple[str, str]]) -> None:
        for kind, said in aside:
            if kind == "comment":
                self.builder.note("comments")
                self.builder.paragraph(said, self.trail.at(kind), "comment")
            else:
                self.builder.paragraph(said, self.trail.at(kind), "footnote")

    def end_cell(self) -> None:
        """End a cell of a row."""
        self._row.append(one_line(self._text))
        self._text = ""

    def end_row(self) -> None:
        """End a row of a table."""
        if self._row:
            self._rows.append(self._row)
            self._row = []

    def end_table(self) -> None:
        """Write the table that is finished, if there is one."""
        rows, self._rows = self._rows, []
        if not rows:
            return
        self._tables += 1
        for number, cells in enumerate(worded_rows(rows), 1):
            place = self.trail.at(f"table {self._tables}, row {number}")
            self.builder.paragraph(joined(cells), place, "table")
        aside, self._aside = self._aside, []
        self._write_aside(aside)
