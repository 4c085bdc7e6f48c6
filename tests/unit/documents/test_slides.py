"""Presentations: a slide is a page; notes, tables, hidden slides, charts, comments."""

from __future__ import annotations

from tests.fakes.office_files import A, P, open_document, pptx, relations, shape
from tests.fakes.reading import codes, fault, kinds, lines, read, where

TABLE = (
    '<p:graphicFrame><a:tbl><a:tblPr firstRow="1"/>'
    "<a:tr><a:tc><a:txBody><a:p><a:r><a:t>Day</a:t></a:r></a:p></a:txBody></a:tc>"
    "<a:tc><a:txBody><a:p><a:r><a:t>Open</a:t></a:r></a:p></a:txBody></a:tc></a:tr>"
    "<a:tr><a:tc><a:txBody><a:p><a:r><a:t>Monday</a:t></a:r></a:p></a:txBody></a:tc>"
    "<a:tc><a:txBody><a:p><a:r><a:t>yes</a:t></a:r></a:p></a:txBody></a:tc></a:tr>"
    "</a:tbl></p:graphicFrame>"
)


def test_a_slide_is_a_page_with_its_notes() -> None:
    tree = f"<p:cSld><p:spTree>{shape('Say this slowly.')}</p:spTree></p:cSld>"
    notes = f"<p:notes {P} {A}>{tree}</p:notes>"
    parts = {
        "ppt/slides/_rels/slide2.xml.rels": relations(("notesSlide", "../notesSlides/n1.xml")),
        "ppt/notesSlides/n1.xml": notes,
    }
    slides = {
        "": shape("Harbour", kind="ctrTitle"),
        'show="0"': shape("Boats moor here.", "Two nights.")
        + shape("Moorings", kind="title")
        + TABLE,
    }
    document = read(pptx(slides, parts))
    assert document.page_count == 2
    assert document.page_text(1).strip() == "Harbour"
    assert lines(document)[1:] == [
        "Moorings", "Boats moor here.", "Two nights.", "Day | Open", "Day: Monday | Open: yes",
        "Say this slowly.",
    ]  # fmt: skip
    assert where(document, "Two nights") == "slide 2"
    assert where(document, "Day: Monday") == "slide 2, table row 2"
    assert where(document, "Say this") == "slide 2, notes"
    assert [h.title for h in document.headings] == ["Harbour", "Moorings"]
    assert document.notes[0].pages == (2,)
    assert codes(document) == {"hidden_slides": 1}


def test_groups_charts_and_comments() -> None:
    chart = (
        "<c><chart><title><t>Boats</t></title><ser><tx><v>2025</v></tx>"
        "<cat><pt idx='0'><v>May</v></pt>"
        "</cat><val><pt idx='0'><v>40</v></pt></val></ser></chart></c>"
    )
    parts = {
        "ppt/slides/_rels/slide1.xml.rels": relations(
            ("chart", "../charts/c1.xml"), ("comments", "../comments/m1.xml")
        ),
        "ppt/charts/c1.xml": chart,
        "ppt/comments/m1.xml": "<l><cm><text>Newer figures?</text></cm></l>",
    }
    slide = f"<p:grpSp>{shape('In a group.')}</p:grpSp>"
    slide += "<p:graphicFrame><c r:id='rId1'/></p:graphicFrame>"
    document = read(pptx({"": slide}, parts))
    assert lines(document) == ["In a group.", "Boats", "May | 2025: 40", "Comment: Newer figures?"]
    assert ("comment", "Comment: Newer figures?") in kinds(document)
    assert where(document, "May |") == "slide 1, chart"


def test_open_document_presentations() -> None:
    page = (
        "<draw:page><draw:frame><draw:text-box><text:p>Boats moor here.</text:p></draw:text-box>"
        '</draw:frame><draw:frame presentation:class="title"><draw:text-box>'
        "<text:p>Moorings</text:p>"
        "</draw:text-box></draw:frame><presentation:notes><draw:frame><draw:text-box>"
        "<text:p>Slowly.</text:p></draw:text-box></draw:frame></presentation:notes></draw:page>"
    )
    document = read(open_document("presentation", page * 2))
    assert document.page_count == 2
    assert lines(document)[:3] == ["Moorings", "Boats moor here.", "Slowly."]
    assert where(document, "Slowly.") == "slide 1, notes"


def test_a_presentation_without_slides() -> None:
    assert fault(pptx({})) == "package_without"
