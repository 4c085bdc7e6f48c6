"""The figures of a chart (DrawingML), as rows: its file keeps a copy of what it shows."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from assistant.documents.document_builder import one_line
from assistant.documents.office.xml_tree import path, words
from assistant.documents.table_rows import SEPARATOR

_MOST_POINTS = 10_000


def chart_rows(root: Element) -> Iterator[str]:
    """Yield the title and a row for each category: "2025 | Berths: 40 | Moorings: 12"."""
    heading = path(root, "chart", "title")
    if heading is not None:
        yield one_line(" ".join(t.text or "" for t in heading.iter("t")))
    series = [
        (_series_name(one), _points(one.find("cat")), _points(one.find("val")))
        for one in root.iter("ser")
    ]
    categories: dict[str, str] = {}
    for _, names, _ in series:
        categories |= names
    places = sorted({at for _, _, values in series for at in values}, key=lambda at: at.zfill(9))
    for at in places[:_MOST_POINTS]:
        cells = [categories[at]] if at in categories else []
        for name, _, values in series:
            if at in values:
                cells.append(f"{name}: {values[at]}" if name else values[at])
        yield SEPARATOR.join(cells)


def _series_name(series: Element) -> str:
    found = path(series, "tx")
    return "" if found is None else one_line(" ".join(words(v) for v in found.iter("v")))


def _points(element: Element | None) -> dict[str, str]:
    found = () if element is None else element.iter("pt")
    return {point.get("idx", ""): one_line(words(point.find("v"))) for point in found}
