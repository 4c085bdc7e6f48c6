"""Headings from a PDF's outline, and the labels that are printed on its pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pypdfium2

from assistant.documents.document_title import LONGEST_TITLE, clean_title
from assistant.text.signs import phrase_pattern
from assistant.types.documents import Heading, Locator

_MAX_BOOKMARKS = 5_000
_LONGEST_LABEL = 24


def bookmarks(
    document: pypdfium2.PdfDocument, pages: Sequence[str], starts: Sequence[int]
) -> tuple[Heading, ...]:
    """Return the outline as headings, where their words stand; else where their page begins.

    A bookmark to a page without text, and one behind which the text goes on backwards, is left
    out.
    """
    found: list[Heading] = []
    after = 0
    for level, number, title in _outline(document, len(pages)):
        page = pages[number]
        match = phrase_pattern(title).search(page, max(0, after - starts[number]))
        start = starts[number] + (match.start() if match else 0)
        if page.strip() and start >= after:
            found.append(Heading(start, level, title))
            after = start + 1
    return tuple(found)


def page_locators(
    document: pypdfium2.PdfDocument, starts: Sequence[int], length: int
) -> tuple[Locator, ...]:
    """Return where each page begins and what is printed on it; () if that is its number."""
    labels = [_label(document, number) for number in range(len(starts))]
    if all(label in ("", str(number)) for number, label in enumerate(labels, start=1)):
        return ()
    found: dict[int, Locator] = {}
    for number, (start, label) in enumerate(zip(starts, labels, strict=True), start=1):
        printed = label not in ("", str(number))
        said = f"page {label} (sheet {number})" if printed else f"page {number}"
        if start < length:
            found[start] = Locator(start, said[:LONGEST_TITLE])
    return tuple(found[start] for start in sorted(found))


def _label(document: pypdfium2.PdfDocument, number: int) -> str:
    try:
        label = clean_title(document.get_page_label(number))
    except (pypdfium2.PdfiumError, UnicodeDecodeError):
        return ""
    return label if len(label) <= _LONGEST_LABEL else ""


def _outline(document: pypdfium2.PdfDocument, pages: int) -> list[tuple[int, int, str]]:
    entries: list[tuple[int, int, str]] = []
    try:
        for bookmark in document.get_toc(max_depth=6):
            if len(entries) >= _MAX_BOOKMARKS:
                break
            number = _target(bookmark)
            title = clean_title(bookmark.get_title())
            if number is not None and 0 <= number < pages and title:
                entries.append((bookmark.level + 1, number, title))
    except (pypdfium2.PdfiumError, UnicodeDecodeError):
        return []
    return entries


def _target(bookmark: Any) -> int | None:
    destination = bookmark.get_dest()
    return None if destination is None else destination.get_index()
