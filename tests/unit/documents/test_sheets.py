"""Spreadsheets: cells with their heads, as the sheet shows them, each place named."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest

from assistant.documents.office.number_format import shown_number
from assistant.documents.office.old_formats import formats_of_sheets
from tests.fakes.office_files import S, cell, compound, open_document, relations, rows, xlsx
from tests.fakes.reading import codes, fault, kinds, lines, read, where

RATES = rows(("Berth", "summer", "winter"), ("up to 9 m", 20, 13), ("up to 12 m", 30, 19))


def test_cells_have_heads_and_places() -> None:
    document = read(xlsx({"Rates": RATES, "Empty": "<sheetData/>", "Log": rows(("one word",))}))
    assert lines(document) == [
        "Rates", "Berth | summer | winter", "Berth: up to 9 m | summer: 20 | winter: 13",
        "Berth: up to 12 m | summer: 30 | winter: 19", "Empty", "Log", "one word",
    ]  # fmt: skip
    assert document.page_count == 3
    assert where(document, "Berth: up to 9 m") == "sheet Rates, cells A2:C2"
    assert where(document, "winter: 19") == "sheet Rates, cell C3"
    assert where(document, "one word") == "sheet Log, cell A1"
    assert document.title == ""


def test_titles_blocks_and_forms() -> None:
    data = (
        rows(("Prices of 2026",), ("Item", "Price", "Note"), ("rope", 5, "blue"), first=1)
        + rows(("sail", 90, ""), first=5)
        + rows(("Owner", "Ann Moss"), ("Room", 12), first=9)
    ).replace("</sheetData><sheetData>", "")
    assert lines(read(xlsx({"A": data})))[1:] == [
        "Prices of 2026", "Item | Price | Note", "Item: rope | Price: 5 | Note: blue",
        "Item: sail | Price: 90", "Owner: Ann Moss", "Room: 12",
    ]  # fmt: skip


def test_heads_in_two_rows() -> None:
    data = rows(("", "2025", ""), ("Item", "buy", "sell"), ("rope", 5, 6))
    merged = '<mergeCells><mergeCell ref="B1:C1"/></mergeCells>'
    assert lines(read(xlsx({"A": data + merged})))[-1] == "Item: rope | 2025 buy: 5 | 2025 sell: 6"


STYLES = f"""<styleSheet {S}><numFmts>
<numFmt numFmtId="164" formatCode="#,##0.00\\ &quot;EUR&quot;"/>
<numFmt numFmtId="165" formatCode="dd.mm.yyyy"/></numFmts><cellXfs><xf numFmtId="0"/>
<xf numFmtId="9"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>"""


def test_numbers_as_the_sheet_shows_them_and_values_of_formulas() -> None:
    cells = (
        cell("A1", 0.19, 's="1"') + cell("B1", 1234.5, 's="2"') + cell("C1", 46082, 's="3"')
        + '<c r="D1"><f>1+1</f><v>2</v></c><c r="E1"><f>A9</f></c><c r="F1" t="b"><v>1</v></c>'
        + '<c r="G1" t="s"><v>1</v></c><c r="H1" t="s"><v>99</v></c>'
    )  # fmt: skip
    runs = "<r><t>two </t></r><r><t>runs</t></r><rPh><t>x</t></rPh>"
    shared = f"<sst {S}><si><t>no</t></si><si>{runs}</si></sst>"
    parts = {"xl/styles.xml": STYLES, "xl/sharedStrings.xml": shared}
    data = f'<sheetData><row r="1">{cells}</row></sheetData>'
    document = read(xlsx({"A": data}, parts))
    assert lines(document)[1] == "19% | 1,234.50 EUR | 01.03.2026 | 2 | TRUE | two runs"
    assert codes(document) == {"formulas_without_value": 1}


def test_hidden_sheets_rows_and_comments_are_read_and_said() -> None:
    data = RATES.replace('<row r="3">', '<row r="3" hidden="1">')
    parts = {
        "xl/worksheets/_rels/sheet1.xml.rels": relations(("comments", "../c.xml")),
        "xl/c.xml": '<c><authors><author>Bo</author></authors><commentList><comment ref="B2" '
        'authorId="0"><text><t>Raise it.</t></text></comment></commentList></c>',
    }
    document = read(xlsx({"Rates": data}, parts, Rates='state="hidden"'))
    assert codes(document) == {"hidden_sheets": 1, "hidden_rows": 1, "comments": 1}
    assert ("comment", "Comment on B2 by Bo: Raise it.") in kinds(document)
    assert where(document, "Raise it") == "sheet Rates, comment on cell B2"
    assert "up to 12 m" in document.text


@pytest.mark.parametrize(
    ("raw", "code", "shown"),
    [
        ("5", "", "5"), ("0.1", "", "0.1"), ("1e21", "", "1E+21"), ("12345678.9", "", "12345678.9"),
        ("2.5", "0", "3"), ("-2.345", "0.00", "-2.35"), ("1234567", "#,##0", "1,234,567"),
        ("0.256", "0.0%", "25.6%"), ("-5", "0.00;(0.00)", "(5.00)"), ("0", '0;-0;"none"', "none"),
        ("7", '000', "007"), ("3", '0" pcs"', "3 pcs"), ("9.5", "[$€-407] 0.00", "€ 9.50"),
        ("1.5", "0.0##", "1.5"), ("1500000", '0.0,,"M"', "1.5M"),
        ("46082.75", "yyyy-mm-dd hh:mm", "2026-03-01 18:00"),
        ("0.5", "h:mm AM/PM", "12:00 PM"), ("1.25", "[h]:mm", "30:00"),
        ("46082", "d mmmm yyyy", "1 March 2026"),
        ("0.0208333333", "mm:ss", "30:00"), ("x", "0", "x"), ("1", "General", "1"),
        ("-1", "dd.mm.yy", "-1"),
        ("12345", "0.00E+00", "1.23E+4"), ("4", "@", "4"), ("5", "[Red]0.0", "5.0"),
    ],
)  # fmt: skip
def test_number_formats(raw: str, code: str, shown: str) -> None:
    assert shown_number(raw, code) == shown


def test_open_document_sheets_show_what_they_show() -> None:
    def row(*cells: str, more: str = "") -> str:
        made = "".join(f"<table:table-cell><text:p>{c}</text:p></table:table-cell>" for c in cells)
        return f"<table:table-row {more}>{made}</table:table-row>"

    empty = "<table:table-row><table:table-cell/></table:table-row>"
    empty = empty.replace("row>", 'row table:number-rows-repeated="1000000">', 1)
    table = (
        '<table:table table:name="Rates" table:style-name="h">'
        + row("Berth", "summer") + row("up to 9 m", "20,00 €", more='table:visibility="collapse"')
        + row("up to 12 m", "30,00 €") + empty + row("end") + "</table:table>"
    )  # fmt: skip
    style = (
        '<style:style style:name="h"><style:table-properties table:display="false"/></style:style>'
    )
    document = read(open_document("spreadsheet", table, style))
    assert lines(document) == [
        "Rates",
        "Berth | summer",
        "Berth: up to 9 m | summer: 20,00 €",
        "Berth: up to 12 m | summer: 30,00 €",
        "end",
    ]
    assert where(document, "summer: 20") == "sheet Rates, cell B2"
    assert where(document, "end") == "sheet Rates, cell A1000004"
    assert codes(document) == {"hidden_sheets": 1, "hidden_rows": 1}


def biff(*cells: tuple[int, int, str | float], formats: Sequence[str] = ()) -> bytes:
    """An Excel workbook of 1997 ([MS-XLS]) with one hidden sheet.

    A column of numbers has the format at its place in `formats`, if there is one.
    """

    def record(number: int, data: bytes) -> bytes:
        return struct.pack("<HH", number, len(data)) + data

    begin = struct.pack("<HHHHII", 0x0600, 5, 0x0DBB, 0x07CC, 0, 6)
    data = record(0x0809, begin)
    for number, code in enumerate(formats, 164):
        words = code.encode("utf-16-le")
        data += record(0x041E, struct.pack("<HHB", number, len(code), 1) + words)
    for number in range(164, 164 + len(formats)):
        data += record(0x00E0, struct.pack("<HH16x", 0, number))
    sheet = struct.pack("<IBBBB", len(data) + 4 + 13 + 4, 1, 0, 5, 0) + b"Rates"
    data += record(0x0085, sheet) + record(0x000A, b"")
    data += record(0x0809, begin[:2] + b"\x10\x00" + begin[4:])
    for row, column, value in cells:
        place = struct.pack("<HHH", row, column, column if formats else 0)
        if isinstance(value, str):
            data += record(0x0204, place + struct.pack("<HB", len(value), 0) + value.encode())
        else:
            data += record(0x0203, place + struct.pack("<d", value))
    return compound({"Workbook": data + record(0x000A, b"")})


def test_old_workbooks() -> None:
    table = [(0, 0, "Berth"), (0, 1, "summer"), (1, 0, "up to 9 m"), (1, 1, 20.0), (2, 1, 0.5)]
    document = read(biff(*table), "xls")
    assert lines(document)[1:] == ["Berth | summer", "Berth: up to 9 m | summer: 20", "summer: 0.5"]
    assert where(document, "summer: 20") == "sheet Rates, cell B2"
    assert codes(document) == {"hidden_sheets": 1}


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("0.0%", 0.125, "12.5%"),
        ("[$\u20ac-407] #,##0.00", 1234.5, "\u20ac 1,234.50"),
        ("dd/mm/yyyy", 45725.0, "09/03/2025"),
        ("yyyy-mm-dd hh:mm", 45725.5, "2025-03-09 12:00"),
        ("[h]:mm", 1.25, "30:00"),
        ('0" pcs"', 12.0, "12 pcs"),
        ("General", 12.5, "12.5"),
    ],
)
def test_numbers_of_old_workbooks_stand_as_the_sheet_shows_them(
    code: str, value: float, shown: str
) -> None:
    cells = [(0, 0, "Item"), (0, 1, "worth"), (1, 0, "rope"), (1, 1, value)]
    document = read(biff(*cells, formats=("General", code)), "xls")
    assert lines(document)[2] == f"rope: {shown}"


@pytest.mark.parametrize("cut", [30, 60, 90, 120, 150])
def test_formats_of_damaged_old_workbooks_are_left_out(cut: int) -> None:
    whole = biff((0, 0, 1.0), (0, 1, 2.0), formats=("0%", "0.00"))
    start = whole.index(b"\x09\x08\x10\x00")
    damaged = whole[: start + cut] + bytes(range(1, 33)) + whole[start + cut + 32 :]
    assert isinstance(formats_of_sheets(damaged), dict)


def test_web_pages_and_tables_that_call_themselves_excel() -> None:
    page = "<html><table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table></html>"
    assert lines(read(page, "xls")) == ["A | B", "A: 1 | B: 2"]
    assert lines(read("A\tB\n1\t2\n", "xls")) == ["A | B", "A: 1 | B: 2"]


def test_too_many_cells_are_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.documents.office.workbook.MAX_CELLS", 7)
    document = read(xlsx({"Rates": RATES}))
    assert codes(document) == {"rows_left_out": 1}
    assert "up to 12 m" not in document.text


def test_damaged_sheets_are_refused() -> None:
    assert fault(xlsx({"A": "<sheetData><row>"})) == "xml_damaged"
    assert (
        fault(compound({"Workbook": b"\x09\x08\x10\x00" + bytes(range(200))}), "xls")
        == "sheet_damaged"
    )
