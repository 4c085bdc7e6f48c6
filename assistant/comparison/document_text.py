"""The text of a whole document, each stretch of which can be cited."""

from __future__ import annotations

from collections.abc import Callable

from assistant.types import DocumentRecord, Page, PageStart, Passage


def document_text(record: DocumentRecord, page: Callable[[int, int], Page]) -> Passage:
    """Return all pages of a document as one passage; `page` gives one by document and number.

    Raises what `page` raises.
    """
    pages = [page(record.id, number) for number in range(1, record.pages + 1)]
    starts, at = [], 0
    for one in pages:
        starts.append(PageStart(one.number, at))
        at += len(one.text)
    text = "".join(one.text for one in pages)
    return Passage(0, record.id, record.name, "", 0, at, text, tuple(starts))
