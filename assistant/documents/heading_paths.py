"""Find the sections of a document and the path of headings above each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.documents.chunk_pieces import CountTokens, count_all
from assistant.types import ParsedDocument

SEPARATOR = " > "

_LONGEST_PART = 120
_WORDS_TRIED = (16, 10, 6, 3)


@dataclass(frozen=True, slots=True)
class Section:
    """`text[start:end]` and the headings above it, outermost first."""

    start: int
    end: int
    parts: tuple[str, ...]


def sections_of(document: ParsedDocument) -> list[Section]:
    """Cut a document at its headings. The title leads every path, once."""
    top = (document.title,) if document.title else ()
    marks: list[tuple[int, tuple[str, ...]]] = [(0, top)]
    open_headings: list[tuple[int, str]] = []
    for heading in document.headings:
        while open_headings and open_headings[-1][0] >= heading.level:
            open_headings.pop()
        open_headings.append((heading.level, heading.title))
        parts = tuple(title for _, title in open_headings)
        repeats = top and parts[0].casefold() == top[0].casefold()
        marks.append((heading.start, parts if repeats else top + parts))
    ends = [start for start, _ in marks[1:]] + [len(document.text)]
    found = zip(marks, ends, strict=True)
    return [Section(start, end, parts) for (start, parts), end in found if start < end]


def common_parts(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    """Return the headings that two paths share."""
    shared = 0
    while shared < min(len(first), len(second)) and first[shared] == second[shared]:
        shared += 1
    return first[:shared]


class HeadingPaths:
    """Heading paths as text, each within a number of tokens."""

    def __init__(self, count_tokens: CountTokens, limit: int) -> None:
        self._count = count_tokens
        self._limit = limit
        self._known: dict[tuple[str, ...], tuple[str, int]] = {(): ("", 0)}

    def learn(self, paths: Sequence[tuple[str, ...]]) -> None:
        """Count many paths in one call, so that `path` need not count each."""
        new = [parts for parts in dict.fromkeys(paths) if parts not in self._known]
        texts = [_joined(parts) for parts in new]
        for parts, text, tokens in zip(new, texts, count_all(self._count, texts), strict=True):
            self._known[parts] = (text, tokens) if tokens <= self._limit else self._shorter(parts)

    def path(self, parts: tuple[str, ...]) -> tuple[str, int]:
        """Return the path as text and its tokens."""
        if parts not in self._known:
            self.learn([parts])
        return self._known[parts]

    def _shorter(self, parts: tuple[str, ...]) -> tuple[str, int]:
        """Give up words of the title first, then the title, then words of the last heading."""
        tries = [_joined((_first_words(parts[0], n), *parts[1:])) for n in _WORDS_TRIED]
        if len(parts) > 1:
            tries.append(_joined((_first_words(parts[0], 6), parts[-1])))
            tries.append(_joined(parts[-1:]))
        tries += [_first_words(parts[-1], n) for n in _WORDS_TRIED]
        counted = zip(tries, self._count(tries), strict=True)
        return next(((t, n) for t, n in counted if n <= self._limit), ("", 0))


def _joined(parts: tuple[str, ...]) -> str:
    return SEPARATOR.join(part[:_LONGEST_PART].rstrip() for part in parts)


def _first_words(words: str, count: int) -> str:
    return " ".join(words[:_LONGEST_PART].split()[:count])
