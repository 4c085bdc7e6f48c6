"""What of a contract's labelled spans survives our PDF reader, and on which page.

    python -m tests.bench.bench_pdf_fidelity [--json FILE]

Data: the development contracts of CUAD, each as PDF and as text; the labels are spans of
the text. The PDFs are read by the product's parser, child process and all.

**Found.** A span is found if its characters stand one after the other in what we read.
White space, hyphens and dashes are left out on both sides (line ends and hyphenation; the
text files have "-" for a dash), curly and straight quotes count as one; all else must be
equal, case and punctuation too. A span that is not found so is looked for again with the
page furniture taken out: lines among the first and last three of a page that are a page
number, or that stand (digits aside) at the same edge of at least three pages or of every
page. That is all that is put aside. How many spans need that is given beside it.

**Page.** The span is mapped to citations as the product does (`Passage.cite`), one for
each page that it touches. Each citation is checked against PDFium's own search, page by
page in a document opened anew: the longest line of the citation (up to a semicolon, which
some of these fonts call U+037E) must be found on the cited page and on no other. Spans
whose words stand on several pages decide nothing and are passed over; 100 others are
drawn with a fixed seed, those that cross a page first.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pypdfium2

from assistant.config import Settings
from assistant.documents.pdf.document import read_pdf
from assistant.documents.sandboxed_parser import ChildParser
from assistant.types import Citation, PageStart, ParsedDocument, Passage
from tests.bench.report import (
    EXIT_SKIPPED,
    Figure,
    add_json_option,
    at_least,
    at_most,
    publish,
    shared_data,
)

SEED = 20_240
CHECKED = 100
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'})
_HYPHENS = "-\u00ad\u2010\u2011\u2012\u2013\u2014"
_EDGE_LINES = 3
_PAGE_NUMBER = re.compile(
    r"(?:page\s*)?\W*(?:\d{1,4}|[ivxlc]{1,6}|[a-z]-?\d{1,3})(?:\s*of\s*\d+)?\W*"
)


@dataclass(frozen=True)
class Contract:
    """A contract as we read it, and its labelled spans (each text once)."""

    path: Path
    document: ParsedDocument
    spans: tuple[str, ...]


@dataclass(frozen=True)
class Reduced:
    """Text without what is put aside, and where each kept character came from."""

    text: str
    origins: list[int]

    @classmethod
    def of(cls, text: str, left_out: set[int]) -> Reduced:
        kept = [i for i, c in enumerate(text) if _counts(c) and i not in left_out]
        return cls("".join(text[i] for i in kept).translate(_QUOTES), kept)

    def find(self, span: str) -> tuple[int, int] | None:
        wanted = "".join(filter(_counts, span)).translate(_QUOTES)
        at = self.text.find(wanted)
        return None if at < 0 else (self.origins[at], self.origins[at + len(wanted) - 1] + 1)


def _counts(character: str) -> bool:
    return not character.isspace() and character not in _HYPHENS


def furniture(document: ParsedDocument) -> set[int]:
    """Return the offsets of the characters of lines that belong to the page, not the text."""
    edges = list(_edge_lines(document))
    seen = Counter(key for key in {(place, words, page) for place, words, page, _ in edges})
    pages = Counter((place, words) for place, words, _ in seen)
    often = min(3, max(2, document.page_count))
    return {
        offset
        for place, words, _, span in edges
        if pages[place, words] >= often
        or _PAGE_NUMBER.fullmatch(document.text[slice(*span)].strip().lower())
        for offset in range(*span)
    }


def _edge_lines(document: ParsedDocument) -> Iterator[tuple[str, str, int, tuple[int, int]]]:
    for page in range(1, document.page_count + 1):
        start = document.page_starts[page - 1]
        lines = [m.span() for m in re.finditer(r"[^\n]*\S[^\n]*", document.page_text(page))]
        for place, some in (("top", lines[:_EDGE_LINES]), ("foot", lines[-_EDGE_LINES:])):
            for a, b in some:
                span = (start + a, start + b)
                words = re.sub(r"\d+", "#", " ".join(document.text[slice(*span)].split()))
                yield place, words, page, span


def load(folder: Path) -> tuple[list[Contract], float]:
    """Read every contract with the product's parser: contracts, seconds."""
    entries = json.loads((folder / "qa.json").read_text(encoding="utf-8"))["data"]
    contracts = []
    begun = time.perf_counter()
    with ChildParser(Settings(data_dir=folder)) as parser:
        for entry in entries:
            path = folder / "pdf" / entry["pdf_file"]
            answers = (a["text"] for qa in entry["qas"] for a in qa["answers"])
            spans = tuple(dict.fromkeys(text for text in answers if any(map(str.isalnum, text))))
            contracts.append(Contract(path, parser.parse(path).document, spans))
    return contracts, time.perf_counter() - begun


def times_of_plain_text(paths: list[Path]) -> float:
    """Return our processor time over that of PDFium's plain text, in turn, file by file."""
    ours = plain = 0.0
    for path in paths:
        data = path.read_bytes()
        begun = time.process_time()
        for page in pypdfium2.PdfDocument(data):
            page.get_textpage().get_text_range(errors="replace")
        between = time.process_time()
        read_pdf(bytearray(data))
        plain += between - begun
        ours += time.process_time() - between
    return ours / plain


def locate(contract: Contract) -> tuple[dict[str, tuple[int, int] | None], int]:
    """Return the place of each span (None: not found), and how many need no furniture out."""
    text = contract.document.text
    whole = Reduced.of(text, set())
    bare = Reduced.of(text, furniture(contract.document))
    as_it_is = {span: whole.find(span) for span in contract.spans}
    places = {span: place or bare.find(span) for span, place in as_it_is.items()}
    return places, sum(place is not None for place in as_it_is.values())


def citations(document: ParsedDocument, place: tuple[int, int]) -> tuple[Citation, ...]:
    """Map a place in the document's text to pages as the product does."""
    pages = tuple(PageStart(n, start) for n, start in enumerate(document.page_starts, 1))
    passage = Passage(0, 0, "", "", 0, len(document.text), document.text, pages)
    return passage.cite(*place)


class Searcher:
    """PDFium's own search, over the pages of one document. Knows nothing of our offsets."""

    def __init__(self, path: Path) -> None:
        self._document = pypdfium2.PdfDocument(path)
        self._pages = [page.get_textpage() for page in self._document]

    def pages_with(self, words: str) -> list[int]:
        found = (
            number
            for number, page in enumerate(self._pages, 1)
            if page.search(words, match_case=True).get_next() is not None
        )
        return list(found)


def verdict(searcher: Searcher, document: ParsedDocument, cited: tuple[Citation, ...]) -> str:
    """Return "right", "wrong", "several" (pages have the words) or "none" has."""
    for citation in cited:
        page = document.page_text(citation.page)
        if page[citation.start : citation.end] != citation.text:
            return "wrong"
        line = max(re.split(r"[\n;]", citation.text), key=len).strip()
        pages = searcher.pages_with(line)
        if len(pages) != 1:
            return "several" if pages else "none"
        if pages[0] != citation.page:
            return "wrong"
    return "right"


def check_pages(
    located: list[tuple[Contract, str, tuple[int, int]]],
) -> tuple[Counter[str], list[str], int]:
    """Check `CHECKED` spans that decide: verdicts, the wrong ones, those that cross a page."""
    drawn = random.Random(SEED).sample(located, len(located))
    drawn.sort(key=lambda item: len(citations(item[0].document, item[2])) < 2)
    searchers: dict[Path, Searcher] = {}
    verdicts: Counter[str] = Counter()
    wrong: list[str] = []
    crossing = 0
    for contract, span, place in drawn:
        if verdicts["right"] + verdicts["wrong"] == CHECKED:
            break
        cited = citations(contract.document, place)
        searcher = searchers.setdefault(contract.path, Searcher(contract.path))
        result = verdict(searcher, contract.document, cited)
        verdicts[result] += 1
        crossing += result == "right" and len(cited) > 1
        if result == "wrong":
            wrong.append(f"{contract.path.name}: {span[:200]!r} cited on {[c.page for c in cited]}")
    return verdicts, wrong, crossing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    add_json_option(parser)
    options = parser.parse_args()
    folder = shared_data() / "cuad" / "dev"
    if not (folder / "qa.json").is_file():
        print(f"skipped: no CUAD contracts at {folder}")
        return EXIT_SKIPPED
    contracts, seconds = load(folder)
    missing: list[str] = []
    located: list[tuple[Contract, str, tuple[int, int]]] = []
    as_it_is = 0
    for contract in contracts:
        places, plainly = locate(contract)
        as_it_is += plainly
        for span, place in places.items():
            if place is None:
                missing.append(f"{contract.path.name}: {span!r}")
            else:
                located.append((contract, span, place))
    total = len(missing) + len(located)
    verdicts, wrong, crossing = check_pages(located)
    print(*(f"not found: {case}" for case in missing), sep="\n")
    print(*(f"wrong page: {case}" for case in wrong), sep="\n")
    checked = verdicts["right"] + verdicts["wrong"]
    passed_over = (
        f"{verdicts['several']} on several pages and {verdicts['none']} on none passed over"
    )
    publish(
        "PDF text and pages, CUAD dev",
        [
            at_least(
                "labelled spans found in the PDF's text",
                100 * len(located) / total,
                99.5,
                "%",
                f"{len(located)} of {total}",
            ),
            Figure("same, page furniture left in", 100 * as_it_is / total, "%"),
            at_least(
                "spans whose cited page is right",
                verdicts["right"],
                CHECKED,
                "",
                f"of {checked} checked, {crossing} of them across pages; {passed_over}",
            ),
            Figure("time to parse the PDFs", seconds, "s", note=f"{len(contracts)} files"),
            at_most(
                "processor time, against PDFium's plain text",
                times_of_plain_text([contract.path for contract in contracts]),
                3.0,
                "x",
            ),
        ],
        {"missing": missing, "wrong": wrong, "verdicts": dict(verdicts), "seed": SEED},
        options.json,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
