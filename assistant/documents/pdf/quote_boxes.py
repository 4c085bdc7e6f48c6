"""Find where quotes stand on a page: the boxes of their lines. Only in the child process.

A quote is text as we read it: hyphens at line ends joined, cells with the heads of their columns,
columns one after the other. On the page its letters stand in the order of painting. So the
letters and digits alone are compared, in runs that are as long as possible.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import pypdfium2

from assistant.documents.pdf.characters import PageText, view_of
from assistant.documents.pdf.layout import Box, overlap

_WORD = re.compile(r"\S+")
_LONGEST_QUOTE = 20_000
_LEAST = 10
"""Letters and digits of a run that is not the whole quote; less stands anywhere on a page, and
only counts where it goes on behind the run before, as the next cell of a row does."""

_SHARE = 0.4
"""Share of a quote that is on the page where the quote is: heads of columns are not in its row."""

_MOST_WORDS = 64
_SAME_LINE = 0.5
_BREAK = 3.0
"""Heights of a line between two letters of one line that belong to different columns."""


def boxes_of(page: pypdfium2.PdfPage, quotes: Sequence[str]) -> list[Box]:
    """Return a box for each line of each quote that stands on the page, as a reader sees it.

    In points from the top left. A quote that is not found has none.
    """
    textpage = page.get_textpage()
    try:
        text = PageText(textpage, view_of(page))
        letters, places = _reduced(text.text)
        found: list[Box] = []
        for quote in quotes:
            indices = [places[n] for n in _found(letters, quote[:_LONGEST_QUOTE])]
            found += _lines(text.boxes(indices))
        return found
    finally:
        textpage.close()


def _reduced(text: str) -> tuple[str, list[int]]:
    """Return the letters and digits of a text, folded, and where each of them stands."""
    letters: list[str] = []
    places: list[int] = []
    for at, sign in enumerate(text):
        for plain in unicodedata.normalize("NFKC", sign).casefold():
            if plain.isalnum():
                letters.append(plain)
                places.append(at)
    return "".join(letters), places


def _found(page: str, quote: str) -> list[int]:
    """Return which letters of a page are those of a quote."""
    words = [word for found in _WORD.findall(quote) if (word := _reduced(found)[0])]
    whole = "".join(words)
    at = page.find(whole)
    if whole and at >= 0 and (len(whole) >= _LEAST or page.count(whole) == 1):
        return list(range(at, at + len(whole)))
    found: list[int] = []
    first = near = 0
    while first < len(words):
        count, at = _longest(page, words[first : first + _MOST_WORDS], near)
        length = len("".join(words[first : first + count]))
        if at == near or length >= _LEAST:
            found += range(at, at + length)
            near = at + length
        else:
            count = 0
        first += max(count, 1)
    return found if len(found) >= max(_SHARE * len(whole), _LEAST) else []


def _longest(page: str, words: Sequence[str], near: int) -> tuple[int, int]:
    """Return how many of the words stand on the page together, and where: behind `near` first."""
    low, high, at = 0, len(words), -1
    while low < high:
        count = (low + high + 1) // 2
        run = "".join(words[:count])
        place = page.find(run, near)
        place = place if place >= 0 else page.find(run)
        if place >= 0:
            low, at = count, place
        else:
            high = count - 1
    return low, at


def _lines(boxes: Sequence[Box]) -> list[Box]:
    """Join the boxes of letters that stand on one line."""
    lines: list[Box] = []
    for left, top, right, bottom in boxes:
        if right <= left or bottom <= top:
            continue
        if lines and _goes_on(lines[-1], (left, top, right, bottom)):
            before = lines[-1]
            lines[-1] = (
                min(left, before[0]),
                min(top, before[1]),
                max(right, before[2]),
                max(bottom, before[3]),
            )
        else:
            lines.append((left, top, right, bottom))
    return lines


def _goes_on(line: Box, letter: Box) -> bool:
    height = letter[3] - letter[1]
    beside = overlap(line[1], line[3], letter[1], letter[3]) >= _SAME_LINE * height
    return beside and abs(letter[0] - line[2]) <= _BREAK * height
