"""Read an EPUB book (EPUB 3.3, W3C): the documents of its spine, each a chapter."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from assistant.documents.charsets import decode_html
from assistant.documents.document_builder import DocumentBuilder, HeadingTrail
from assistant.documents.document_title import metadata_title
from assistant.documents.file_type import Kind
from assistant.documents.html_blocks import parse_html, write_body
from assistant.documents.office.package import Package, part_path
from assistant.documents.office.xml_tree import parse_xml, words
from assistant.documents.parse_errors import ParseFault
from assistant.types.documents import ParsedDocument, ReadOptions

_TEXT = frozenset(["application/xhtml+xml", "text/html", "text/x-oeb1-document"])


def read_epub(data: bytearray, kind: Kind, _options: ReadOptions) -> ParsedDocument:
    """Return the document: a file of the spine is a page, called a chapter. Raises `ParseFault`."""
    package = Package(data)
    main = _main(package)
    root = parse_xml(package.read(main))
    chapters = [part_path(main, reference) for reference in _spine(root)]
    if not chapters:
        raise ParseFault("package_without")
    locked = _locked(package)
    builder = DocumentBuilder(kind)
    for number, part in enumerate(chapters, 1):
        if part in locked:
            raise ParseFault("ebook_locked")
        builder.page()
        if part in package:
            page = parse_html(decode_html(package.read(part)))
            write_body(builder, page, HeadingTrail(f"chapter {number}"))
        else:
            builder.note("chapters_missing")
    title = next(root.iter("title"), None)
    return builder.finish(metadata_title(words(title)))


def _main(package: Package) -> str:
    data = package.read_if_there("META-INF/container.xml")
    files = parse_xml(data).iter("rootfile") if data else iter(())
    for file in files:
        name = part_path("", file.get("full-path", ""))
        if name in package:
            return name
    raise ParseFault("package_without")


def _spine(root: Element) -> list[str]:
    """Return the references of the chapters in reading order."""
    items = {item.get("id", ""): item for item in root.iter("item")}
    order = [items[i] for i in (ref.get("idref", "") for ref in root.iter("itemref")) if i in items]
    return [item.get("href", "") for item in order if item.get("media-type") in _TEXT]


def _locked(package: Package) -> set[str]:
    """Return the parts that are encrypted; some books encrypt their fonts only."""
    data = package.read_if_there("META-INF/encryption.xml")
    found = parse_xml(data).iter("CipherReference") if data else iter(())
    return {part_path("", reference.get("URI", "")) for reference in found}
