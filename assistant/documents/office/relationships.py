"""Follow the references between the parts of an Office Open XML package, and its properties."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from assistant.documents.document_builder import DocumentBuilder
from assistant.documents.document_title import metadata_title
from assistant.documents.office.package import Package, part_path
from assistant.documents.office.xml_tree import parse_xml, words
from assistant.documents.parse_errors import ParseFault


@dataclass(frozen=True, slots=True)
class Related:
    """A part that another one refers to: the last word of the relation's type, and its name."""

    kind: str
    part: str


def relationships(package: Package, part: str) -> dict[str, Related]:
    """Return the parts inside the package that `part` refers to, by the ids of the references.

    References that lead out of the package are left out: nothing is ever fetched.
    """
    folder, name = posixpath.split(part)
    data = package.read_if_there(posixpath.join(folder, "_rels", f"{name}.rels"))
    if not data:
        return {}
    return {
        relation.get("Id", ""): Related(
            relation.get("Type", "").rpartition("/")[2],
            part_path(part, relation.get("Target", "")),
        )
        for relation in parse_xml(data)
        if relation.get("TargetMode") != "External"
    }


def main_part(package: Package, usual: str) -> str:
    """Return the name of the part that is the document. Raises `ParseFault`."""
    for related in relationships(package, "").values():
        if related.kind == "officeDocument" and related.part in package:
            return related.part
    if usual in package:
        return usual
    raise ParseFault("package_without")


def related_part(package: Package, part: str, kind: str) -> str:
    """Return the first part of a kind that `part` refers to, "" if there is none."""
    found = (r.part for r in relationships(package, part).values() if r.kind == kind)
    return next((name for name in found if name in package), "")


def package_title(package: Package) -> str:
    """Return the title in the properties of a package, "" if it has none."""
    data = package.read_if_there("docProps/core.xml")
    found = parse_xml(data).find("title") if data else None
    return metadata_title(words(found))


def note_contents(builder: DocumentBuilder, package: Package, folder: str) -> None:
    """Say what is in a package that is never run or read."""
    if package.below(f"{folder}vbaproject.bin"):
        builder.note("macros")
    embedded = len(package.below(f"{folder}embeddings/"))
    if embedded:
        builder.note("embedded_objects", embedded)
