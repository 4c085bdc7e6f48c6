"""Passages and hits made from plain text, for tests above the store."""

from __future__ import annotations

from assistant.types import Hit, PageStart, Passage, Scores


def make_passage(
    text: str, *, number: int = 1, document: str = "supply.pdf", page: int = 1, start: int = 0
) -> Passage:
    """A passage that begins `start` characters into its page; "\\f" begins the next page."""
    base = 10_000 * number
    pages = [PageStart(page, base - start)]
    at = text.find("\f")
    while at >= 0:
        pages.append(PageStart(page + len(pages), base + at + 1))
        at = text.find("\f", at + 1)
    return Passage(
        chunk_id=number,
        document_id=number,
        document=document,
        heading="",
        start=base,
        end=base + len(text),
        text=text,
        pages=tuple(pages),
    )


def make_hits(*texts: str) -> tuple[Hit, ...]:
    """One hit for each text, best first."""
    return tuple(
        Hit(make_passage(text, number=n, document=f"doc{n}.txt"), Scores(1.0 / (10 + n), 0.5, n))
        for n, text in enumerate(texts, start=1)
    )
