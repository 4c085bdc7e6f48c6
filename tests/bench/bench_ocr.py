"""How well and how fast pictures of pages are read, beside Tesseract in the same run.

    python -m tests.bench.bench_ocr [--pages N] [--json FILE]

**Pages.** 20 pages, of the sample library's PDFs and set from its texts (7 to 14 points, one to
three columns), each rendered with 150 dots an inch in three degradations (`ocr_pages.py`): 60
pictures. Besides, the scanned files of `shared/data/docs` whose text is known.

**Character error rate.** Edit distance between what was read and the known text, over the known
text's length; all pages of a kind together. White space is one space, both sides are brought to
NFKC, and quotation marks, apostrophes and dashes count as their plain ones; all else must be
equal, case, punctuation and order too. Our reader writes a table's row with the heads of its
columns ("Winter: 13"), which stand on the page once: those repeats are taken out before.

**Time.** By the clock and by the processor, page by page, one after the other. Tesseract runs as
a process of its own with one thread, as OCRmyPDF runs it (with more, its threads wait for each
other on a busy machine). What else the machine does shows in the clock and not in the processor's
time.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from assistant.config import Settings
from assistant.documents.ocr_text import with_ocr
from assistant.documents.parse_errors import ParseFault
from assistant.documents.pdf.tables import CELL_END
from assistant.engine.engine_loader import load_ocr
from assistant.types import Ocr, PagePicture, ParsedDocument
from tests.bench.ocr_pages import DEGRADATIONS, library_pages, made_pages, rendered, scans
from tests.bench.report import (
    EXIT_SKIPPED,
    Figure,
    add_json_option,
    at_most,
    models_folder,
    publish,
    shared_data,
)

PAGES = 20
SECONDS = 3.0
_SIGNS = str.maketrans(
    "\u2018\u2019\u201c\u201d\u2010\u2011\u2013\u2014\u2212\u2022\u00b7", "''\"\"-----  "
)


@dataclass
class Score:
    """What one reader did on the pages of one kind."""

    errors: int = 0
    characters: int = 0
    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.errors / self.characters


def plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).translate(_SIGNS).split())


def distance(one: str, other: str) -> int:
    """Return the edit distance (Levenshtein), row by row."""
    codes = np.array([ord(c) for c in other])
    steps = np.arange(len(codes) + 1)
    row = steps.copy()
    for n, c in enumerate(one, start=1):
        best = np.minimum(row[1:] + 1, row[:-1] + (codes != ord(c)))
        best = np.concatenate([[n], best])
        row = np.minimum.accumulate(best - steps) + steps
    return int(row[-1])


def by_us(image: Image.Image, ocr: Ocr) -> str:
    read = ocr.read(PagePicture(*image.size, image.tobytes()))
    try:
        return as_printed(with_ocr(ParsedDocument("", (0,), "image/png"), {1: read}).text)
    except ParseFault:
        return ""


def as_printed(text: str) -> str:
    """Return a page's text with each head of a table's columns once, as it is printed."""
    heads: list[str] = []
    lines = []
    for line in text.split("\n"):
        cells = line.split(CELL_END)
        bare = [cells[0], *(_without_head(cell, heads) for cell in cells[1:])]
        if len(cells) > 1 and bare == cells:
            heads = cells
        lines.append(" ".join(bare))
    return "\n".join(lines)


def _without_head(cell: str, heads: Sequence[str]) -> str:
    named = [head for head in heads if cell.startswith(f"{head}: ")]
    return cell.removeprefix(f"{max(named, key=len)}: ") if named else cell


def by_tesseract(image: Image.Image, program: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.png"
        image.save(path)
        command = [program, str(path), "-", "--dpi", "150"]
        env = os.environ | {"OMP_THREAD_LIMIT": "1"}
        return subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout


def pictures(pages: int) -> Iterator[tuple[str, str, Image.Image, str]]:
    """Give (kind, name, picture, known text)."""
    library, made = list(library_pages()), list(made_pages())
    chosen = [*library[: pages - min(pages // 2, len(made))], *made[: pages // 2]]
    for kind in DEGRADATIONS:
        for seed, page in enumerate(chosen):
            yield kind, page.name, rendered(page, kind, seed), page.text
    for name, image, text in scans(shared_data()):
        yield "scans", name, image, text


def processor_time() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def measure(pages: int, ocr: Ocr, program: str | None) -> tuple[dict[str, Any], list[Any]]:
    scores: dict[str, Any] = defaultdict(lambda: {"ours": Score(), "tesseract": Score()})
    rows = []
    for kind, name, image, text in pictures(pages):
        known, row = plain(text), {"kind": kind, "page": name}
        readers = {"ours": lambda i: by_us(i, ocr)}
        if program is not None:
            readers["tesseract"] = lambda i: by_tesseract(i, program)
        for reader, read in readers.items():
            began, used = time.monotonic(), processor_time()
            found = plain(read(image))
            score = scores[kind][reader]
            score.clock.append(time.monotonic() - began)
            score.processor.append(processor_time() - used)
            errors = distance(known, found)
            score.errors += errors
            score.characters += len(known)
            row[reader] = round(errors / len(known), 5)
            row[f"{reader} s"] = round(score.clock[-1], 2)
            row[f"{reader} processor s"] = round(score.processor[-1], 2)
        rows.append(row)
        print(row, flush=True)
    return scores, rows


def figures_of(scores: dict[str, Any]) -> list[Figure]:
    figures = []
    for kind, both in scores.items():
        ours, theirs = both["ours"], both["tesseract"]
        name = f"character error rate, {kind} ({len(ours.clock)} pages)"
        if theirs.characters:
            figures.append(at_most(name, ours.rate, theirs.rate))
            figures.append(Figure(f"the same, Tesseract, {kind}", theirs.rate))
            clock = float(np.mean(theirs.clock))
            figures.append(Figure(f"seconds a page, Tesseract, {kind}", clock, "s"))
        else:
            figures.append(Figure(name, ours.rate))
        figures.append(at_most(f"seconds a page, {kind}", float(np.mean(ours.clock)), SECONDS, "s"))
        used = float(np.mean(ours.processor))
        figures.append(Figure(f"processor seconds a page, {kind}", used, "s"))
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pages", type=int, default=PAGES, help="pages of each degradation")
    add_json_option(parser)
    options = parser.parse_args()
    ocr = load_ocr(Settings(data_dir=models_folder().parent))
    if ocr is None:
        print("The OCR models are missing: run `make models`.")
        return EXIT_SKIPPED
    program = shutil.which("tesseract")
    if program is None:
        print("Tesseract is missing (Debian: apt-get install tesseract-ocr): measured without it.")
    scores, rows = measure(options.pages, ocr, program)
    publish("ocr", figures_of(scores), {"pages": rows}, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
