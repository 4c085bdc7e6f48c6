"""The page that all reports share: whatever stands in it is text, and it asks for nothing."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from assistant.html_page.charts import Chart, Drawing, Line, Shape, line_chart, ticks
from assistant.html_page.page import Block, Row, html_page, svg_file

HOSTILE = "</td></svg><script>alert(1)</script>\"' onload='x\x1b]52;c;x\x07\u202eevil\u200b&amp;"
SHOWN = "</td></svg><script>alert(1)</script>\"' onload='x]52;c;x<U+202E>evil<U+200B>&amp;"
TAGS = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "div", "ul", "li", "table",
    "thead", "tbody", "tr", "th", "td", "svg", "text", "path", "rect", "polyline", "circle",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "colspan", "role", "aria-label",
    "viewbox", "width", "height", "x", "y", "d", "fill", "stroke", "stroke-width", "text-anchor",
    "transform", "font-size", "font-weight", "points", "stroke-dasharray", "cx", "cy", "r",
}  # fmt: skip


class Reader(HTMLParser):
    """Collects tags, attributes and texts, and checks that every tag is closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.rows: list[tuple[str, list[str]]] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "tr":
            self.rows.append((dict(attrs).get("class") or "", []))
        if tag != "meta":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())
        if self._open and self._open[-1] in ("td", "th"):
            self.rows[-1][1].append(data)


def chart(name: str = HOSTILE) -> Drawing:
    line = Line(name, "#0072b2", [(0.0, 1.0), (1.0, math.nan), (2.0, 3.0)], dots=True)
    return line_chart(Chart(name, [line], x_label=name, y_label=name))


def blocks(text: str = HOSTILE) -> list[Block]:
    return [
        Block("title", text),
        Block("heading", text),
        Block("verdict", text, items=[text], mood="bad"),
        Block("text", text),
        Block("list", items=[text]),
        Block("table", head=[text, text], rows=[(text, 1.5), Row((text, None), "good")]),
        Block("table", rows=[(text, text)]),
        Block("table", head=["a", "b", "c"], rows=[Row([text], "group")], numeric=True),
        Block("drawing", drawing=chart(text)),
    ]


def test_foreign_text_is_text_wherever_it_stands() -> None:
    page = html_page(HOSTILE, blocks())
    read = Reader(page)
    assert read.tags <= TAGS
    assert read.attributes <= ATTRIBUTES
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "\u200b" not in page
    # Window, four texts, two items, seven cells; title, heading, labels and key of the chart.
    assert sum(SHOWN in text for text in read.texts) == 19


def test_a_page_asks_for_nothing_and_runs_nothing() -> None:
    page = html_page("Report", blocks("plain"))
    assert "default-src 'none'" in page
    assert not re.search(r"://|url\(|@import|<script|<link|<img|\b(?:src|href|on\w+)\s*=", page)


def test_it_is_made_for_dark_screens_and_for_paper() -> None:
    page = html_page("Report", [])
    assert "prefers-color-scheme:dark" in page
    assert "@media print" in page


def test_tables_have_their_head_their_moods_and_their_groups() -> None:
    rows = Reader(html_page("Report", blocks("x"))).rows
    assert rows == [
        ("", ["x", "x"]), ("", ["x", "1.5"]), ("good", ["x", "None"]),
        ("", ["x", "x"]),
        ("", ["a", "b", "c"]), ("group", ["x"]),
    ]  # fmt: skip


def test_an_attribute_can_not_be_left() -> None:
    drawing = Drawing("t", 10, 10, [Shape("rect", {"fill": '"><script>x</script>'})])
    assert "<script" not in html_page("t", [Block("drawing", drawing=drawing)])
    assert "<script" not in svg_file([drawing])


def test_drawings_make_one_well_formed_document_one_below_the_other() -> None:
    root = ElementTree.fromstring(svg_file([chart(), chart()]))
    groups = [e for e in root if e.tag.endswith("}g")]
    assert [g.get("transform") for g in groups] == ["translate(0 0)", "translate(0 284)"]
    assert root.get("viewBox") == "0 0 760 568"
    assert HOSTILE.replace("\x1b", "")[:10] in "".join(root.itertext())


@pytest.mark.parametrize("name", ["page.html.jinja", "/etc/passwd", "../page.py", "page.py"])
def test_templates_can_load_each_other_and_nothing_else(name: str) -> None:
    from jinja2 import TemplateNotFound

    from assistant.html_page.page import _template

    environment = _template("page.html.jinja").environment
    including = environment.from_string(f"{{% include {name!r} %}}")
    if name == "page.html.jinja":
        assert including.render(title="t", blocks=[]).startswith("<!doctype html>")
    else:
        with pytest.raises(TemplateNotFound):
            including.render()


def test_a_chart_without_points_says_so() -> None:
    drawn = line_chart(Chart("Loss", [Line("held out", "#000000", [(1.0, math.inf)])]))
    assert [shape.text for shape in drawn.shapes] == ["Loss", "nothing yet"]


def test_a_chart_with_given_ranges_puts_points_where_they_belong() -> None:
    line = Line("risk", "#000000", [(0.0, 0.0), (1.0, 1.0)], end=True)
    given = Chart("c", [line], x_range=(0.0, 1.0), y_range=(0.0, 1.0), width=460, height=460)
    shapes = line_chart(given).shapes
    (curve,) = [s for s in shapes if s.tag == "polyline"]
    (dot,) = [s for s in shapes if s.tag == "circle"]
    assert curve.attributes["points"] == "56.0,398.0 444.0,30.0"
    assert (dot.attributes["cx"], dot.attributes["cy"]) == ("444.0", "30.0")


def test_ticks_are_round() -> None:
    assert ticks(0, 1) == [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]
    assert ticks(2, 2) == [2]
