"""What the styles of a Word document say of its paragraphs: headings and list levels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from assistant.documents.office.xml_tree import path, value

_HEADING = re.compile(r"heading ([1-9])\Z|title\Z", re.IGNORECASE)
_MAX_CHAIN = 20


@dataclass(frozen=True, slots=True)
class ParagraphStyle:
    """`level` is that of a heading, 0 for none; `list_id` and `list_level` number it."""

    level: int = 0
    list_id: str = ""
    list_level: int = 0
    hidden: bool = False


class WordStyles:
    """The styles of a document by their ids, each with what it inherits."""

    def __init__(self, root: Element | None) -> None:
        self._styles = {
            s.get("styleId", ""): s for s in (() if root is None else root.iter("style"))
        }
        self._known: dict[str, ParagraphStyle] = {}

    def paragraph(self, properties: Element | None) -> ParagraphStyle:
        """Return what a paragraph's own properties say, and its style where they are silent."""
        style = self._style(value(properties, "pStyle"))
        own = _own(properties)
        level = own.level or (0 if value(properties, "outlineLvl") == "9" else style.level)
        if path(properties, "numPr", "numId") is not None:
            return ParagraphStyle(level, own.list_id, own.list_level, style.hidden)
        return ParagraphStyle(level, style.list_id, style.list_level, style.hidden)

    def _style(self, name: str) -> ParagraphStyle:
        if name not in self._known:
            self._known[name] = self._inherited(name)
        return self._known[name]

    def _inherited(self, name: str) -> ParagraphStyle:
        level, list_id, list_level, hidden = 0, "", 0, False
        for _ in range(_MAX_CHAIN):
            style = self._styles.get(name)
            if style is None:
                break
            own = _own(style.find("pPr"))
            found = _HEADING.match(value(style, "name"))
            level = level or own.level or (int(found.group(1) or 1) if found else 0)
            if own.list_id and not list_id:
                list_id, list_level = own.list_id, own.list_level
            list_level = list_level or own.list_level
            hidden = hidden or path(style, "rPr", "vanish") is not None
            name = value(style, "basedOn")
        return ParagraphStyle(level, list_id, list_level, hidden)


def _own(properties: Element | None) -> ParagraphStyle:
    outline = value(properties, "outlineLvl")
    level = int(outline) + 1 if len(outline) == 1 and outline in "012345678" else 0
    ilvl = value(properties, "numPr", "ilvl")
    depth = int(ilvl) if len(ilvl) == 1 and ilvl in "012345678" else 0
    return ParagraphStyle(level, value(properties, "numPr", "numId"), depth)
