"""Locate a person's words in a text; white space, case and typographic signs may differ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from assistant.errors import UsageError
from assistant.text.sentences import split_sentences
from assistant.text.signs import phrase_pattern
from assistant.text.words import plain_words
from assistant.types import Citation, DocumentRecord, ShownPassage

MOST_PAGES = 2_000
"""Pages of a document that are looked through; in a longer one the page must be named."""

_MOST_SEARCHED = 2_000_000
"""Characters in which the nearest sentence is looked for."""

_NEAREST = 240


class Reader(Protocol):
    """A library that is open: its documents and the texts of their pages."""

    def documents(self) -> list[DocumentRecord]: ...

    def page_text(self, document_id: int, page: int) -> str: ...


def in_place(words: str, place: Citation) -> Citation | None:
    """Return the part of a place that the words are, or None."""
    found = phrase_pattern(words, whole_words=True).search(place.text)
    return _part(place, found) if found else None


def _part(place: Citation, found: re.Match[str]) -> Citation:
    start = place.start + found.start()
    end = place.start + found.end()
    return Citation(place.document_id, place.document, place.page, start, end, found.group())


def in_passages(words: str, passages: Iterable[ShownPassage], reader: Reader) -> Citation | None:
    """Return where the words stand first in the passages that were shown, or None."""
    pattern = phrase_pattern(words, whole_words=True)
    for passage in passages:
        if not pattern.search(passage.text):
            continue
        for part in parts(passage, reader):
            if found := pattern.search(part.text):
                return _part(part, found)
    return None


def parts(passage: ShownPassage, reader: Reader) -> Iterator[Citation]:
    """Yield the parts of a passage on each page that it touches."""
    rest, page = passage.text, passage.page
    while rest:
        body = _page(reader, passage.document_id, page)
        at = body.find(rest)
        held = rest if at >= 0 else ""
        if at < 0:  # it goes over the end of this page
            at = _tail(body, rest) if page == passage.page else 0
            held = body[at:]
            if not held or not rest.startswith(held):
                return
        yield Citation(passage.document_id, passage.document, page, at, at + len(held), held)
        rest, page = rest[len(held) :], page + 1


def _tail(body: str, text: str) -> int:
    """Return where the end of a page is the beginning of `text`."""
    at = body.find(text[:1])
    while 0 <= at < len(body):
        if text.startswith(body[at:]):
            return at
        at = body.find(text[:1], at + 1)
    return len(body)


def _page(reader: Reader, document_id: int, page: int) -> str:
    try:
        return reader.page_text(document_id, page)
    except UsageError:  # the library has no such document or page (any more)
        return ""


def in_document(words: str, name: str, page: int, reader: Reader) -> Citation:
    """Return where words stand in a document, on a page or (0) on the only one that has them.

    Raises `UsageError` that names what is near.
    """
    record = _named(name, reader)
    if page > record.pages:
        raise UsageError(
            f"'{record.name}' has {record.pages} pages, and no page {page}.",
            hint="Pages are counted from 1.",
        )
    if not page and record.pages > MOST_PAGES:
        raise UsageError(
            f"'{record.name}' has {record.pages} pages: too many to look through.",
            hint="Name the page.",
        )
    pages = [page] if page else range(1, record.pages + 1)
    pattern = phrase_pattern(words, whole_words=True)
    found: list[Citation] = []
    for number in pages:
        body = reader.page_text(record.id, number)
        whole = Citation(record.id, record.name, number, 0, len(body), body)
        if match := pattern.search(body):
            found.append(_part(whole, match))
    if len(found) > 1:
        listed = ", ".join(str(place.page) for place in found[:10])
        raise UsageError(
            f"These words stand on {len(found)} pages of '{record.name}': {listed}.",
            hint="Name the page, or give more of the sentence.",
        )
    if found:
        return found[0]
    texts = _texts(record, pages, reader)
    where = f"page {page} of " if page else ""
    raise not_found(words, f"{where}'{record.name}'", texts)


def _texts(record: DocumentRecord, pages: Iterable[int], reader: Reader) -> Iterator[Citation]:
    left = _MOST_SEARCHED
    for number in pages:
        text = reader.page_text(record.id, number)[:left]
        left -= len(text)
        yield Citation(record.id, record.name, number, 0, 0, text)
        if left <= 0:
            return


def _named(name: str, reader: Reader) -> DocumentRecord:
    records = reader.documents()
    wanted = name.casefold()
    found = (
        [r for r in records if name in (r.name, str(r.id))]
        or [r for r in records if r.name.casefold() == wanted]
        or [r for r in records if len(wanted) > 2 and r.name.casefold().startswith(wanted)]
    )
    if len(found) == 1:
        return found[0]
    many = f"{len(found)} documents are called like '{name[:80]}'."
    raise UsageError(
        many if found else f"No document of the library is called '{name[:80]}'.",
        hint="List the documents with: assistant docs",
    )


def not_found(words: str, where: str, texts: Iterable[Citation]) -> UsageError:
    """Return the error for words that stand nowhere; it names the nearest sentence."""
    near = nearest(words, texts)
    hint = "Copy the words from the document, or have yours accepted as they are."
    if near is not None:
        short = " ".join(near.text.split())[:_NEAREST]
        hint = f'The nearest is "{short}" ({near.document}, page {near.page}). {hint}'
    said = " ".join(words.split())[:120]
    return UsageError(f'"{said}" does not stand in {where}, word for word.', hint=hint)


def nearest(words: str, texts: Iterable[Citation]) -> Citation | None:
    """Return the sentence that shares most of the words (the shortest of these), or None."""
    wanted = _bag(words)
    best: tuple[float, int] = (0.0, 0)
    place: Citation | None = None
    for text in texts:
        for start, end in split_sentences(text.text):
            sentence = text.text[start:end]
            score = (len(wanted & _bag(sentence)) / max(len(wanted), 1), start - end)
            if score[0] > 0 and score > best:
                best = score
                at = text.start
                place = Citation(
                    text.document_id, text.document, text.page, at + start, at + end, sentence
                )
    return place


def _bag(text: str) -> frozenset[str]:
    return frozenset(word for word in plain_words(text) if len(word) > 1)


def passages_text(passages: Sequence[ShownPassage]) -> list[Citation]:
    """Return the passages as texts to look for the nearest sentence in."""
    return [Citation(p.document_id, p.document, p.page, 0, 0, p.text) for p in passages]
