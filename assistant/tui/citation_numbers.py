"""Number the places an answer is based on: `[2]` is the second passage found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.types import Citation, Hit, PageStart, Scores

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Source:
    """A numbered passage. `quotes` are the citations that lie in it.

    `where` says where the passage begins. `scores` is None for a quote from outside the passages
    found.
    """

    number: int
    document_id: int
    document: str
    heading: str
    text: str
    start: int
    pages: tuple[PageStart, ...]
    where: str
    scores: Scores | None
    quotes: tuple[Citation, ...] = ()

    @property
    def page(self) -> int:
        """The page to show first: of the first quote, else where the passage begins."""
        return self.quotes[0].page if self.quotes else self.pages[0].number

    @property
    def place(self) -> str:
        """Where it stands in words, of the quotes if there are any."""
        cited = sorted({quote.page for quote in self.quotes})
        if len(cited) > 1 and not any(quote.label for quote in self.quotes):
            return f"pages {cited[0]}-{cited[-1]}"
        return ", ".join(dict.fromkeys(quote.where for quote in self.quotes)) or self.where

    @property
    def spans(self) -> list[Span]:
        """The quotes' spans as offsets in this source's text."""
        starts = {page.number: page.start - self.start for page in self.pages}
        return [(starts[q.page] + q.start, starts[q.page] + q.end) for q in self.quotes]

    def page_spans(self, page: int) -> list[Span]:
        """The quotes' spans as offsets in the text of `page`; the passage's own if none."""
        cited = [(q.start, q.end) for q in self.quotes if q.page == page]
        if cited or self.quotes:
            return cited
        for index, known in enumerate(self.pages):
            if known.number == page:
                first = max(self.start - known.start, 0)
                last = self.start + len(self.text)
                if index + 1 < len(self.pages):
                    last = min(last, self.pages[index + 1].start)
                return [(first, last - known.start)]
        return []


def sources_of(hits: Sequence[Hit], quotes: Sequence[Citation]) -> tuple[Source, ...]:
    """Number the hits from 1 and give each quote to the first passage that holds it.

    A quote that no passage holds (which a correct answer never has) gets a source of its
    own after the passages, so that it can be looked up all the same.
    """
    held: list[list[Citation]] = [[] for _ in hits]
    strays: list[Citation] = []
    for quote in dict.fromkeys(quotes):
        for index, hit in enumerate(hits):
            if holds(hit, quote):
                held[index].append(quote)
                break
        else:
            strays.append(quote)
    numbered = [
        Source(
            number=index + 1,
            document_id=hit.passage.document_id,
            document=hit.passage.document,
            heading=hit.passage.heading,
            text=hit.passage.text,
            start=hit.passage.start,
            pages=hit.passage.pages,
            where=hit.passage.where,
            scores=hit.scores,
            quotes=tuple(held[index]),
        )
        for index, hit in enumerate(hits)
    ]
    numbered.extend(_stray(quote, number) for number, quote in enumerate(strays, len(numbered) + 1))
    return tuple(numbered)


def holds(hit: Hit, quote: Citation) -> bool:
    """Tell whether the quote's place lies in the hit's passage."""
    passage = hit.passage
    if passage.document_id != quote.document_id:
        return False
    for page in passage.pages:
        if page.number == quote.page:
            start, end = page.start + quote.start, page.start + quote.end
            return passage.start <= start and end <= passage.end
    return False


def numbers_of(quotes: Sequence[Citation], sources: Sequence[Source]) -> tuple[int, ...]:
    """Return the numbers under which the quotes are found, in order, each once."""
    found = [s.number for q in quotes for s in sources if q in s.quotes]
    return tuple(dict.fromkeys(found))


def _stray(quote: Citation, number: int) -> Source:
    return Source(
        number=number,
        document_id=quote.document_id,
        document=quote.document,
        heading="",
        text=quote.text,
        start=quote.start,
        pages=(PageStart(quote.page, 0),),
        where=quote.where,
        scores=None,
        quotes=(quote,),
    )
