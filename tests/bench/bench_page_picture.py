"""How long a page takes to be drawn with its quote marked, as the app's page view does it.

    python -m tests.bench.bench_page_picture [--pages N] [--json FILE]

Pages of the sample library's PDFs: read again from the disk, drawn by the limited child, made into
cells for a terminal of 120 x 36. The same pages' text, parsed by the same child, beside it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import pypdfium2

from assistant.config import Settings
from assistant.documents.sandboxed_parser import ChildParser
from assistant.tui.page_frame import PageFrame
from assistant.tui.widgets.page_picture import cells_of
from tests.bench.report import ROOT, Figure, add_json_option, at_least, at_most, publish

SAMPLES = ROOT / "assistant" / "sample_library"
_MOST = 300.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pages", type=int, default=12, help="pages that are drawn")
    add_json_option(parser)
    options = parser.parse_args()
    drawn, parsed, marked = [], [], 0
    with tempfile.TemporaryDirectory() as folder, ChildParser(Settings(data_dir=Path(folder))) as p:
        for path, number in _pages(options.pages):
            began = time.perf_counter()
            file = p.parse(path)
            parsed.append(time.perf_counter() - began)
            quote = max(file.document.page_text(number).split("\n"), key=len)
            began = time.perf_counter()
            view = PageFrame(100, 30).nearer(1).view((quote,))
            picture = p.picture(path, number, file.content_hash, None, view)
            cells_of(picture)
            drawn.append(time.perf_counter() - began)
            whole = p.picture(
                path, number, file.content_hash, None, PageFrame(100, 30, 0).view((quote,))
            )
            marked += bool(whole.marks)
    figures = [
        at_most("page picture, median", 1000 * median(drawn), _MOST, "ms"),
        Figure("page picture, slowest", 1000 * max(drawn), "ms"),
        Figure("page picture by parsing the whole file, medians", median(drawn) / median(parsed)),
        at_least("longest line marked on its page", marked / len(drawn), 1.0),
    ]
    publish("Pages as they are printed", figures, {}, options.json)
    return 0


def _pages(most: int) -> list[tuple[Path, int]]:
    found = [
        (path, number)
        for path in sorted(SAMPLES.glob("*.pdf"))
        for number in range(1, len(pypdfium2.PdfDocument(path.read_bytes())) + 1)
    ]
    return found[:most]


if __name__ == "__main__":
    sys.exit(main())
