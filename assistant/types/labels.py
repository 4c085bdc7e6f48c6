"""Tags and dates of documents, and the filters that go by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which documents are searched: those that fit all that is given here.

    `documents` are references (numbers, names, folders, patterns), one of which must fit, as one
    of `types` must (endings such as "pdf"), and all `tags`. `since` and `until` are days, months
    or years that the document's date must lie in or between; one without a date fits neither.
    """

    documents: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    types: tuple[str, ...] = ()


EVERYTHING = DocumentFilter()


@dataclass(frozen=True, slots=True)
class Labels:
    """Tags that a document gets and loses, and its day (ISO 8601, "" for none, None as it is)."""

    add: Sequence[str] = ()
    remove: Sequence[str] = ()
    dated: str | None = None
