"""Write a workbook of one sheet, with comments: Office Open XML (ECMA-376), by zipfile.

Texts are inline strings, which a spreadsheet never runs as formulas; there are no links.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from xml.sax.saxutils import escape

from assistant.documents.office.sheet_writer import column_name
from assistant.safe_text import safe_text

LONGEST_CELL = 32_767
"""Characters of a cell, and of a comment."""

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_DECLARED = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_EPOCH = date(1899, 12, 30)
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_SHEET_NAME = re.compile(r"[\[\]:*?/\\'\x00-\x1f]")
_SHAPE = """<v:shape type="#n" style="visibility:hidden;width:320pt;height:120pt"
 fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/><v:textbox/>
<x:ClientData ObjectType="Note">
<x:MoveWithCells/><x:SizeWithCells/><x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row>
<x:Column>{column}</x:Column></x:ClientData></v:shape>"""
_DRAWING = """<xml xmlns:v="urn:schemas-microsoft-com:vml"
 xmlns:o="urn:schemas-microsoft-com:office:office"
 xmlns:x="urn:schemas-microsoft-com:office:excel"><v:shapetype id="n" coordsize="21600,21600"
 o:spt="202" path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/><v:path
 gradientshapeok="t" o:connecttype="rect"/></v:shapetype>{shapes}</xml>"""

Style = str
_FILLS = {
    "head": "FFD9E1F2", "doubtful": "FFFFF2CC", "absent": "FFEDEDED", "accepted": "FFE2EFDA",
    "corrected": "FFDDEBF7", "rejected": "FFF8CBAD",
}  # fmt: skip
_STYLES = ("found", *_FILLS)


@dataclass(frozen=True, slots=True)
class SheetCell:
    """A cell with its comment. `kind` says that the text is a whole date (ISO) or a number."""

    text: str
    note: str = ""
    style: Style = "found"
    kind: Literal["text", "date", "number"] = "text"


def workbook(name: str, rows: Sequence[Sequence[SheetCell]]) -> bytes:
    """Return the bytes of a workbook; its first row and column stay in sight."""
    notes = [
        (row, column, cell.note)
        for row, cells in enumerate(rows)
        for column, cell in enumerate(cells)
        if cell.note
    ]
    parts = {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": _workbook(name),
        "xl/_rels/workbook.xml.rels": _relations(
            [("worksheet", "worksheets/sheet1.xml"), ("styles", "styles.xml")]
        ),
        "xl/styles.xml": _styles(),
        "xl/worksheets/sheet1.xml": _sheet(rows),
        "xl/worksheets/_rels/sheet1.xml.rels": _relations(
            [("vmlDrawing", "../drawings/notes.vml"), ("comments", "../comments1.xml")]
        ),
        "xl/comments1.xml": _comments(notes),
        "xl/drawings/notes.vml": _DRAWING.format(
            shapes="".join(_SHAPE.format(row=r, column=c) for r, c, _ in notes)
        ),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in parts.items():
            # A fixed time: the same grid gives the same bytes.
            archive.writestr(
                zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED
            )
    return out.getvalue()


def _content_types() -> str:
    overrides = "".join(
        f'<Override PartName="/xl/{path}" ContentType="{_TYPE}.{kind}+xml"/>'
        for path, kind in (
            ("workbook.xml", "sheet.main"),
            ("worksheets/sheet1.xml", "worksheet"),
            ("styles.xml", "styles"),
            ("comments1.xml", "comments"),
        )
    )
    return (
        f'{_DECLARED}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="vml" '
        'ContentType="application/vnd.openxmlformats-officedocument.vmlDrawing"/>'
        f"{overrides}</Types>"
    )


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    found = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)
    )
    return f'{_DECLARED}<Relationships xmlns="{_PACKAGE}/relationships">{found}</Relationships>'


def _workbook(name: str) -> str:
    title = _text(_NO_SHEET_NAME.sub(" ", name)[:31].strip() or "table")
    return (
        f'{_DECLARED}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        f'<sheet name="{title}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )


def _styles() -> str:
    """Styles 2n and 2n + 1 are the same but for the second's format of a date."""
    fills = "".join(
        f'<fill><patternFill patternType="solid"><fgColor rgb="{color}"/></patternFill></fill>'
        for color in _FILLS.values()
    )
    aligned = '<alignment vertical="top" wrapText="1"/>'
    formats = "".join(
        f'<xf numFmtId="{number}" fontId="{int(style == "head")}" fillId="{at + 1 if at else 0}" '
        f'borderId="0" xfId="0" applyFill="1" applyFont="1" applyNumberFormat="1" '
        f'applyAlignment="1">{aligned}</xf>'
        for at, style in enumerate(_STYLES)
        for number in (0, 14)
    )
    return (
        f'{_DECLARED}<styleSheet xmlns="{_MAIN}"><fonts count="2"><font/><font><b/></font></fonts>'
        f'<fills count="{len(_FILLS) + 2}"><fill><patternFill patternType="none"/></fill>'
        f'<fill><patternFill patternType="gray125"/></fill>{fills}</fills>'
        '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
        f'<cellXfs count="{2 * len(_STYLES)}">{formats}</cellXfs></styleSheet>'
    )


def _sheet(rows: Sequence[Sequence[SheetCell]]) -> str:
    body = "".join(
        f'<row r="{n}">{"".join(_cells(n, cells))}</row>' for n, cells in enumerate(rows, 1)
    )
    return (
        f'{_DECLARED}<worksheet xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheetViews>'
        '<sheetView workbookViewId="0"><pane xSplit="1" ySplit="1" topLeftCell="B2" '
        'activePane="bottomRight" state="frozen"/></sheetView></sheetViews>'
        '<cols><col min="1" max="16384" width="28" customWidth="1"/></cols>'
        f'<sheetData>{body}</sheetData><legacyDrawing r:id="rId1"/></worksheet>'
    )


def _cells(number: int, cells: Sequence[SheetCell]) -> Iterator[str]:
    for column, cell in enumerate(cells):
        place, style = f"{column_name(column)}{number}", 2 * _STYLES.index(cell.style)
        figure = _figure(cell)
        if figure is None:
            text = _text(cell.text)
            said = f't="inlineStr"><is><t xml:space="preserve">{text}</t></is>'
        else:
            style += cell.kind == "date"
            said = f"><v>{figure}</v>"
        yield f'<c r="{place}" s="{style}" {said}</c>'


def _figure(cell: SheetCell) -> str | None:
    """Return the number of a cell that holds one: of a date, the days since 1899-12-30."""
    if cell.kind == "number":
        return cell.text if re.fullmatch(r"-?\d{1,15}(?:\.\d{1,15})?", cell.text) else None
    try:
        day = date.fromisoformat(cell.text) if cell.kind == "date" else None
    except ValueError:  # a month, or a year alone
        return None
    return str((day - _EPOCH).days) if day is not None and day.year >= 1901 else None


def _comments(notes: Sequence[tuple[int, int, str]]) -> str:
    found = "".join(
        f'<comment ref="{column_name(column)}{row + 1}" authorId="0"><text><t '
        f'xml:space="preserve">{_text(note)}</t></text></comment>'
        for row, column, note in notes
    )
    return (
        f'{_DECLARED}<comments xmlns="{_MAIN}"><authors><author>assistant</author></authors>'
        f"<commentList>{found}</commentList></comments>"
    )


def _text(text: str) -> str:
    plain = _NO_XML.sub("\ufffd", safe_text(text))[:LONGEST_CELL]
    return escape(plain, {'"': "&quot;"})
