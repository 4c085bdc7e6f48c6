"""Office documents made from the least XML that their formats ask for."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"
ODF = (
    f'xmlns:office="{_ODF}:office:1.0" xmlns:text="{_ODF}:text:1.0" '
    f'xmlns:table="{_ODF}:table:1.0" xmlns:draw="{_ODF}:drawing:1.0" '
    f'xmlns:presentation="{_ODF}:presentation:1.0" xmlns:style="{_ODF}:style:1.0" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"'
)


def package(parts: Mapping[str, str | bytes], *, first: str = "") -> bytes:
    """Return a ZIP file; `first` is stored as it is, as "mimetype" has to be."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        if first:
            file.writestr("mimetype", first, compress_type=zipfile.ZIP_STORED)
        for name, content in parts.items():
            file.writestr(name, content)
    return made.getvalue()


def relations(*targets: tuple[str, str]) -> str:
    """Return a part of relationships: rId1 is the first (type, target), and so on."""
    rows = "".join(
        f'<Relationship Id="rId{n}" Type="{_TYPES}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)
    )
    return f"<Relationships>{rows}</Relationships>"


def _office(main: str, parts: Mapping[str, str | bytes]) -> bytes:
    fixed = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relations(("officeDocument", main)),
    }
    return package({**fixed, **parts})


def docx(body: str, **parts: str) -> bytes:
    """Return a Word document; `parts` are its styles, numbering, footnotes, comments ..."""
    related = relations(*((name, f"{name}.xml") for name in parts))
    files = {f"word/{name}.xml": content for name, content in parts.items()}
    document = f"<w:document {W} {R}><w:body>{body}</w:body></w:document>"
    return _office(
        "word/document.xml",
        {"word/document.xml": document, "word/_rels/document.xml.rels": related, **files},
    )


def p(text: str, style: str = "", properties: str = "") -> str:
    """Return a paragraph of a Word document with one run."""
    styled = f'<w:pStyle w:val="{style}"/>' if style else ""
    head = f"<w:pPr>{styled}{properties}</w:pPr>" if styled or properties else ""
    return f'<w:p>{head}<w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def tbl(*rows: tuple[str, ...], head: bool = False) -> str:
    """Return a table of a Word document."""
    made = ""
    for number, row in enumerate(rows):
        mark = "<w:trPr><w:tblHeader/></w:trPr>" if head and number == 0 else ""
        made += f"<w:tr>{mark}{''.join(f'<w:tc>{p(cell)}</w:tc>' for cell in row)}</w:tr>"
    return f"<w:tbl>{made}</w:tbl>"


STYLES = f"""<w:styles {W}>
<w:style w:styleId="Heading1"><w:name w:val="heading 1"/></w:style>
<w:style w:styleId="Heading2"><w:name w:val="heading 2"/></w:style>
<w:style w:styleId="Mine"><w:name w:val="Mine"/><w:basedOn w:val="Heading2"/></w:style>
</w:styles>"""


def pptx(slides: Mapping[str, str], parts: Mapping[str, str] | None = None) -> bytes:
    """Return a presentation: each slide's shapes, by the attributes of the slide."""
    entries = "".join(f'<p:sldId id="{255 + n}" r:id="rId{n}"/>' for n in range(1, len(slides) + 1))
    files: dict[str, str | bytes] = {
        "ppt/presentation.xml": f"<p:presentation {P} {R}><p:sldIdLst>{entries}</p:sldIdLst>"
        "</p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(
            *(("slide", f"slides/slide{n}.xml") for n in range(1, len(slides) + 1))
        ),
    }
    for n, (attributes, shapes) in enumerate(slides.items(), 1):
        files[f"ppt/slides/slide{n}.xml"] = (
            f"<p:sld {P} {A} {R} {attributes}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld>"
            "</p:sld>"
        )
    return _office("ppt/presentation.xml", {**files, **(parts or {})})


def shape(*paragraphs: str, kind: str = "body") -> str:
    """Return a shape of a slide with paragraphs of text."""
    words = "".join(f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in paragraphs)
    place = f'<p:nvSpPr><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>'
    return f"<p:sp>{place}<p:txBody>{words}</p:txBody></p:sp>"


def xlsx(sheets: Mapping[str, str], parts: Mapping[str, str] | None = None, **book: str) -> bytes:
    """Return a workbook: each sheet's XML by its name; `book` has attributes of sheets."""
    entries = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}" {book.get(name, "")}/>'
        for n, name in enumerate(sheets, 1)
    )
    files: dict[str, str | bytes] = {
        "xl/workbook.xml": f"<workbook {S} {R}><sheets>{entries}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": relations(
            *(("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)),
            ("sharedStrings", "sharedStrings.xml"),
            ("styles", "styles.xml"),
        ),
    }
    for n, content in enumerate(sheets.values(), 1):
        files[f"xl/worksheets/sheet{n}.xml"] = f"<worksheet {S}>{content}</worksheet>"
    return _office("xl/workbook.xml", {**files, **(parts or {})})


def cell(place: str, value: str | float, more: str = "") -> str:
    """Return a cell: a number, or a text in place."""
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr" {more}><is><t>{value}</t></is></c>'
    return f'<c r="{place}" {more}><v>{value}</v></c>'


def rows(*lines: tuple[str | float, ...], first: int = 1) -> str:
    """Return the data of a sheet; None or "" is an empty cell."""
    made = ""
    for number, line in enumerate(lines, first):
        cells = "".join(
            cell(f"{chr(ord('A') + n)}{number}", value)
            for n, value in enumerate(line)
            if value != ""
        )
        made += f'<row r="{number}">{cells}</row>'
    return f"<sheetData>{made}</sheetData>"


def open_document(kind: str, body: str, styles: str = "", **parts: str) -> bytes:
    """Return an OpenDocument file: "text", "spreadsheet" or "presentation"."""
    content = (
        f"<office:document-content {ODF}><office:automatic-styles>{styles}"
        f"</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}>"
        "</office:body></office:document-content>"
    )
    return package(
        {"content.xml": content, **parts}, first=f"application/vnd.oasis.opendocument.{kind}"
    )


def epub(chapters: Mapping[str, str], parts: Mapping[str, str] | None = None) -> bytes:
    """Return a book with these files of XHTML, in this order."""
    items = "".join(
        f'<item id="c{n}" href="{name}" media-type="application/xhtml+xml"/>'
        for n, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    book = (
        '<package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>Bees</dc:title>'
        f"</metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    container = '<container><rootfiles><rootfile full-path="OPS/b.opf"/></rootfiles></container>'
    files = {f"OPS/{name}": content for name, content in chapters.items() if content}
    fixed = {"META-INF/container.xml": container, "OPS/b.opf": book}
    return package({**fixed, **files, **(parts or {})}, first="application/epub+zip")


def compound(streams: Mapping[str, bytes]) -> bytes:
    """Return a compound file ([MS-CFB]): streams by their paths, "folder/stream"."""
    names = sorted(
        {"/".join(s.split("/")[: n + 1]) for s in streams for n in range(s.count("/") + 1)}
    )
    sectors: list[bytes] = []
    chains: list[int] = []
    starts: dict[str, int] = {}
    for name, data in streams.items():
        starts[name] = len(sectors)
        padded = data.ljust(max(4096, -(-len(data) // 512) * 512), b"\0")
        count = len(padded) // 512
        chains += [*range(len(sectors) + 1, len(sectors) + count), 0xFFFFFFFE]
        sectors += [padded[n * 512 : n * 512 + 512] for n in range(count)]
    entries = [_entry("Root Entry", 5, _first(names, "", names), 0xFFFFFFFE, 0)]
    for name in names:
        size = max(4096, len(streams[name])) if name in streams else 0
        kind = 2 if name in streams else 1
        start = starts.get(name, 0)
        below, after = _first(names, f"{name}/", names), _next(names, name)
        entries.append(_entry(name.split("/")[-1], kind, below, start, size, after))
    while len(entries) % 4:
        entries.append(bytes(128))
    folder = len(sectors)
    directory = b"".join(entries)
    count = len(directory) // 512
    chains += [*range(folder + 1, folder + count), 0xFFFFFFFE]
    sectors += [directory[n * 512 : n * 512 + 512] for n in range(count)]
    tables = 1
    while tables * 128 < len(chains) + tables:
        tables += 1
    at = len(sectors)
    chains += [0xFFFFFFFD] * tables
    chains += [0xFFFFFFFF] * (tables * 128 - len(chains))
    table = struct.pack(f"<{len(chains)}I", *chains)
    difat = [*range(at, at + tables)] + [0xFFFFFFFF] * (109 - tables)
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6,
        0, tables, folder, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0,
    )  # fmt: skip
    return header + struct.pack("<109I", *difat) + b"".join(sectors) + table


def _first(names: list[str], prefix: str, every: list[str]) -> int:
    here = [n for n in names if n.startswith(prefix) and "/" not in n[len(prefix) :]]
    return every.index(here[0]) + 1 if here else 0xFFFFFFFF


def _next(names: list[str], name: str) -> int:
    folder = name.rpartition("/")[0]
    here = [n for n in names if n.rpartition("/")[0] == folder]
    at = here.index(name) + 1
    return names.index(here[at]) + 1 if at < len(here) else 0xFFFFFFFF


def _entry(
    name: str, kind: int, below: int, start: int, size: int, after: int = 0xFFFFFFFF
) -> bytes:
    raw = name.encode("utf-16-le") + b"\0\0"
    return struct.pack(
        "<64sHBBIII16sIQQIQ",
        raw, len(raw), kind, 1, 0xFFFFFFFF, after, below, b"", 0, 0, 0, start, size,
    )  # fmt: skip
