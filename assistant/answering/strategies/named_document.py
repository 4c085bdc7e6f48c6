"""Find the document that a question names: "Summarise the supply contract"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.text.words import content_stems
from assistant.types import DocumentRecord

_ASKING = content_stems(
    "summarise summarize summary sum outline overview gist abstract short brief quick give show "
    "write make please document file text paper whole say main point points about"
)
_NOT_A_WORD = re.compile(r"[^\w]+|_+|(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Meant:
    """What a question names: a document, several that it could be, or none.

    `more` tells that the question speaks of something beside the document.
    """

    documents: tuple[DocumentRecord, ...]
    more: bool


def document_meant(question: str, records: Sequence[DocumentRecord]) -> Meant:
    """Return the documents whose name or title has most of the question's words; of equals
    those whose name has.

    A whole file name in the question counts for more than any words; a library of one document
    means that one where nothing is named.
    """
    named = [r for r in records if r.name.casefold() in question.casefold()]
    if named:
        longest = max(len(record.name) for record in named)
        return Meant(tuple(r for r in named if len(r.name) == longest), more=False)
    asked = content_stems(question) - _ASKING
    if not asked:
        return Meant(tuple(records), more=False)
    shared = {r.id: asked & (_spoken(r.name) | _spoken(r.title)) for r in records}
    merits = {r.id: (len(shared[r.id]), len(asked & _spoken(r.name))) for r in records}
    most = max(merits.values(), default=(0, 0))
    best = tuple(r for r in records if most[0] and merits[r.id] == most)
    return Meant(best, more=not any(shared[r.id] == asked for r in best))


def _spoken(name: str) -> frozenset[str]:
    """Return a name as words: "supply-contract.pdf" is a supply contract."""
    return content_stems(_NOT_A_WORD.sub(" ", name))
