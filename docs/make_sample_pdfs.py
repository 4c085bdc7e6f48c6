"""Make the PDFs of the sample library from the sources in `docs/sample_library/`.

    pip install reportlab==5.1.0
    python docs/make_sample_pdfs.py            # write assistant/sample_library/*.pdf
    python docs/make_sample_pdfs.py --check    # compare, write nothing

The output is the same byte for byte wherever it is made: fixed dates and identifiers, no
compression (whose bytes depend on the zlib in use), and the fonts that every reader has.

A source begins with `key: value` lines. Then, one block a line: `#`, `##`, `###` headings,
`=` the line under the title, `!` the notice, `-` an item, `|` a row of a table (the first
is its head), `1.1 ` a numbered clause, `>> newpage`, and everything else a paragraph.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab import rl_config
from reportlab.lib import colors
from reportlab.lib.enums import TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    ListFlowable,
    ListItem,
    PageBreak,
    PageTemplate,
    Paragraph,
    Table,
    TableStyle,
)

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "sample_library"
TARGET = HERE.parent / "assistant" / "sample_library"

BODY, BOLD, ITALIC = "Times-Roman", "Helvetica-Bold", "Times-Italic"
MARGIN = 24 * mm

_TEXT = ParagraphStyle(
    "text", fontName=BODY, fontSize=11, leading=15.5, spaceAfter=6, alignment=TA_JUSTIFY
)
STYLES = {
    "text": _TEXT,
    "clause": ParagraphStyle(
        "clause", _TEXT, leftIndent=11 * mm, bulletFontName=BODY, bulletFontSize=11
    ),
    "item": ParagraphStyle("item", _TEXT, spaceAfter=1, alignment=0),
    "cell": ParagraphStyle("cell", _TEXT, fontSize=9.5, leading=12, spaceAfter=0, alignment=0),
    "head": ParagraphStyle(
        "head", fontName=BOLD, fontSize=9, leading=12, textColor=colors.HexColor("#222222")
    ),
    "notice": ParagraphStyle(
        "notice",
        fontName=ITALIC,
        fontSize=9.5,
        leading=12.5,
        spaceBefore=4,
        spaceAfter=10,
        borderWidth=0.6,
        borderColor=colors.grey,
        borderPadding=5,
    ),
    "under": ParagraphStyle("under", fontName=BODY, fontSize=11, leading=15, spaceAfter=8),
    "h1": ParagraphStyle("h1", fontName=BOLD, fontSize=18, leading=23, spaceAfter=4),
    "h2": ParagraphStyle(
        "h2", fontName=BOLD, fontSize=12, leading=16, spaceBefore=9, spaceAfter=4, keepWithNext=1
    ),
    "h3": ParagraphStyle(
        "h3", fontName=BOLD, fontSize=10.5, leading=14, spaceBefore=5, spaceAfter=3, keepWithNext=1
    ),
}
_PREFIXES = {"# ": "h1", "## ": "h2", "### ": "h3", "= ": "under", "! ": "notice"}


@dataclass(frozen=True)
class Source:
    """One parsed source: its front matter and its blocks as (kind, text)."""

    meta: dict[str, str]
    blocks: list[tuple[str, str]]


def read_source(path: Path) -> Source:
    """Split a source file into front matter and blocks."""
    head, _, body = path.read_text(encoding="utf-8").partition("\n\n")
    meta = dict(line.split(": ", 1) for line in head.splitlines())
    return Source(meta, [_block(line) for line in body.splitlines() if line.strip()])


def _block(line: str) -> tuple[str, str]:
    if line == ">> newpage":
        return "break", ""
    if line.startswith("|"):
        return "row", line.strip("| ")
    if line.startswith("- "):
        return "item", line[2:]
    for prefix, kind in _PREFIXES.items():
        if line.startswith(prefix):
            return kind, line[len(prefix) :]
    if re.match(r"\d+\.\d+ ", line):
        return "clause", line
    return "text", line


class _Document(BaseDocTemplate):
    """A4 with running head and foot, and an outline entry for every heading."""

    def __init__(self, target: io.BytesIO, meta: dict[str, str], pages: int) -> None:
        super().__init__(
            target,
            pagesize=A4,
            pageCompression=0,
            title=meta["title"],
            author=meta["author"],
            subject="Fictional sample document",
            leftMargin=MARGIN,
            rightMargin=MARGIN,
        )
        frame = Frame(MARGIN, 22 * mm, A4[0] - 2 * MARGIN, A4[1] - 46 * mm, id="body")
        self.addPageTemplates(PageTemplate("page", [frame], onPage=self._furniture))
        self._meta_lines = meta
        self._pages = pages

    def _furniture(self, canvas: Any, _: Any) -> None:
        canvas.setFont(BODY, 8.5)
        canvas.drawString(MARGIN, A4[1] - 15 * mm, self._meta_lines["reference"])
        canvas.drawRightString(A4[0] - MARGIN, A4[1] - 15 * mm, "Fictional sample")
        canvas.drawString(MARGIN, 12 * mm, self._meta_lines["owner"])
        canvas.drawRightString(
            A4[0] - MARGIN, 12 * mm, f"Page {canvas.getPageNumber()} of {self._pages}"
        )

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 - reportlab's name
        style = getattr(flowable, "style", None)
        if isinstance(flowable, Paragraph) and style.name in {"h1", "h2", "h3"}:
            key = f"s{self.seq.nextf('section')}"
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(flowable.getPlainText(), key, int(style.name[1]) - 1)


def _table(rows: list[str], width: float) -> Table:
    cells = [[escape(cell.strip()) for cell in row.split("|")] for row in rows]
    styled = [
        [Paragraph(cell, STYLES["head" if index == 0 else "cell"]) for cell in row]
        for index, row in enumerate(cells)
    ]
    columns = len(cells[0])
    # A column is as wide as its longest cell asks, within reason.
    wants = [max(len(row[c]) for row in cells) + 4 for c in range(columns)]
    table = Table(
        styled,
        colWidths=[width * want / sum(wants) for want in wants],
        repeatRows=1,
        spaceBefore=3,
        spaceAfter=8,
    )
    table.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.4, colors.grey),
                ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#e8e8e8")),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ]
        )
    )
    return table


def _group(kind: str, texts: list[str], width: float) -> list[Flowable]:
    if kind == "break":
        return [PageBreak()]
    if kind == "row":
        return [KeepTogether(_table(texts, width))]
    if kind == "item":
        items = [ListItem(Paragraph(escape(t), STYLES["item"]), leftIndent=16) for t in texts]
        return [ListFlowable(items, bulletType="bullet", start="•", bulletFontSize=9)]
    if kind == "clause":
        return [
            Paragraph(escape(text), STYLES["clause"], bulletText=number)
            for number, _, text in (t.partition(" ") for t in texts)
        ]
    return [Paragraph(escape(text), STYLES[kind]) for text in texts]


def _story(source: Source, width: float) -> list[Flowable]:
    story: list[Flowable] = []
    run: list[str] = []
    kinds = [kind for kind, _ in source.blocks] + [""]
    for index, (kind, text) in enumerate(source.blocks):
        run.append(text)
        if kinds[index + 1] != kind:
            story += _group(kind, run, width)
            run = []
    return story


def render(source: Source) -> bytes:
    """Return the PDF of a source. Laid out twice: the first time counts the pages."""
    rl_config.invariant = 1
    pages, data = 0, b""
    for _ in range(2):
        target = io.BytesIO()
        document = _Document(target, source.meta, pages)
        document.build(_story(source, A4[0] - 2 * MARGIN - 12))
        pages, data = document.page, target.getvalue()
    return data


def main(arguments: list[str] | None = None) -> int:
    """Write the PDFs, or compare them with what is there; 1 if one differs."""
    parser = argparse.ArgumentParser(description="Make the PDFs of the sample library.")
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    options = parser.parse_args(arguments)
    differing = 0
    for path in sorted(SOURCES.glob("*.md")):
        source = read_source(path)
        target = TARGET / source.meta["file"]
        data = render(source)
        same = target.is_file() and target.read_bytes() == data
        if not same and not options.check:
            target.write_bytes(data)
        differing += not same
        sys.stdout.write(f"{target.name}: {len(data)} bytes, {'same' if same else 'differs'}\n")
    return 1 if options.check and differing else 0


if __name__ == "__main__":
    sys.exit(main())
