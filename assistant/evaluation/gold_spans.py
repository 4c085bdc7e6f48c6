"""Gold spans: locate in a library the spans that a suite names, and name those missing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from assistant.errors import UsageError
from assistant.evaluation.suite import Item, Span, Suite, refuse
from assistant.strict_reader import BadInputError
from assistant.text.signs import phrase_pattern
from assistant.types import Citation, DocumentRecord, Workspace

_CACHED_CHARACTERS = 20_000_000


@dataclass(frozen=True, slots=True)
class GoldSpan:
    """A span found: offsets `start:end` in the text of a page; without them the whole page."""

    document_id: int
    page: int
    start: int | None = None
    end: int | None = None

    def holds(self, found: Citation) -> bool:
        """Whether a cited piece shares enough with this place: half of the shorter of them."""
        if (found.document_id, found.page) != (self.document_id, self.page):
            return False
        if self.start is None or self.end is None:
            return True
        shared = min(self.end, found.end) - max(self.start, found.start)
        return 2 * shared >= min(self.end - self.start, found.end - found.start) > 0


class Pages:
    """The pages of a library, each asked for once as long as they are not very many."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._kept: OrderedDict[tuple[int, int], str] = OrderedDict()
        self._characters = 0

    def text(self, document_id: int, page: int) -> str:
        key = (document_id, page)
        if key not in self._kept:
            self._kept[key] = self._workspace.page_text(document_id, page)
            self._characters += len(self._kept[key])
        text = self._kept[key]
        self._kept.move_to_end(key)
        while self._characters > _CACHED_CHARACTERS and len(self._kept) > 1:
            self._characters -= len(self._kept.popitem(last=False)[1])
        return text

    def is_verbatim(self, quote: Citation) -> bool:
        """Whether a quote is, character by character, what stands where it says."""
        text = self.text(quote.document_id, quote.page)
        return bool(quote.text) and text[quote.start : quote.end] == quote.text


def find_gold_spans(
    suite: Suite, documents: Iterable[DocumentRecord], pages: Pages
) -> dict[str, tuple[GoldSpan, ...]]:
    """Return the places of each item by its id.

    Raises `UsageError` for an empty library, `SuiteError` that names lines and spans.
    """
    by_name: dict[str, list[DocumentRecord]] = {}
    for record in documents:
        by_name.setdefault(record.name, []).append(record)
    if not by_name:
        raise UsageError("The library is empty.", hint="Add documents first: assistant add PATH")
    found: dict[str, tuple[GoldSpan, ...]] = {}
    problems = []
    for item in suite.items:
        try:
            found[item.id] = tuple(_place(span, by_name, pages) for span in item.spans)
        except BadInputError as error:
            problems.append(f"line {item.line} ({_named(item)}): {error}")
    refuse(suite.name, problems)
    return found


def _named(item: Item) -> str:
    return f"id '{item.id}'"


def _place(span: Span, by_name: dict[str, list[DocumentRecord]], pages: Pages) -> GoldSpan:
    name = span.document[:80]
    records = by_name.get(span.document, [])
    if not records:
        raise BadInputError(f"no document of the library is called '{name}'")
    if len(records) > 1:
        raise BadInputError(f"{len(records)} documents of the library are called '{name}'")
    record = records[0]
    if span.page is not None and span.page > record.pages:
        raise BadInputError(f"'{name}' has {record.pages} pages, and no page {span.page}")
    place = _offsets(span, record, pages)
    if span.text:
        place = _with_text(span, record, place, pages)
    return place


def _offsets(span: Span, record: DocumentRecord, pages: Pages) -> GoldSpan:
    """Find where a span begins by its page and offsets; a text alone is looked for later."""
    if span.start is None or span.end is None:
        return GoldSpan(record.id, span.page or 0)
    start, end = span.start, span.end
    if span.page is not None:
        if end > len(pages.text(record.id, span.page)):
            raise BadInputError(f"'{record.name[:80]}', page {span.page} ends before {end}")
        return GoldSpan(record.id, span.page, start, end)
    before = 0
    for page in range(1, record.pages + 1):
        length = len(pages.text(record.id, page))
        if start < before + length:
            # What goes over the page's end is left out: a citation is of one page too.
            stop = min(end - before, length)
            return GoldSpan(record.id, page, start - before, stop)
        before += length
    raise BadInputError(f"'{record.name[:80]}' has {before} characters, and none at {start}")


def _with_text(span: Span, record: DocumentRecord, place: GoldSpan, pages: Pages) -> GoldSpan:
    pattern = phrase_pattern(span.text, ignore_case=False)
    if place.start is not None and place.end is not None:
        text = pages.text(record.id, place.page)[place.start : place.end]
        if not pattern.fullmatch(text.strip()):
            raise BadInputError(f"its text does not stand at {span.start} of '{record.name[:80]}'")
        return place
    searched = [place.page] if place.page else range(1, record.pages + 1)
    for page in searched:
        if match := pattern.search(pages.text(record.id, page)):
            return GoldSpan(record.id, page, match.start(), match.end())
    where = f"page {place.page} of " if place.page else ""
    raise BadInputError(f"\"{span.text[:60]}\" does not stand in {where}'{record.name[:80]}'")
