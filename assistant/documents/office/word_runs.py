"""The runs of a Word paragraph: text, references, and what was inserted, deleted or hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from assistant.documents.office.xml_tree import path

_WRAPS = frozenset(
    "hyperlink smartTag sdt sdtContent customXml fldSimple ins moveTo dir bdo oMathPara "
    "oMath".split()
)
_DELETED = frozenset(["del", "moveFrom"])
_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "softHyphen": ""}
_REFERENCES = {
    "footnoteReference": "footnote",
    "endnoteReference": "endnote",
    "commentReference": "comment",
}


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of one paragraph, or a reference to a note, or `changes` that left no text."""

    text: str = ""
    inserted: bool = False
    hidden: bool = False
    reference: str = ""
    number: str = ""
    changes: int = 0


def runs_of(element: Element, *, inserted: bool = False) -> Iterator[Run]:
    """Yield the runs of a paragraph in order; each change under "track changes" is counted."""
    for child in element:
        if child.tag == "r":
            yield from _pieces(child, inserted=inserted)
        elif child.tag in _DELETED:
            yield Run(changes=1)
        elif child.tag in _WRAPS:
            new = child.tag in {"ins", "moveTo"}
            if new and child.tag == "ins":
                yield Run(changes=1)
            yield from runs_of(child, inserted=inserted or new)
        elif child.tag == "t":  # of a formula
            yield Run(child.text or "", inserted)


def _pieces(run: Element, *, inserted: bool) -> Iterator[Run]:
    vanish = path(run, "rPr", "vanish")
    hidden = vanish is not None and vanish.get("val", "1") not in {"0", "false", "off"}
    text = ""
    for child in run:
        if child.tag == "t":
            text += child.text or ""
        elif child.tag in _SIGNS:
            text += _SIGNS[child.tag]
        elif child.tag == "sym":
            text += _symbol(child)
        elif child.tag in _REFERENCES:
            yield Run(text, inserted, hidden)
            text = ""
            reference, number = _REFERENCES[child.tag], child.get("id", "")
            mark = "" if reference == "comment" else f"[{number}]"
            yield Run(mark, inserted, hidden, reference, number)
    if text:
        yield Run(text, inserted, hidden)


def _symbol(symbol: Element) -> str:
    """A character of a symbol font: most lie in the private use area and mean a bullet."""
    try:
        code = int(symbol.get("char", ""), 16)
    except ValueError:
        return ""
    return chr(code) if 0x20 <= code < 0xD800 else "\u2022"
