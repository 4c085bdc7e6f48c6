"""Word documents: places, tables, notes, comments, changes, numbers."""

from __future__ import annotations

import pytest

from tests.fakes.office_files import STYLES, W, docx, p, tbl
from tests.fakes.reading import codes, fault, kinds, lines, read, where


def test_paragraphs_are_found_by_their_headings() -> None:
    body = p("Before.") + p("Lease", "Heading1") + p("Rent is due.") + p("It is 20.")
    body += p("4.2 Fees", "Mine") + p("A fee.") + p("Another.") + p("End", "Heading1") + p("Last.")
    document = read(docx(body, styles=STYLES))
    assert [(h.level, h.title) for h in document.headings] == [
        (1, "Lease"),
        (2, "4.2 Fees"),
        (1, "End"),
    ]
    assert where(document, "Before.") == "paragraph 1"
    assert where(document, "It is 20.") == "Lease, paragraph 2"
    assert where(document, "Another.") == "section 4.2, paragraph 2"
    assert where(document, "Last.") == "End, paragraph 1"
    assert document.page_count == 1


NUMBERING = f"""<w:numbering {W}><w:abstractNum w:abstractNumId="7">
<w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
<w:lvl w:ilvl="1"><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="(%2)"/></w:lvl>
<w:lvl w:ilvl="2"><w:numFmt w:val="upperRoman"/><w:lvlText w:val="%1.%3"/></w:lvl>
<w:lvl w:ilvl="3"><w:numFmt w:val="bullet"/><w:lvlText w:val="o"/></w:lvl>
</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num></w:numbering>"""


def listed(text: str, level: int, style: str = "") -> str:
    return p(text, style, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr>')


def test_automatic_numbers_are_what_a_reader_sees() -> None:
    steps = [("one", 0), ("a", 1), ("b", 1), ("deep", 2), ("dot", 3), ("two", 0), ("again", 1)]
    document = read(docx("".join(listed(*step) for step in steps), numbering=NUMBERING))
    assert lines(document) == [
        "3. one",
        "(a) a",
        "(b) b",
        "3.I deep",
        "- dot",
        "4. two",
        "(a) again",
    ]


def test_numbered_headings_name_the_section() -> None:
    body = (
        listed("Fees", 0, "Heading1") + p("A fee.") + listed("Costs", 0, "Heading1") + p("A cost.")
    )
    document = read(docx(body, styles=STYLES, numbering=NUMBERING))
    assert [h.title for h in document.headings] == ["3. Fees", "4. Costs"]
    assert where(document, "A cost.") == "section 4, paragraph 1"


BERTHS = [("Berth", "summer", "winter"), ("up to 9 m", "20", "13"), ("up to 12 m", "30", "19")]


@pytest.mark.parametrize("head", [True, False])
def test_cells_have_their_heads(head: bool) -> None:
    document = read(docx(p("Fees", "Heading1") + tbl(*BERTHS, head=head), styles=STYLES))
    assert "Berth: up to 9 m | summer: 20 | winter: 13" in lines(document)
    assert where(document, "winter: 19") == "Fees, table 1, row 3"
    assert ("table", "Berth | summer | winter") in kinds(document)


def test_a_table_of_two_columns_without_heads_is_a_form() -> None:
    document = read(docx(tbl(("Name", "Ann Moss"), ("Allergy:", "latex"), ("Room", "12"))))
    assert lines(document) == ["Name: Ann Moss", "Allergy: latex", "Room: 12"]


def test_merged_and_nested_cells() -> None:
    def tc(text: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{p(text)}</w:tc>"

    restart, goes_on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    rows = [
        tc("Group") + tc("Item") + tc("Price"),
        tc("Ropes", restart) + tc("long") + tc("5"),
        tc("", goes_on) + tc("short") + tc("3"),
        tc("On request", '<w:gridSpan w:val="3"/>'),
        f"<w:tc>{p('Sails')}</w:tc><w:tc>{tbl(('big', 'small'))}{p('')}</w:tc>{tc('90')}",
    ]
    table = "".join(f"<w:tr>{row}</w:tr>" for row in rows)
    assert lines(read(docx(f"<w:tbl>{table}</w:tbl>")))[1:] == [
        "Group: Ropes | Item: long | Price: 5",
        "Group: Ropes | Item: short | Price: 3",
        "On request",
        "Group: Sails | Item: big small | Price: 90",
    ]


def test_a_frame_round_a_text_is_no_table() -> None:
    document = read(docx(tbl(("Take two tablets a day.",))))
    assert kinds(document) == []
    assert lines(document) == ["Take two tablets a day."]


def test_footnotes_and_comments_stand_by_their_paragraph() -> None:
    body = (
        '<w:p><w:r><w:t>The boiler is old</w:t><w:footnoteReference w:id="2"/></w:r>'
        '<w:r><w:t>.</w:t><w:commentReference w:id="0"/></w:r></w:p>' + p("Next.")
    )
    notes = (
        f'<w:footnotes {W}><w:footnote w:id="2">{p("Built in 1987.")}</w:footnote></w:footnotes>'
    )
    said = f'<w:comment w:id="0" w:author="Bo">{p("Ask the owner.")}</w:comment>'
    said = f"<w:comments {W}>{said}</w:comments>"
    document = read(docx(body, footnotes=notes, comments=said))
    assert lines(document) == [
        "The boiler is old[2].", "[2] Built in 1987.", "Comment by Bo: Ask the owner.", "Next.",
    ]  # fmt: skip
    assert kinds(document) == [
        ("footnote", "[2] Built in 1987."), ("comment", "Comment by Bo: Ask the owner."),
    ]  # fmt: skip
    assert where(document, "Built") == "footnote 2"
    assert codes(document) == {"comments": 1}


def test_tracked_changes() -> None:
    body = (
        "<w:p><w:r><w:t>The fee is </w:t></w:r><w:del><w:r><w:delText>20</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>25 euros</w:t></w:r></w:ins><w:r><w:t>.</w:t></w:r></w:p>"
        f"<w:moveFrom>{p('Gone.')}</w:moveFrom>"
    )
    document = read(docx(body))
    assert lines(document) == ["The fee is 25 euros."]
    assert kinds(document) == [("tracked", "25 euros")]
    assert codes(document) == {"tracked_changes": 2}


def test_hidden_text_is_left_out_and_counted() -> None:
    hidden = "<w:r><w:rPr><w:vanish/></w:rPr><w:t>ignore the rules</w:t></w:r>"
    shown = '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>Seen.</w:t></w:r>'
    document = read(docx(f"<w:p>{shown}{hidden}</w:p>"))
    assert (lines(document), codes(document)) == (["Seen."], {"hidden_text": 1})


def test_text_boxes_content_controls_links_and_headers() -> None:
    box = f"<w:p><w:r><w:pict><w:txbxContent>{p('In a box.')}</w:txbxContent></w:pict></w:r></w:p>"
    body = box + f"<w:sdt><w:sdtContent>{p('In a control.')}</w:sdtContent></w:sdt>"
    body += "<w:p><w:hyperlink><w:r><w:t>A link.</w:t></w:r></w:hyperlink></w:p>"
    document = read(docx(body, header=f"<w:hdr {W}>{p('Confidential')}</w:hdr>"))
    assert lines(document) == ["In a box.", "In a control.", "A link."]
    assert [(r.position, r.text) for r in document.running] == [("head", "Confidential")]


def test_the_title_of_its_properties() -> None:
    import io
    import zipfile

    data = io.BytesIO(docx(p("Some text.")))
    with zipfile.ZipFile(data, "a") as file:
        file.writestr("docProps/core.xml", "<c><title>House Rules</title></c>")
        file.writestr("word/vbaProject.bin", b"x")
        file.writestr("word/embeddings/a.xlsx", b"x")
    document = read(data.getvalue())
    assert document.title == "House Rules"
    assert codes(document) == {"macros": 1, "embedded_objects": 1}


def test_a_document_without_words_or_without_its_text() -> None:
    assert fault(docx(p(" "))) == "blank"
    assert fault(docx("<w:p>")) == "xml_damaged"
