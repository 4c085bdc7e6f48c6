"""Check that a quote is where its sentence says: the document, the page, the number [2]."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from assistant.types import Citation

PASSAGE = re.compile(
    r"\[(?:passages?\s+)?\d{1,2}(?:\s*[,;&-]\s*\d{1,2}){0,8}\]|\(passages?\s+\d{1,2}\)",
    re.IGNORECASE,
)
"""How a model names the passages of its prompt: [1], [2, 3], (passage 2)."""

_PAGE = re.compile(
    r"\b(?:pages?|pp?\.)\s*(\d{1,5})(?:\s*(?:-|\u2013|to|and|,)\s*(\d{1,5}))?", re.IGNORECASE
)
_FILE = re.compile(
    r"(?<![\w/])[\w][\w.()-]*\.(?:pdf|docx?|pptx?|xlsx?|txt|md|html?|eml|msg|epub|csv|odt|rtf|wpd)\b",
    re.IGNORECASE,
)
_LONG_STEM = 6


def claimed_passages(text: str) -> list[int]:
    """Return the numbers of passages (from 1) that a sentence names."""
    return [int(n) for m in PASSAGE.finditer(text) for n in re.findall(r"\d+", m.group())]


def claimed_pages(text: str) -> list[tuple[int, str]]:
    """Return the pages that a sentence names, each with its words."""
    found = []
    for match in _PAGE.finditer(text):
        found += [(int(number), match.group()) for number in match.groups() if number]
    return found


def claimed_documents(text: str, known: Iterable[str]) -> list[str]:
    """Return the documents that a sentence names: known ones, and whatever looks like a file.

    A known one is also named by its name without the ending, if that is no plain word.
    """
    folded = text.casefold()
    found = []
    for name in dict.fromkeys(known):
        whole = name.casefold()
        bare = whole.rsplit(".", 1)[0]
        plain = bare.isalpha() or len(bare) < _LONG_STEM
        spoken = re.sub(r"[\W_]+", " ", bare).strip()
        named = _stands(whole, folded) or (not plain and _stands(bare, folded))
        if named or (not plain and _stands(spoken, folded)):
            found.append(name)
    names = {name.casefold() for name in known}
    for match in _FILE.finditer(text):
        said = match.group().casefold()
        if not any(said in name for name in names):
            found.append(match.group())
    return found


def without_attribution(text: str, known: Iterable[str]) -> str:
    """Leave out documents' names too."""
    for name in claimed_documents(text, known):
        bare = re.escape(name.rsplit(".", 1)[0])
        pattern = rf"(?<!\w){re.escape(name)}|(?<!\w){bare}(?!\w)"
        text = re.sub(pattern, " ", text, flags=re.IGNORECASE)
    return without_places(text)


def _stands(needle: str, text: str) -> bool:
    return bool(needle) and re.search(rf"(?<!\w){re.escape(needle)}(?!\w)", text) is not None


def without_places(text: str) -> str:
    """Leave out passages' numbers and pages: they say where, not what."""
    return _PAGE.sub(" ", PASSAGE.sub(" ", text))


def wrong_place(
    text: str, cited: Sequence[Citation], known: Sequence[str], held_by: Sequence[int] | None
) -> str | None:
    """Return what a sentence says wrongly of where its quotes stand; None if all is right.

    `text` is the sentence without its quotes; `known` the documents' names; `held_by` the
    numbers of the passages (from 1) that hold the quotes, None if they have no numbers.
    """
    documents = {citation.document for citation in cited}
    for name in claimed_documents(text, known):
        if name not in documents:
            return name
    pages = {citation.page for citation in cited}
    for page, words in claimed_pages(text):
        if page not in pages:
            return words
    if held_by is not None:
        for number in claimed_passages(text):
            if number not in held_by:
                return f"[{number}]"
    return None
