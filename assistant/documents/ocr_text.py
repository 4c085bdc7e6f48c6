"""Put what OCR has read into a document: pages in reading order, heads and feet apart, regions."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace

from assistant.documents.document_title import first_line_title
from assistant.documents.parse_errors import ParseFault
from assistant.documents.pdf.layout import Line, PageLines, Segment, overlap
from assistant.documents.pdf.reading_order import ordered_lines
from assistant.documents.pdf.running_text import take_out_running
from assistant.documents.size_limits import MAX_CHARACTERS
from assistant.types.documents import (
    SURE,
    Locator,
    Note,
    ParsedDocument,
    Region,
    RunningText,
)
from assistant.types.ocr import OcrLine, OcrPage

_PAGES_NAMED = 100

Text = tuple[str, list[Region]]
"""The text of a page, and its regions counted from its beginning."""


def with_ocr(document: ParsedDocument, pages: Mapping[int, OcrPage]) -> ParsedDocument:
    """Return the document with the text of `pages` (from 1) as OCR has read it.

    What the document says of those pages itself (headings, regions, running heads) goes; its
    title stays, or is the first line where it had none. Raises `ParseFault`.
    """
    texts, running = _page_texts(pages)
    parts: list[str] = []
    starts: list[int] = []
    regions: list[Region] = []
    length = 0
    for number in range(1, document.page_count + 1):
        starts.append(length)
        text, own = texts.get(number) or _own_text(document, number)
        regions += [replace(r, start=length + r.start, end=length + r.end) for r in own]
        parts.append(text)
        length += len(text)
    if length > MAX_CHARACTERS:
        raise ParseFault("too_much_text", number=length)
    whole = "".join(parts)
    if not whole.strip():
        raise ParseFault("ocr_no_text", number=document.page_count)
    moves = _Moves(document, starts, frozenset(pages))
    return replace(
        document,
        text=whole,
        page_starts=tuple(starts),
        title=document.title or first_line_title(whole),
        headings=tuple(
            replace(h, start=moves.moved(h.start))
            for h in document.headings
            if moves.stays(h.start)
        ),
        locators=moves.locators(length),
        running=_merged([r for r in document.running if r.page not in pages], running),
        regions=tuple(regions),
        notes=(*_notes(pages, texts), *_kept_notes(document, pages)),
    )


def _page_texts(pages: Mapping[int, OcrPage]) -> tuple[dict[int, Text], list[RunningText]]:
    numbers = sorted(pages)
    laid = [PageLines(tuple(_ordered(pages[n].lines)), pages[n].height) for n in numbers]
    kept, running = take_out_running(laid)
    if not any(page.lines for page in kept):  # forms that are all alike: nothing is a head
        kept, running = laid, []
    texts = {n: _text(page, pages[n]) for n, page in zip(numbers, kept, strict=True)}
    return texts, [replace(r, page=numbers[r.page - 1]) for r in running]


def _ordered(lines: Sequence[OcrLine]) -> list[Line]:
    return ordered_lines([Segment(o.text, o.left, o.top, o.right, o.bottom) for o in lines])


def _text(page: PageLines, read: OcrPage) -> Text:
    parts: list[str] = []
    regions: list[Region] = []
    length = 0
    for line in page.lines:
        text = "".join(c for c in line.text if c.isprintable())
        if not text.strip():
            continue
        blank = "\n" if line.apart and parts else ""
        start = length + len(blank)
        parts.append(f"{blank}{text}\n")
        length = start + len(text) + 1
        regions.append(Region(start, start + len(text), "ocr", _confidence(line, read.lines)))
    return "".join(parts), regions


def _confidence(line: Line, read: Sequence[OcrLine]) -> float:
    """Return that of the least sure of the words that a line was made of."""
    parts = [o for o in read if o.text in line.text]
    beside = [o for o in parts if overlap(o.top, o.bottom, line.top, line.bottom) > 0]
    return min((o.confidence for o in beside or parts), default=0.0)


def _own_text(document: ParsedDocument, number: int) -> Text:
    start, text = document.page_starts[number - 1], document.page_text(number)
    end = start + len(text)
    return text, [
        replace(r, start=max(r.start, start) - start, end=min(r.end, end) - start)
        for r in document.regions
        if r.start < end and start < r.end
    ]


class _Moves:
    """Where places of the document's own text lie in the new one."""

    def __init__(
        self, document: ParsedDocument, starts: Sequence[int], read: frozenset[int]
    ) -> None:
        self._document, self._starts, self._read = document, starts, read

    def _page(self, at: int) -> int:
        """Return the number of the page at `at`; of the last one that begins there."""
        return bisect_right(self._document.page_starts, at)

    def moved(self, at: int) -> int:
        page = self._page(at)
        return at - self._document.page_starts[page - 1] + self._starts[page - 1]

    def stays(self, at: int) -> bool:
        return self._page(at) not in self._read

    def locators(self, length: int) -> tuple[Locator, ...]:
        """Return the places, with one for each page that was read; none if there were none."""
        if not self._document.locators:
            return ()
        found = {self._starts[n - 1]: f"sheet {n}" for n in sorted(self._read)}
        kept = {
            self.moved(p.start): p.label for p in self._document.locators if self.stays(p.start)
        }
        both = found | kept
        return tuple(Locator(at, both[at]) for at in sorted(both) if at < length)


def _merged(own: list[RunningText], read: list[RunningText]) -> tuple[RunningText, ...]:
    return tuple(sorted([*own, *read], key=lambda r: r.page))


def _notes(pages: Mapping[int, OcrPage], texts: Mapping[int, Text]) -> list[Note]:
    with_text = [n for n in sorted(pages) if texts[n][0]]
    doubtful = {n: sum(r.confidence < SURE for r in texts[n][1]) for n in with_text}
    unsure = [n for n, count in doubtful.items() if count]
    notes = []
    if with_text:
        notes.append(Note("read_by_ocr", len(with_text), pages=tuple(with_text[:_PAGES_NAMED])))
    if unsure:
        lines = sum(doubtful.values())
        notes.append(Note("doubtful_lines", lines, pages=tuple(unsure[:_PAGES_NAMED])))
    unread = [n for n in sorted(pages) if pages[n].illegible]
    if unread:
        places = sum(pages[n].illegible for n in unread)
        notes.append(Note("illegible_lines", places, pages=tuple(unread[:_PAGES_NAMED])))
    return notes


def _kept_notes(document: ParsedDocument, pages: Mapping[int, OcrPage]) -> list[Note]:
    """Return the document's own notes but those of pages that have been read since."""
    kept = []
    for note in document.notes:
        if note.code in ("unmapped_letters", "ocr_layer"):
            left = tuple(n for n in note.pages if n not in pages)
            if left:
                kept.append(replace(note, number=len(left), pages=left))
        else:
            kept.append(note)
    return kept
