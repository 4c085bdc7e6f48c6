"""Write the blocks of an HTML page into a document: of web pages, of mails, of books.

The tree is walked without recursion, so that no nesting is too deep.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from selectolax.lexbor import LexborHTMLParser, LexborNode

from assistant.documents.document_builder import DocumentBuilder, HeadingTrail, one_line
from assistant.documents.table_grid import TableGrid, spans
from assistant.documents.table_rows import joined, worded_rows

_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr legend li main nav ol option p pre "
    "section summary table tbody td tfoot th thead tr ul".split()
)
_UNSEEN = frozenset(
    "head script style template noscript iframe object embed svg math canvas video audio "
    "datalist -comment".split()
)
_HEADING = re.compile(r"h([1-6])\Z")
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|"
    r"(?:font-size|opacity)\s*:\s*0(?![.\d]*[1-9])",
    re.IGNORECASE,
)

Step = Literal["open", "close", "text", "hidden"]


def parse_html(text: str) -> LexborHTMLParser:
    """Return the tree of a page, as a browser would mend it."""
    return LexborHTMLParser(text)


def write_body(builder: DocumentBuilder, page: LexborHTMLParser, trail: HeadingTrail) -> None:
    """Add all that a reader of `page` sees. Raises `ParseFault` over a limit."""
    if page.body is not None:
        _Writer(builder, trail).write(page.body)


def walk(top: LexborNode) -> Iterator[tuple[Step, str, LexborNode]]:
    """Yield the steps of a walk over all that is shown of `top`, each element's end too."""
    node, depth = top, 0
    while True:
        tag = node.tag or ""
        inner = None
        if tag == "-text":
            yield "text", tag, node
        elif tag in _UNSEEN:
            pass
        elif is_hidden(node):
            yield "hidden", tag, node
        else:
            yield "open", tag, node
            inner = node.child
            if inner is None:
                yield "close", tag, node
        if inner is not None:
            node, depth = inner, depth + 1
            continue
        while depth and (following := node.next) is None:
            parent = node.parent
            if parent is None:
                return
            node, depth = parent, depth - 1
            yield "close", node.tag or "", node
        if not depth or following is None:
            return
        node = following


def is_hidden(node: LexborNode) -> bool:
    """Tell whether an element says of itself that nobody shall see it."""
    attributes = node.attributes
    if not attributes:
        return False
    return "hidden" in attributes or bool(_HIDING.search(attributes.get("style") or ""))


@dataclass
class _Writer:
    """Turns the steps of a walk into headings, paragraphs and rows of tables."""

    builder: DocumentBuilder
    trail: HeadingTrail
    words: list[str] = field(default_factory=list)
    item: str = ""
    tables: int = 0
    grid: TableGrid | None = None
    preformatted: int = 0

    def write(self, top: LexborNode) -> None:
        for step, tag, node in walk(top):
            if step == "text":
                self._text(node.text_content or "")
            elif step == "hidden":
                if node.text().strip():
                    self.builder.note("hidden_text")
            elif self.grid is not None:
                self._in_table(self.grid, step, tag, node)
            elif step == "open":
                self._open(tag, node)
            else:
                self._close(tag)
        self._flush()

    def _text(self, text: str) -> None:
        self.words.append(text if self.preformatted or self.grid else text.replace("\n", " "))

    def _open(self, tag: str, node: LexborNode) -> None:
        if tag == "br":
            self.words.append("\n")
        elif tag == "table" and not has_inner_table(node):
            self._flush()
            self.grid = TableGrid()
        elif tag in _BLOCKS:
            self._flush()
            self.preformatted += tag == "pre"
            self.item = "- " if tag == "li" else self.item

    def _close(self, tag: str) -> None:
        heading = _HEADING.match(tag)
        if heading:
            title = one_line("".join(self.words))
            self.words.clear()
            if title:
                level = int(heading.group(1))
                self.builder.heading(title, level, self.trail.enter(level, title))
        elif tag in _BLOCKS:
            self._flush()
            self.preformatted -= tag == "pre"
            self.item = "" if tag == "li" else self.item

    def _in_table(self, grid: TableGrid, step: Step, tag: str, node: LexborNode) -> None:
        if tag in {"td", "th", "caption"}:
            if step == "open":
                self.words.clear()
                return
            text = one_line("".join(self.words))
            self.words.clear()
            if tag == "caption":
                self.builder.paragraph(text, self.trail.paragraph())
            else:
                across, down = spans(node.attributes, "colspan", "rowspan")
                grid.cell(text, across, down, head=tag == "th")
        elif step == "open" and tag == "tr":
            grid.row()
        elif tag in _BLOCKS or tag == "br":
            self.words.append(" ")
        if step == "close" and tag == "table":
            self._table(grid)

    def _table(self, grid: TableGrid) -> None:
        self.grid = None
        grid.end_row()
        rows = grid.rows
        if len(rows) < 2 or max(map(len, rows)) < 2:  # made for the layout
            for cell in dict.fromkeys(cell for row in rows for cell in row if cell):
                self.builder.paragraph(cell, self.trail.paragraph())
            return
        self.tables += 1
        for number, cells in enumerate(worded_rows(rows, grid.head_rows), 1):
            place = self.trail.at(f"table {self.tables}, row {number}")
            self.builder.paragraph(joined(cells), place, "table")

    def _flush(self) -> None:
        text = "".join(self.words)
        self.words.clear()
        if not self.preformatted:
            text = "\n".join(one_line(line) for line in text.split("\n")).strip()
        if text.strip():
            self.builder.paragraph(self.item + text, self.trail.paragraph())
            self.item = ""


def has_inner_table(table: LexborNode) -> bool:
    """Tell whether a table holds another one, as those do that only make a layout."""
    tables = (1 for step, tag, _ in walk(table) if step == "open" and tag == "table")
    return next(tables, 0) + next(tables, 0) > 1
