"""An index of the words of all pages, to see how many places a question fits."""

from __future__ import annotations

import re
from collections.abc import Iterable

from assistant.evaluation.draft.candidates import Page, fold
from assistant.text.words import content_stems, stem

_NOWHERE: list[int] = []
_QUOTED = re.compile('["\u201c]([^"\u201c\u201d\n]{2,60})["\u201d]')


class WordIndex:
    """The stems of every page of the library. Pages are added in order and not kept."""

    def __init__(self) -> None:
        self._pages: dict[str, list[int]] = {}
        self._documents: list[int] = []
        self._quoted: dict[str, set[int]] = {}

    def add(self, page: Page) -> None:
        number = len(self._documents)
        self._documents.append(page.document_id)
        for word in content_stems(page.text):
            self._pages.setdefault(word, []).append(number)
        for term in _QUOTED.findall(page.text):
            self._quoted.setdefault(fold(term).casefold(), set()).add(page.document_id)

    def quoted(self, term: str) -> set[int]:
        """Return the documents that have a term in quotation marks, as definitions do."""
        return self._quoted.get(term.casefold(), set())

    def holds(self, word: str) -> bool:
        """Whether the stem of a word stands anywhere."""
        return stem(word) in self._pages

    def together(self, stems: Iterable[str]) -> list[int]:
        """Return the numbers of the documents that have all stems on one page, each once."""
        found: set[int] | None = None
        for word in sorted(stems, key=lambda w: len(self._pages.get(w, _NOWHERE))):
            pages = self._pages.get(word, _NOWHERE)
            found = set(pages) if found is None else found.intersection(pages)
            if not found:
                return []
        return sorted({self._documents[page] for page in found or ()})
