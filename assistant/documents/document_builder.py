"""Build a `ParsedDocument` piece by piece: text, pages, headings, places, regions and notes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from assistant.documents.document_title import LONGEST_TITLE, clean_title, first_line_title
from assistant.documents.file_type import MEDIA_TYPES, Kind
from assistant.documents.parse_errors import ParseFault
from assistant.documents.size_limits import MAX_CHARACTERS, MAX_PAGES
from assistant.documents.text_encoding import has_visible_text, normal_newlines
from assistant.types.documents import (
    Heading,
    Locator,
    Note,
    ParsedDocument,
    Region,
    RegionKind,
    RunningText,
)

MAX_PLACES = 500_000
"""Locators and regions of one document. The last ones then stand for all that follows."""

_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_CONTROL = re.compile("[\x01-\x08\x0b-\x1f\x7f]")
_SPACES = re.compile(r"[ \t\n\r\f\v\x85\u2028\u2029]+")
_PAGES_NAMED = 100
_LABELS_NAMED = 20
_DEEPEST = 9
_UNTITLED: frozenset[Kind] = frozenset(
    ["xlsx", "xlsb", "xls", "ods", "csv", "tsv", "json", "jsonl", "source"]
)
_LONGEST_RUNNING = 4_000


@dataclass
class _Count:
    number: int = 0
    labels: dict[str, None] = field(default_factory=dict)
    pages: dict[int, None] = field(default_factory=dict)


class DocumentBuilder:
    """Grows the text of a document of `kind`. Its methods raise `ParseFault` over a limit."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._parts: list[str] = []
        self.length = 0
        """Characters so far: the offset of what is written next."""
        self._pages: list[int] = []
        self._headings: list[Heading] = []
        self._locators: list[Locator] = []
        self._regions: list[Region] = []
        self._running: list[RunningText] = []
        self._notes: dict[str, _Count] = {}

    @property
    def page_number(self) -> int:
        """Number of the page that is being written, from 1."""
        return max(1, len(self._pages))

    def page(self) -> None:
        """Begin a page. What has no pages never calls this."""
        if len(self._pages) >= MAX_PAGES:
            raise ParseFault("too_many_pages", number=len(self._pages) + 1)
        self._pages.append(self.length if self._pages else 0)

    def write(self, text: str) -> None:
        """Add text as it is."""
        text = _plain(text)
        self.length += len(text)
        if self.length > MAX_CHARACTERS:
            raise ParseFault("too_much_text", number=self.length)
        self._parts.append(text)

    def paragraph(self, text: str, label: str = "", kind: RegionKind | None = None) -> None:
        """Add a paragraph, found at `label`; one without words is left out."""
        text = _plain(text).strip()
        if not text:
            return
        start = self.length
        self.locate(label)
        self.write(text)
        if kind:
            self.region(start, kind)
        self.write("\n\n")

    def heading(self, title: str, level: int, label: str = "") -> None:
        """Add a heading as a paragraph of its own."""
        words = clean_title(title)
        if words:
            self.mark_heading(title, level)
            self.paragraph(one_line(title), label)

    def mark_heading(self, title: str, level: int) -> None:
        """Say that what is written next is a heading."""
        words = clean_title(title)
        if words and not (self._headings and self._headings[-1].start == self.length):
            self._headings.append(Heading(self.length, max(1, min(level, _DEEPEST)), words))

    def locate(self, label: str, ahead: int = 0) -> None:
        """Say where what is written next, or so many characters later, is found."""
        if len(label) > LONGEST_TITLE or not label.isprintable():
            label = clean_title(label)
        if not label or len(self._locators) >= MAX_PLACES:
            return
        start = self.length + ahead
        if self._locators and self._locators[-1].start == start:
            self._locators.pop()
        if not self._locators or self._locators[-1].label != label:
            self._locators.append(Locator(start, label))

    def region(self, start: int, kind: RegionKind, end: int | None = None) -> None:
        """Say that the text from `start` on, to here unless `end` is said, is of `kind`."""
        end = self.length if end is None else end
        if start < end and len(self._regions) < MAX_PLACES:
            self._regions.append(Region(start, end, kind))

    def running(self, text: str, position: Literal["head", "foot"]) -> None:
        """Add what runs from page to page, and is no part of the text."""
        text = _plain(text).strip()[:_LONGEST_RUNNING]
        if text:
            self._running.append(RunningText(self.page_number, position, text))

    def note(self, code: str, number: int = 1, label: str = "", *, paged: bool = False) -> None:
        """Count something that a person should know; notes of one code are added up."""
        count = self._notes.setdefault(code, _Count())
        count.number += number
        if label and len(count.labels) < _LABELS_NAMED:
            count.labels[one_line(label)] = None
        if paged and len(count.pages) < _PAGES_NAMED:
            count.pages[self.page_number] = None

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was noted so far."""
        return tuple(
            Note(code, count.number, _joined(count.labels), tuple(sorted(count.pages)))
            for code, count in self._notes.items()
        )

    def finish(self, title: str = "") -> ParsedDocument:
        """Return the document. Raises `ParseFault` "blank" if there is nothing to see in it."""
        text = "".join(self._parts)
        body = text.rstrip("\n") + "\n" if text.endswith("\n\n") else text
        if not has_visible_text(body):
            raise ParseFault("blank")
        end = len(body)
        return ParsedDocument(
            body,
            tuple(min(start, end) for start in self._pages) or (0,),
            MEDIA_TYPES[self._kind],
            clean_title(title) or self._first_title(body),
            headings=tuple(h for h in self._headings if h.start < end),
            locators=tuple(place for place in self._locators if place.start < end),
            running=tuple(self._running),
            regions=tuple(sorted(self._regions, key=lambda r: r.start)),
            notes=self.notes,
        )

    def _first_title(self, body: str) -> str:
        """The first heading, or the first line that reads like a title, but none of a table."""
        if self._kind in _UNTITLED:
            return ""
        if self._headings and self._headings[0].level == 1:
            return self._headings[0].title
        return first_line_title(body)


def _plain(text: str) -> str:
    """Return text without what is no text: controls, lone surrogates, other newlines."""
    return _CONTROL.sub("", normal_newlines(text)) if _ODD.search(text) else text


def one_line(text: str) -> str:
    """Return text with each run of white space as one space."""
    return _SPACES.sub(" ", text).strip()


def _joined(labels: dict[str, None]) -> str:
    words = clean_title(", ".join(labels))
    return words if len(words) < LONGEST_TITLE else words[: LONGEST_TITLE - 3] + "..."


class HeadingTrail:
    """Words the place of paragraphs by the headings above them.

    "section 4.2, paragraph 3" where headings have numbers, "Warranty > Claims, paragraph 3"
    where they have none, "paragraph 3" before the first one.
    """

    _NUMBER = re.compile(
        r"^(?:(?:section|article|clause|chapter|part)\s+)?"
        r"(\d+(?:\.\d+)*|[A-Z]\.\d+(?:\.\d+)*)[.)]?(?=\s|$)",
        re.IGNORECASE,
    )
    _LONGEST_PART = 50

    def __init__(self, lead: str = "") -> None:
        self._lead = lead
        self._open: list[tuple[int, str]] = []
        self._paragraph = 0

    def enter(self, level: int, title: str) -> str:
        """Note a heading; return the place of the heading itself."""
        while self._open and self._open[-1][0] >= level:
            self._open.pop()
        self._open.append((level, one_line(title)))
        self._paragraph = 0
        return self.where

    @property
    def where(self) -> str:
        """The section, "" before the first heading."""
        found = None
        if self._open:
            found = self._NUMBER.match(self._open[-1][1])
        if found:
            path = f"section {found.group(1)}"
        else:
            path = " > ".join(shortened(title, self._LONGEST_PART) for _, title in self._open[-2:])
        return ", ".join(part for part in (self._lead, path) if part)

    def paragraph(self) -> str:
        """Return the place of the next paragraph."""
        self._paragraph += 1
        return self.at(f"paragraph {self._paragraph}")

    def at(self, what: str) -> str:
        """Return the place of something else in this section."""
        return f"{self.where}, {what}" if self.where else what


def shortened(text: str, most: int) -> str:
    """Return `text`, cut at a word if it is longer than `most`."""
    return text if len(text) <= most else text[: most - 3].rsplit(" ", 1)[0] + "..."
