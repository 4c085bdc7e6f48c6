"""Files made of a grid: what they hold, and that nothing in them runs."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from assistant.documents.office.workbook import read_workbook
from assistant.tabular.export import grid_as, harmless
from assistant.types import AS_FOUND
from assistant.types.tabular import Cell, CellItem, Column, Grid, GridRow, GridSpec
from tests.unit.tabular.grids import FEE, LAW, Made

ATTACKS = (
    "=cmd|'/c calc'!A1",
    "+1+cmd|'/c calc'!A1",
    "-2+3+cmd|'/c calc'!A1",
    "@SUM(1+9)*cmd|'/c calc'!A0",
    '  =HYPERLINK("https://example.org")',
    "\t=1+1",
    "\r=1+1",
    "\uff1d1+1",
    "|calc",
    "\u00a0=1+1",
)


def grid() -> Grid:
    made = Made()
    made.fill(LAW, FEE)
    made.grids.review("deals", 2, "Law", "accepted")
    made.grids.review("deals", 3, "Law", "corrected", "Nothing")
    return made.grids.load("deals")


def attacked(text: str) -> Grid:
    """A grid in which every text that comes from a document is `text`."""
    made = grid()
    row = made.rows[0]
    items = tuple(
        CellItem(tuple(replace(p, text=text, label=text) for p in i.places), text, 0.9, text)
        for i in row.cells[0].items
    )
    cell = Cell("found", items, items, 0.9, text, 0, "reader")
    named = replace(row.document, name=text)
    return Grid(GridSpec("t", (Column(text, text), FEE)), (GridRow(named, (cell, cell)),))


def rows(kind: str, made: Grid) -> list[list[str]]:
    return list(csv.reader(io.StringIO(grid_as(kind, made).decode("utf-8-sig"), newline="")))


def test_csv_holds_values_quotes_places_and_marks() -> None:
    head, first, second, third = rows("csv", grid())
    assert head[:6] == [
        "Document",
        "Law",
        "Law: quote",
        "Law: place",
        "Law: confidence",
        "Law: mark",
    ]
    assert first[:4] == ["a.txt", "Ostravia", "The law of Ostravia governs.", "page 2"]
    assert first[6:9] == ["1500 usd", "The fee is USD 1,500.", "page 3"]
    assert second[5:7] == ["accepted", "not in this document"]
    assert third[1:6] == ["Nothing", "Nothing", "page 1", "0%", "corrected"]


@pytest.mark.parametrize("text", ATTACKS)
def test_no_text_of_a_document_is_run(text: str) -> None:
    for row in rows("csv", attacked(text)):
        for said in row:
            assert not said.lstrip(" \u00a0").startswith(("=", "+", "-", "@", "\t", "\uff1d", "|"))
    with zipfile.ZipFile(io.BytesIO(grid_as("xlsx", attacked(text)))) as archive:
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    kinds = {element.tag.rpartition("}")[2] for element in sheet.iter()}
    assert "f" not in kinds
    assert "hyperlink" not in kinds
    strings = [e for e in sheet.iter() if e.tag.endswith("}c")]
    assert all(e.get("t") == "inlineStr" for e in strings)


@pytest.mark.parametrize(
    "text",
    [
        "x;=cmd|'/c calc'!A1", "x;  =1+1", "x\n=1+1", 'x;"=1+1', "x\t@SUM(1)", "a;b;+1+1;c",
        "x\uff1b;\uff1d1", "x;-1+1",
    ],
)  # fmt: skip
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_no_text_is_run_whatever_parts_the_cells(text: str, delimiter: str) -> None:
    made = grid_as("csv", attacked(text)).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(made, newline=""), delimiter=delimiter):
        for said in row:
            begun = said.lstrip(' \u00a0"\r\n')
            assert not begun.startswith(("=", "+", "-", "@", "\uff1d", "|")), said


@pytest.mark.parametrize(
    "text", ["-5", "+3.5", "12", "-1,000.50", "plain", "a=b", "a; -5; b", "from\n-3 %"]
)
def test_numbers_and_words_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize(
    "text", ["| a | b |", "<script>alert(1)</script>", "[x](javascript:1)", "`x`"]
)
def test_markdown_shows_markup_as_text(text: str) -> None:
    made = grid_as("md", attacked(text)).decode()
    lines = made.splitlines()
    assert len(lines) == 5
    assert "<script>" not in made
    assert "](javascript" not in made
    bare = lines[-1].replace("\\\\", "").replace("\\|", "")
    assert bare.count("|") == 4


def test_a_workbook_is_read_again_with_types_comments_and_marks() -> None:
    made = grid()
    data = grid_as("xlsx", made)
    assert data == grid_as("xlsx", made)
    read = read_workbook(bytearray(data), "xlsx", AS_FOUND)
    for said in ("Ostravia", "1500 usd", "not in this document", "Nothing"):
        assert said in read.text
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            if not name.endswith("/"):
                ElementTree.fromstring(archive.read(name))
        notes = archive.read("xl/comments1.xml").decode()
    assert "&quot;The law of Ostravia governs.&quot; (page 2)" in notes
    assert "Which law governs?" in notes
    assert "accepted" in notes


def test_dates_and_numbers_are_such_in_a_workbook() -> None:
    day, count = Column("Day", "When?", "date"), Column("Count", "How many?", "number")
    cells = (
        Cell("found", value="2024-04-03", reader="r"),
        Cell("found", value="-45.5", reader="r"),
    )
    month = (Cell("found", value="2024-04", reader="r"), Cell("found", value="1e999", reader="r"))
    document = grid().rows[0].document
    made = Grid(GridSpec("t", (day, count)), (GridRow(document, cells), GridRow(document, month)))
    with zipfile.ZipFile(io.BytesIO(grid_as("xlsx", made))) as archive:
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    values = {
        e.get("r"): "".join(e.itertext())
        for e in sheet.iter()
        if e.tag.endswith("}c") and not e.get("t")
    }
    assert values == {"B2": "45385", "C2": "-45.5"}


def test_names_and_texts_that_xml_can_not_hold() -> None:
    made = attacked("\x00\x1b[31m\ud800\uffff<&>\"'")
    named = Grid(replace(made.spec, name="[a]:b*/\\?" + "x" * 50), made.rows)
    with zipfile.ZipFile(io.BytesIO(grid_as("xlsx", named))) as archive:
        for name in archive.namelist():
            ElementTree.fromstring(archive.read(name))
        title = ElementTree.fromstring(archive.read("xl/workbook.xml"))[0][0].get("name")
    assert title is not None
    assert len(title) <= 31
    assert not set(title) & set("[]:*?/\\")
