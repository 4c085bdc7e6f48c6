"""Check the places that feedback names against the text that stands there."""

from __future__ import annotations

import apsw

from assistant.errors import UsageError
from assistant.store.page_texts import page_bounds, read_text
from assistant.store.query_rows import fetch_one
from assistant.store.store_names import shown, storable
from assistant.types.documents import Citation
from assistant.types.feedback import ShownPassage

_MOST = 2**31


def page_span(
    connection: apsw.Connection, document_id: int, page: int, start: int, end: int
) -> str:
    """Return what stands at `start:end` of a page's text; less, or nothing, beyond its end.

    Reads that much and not the page: a text file of 30 million characters is one page.
    """
    bounds = page_bounds(connection, document_id, page)
    if bounds is None:
        return ""
    first, last = bounds[0] + start, bounds[0] + end
    last = last if bounds[1] is None else min(last, bounds[1])
    return read_text(connection, document_id, first, last) if first < last else ""


def check_place(connection: apsw.Connection, place: Citation | ShownPassage) -> None:
    """Compare a place with the library. Raises `UsageError` if something else stands there."""
    known = None
    if 0 < place.document_id < _MOST:
        query = "SELECT name, characters FROM documents WHERE id = ?"
        known = fetch_one(connection, query, (place.document_id,))
    if known is None or known[0] != storable(place.document):
        raise UsageError(
            f"The library has no document '{shown(place.document)}' that this answer stands on.",
            hint="It was forgotten, or the answer is one of another library. Ask again.",
        )
    stands = 0 < place.page < _MOST and 0 <= place.start < place.end < _MOST
    if stands and isinstance(place, ShownPassage):
        stands = place.end <= known[1]
    elif stands and isinstance(place, Citation):
        where = (place.document_id, place.page, place.start, place.end)
        exact = place.end - place.start == len(place.text)
        stands = exact and page_span(connection, *where) == place.text
    if not stands:
        raise UsageError(
            f"In '{shown(known[0])}', page {place.page}, stands something else than the "
            "answer says.",
            hint="The answer was changed, or is one of another library. Ask again.",
        )
