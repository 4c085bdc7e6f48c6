"""Types of documents, chunks, and places on a page.

All offsets are counted in Unicode code points (Python string indices) and half open:
`text[start:end]`. A *document's text* is the text of its pages one after the other; a
page's text begins at `page_starts[page - 1]` and ends where the next one begins.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

RegionKind = Literal["ocr", "comment", "form", "footnote", "table", "tracked"]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a document: offset in its text, depth (1 is the top), words."""

    start: int
    level: int
    title: str


@dataclass(frozen=True, slots=True)
class Locator:
    """From `start` on, up to the next locator, a person finds the text at `label`.

    The label is all that follows the document's name in a citation: "page 2 (sheet 5)",
    "slide 3", "sheet Rates, cell B7", "chapter 2, paragraph 14". Without any it is "page N".
    """

    start: int
    label: str


@dataclass(frozen=True, slots=True)
class RunningText:
    """A head or foot that repeats from page to page.

    It is shown on the page, but it is no part of the document's text: nothing is found in it,
    and no sentence is interrupted by it.
    """

    page: int
    position: Literal["head", "foot"]
    text: str


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of the text that is not plain running prose: `text[start:end]` is of `kind`.

    `confidence` (0..1) is how sure the reader is of the characters; below 1 for OCR only.
    """

    start: int
    end: int
    kind: RegionKind
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a person should know of what was read: left out, guessed or doubtful.

    `code` is a key of `documents.reading_notes`, which words it; `number` counts, `label` names
    (an encoding, an attachment), `pages` says where (from 1, at most a hundred are kept).
    """

    code: str
    number: int = 0
    label: str = ""
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How a person wants a file to be read, where they say so.

    `encoding` is that of a text file ("" to find out), `ocr` when pictures are read by OCR.
    """

    encoding: str = ""
    ocr: Literal["auto", "always", "never"] = "auto"


AS_FOUND = ReadOptions()
"""Nothing is said: the file itself decides."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a mail: its name, made fit for a citation, and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """The result of parsing one file.

    `page_starts` has one offset for each page, the first is 0; a format without pages
    has one page. `title` is the document's own title, or "" if it has none. `headings`,
    `locators` and `regions` are in the order of the text.
    """

    text: str
    page_starts: tuple[int, ...]
    media_type: str
    title: str = ""
    headings: tuple[Heading, ...] = ()
    locators: tuple[Locator, ...] = ()
    running: tuple[RunningText, ...] = ()
    regions: tuple[Region, ...] = ()
    notes: tuple[Note, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    """Files in this one that are documents of their own, not parsed yet."""

    @property
    def page_count(self) -> int:
        return len(self.page_starts)

    def page_text(self, number: int) -> str:
        """Return the text of page `number` (from 1)."""
        start = self.page_starts[number - 1]
        end = self.page_starts[number] if number < len(self.page_starts) else len(self.text)
        return self.text[start:end]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document that is embedded and found as one: `text[start:end]`.

    `heading` is the path of headings above it ("Warranty > Claims"), shown to the person
    and put before the text when it is embedded and indexed; it is no part of the span.
    """

    ordinal: int
    start: int
    end: int
    heading: str = ""


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A document in a library."""

    id: int
    name: str
    source: str
    media_type: str
    content_hash: str
    title: str
    pages: int
    characters: int
    chunks: int
    added_at: str
    dated: str = ""
    """The day of the document itself (ISO 8601), as far as it is known."""

    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PageStart:
    """Where page `number` begins, as an offset in the document's text."""

    number: int
    start: int


@dataclass(frozen=True, slots=True)
class Citation:
    """A place that can be checked: `start:end` are offsets in the text of `page`.

    `label` says where it is in a document's own terms, if those are not just the page;
    `confidence` (0..1) is that of the least sure line, where the words come from OCR.
    """

    document_id: int
    document: str
    page: int
    start: int
    end: int
    text: str
    label: str = ""
    confidence: float = 1.0

    @property
    def where(self) -> str:
        """What follows the document's name, so that a person finds the place."""
        return self.label or f"page {self.page}"


@dataclass(frozen=True, slots=True)
class Place:
    """The stretch `start:end` of the own text of passage number `passage` (from 0).

    Of which passages is said where one is given; `Passage.cite` maps it to places on pages.
    """

    passage: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk as it is shown to the model and to the person.

    `start:end` are offsets in the document's text; `pages`, `locators` and `regions` are those
    it touches, in order, and so are their offsets.
    """

    chunk_id: int
    document_id: int
    document: str
    heading: str
    start: int
    end: int
    text: str
    pages: tuple[PageStart, ...]
    locators: tuple[Locator, ...] = ()
    regions: tuple[Region, ...] = ()

    @property
    def page(self) -> int:
        """Number of the page on which the passage begins."""
        return self.pages[0].number

    @property
    def where(self) -> str:
        """What follows the document's name, so that a person finds the passage."""
        return label_at(self.locators, self.start) or f"page {self.page}"

    def cite(self, start: int, end: int) -> tuple[Citation, ...]:
        """Map the span `text[start:end]` of this passage to places on pages.

        A span that crosses a page break gives one citation for each page, in order;
        parts that are only white space are left out.
        """
        starts = [p.start - self.start for p in self.pages]
        stops = [*starts[1:], len(self.text)]
        cites: list[Citation] = []
        for page, base, stop in zip(self.pages, starts, stops, strict=True):
            left = start if page is self.pages[0] else max(start, base)
            piece = self.text[left : min(end, stop)] if left < min(end, stop) else ""
            text = piece.strip()
            if text:
                left += len(piece) - len(piece.lstrip()) - base
                at = page.start + left
                label = label_at(self.locators, at)
                sure = confidence_of(self.regions, at, at + len(text))
                place = (page.number, left, left + len(text))
                cites.append(Citation(self.document_id, self.document, *place, text, label, sure))
        return tuple(cites)


SURE = 0.9
"""Characters that were read from a picture with less confidence are marked as doubtful."""


def label_at(locators: Sequence[Locator], at: int) -> str:
    """Return the label of the last locator at or before `at`; "" if there is none."""
    index = bisect_right(locators, at, key=lambda place: place.start)
    return locators[index - 1].label if index else ""


def confidence_of(regions: Sequence[Region], start: int, end: int) -> float:
    """Return the least confidence of the regions that `start:end` touches; 1 if none does."""
    touched = (r.confidence for r in regions if r.start < end and start < r.end)
    return min(touched, default=1.0)


@dataclass(frozen=True, slots=True)
class Page:
    """A page as a person is shown it: `head` and `foot` run from page to page.

    The offsets of `regions` are those of `text`; `where` is what a citation of its beginning says.
    """

    number: int
    text: str
    where: str
    head: str = ""
    foot: str = ""
    regions: tuple[Region, ...] = ()
