"""Invent document names and page numbers for passages, as a library would show them.

A passage's header carries its document's name and page. Public sets have a title at best;
a model that saw one form only would take it for a part of the task.
"""

from __future__ import annotations

import random
import re

_ENDINGS = ("pdf", "pdf", "pdf", "docx", "txt", "md", "html", "epub")
_PLAIN_NAMES = ("scan", "document", "report", "IMG", "file", "attachment", "copy", "notes")
_LONGEST_NAME = 80
_ENDING = re.compile(r"\.(?:pdf|docx|txt|md|html?|epub|json|csv)$", re.IGNORECASE)


class PassageHeaders:
    """Names for the documents of one prompt: one name each, pages in their order."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._names: dict[str, str] = {}
        self._scale = rng.choice((1, 1, 1, 2, 5))
        self._offset = rng.choice((0, 0, 0, 2, 11, 40))

    def name(self, title: str) -> str:
        """Return the name under which a document is shown in this prompt."""
        if title not in self._names:
            self._names[title] = self._make(title)
        return self._names[title]

    def page(self, page: int) -> int:
        """Return the page number (from 1) that is shown for a page."""
        return self._offset + 1 + (page - 1) * self._scale

    def _make(self, title: str) -> str:
        words = (
            re.sub(r"[_\s]+", " ", _ENDING.sub("", title)).strip()[:_LONGEST_NAME].strip()
            or "document"
        )
        style = self._rng.random()
        if style < 0.35:
            stem = words
        elif style < 0.55:
            stem = words.replace(" ", "_")
        elif style < 0.75:
            stem = re.sub(r"[^\w]+", "-", words.lower()).strip("-")
        else:
            number = self._rng.randrange(1, 10_000)
            stem = f"{self._rng.choice(_PLAIN_NAMES)}-{number:04d}"
        return f"{stem}.{self._rng.choice(_ENDINGS)}"
