"""Carry feedback over when a newer version of its document replaces the old one.

What quotes the older version goes with it, as with every forgetting. But where the newer one
says the very same, in one place, the feedback is about that place now: a price list that is
renewed each week would otherwise take all that was ever said of it along.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

import apsw

from assistant.errors import UsageError
from assistant.store.feedback_rows import get_entry, insert_entry
from assistant.store.query_rows import fetch
from assistant.types.documents import Citation, DocumentRecord, ParsedDocument
from assistant.types.feedback import Feedback


def speaking_of(connection: apsw.Connection, document_ids: Iterable[int]) -> list[Feedback]:
    """Return the feedback that quotes these documents, or was corrected to them."""
    found = {
        number
        for document_id in document_ids
        for (number,) in fetch(
            connection,
            "SELECT feedback_id FROM feedback_places WHERE document_id = ? AND role <> 'shown'",
            (document_id,),
        )
    }
    return [get_entry(connection, number) for number in sorted(found)]


def carry_over(
    connection: apsw.Connection,
    entries: Sequence[Feedback],
    old: Collection[int],
    record: DocumentRecord,
    document: ParsedDocument,
) -> None:
    """Keep what still holds of feedback that went with the documents `old`.

    The answer's text stays forgotten: it may have said what only the older version did.
    """
    for entry in entries:
        moved = _moved(entry, old, record, document)
        if moved is not None:
            with suppress(UsageError):  # a document is never kept out for the sake of feedback
                insert_entry(connection, moved)


def _moved(
    entry: Feedback, old: Collection[int], record: DocumentRecord, document: ParsedDocument
) -> Feedback | None:
    quotes = [_place(quote, old, record, document) for quote in entry.quotes]
    correction = entry.correction
    if correction is None:
        if None in quotes:
            return None
    elif correction.places:
        places = [_place(place, old, record, document) for place in correction.places]
        if None in places:
            return None
        correction = replace(correction, places=tuple(p for p in places if p is not None))
    elif correction.answer:  # words alone may be those of the older version
        return None
    return replace(
        entry,
        answer="",
        quotes=tuple(quote for quote in quotes if quote is not None),
        shown=tuple(passage for passage in entry.shown if passage.document_id not in old),
        correction=correction,
    )


def _place(
    place: Citation, old: Collection[int], record: DocumentRecord, document: ParsedDocument
) -> Citation | None:
    """Return where the same words stand in the newer version; None unless in one place."""
    if place.document_id not in old:
        return place
    at = document.text.find(place.text)
    if at < 0 or document.text.find(place.text, at + 1) >= 0:
        return None
    page = bisect_right(document.page_starts, at)
    start = at - document.page_starts[page - 1]
    end = start + len(place.text)
    if end > len(document.page_text(page)):
        return None
    return Citation(record.id, record.name, page, start, end, place.text)
