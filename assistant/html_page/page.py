"""The one template of all HTML reports: a title and blocks.

Every text passes `safe_text` and is then escaped by the template engine. The two templates
lie beside this module; the engine is given these and can load no other file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from assistant.html_page.charts import Drawing
from assistant.safe_text import safe_text

_TEMPLATES = ("page.html.jinja", "drawing.svg.jinja")

Mood = Literal["", "good", "bad", "warning", "none", "group"]
"""How a row or a verdict is coloured. A "group" row has one cell, a heading of what follows."""


@dataclass(frozen=True, slots=True)
class Row:
    """A table's row that stands out."""

    cells: Sequence[object]
    mood: Mood = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a page.

    `text` belongs to "title", "heading", "verdict" and "text", `items` to "list" and
    "verdict", `head` and `rows` to "table": without a head the first cell of each row is its
    heading; `numeric` puts all but the first column to the right.
    """

    kind: Literal["title", "heading", "verdict", "text", "list", "table", "drawing"]
    text: str = ""
    items: Sequence[str] = ()
    head: Sequence[object] = ()
    rows: Sequence[Sequence[object] | Row] = ()
    mood: Mood = ""
    numeric: bool = False
    drawing: Drawing | None = None

    @property
    def body(self) -> list[Row]:
        return [row if isinstance(row, Row) else Row(row) for row in self.rows]


def html_page(title: str, blocks: Sequence[Block]) -> str:
    """Return a page; `title` is that of the browser's window."""
    return str(_template("page.html.jinja").render(title=title, blocks=blocks))


def svg_file(drawings: Sequence[Drawing]) -> str:
    """Return drawings, one below the other, as an SVG document on white."""
    return str(_template("drawing.svg.jinja").render(drawings=drawings))


@cache
def _template(name: str) -> Any:
    from jinja2 import DictLoader, Environment, StrictUndefined  # most commands write no page

    here = files(__package__)
    texts = {known: (here / known).read_text(encoding="utf-8") for known in _TEMPLATES}
    environment = Environment(
        loader=DictLoader(texts),
        autoescape=True,
        finalize=_safe,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def _safe(value: Any) -> Any:
    """Clean what a template puts out, but for what a macro of ours has escaped already."""
    return value if hasattr(value, "__html__") else safe_text(str(value), single_line=True)
