"""Lay documents of known order out with three producers: Chromium, LibreOffice, LaTeX."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pypdfium2

from tests.bench.order_documents import Document, Table

TOOLS = {"chromium": "chromium", "libreoffice": "soffice", "latex": "pdflatex"}


def missing_tools() -> list[str]:
    return [tool for tool in TOOLS.values() if not shutil.which(tool)]


def produce(producer: str, documents: Sequence[Document], folder: Path) -> None:
    """Write the PDF of each document to `folder`. Raises `CalledProcessError`."""
    folder.mkdir(parents=True)
    _PRODUCERS[producer](documents, folder)
    for document in documents:
        if document.turned:
            _turn(folder / f"{document.name}.pdf", document.turned)


def _joined(document: Document) -> list[str]:
    return [" ".join(paragraph) for paragraph in document.paragraphs]


def _with_figures(body: Sequence[str], document: Document, figure: str) -> list[str]:
    """Put a figure behind each paragraph that has a caption; `{}` in `figure` stands for it."""
    captions = document.captions or ("",) * len(body)
    return [
        text + (figure.format(caption) if caption else "")
        for text, caption in zip(body, captions, strict=True)
    ]


def _turn(path: Path, turned: int) -> None:
    pdf = pypdfium2.PdfDocument(path.read_bytes())
    for page in pdf:
        page.set_rotation(turned)
    pdf.save(path)


def _run(*command: str | Path, folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)


# -- Chromium ---------------------------------------------------------------------------------

_STYLE = """@page { size: A4; margin: 25mm 20mm; @top-center { content: "%(head)s"; }
 @bottom-center { content: "%(foot)s " counter(page); } }
body { font: 11pt/1.3 "DejaVu Serif"; margin: 0; text-align: justify }
.columns { columns: %(columns)d; column-gap: 8mm; column-fill: balance; hyphens: auto }
.notes { display: grid; grid-template-columns: 35mm 1fr; gap: 4mm 6mm }
.notes small { font-size: 8.5pt; text-align: left }
figure { break-inside: avoid; margin: 3mm 0; font-size: 9pt }
figure div { height: 30mm; border: 0.6pt solid black }
table { border-collapse: collapse; text-align: left; width: 100%% } th, td { padding: 1.2mm 3mm }
.ruled td, .ruled th { border: 0.6pt solid black }"""


def _chromium(documents: Sequence[Document], folder: Path) -> None:
    for document in documents:
        page = folder / f"{document.name}.html"
        page.write_text(_html(document), encoding="utf-8")
        _run("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
             f"--user-data-dir={folder / 'profile'}",
             f"--print-to-pdf={folder / document.name}.pdf", page.as_uri(),
             folder=folder)  # fmt: skip


def _html(document: Document) -> str:
    names = {"head": document.head, "foot": document.foot, "columns": document.columns}
    style = _STYLE % names
    if not document.head:
        style = style[style.index("body") :].join(("@page{size:A4;margin:25mm 20mm}\n", ""))
    direction = "ltr" if document.language == "en" else "rtl"
    figure = "<figure><div></div><figcaption>{}</figcaption></figure>"
    body = _with_figures([f"<p>{p}</p>" for p in _joined(document)], document, figure)
    if document.notes:
        pairs = zip(document.notes, body, strict=True)
        body = [f"<small>{note}</small>{text}" for note, text in pairs]
    if document.table:
        body.insert(len(body) // 2, _html_table(document.table))
    title = f"<h1>{document.title}</h1>" if document.title else ""
    return (
        f"<!doctype html><html lang={document.language} dir={direction}><meta charset=utf-8>"
        f"<style>{style}</style>{title}<div class={document.kind}>{''.join(body)}</div></html>"
    )


def _html_table(table: Table) -> str:
    def row(cells: Sequence[str], tag: str, spans: bool) -> str:
        if not spans:
            return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"
        above = "".join(f'<th colspan=2 style="text-align:center">{c}</th>' for c in cells if c)
        return f"<tr><th></th>{above}</tr>"

    heads = [row(h, "th", n < len(table.heads) - 1) for n, h in enumerate(table.heads)]
    rows = [row(cells, "td", False) for cells in table.rows]
    return f"<table class={table.rules}><thead>{''.join(heads)}</thead>{''.join(rows)}</table>"


# -- LibreOffice ------------------------------------------------------------------------------

_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{urn}:1.0"'
    for name, urn in (("office", "office"), ("style", "style"), ("text", "text"),
                      ("table", "table"), ("fo", "xsl-fo-compatible"), ("draw", "drawing"),
                      ("svg", "svg-compatible"))
)  # fmt: skip


def _libreoffice(documents: Sequence[Document], folder: Path) -> None:
    for document in documents:
        (folder / f"{document.name}.fodt").write_text(_fodt(document), encoding="utf-8")
    files = sorted(folder.glob("*.fodt"))
    _run("soffice", f"-env:UserInstallation=file://{folder / 'profile'}", "--headless",
         "--convert-to", "pdf", *files, folder=folder)  # fmt: skip


def _fodt(document: Document) -> str:
    figure = f"{_odf_paragraph('', 'Figure')}{_odf_paragraph('{}', 'Note')}"
    body = [_odf_paragraph(words, "Body") for words in _joined(document)]
    body = _with_figures(body, document, figure)
    if document.notes:
        pairs = zip(document.notes, document.paragraphs, strict=True)
        body = [_odf_noted(note, " ".join(text)) for note, text in pairs]
    if document.table:
        body.insert(len(body) // 2, _odf_table(document.table))
    inner = "".join(body)
    if document.columns > 1:
        inner = f'<text:section text:style-name="Cols" text:name="c">{inner}</text:section>'
    title = _odf_paragraph(document.title, "Title") if document.title else ""
    mode = "lr-tb" if document.language == "en" else "rl-tb"
    return f"""<?xml version="1.0" encoding="UTF-8"?><office:document {_SPACES}
 office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.text">
<office:styles>{_odf_styles(mode)}</office:styles>
<office:automatic-styles><style:style style:name="Cols" style:family="section">
<style:section-properties text:dont-balance-text-columns="false">
<style:columns fo:column-count="{document.columns}" fo:column-gap="0.8cm"/>
</style:section-properties></style:style>{_odf_cells()}
<style:page-layout style:name="pl"><style:page-layout-properties fo:page-width="21cm"
 fo:page-height="29.7cm" fo:margin="2cm" style:writing-mode="{mode}"/>
<style:header-style><style:header-footer-properties fo:min-height="1cm"/></style:header-style>
<style:footer-style><style:header-footer-properties fo:min-height="1cm" fo:margin-top="0.5cm"/>
</style:footer-style></style:page-layout></office:automatic-styles>
<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="pl">
{_odf_furniture(document)}</style:master-page></office:master-styles>
<office:body><office:text>{title}{inner}</office:text></office:body></office:document>"""


def _odf_styles(mode: str) -> str:
    align = "justify" if mode == "lr-tb" else "end"
    return "".join(
        f'<style:style style:name="{name}" style:family="paragraph"><style:paragraph-properties '
        f'fo:margin-bottom="0.25cm" fo:text-align="{where}" style:writing-mode="{mode}"/>'
        f'<style:text-properties style:font-name="DejaVu Serif" fo:font-family="DejaVu Serif" '
        f'style:font-family-complex="DejaVu Sans" fo:font-size="{size}" '
        f'style:font-size-complex="{size}"/></style:style>'
        for name, where, size in (("Body", align, "11pt"), ("Title", "center", "16pt"),
                                  ("Cell", "start", "10pt"), ("Note", "start", "8.5pt"))
    ) + (
        '<style:style style:name="Figure" style:family="paragraph"><style:paragraph-properties '
        'fo:border="0.5pt solid #000000" fo:padding-top="1.5cm" fo:padding-bottom="1.5cm" '
        'fo:keep-with-next="always"/></style:style>'
    )  # fmt: skip


def _odf_cells() -> str:
    return "".join(
        f'<style:style style:name="{name}" style:family="table-cell">'
        f'<style:table-cell-properties fo:border="{border}" fo:padding="0.1cm"/></style:style>'
        for name, border in (("ruled", "0.5pt solid #000000"), ("unruled", "none"))
    )


def _odf_furniture(document: Document) -> str:
    if not document.head:
        return ""
    number = "<text:page-number text:select-page='current'>1</text:page-number>"
    return (
        f'<style:header><text:p text:style-name="Cell">{document.head}</text:p></style:header>'
        f'<style:footer><text:p text:style-name="Cell">{document.foot} {number}</text:p>'
        "</style:footer>"
    )


def _odf_paragraph(words: str, style: str) -> str:
    return f'<text:p text:style-name="{style}">{words}</text:p>'


def _odf_noted(note: str, words: str) -> str:
    cell = '<table:table-cell table:style-name="unruled">{}</table:table-cell>'
    return (
        '<table:table table:name="n"><table:table-column/>'
        '<table:table-column table:number-columns-repeated="3"/><table:table-row>'
        + cell.format(_odf_paragraph(note, "Note"))
        + cell.format(_odf_paragraph(words, "Body")).replace(
            "<table:table-cell ", '<table:table-cell table:number-columns-spanned="3" ', 1
        )
        + "<table:covered-table-cell/><table:covered-table-cell/></table:table-row></table:table>"
    )


def _odf_table(table: Table) -> str:
    def cell(words: str, span: int = 1) -> str:
        more = "<table:covered-table-cell/>" * (span - 1)
        return (
            f'<table:table-cell table:style-name="{table.rules}" '
            f'table:number-columns-spanned="{span}">{_odf_paragraph(words, "Cell")}'
            f"</table:table-cell>{more}"
        )

    def row(cells: Sequence[str], spans: bool = False) -> str:
        inner = (
            cell(cells[0]) + "".join(cell(c, 2) for c in cells[1:] if c)
            if spans
            else "".join(map(cell, cells))
        )
        return f"<table:table-row>{inner}</table:table-row>"

    heads = [row(h, n < len(table.heads) - 1) for n, h in enumerate(table.heads)]
    return (
        '<table:table table:name="t"><table:table-column table:number-columns-repeated='
        f'"{len(table.heads[-1])}"/><table:table-header-rows>{"".join(heads)}'
        f"</table:table-header-rows>{''.join(map(row, table.rows))}</table:table>"
    )


# -- LaTeX ------------------------------------------------------------------------------------


def _latex(documents: Sequence[Document], folder: Path) -> None:
    for document in documents:
        (folder / f"{document.name}.tex").write_text(_tex(document), encoding="utf-8")
        for _ in range(2):  # longtable needs a second run
            _run("pdflatex", "-interaction=batchmode", f"{document.name}.tex", folder=folder)


def _tex(document: Document) -> str:
    figure = (
        "\n\n\\noindent\\fbox{{\\rule{{0pt}}{{30mm}}\\hspace{{0.9\\linewidth}}}}\n\n{{\\small {}}}"
    )
    body = _with_figures(_joined(document), document, figure)
    if document.notes:
        pairs = zip(document.notes, body, strict=True)
        body = [
            f"\\mbox{{}}\\marginpar{{\\raggedright\\footnotesize {note}}}{text}\\medskip"
            for note, text in pairs
        ]
    if document.table:
        body.insert(len(body) // 2, _tex_table(document.table))
    inner = "\n\n".join(body)
    if document.columns > 1:
        inner = f"\\begin{{multicols}}{{{document.columns}}}\n{inner}\n\\end{{multicols}}"
    title = f"\\section*{{{document.title}}}\n" if document.title else ""
    style = "myheadings" if document.head else "empty"
    marks = f"\\markright{{{document.head}}}" if document.head else ""
    margins = "left=25mm,right=60mm,marginparwidth=40mm" if document.notes else "margin=25mm"
    return f"""\\documentclass[11pt]{{article}}
\\usepackage[a4paper,{margins}]{{geometry}}\\usepackage{{multicol,longtable}}
\\input{{glyphtounicode}}\\pdfgentounicode=1\\pagestyle{{{style}}}{marks}
\\begin{{document}}
{title}{inner}
\\end{{document}}
"""


def _tex_table(table: Table) -> str:
    ruled = table.rules == "ruled"
    columns = len(table.heads[-1])
    line = "\\hline\n" if ruled else ""
    shape = "|".join("l" * columns).join(("|", "|")) if ruled else "l" * columns

    def row(cells: Sequence[str], spans: bool = False) -> str:
        if spans:
            bar = "|" if ruled else ""
            cells = [cells[0], *(f"\\multicolumn{{2}}{{c{bar}}}{{{c}}}" for c in cells[1:] if c)]
        return " & ".join(cells) + "\\\\\n" + line

    heads = "".join(row(h, n < len(table.heads) - 1) for n, h in enumerate(table.heads))
    rows = "".join(map(row, table.rows))
    return f"\\begin{{longtable}}{{{shape}}}\n{line}{heads}\\endhead\n{rows}\\end{{longtable}}"


_PRODUCERS: dict[str, Callable[[Sequence[Document], Path], None]] = {
    "chromium": _chromium,
    "libreoffice": _libreoffice,
    "latex": _latex,
}
