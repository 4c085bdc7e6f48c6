"""Pages and tables whose order is known, read by us and by three peers.

    python -m tests.bench.bench_reading_order [--seed N] [--keep DIR] [--json FILE]

Documents of random sentences are laid out by Chromium, LibreOffice and LaTeX (Debian:
`chromium libreoffice-writer-nogui texlive-latex-base`): two and three columns, notes beside
paragraphs, running heads and feet, tables over pages, turned pages, Hebrew and Arabic (not LaTeX).

**In order.** Of all pairs of sentences of a document, those of which both are found whole
(letters and digits compared) and in their order. **Broken**: sentences that are not found whole,
because a line of another column, a head or a note stands in them, or letters are lost.
**Cells**: a cell is found with its heads if a line holds the name of its row, and between bars
or before it the names of its columns and no other cell. **Rows**: a line holds a cell and the name
of its row; that is all that a peer without tables can do.

Peers: PDFium's plain text, `pdftotext -layout` (poppler-utils) and, if they can be imported,
pdfminer.six with its LAParams and the lines of docling-parse (in the order of painting: docling
itself orders them with a model on torch). Those that are not there are left out.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pypdfium2

from assistant.documents.pdf.document import read_pdf
from tests.bench.order_documents import (
    Document,
    Language,
    Table,
    order_documents,
    reduced,
    table_documents,
)
from tests.bench.pdf_producers import TOOLS, missing_tools, produce
from tests.bench.report import EXIT_SKIPPED, Figure, add_json_option, at_least, at_most, publish

SEED = 20_261
_LANGUAGES: dict[str, tuple[Language, ...]] = {
    "chromium": ("he", "ar"),
    "libreoffice": ("he", "ar"),
    "latex": (),
}


@dataclass
class Score:
    """Counts of one contender."""

    pairs: int = 0
    in_order: int = 0
    sentences: int = 0
    broken: int = 0
    cells: int = 0
    with_heads: int = 0
    in_rows: int = 0
    seconds: float = 0.0


def contenders() -> dict[str, Callable[[Path], str]]:
    """Return how each contender reads a PDF to text."""
    found: dict[str, Callable[[Path], str]] = {"ours": _ours, "PDFium": _pdfium}
    if shutil.which("pdftotext"):
        found["pdftotext -layout"] = _pdftotext
    if importlib.util.find_spec("pdfminer"):
        found["pdfminer.six"] = _pdfminer
    if importlib.util.find_spec("docling_parse"):
        found["docling-parse"] = _docling_parse
    return found


def _ours(path: Path) -> str:
    return read_pdf(bytearray(path.read_bytes())).text


def _pdfium(path: Path) -> str:
    document = pypdfium2.PdfDocument(path.read_bytes())
    return "\n".join(page.get_textpage().get_text_range(errors="replace") for page in document)


def _pdftotext(path: Path) -> str:
    done = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True)
    return done.stdout.decode("utf-8", "replace")


def _pdfminer(path: Path) -> str:
    module = importlib.import_module("pdfminer.high_level")
    return str(module.extract_text(path))


def _docling_parse(path: Path) -> str:
    parser = importlib.import_module("docling_parse.pdf_parser").DoclingPdfParser(loglevel="fatal")
    line = importlib.import_module("docling_core.types.doc.page").TextCellUnit.LINE
    pages = parser.load(path_or_stream=path).iterate_pages()
    return "\n".join(cell.text for _, page in pages for cell in page.iterate_cells(unit_type=line))


def judge_order(document: Document, text: str, score: Score) -> list[str]:
    """Count pairs in order and broken sentences; return the broken ones."""
    whole = reduced(text)
    broken = []
    for group in (document.sentences, document.notes):
        places = [whole.find(reduced(sentence)) for sentence in group]
        broken += [s for s, place in zip(group, places, strict=True) if place < 0]
        score.sentences += len(places)
        for one, other in combinations(places, 2):
            score.pairs += 1
            score.in_order += 0 <= one < other
    score.broken += len(broken)
    return broken


def judge_cells(table: Table, text: str, score: Score) -> list[str]:
    """Count the cells that are found; return those without their heads."""
    lines = text.split("\n")
    missed = []
    for row in table.rows:
        for column, cell in enumerate(row[1:], start=1):
            own = [line for line in lines if row[0] in line and cell in line.split(row[0], 1)[1]]
            score.cells += 1
            score.in_rows += bool(own)
            heads = _heads(table, column)
            if any(_named(line, row[0], cell, heads) for line in own):
                score.with_heads += 1
            else:
                missed.append(f"{row[0]} / {' '.join(heads)} / {cell}")
    return missed


def _heads(table: Table, column: int) -> list[str]:
    """Return the names over a column; an empty one goes on with what is left of it."""
    found = []
    for row in table.heads:
        at = column
        while not row[at] and at > 1:
            at -= 1
        found.append(row[at])
    return found


def _named(line: str, name: str, cell: str, heads: Sequence[str]) -> bool:
    for part in line.split(name, 1)[1].split("|"):
        before, found, after = part.partition(cell)
        if found and all(h in before for h in heads) and not any(map(str.isdigit, before + after)):
            return True
    return False


def _made(seed: int, folder: Path) -> Iterator[tuple[str, Document, Path]]:
    for producer in TOOLS:
        documents = order_documents(seed, _LANGUAGES[producer]) + table_documents(seed)
        own = folder / producer
        if not own.exists():
            produce(producer, documents, own)
        yield from ((producer, d, own / f"{d.name}.pdf") for d in documents)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seed", type=int, default=SEED, help="of the random sentences")
    parser.add_argument("--keep", type=Path, help="leave the PDFs here, or take them from here")
    add_json_option(parser)
    options = parser.parse_args()
    if missing_tools():
        print(f"skipped: not installed: {', '.join(missing_tools())}")
        return EXIT_SKIPPED
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.keep or Path(temporary)).absolute()
        made = list(_made(options.seed, folder))
        pages = sum(
            len(pypdfium2.PdfDocument(path)) for _, d, path in made if "table" not in d.name
        )
        scores, faults = _judged(made)
    figures = list(_figures(scores, pages, sum("table" in d.name for _, d, _ in made)))
    publish("Reading order of PDF pages", figures, {"faults": faults}, options.json)
    return 0


def _judged(
    made: Sequence[tuple[str, Document, Path]],
) -> tuple[dict[str, Score], dict[str, list[str]]]:
    scores: dict[str, Score] = defaultdict(Score)
    faults: dict[str, list[str]] = {}
    kinds: Counter[str] = Counter()
    for name, read in contenders().items():
        for producer, document, path in made:
            begun = sum(os.times()[:4])
            text = read(path)
            scores[name].seconds += sum(os.times()[:4]) - begun
            wrong = []
            if "table" not in document.name:
                wrong = judge_order(document, text, scores[name])
            elif document.table:
                wrong = judge_cells(document.table, text, scores[name])
            if wrong and name == "ours":
                faults[f"{producer} {document.name}"] = wrong
                kinds[f"{producer} {document.name}"] += len(wrong)
    for place, count in kinds.most_common():
        print(f"{count:4} in {place}: {faults[place][0]}")
    return scores, faults


def _figures(scores: dict[str, Score], pages: int, tables: int) -> Iterator[Figure]:
    for name, score in scores.items():
        order, whole = 100 * score.in_order / score.pairs, f"{score.sentences} on {pages} pages"
        heads, rows = 100 * score.with_heads / score.cells, 100 * score.in_rows / score.cells
        cells = f"{score.cells} in {tables} tables"
        if name == "ours":
            yield at_least("sentence pairs in order: ours", order, 98, "%", whole)
            yield at_most("sentences that are broken: ours", score.broken, 0, "", whole)
            yield at_least("cells with row and column heads: ours", heads, 95, "%", cells)
        else:
            yield Figure(f"sentence pairs in order: {name}", order, "%", note=whole)
            yield Figure(f"sentences that are broken: {name}", score.broken, note=whole)
            yield Figure(f"cells with row and column heads: {name}", heads, "%", note=cells)
        yield Figure(f"cells on a line with their row's name: {name}", rows, "%", note=cells)
        yield Figure(f"processor time to read all: {name}", score.seconds, "s")


if __name__ == "__main__":
    sys.exit(main())
