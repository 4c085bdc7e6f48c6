"""Parse the XML of a package's part: no entities, no external parts, a limited depth.

Names lose their namespaces ("w:p" becomes "p"), because strict and transitional documents use
different ones for the same; references to other parts keep theirs ("r:id").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from assistant.documents.parse_errors import ParseFault

MAX_DEPTH = 400
_MAX_ELEMENTS = 4_000_000
_KEPT = ("relationships", "xlink")
_LATE = ("calcext", "loext")
"""Extensions of OpenDocument that repeat attributes under another namespace."""

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]


def parse_xml(data: bytes) -> Element:
    """Return the root element of a part. Raises `ParseFault`."""
    builder = TreeBuilder()

    def start(tag: str, attributes: dict[str, str]) -> None:
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        builder.end(tag)

    stream_xml(data, start, end, builder.data)
    return builder.close()


def stream_xml(data: bytes, start: Start, end: End, text: Callable[[str], object]) -> None:
    """Call back for each element's start and end, and for text. Raises `ParseFault`.

    Nothing of the tree is kept, for parts that are too large for it.
    """
    names: dict[str, str] = {}
    depth = count = 0

    def opened(name: str, values: list[str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > MAX_DEPTH:
            raise ParseFault("nested_too_deep", number=MAX_DEPTH)
        if count > _MAX_ELEMENTS:
            raise ParseFault("package_parts", number=count)
        start(names.get(name) or _learn(names, name), _attributes(values))

    def closed(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(names[name])

    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.ordered_attributes = True
    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _doctype
    parser.EntityDeclHandler = _entity
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise ParseFault("xml_damaged", number=getattr(error, "lineno", 0)) from error


def _learn(names: dict[str, str], name: str) -> str:
    names[name] = name.rpartition("}")[2]
    return names[name]


def _attributes(values: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for at in range(0, len(values), 2):
        if "}" not in values[at]:
            found[values[at]] = values[at + 1]
            continue
        space, _, local = values[at].rpartition("}")
        if space.endswith(_KEPT):
            found[f"r:{local}"] = values[at + 1]
        elif not any(late in space for late in _LATE):
            found[local] = values[at + 1]
    return found


def _doctype(_name: str, _system: str | None, _public: str | None, has_subset: int) -> None:
    """A mere reference to a DTD is harmless, as none is ever read; declarations are not."""
    if has_subset:
        raise ParseFault("xml_entities")


def _entity(*_declaration: object) -> None:
    raise ParseFault("xml_entities")


def children(element: Element, *tags: str) -> Iterator[Element]:
    """Yield the children of an element that have one of these names."""
    return (child for child in element if child.tag in tags)


def path(element: Element | None, *tags: str) -> Element | None:
    """Return the first grandchild along these names, None if there is none."""
    for tag in tags:
        if element is None:
            return None
        element = element.find(tag)
    return element


def value(element: Element | None, *tags: str, name: str = "val", default: str = "") -> str:
    """Return an attribute of the grandchild along these names."""
    found = path(element, *tags)
    return default if found is None else found.get(name, default)


def words(element: Element | None) -> str:
    """Return all text below an element."""
    return "" if element is None else "".join(element.itertext())
