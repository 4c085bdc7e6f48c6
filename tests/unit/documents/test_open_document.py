"""OpenDocument texts: places, lists, tables, notes, comments, changes."""

from __future__ import annotations

from tests.fakes.office_files import open_document, package
from tests.fakes.reading import codes, fault, kinds, lines, read, where

CELL = "<table:table-cell><text:p>{}</text:p></table:table-cell>"


def table(*rows: tuple[str, ...]) -> str:
    made = ["".join(CELL.format(cell) for cell in row) for row in rows]
    head = f"<table:table-row>{made[0]}</table:table-row>"
    head = f"<table:table-header-rows>{head}</table:table-header-rows>"
    rest = "".join(f"<table:table-row>{row}</table:table-row>" for row in made[1:])
    return f"<table:table>{head}{rest}</table:table>"


def test_headings_lists_tables_and_signs() -> None:
    body = (
        '<text:h text:outline-level="1">2. Fees</text:h><text:p>One<text:s text:c="2"/>two'
        "<text:tab/>three<text:line-break/>four <text:span>five</text:span>.</text:p>"
        "<text:list><text:list-item><text:p>an item</text:p></text:list-item></text:list>"
        + table(("Berth", "summer"), ("up to 9 m", "20"))
        + "<text:section><text:p>Last.</text:p></text:section>"
    )
    document = read(open_document("text", body))
    assert lines(document) == [
        "2. Fees", "One  two\tthree", "four five.", "- an item", "Berth | summer",
        "Berth: up to 9 m | summer: 20", "Last.",
    ]  # fmt: skip
    assert where(document, "Last.") == "section 2, paragraph 3"
    assert where(document, "summer: 20") == "section 2, table 1, row 2"


def test_notes_comments_boxes_and_changes() -> None:
    note = (
        '<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation>'
        "<text:note-body><text:p>Built in 1987.</text:p></text:note-body></text:note>"
    )
    said = "<dc:creator>Bo</dc:creator><text:p>Ask him.</text:p>"
    said = f"<office:annotation>{said}</office:annotation>"
    box = "<draw:frame><draw:text-box><text:p>In a box.</text:p></draw:text-box></draw:frame>"
    changes = (
        "<text:tracked-changes><text:changed-region/><text:changed-region/></text:tracked-changes>"
    )
    body = f"{changes}<text:p>The boiler{note} is old{said}.{box}</text:p>"
    document = read(open_document("text", body, **{"Basic/script.xml": "<x/>"}))
    assert lines(document) == [
        "The boiler[1] is old.", "[1] Built in 1987.", "Comment by Bo: Ask him.", "In a box.",
    ]  # fmt: skip
    assert [kind for kind, _ in kinds(document)] == ["footnote", "comment"]
    assert where(document, "Built") == "footnote 1"
    assert codes(document) == {"tracked_changes": 2, "comments": 1, "macros": 1}


def test_spans_and_repeated_cells() -> None:
    rows = (
        "<table:table-row>" + CELL.format("A") + CELL.format("B") + CELL.format("C")
        + '</table:table-row><table:table-row><table:table-cell table:number-columns-repeated="2">'
        "<text:p>x</text:p></table:table-cell>" + CELL.format("y") + "</table:table-row>"
        '<table:table-row><table:table-cell table:number-columns-spanned="3"><text:p>all</text:p>'
        "</table:table-cell></table:table-row>"
    )  # fmt: skip
    document = read(open_document("text", f"<table:table>{rows}</table:table>"))
    assert lines(document) == ["A | B | C", "A: x | B: x | C: y", "all"]


def test_locked_and_empty_ones() -> None:
    locked = {"META-INF/manifest.xml": "<m><file-entry><encryption-data/></file-entry></m>"}
    assert fault(open_document("text", "<text:p>x</text:p>", **locked)) == "office_encrypted"
    assert (
        fault(package({"x": "y"}, first="application/vnd.oasis.opendocument.text"))
        == "package_without"
    )
