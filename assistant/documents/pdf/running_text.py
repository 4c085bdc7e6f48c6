"""Find heads and feet that run from page to page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from assistant.documents.pdf.layout import PageLines
from assistant.types.documents import RunningText

AT_EDGE = 3
"""Lines at the top and at the bottom of a page that may run."""

_SHARE = 0.3
_FEWEST = 2
_MARGIN = 0.16
"""Share of a page's height, at the top and at the bottom, where heads and feet stand."""

_LONGEST = 200
_NUMBER = re.compile(r"\d+|\b[ivxlc]{1,7}\b", re.IGNORECASE)
_PAGE_NUMBER = re.compile(
    r"\W*(?:(?:page|seite|p\.|pag\.|p\u00e1gina|sheet)\s*)?(?:\d{1,4}|[ivxlc]{1,7})"
    r"(?:\s*(?:of|von|de|sur|/)\s*\d{1,4})?\W*",
    re.IGNORECASE,
)

_PAGE_OF = re.compile(
    r"(?:\bpage|\bseite|\bp\u00e1gina|\bsheet)\s+\d{1,4}\s*(?:of|von|de|/)\s*\d{1,4}\W*$",
    re.IGNORECASE,
)

Edge = tuple[str, str]
"""Position ("head" or "foot"), and the line without its numbers."""


def take_out_running(pages: Sequence[PageLines]) -> tuple[list[PageLines], list[RunningText]]:
    """Return the pages without the lines that run, and those lines.

    A line runs if it stands at the edge of the page, in the same place but for numbers, on
    nearly a third of the pages, and on two at least; or if it is nothing but a page's number.
    """
    counts: Counter[Edge] = Counter()
    for page in pages:
        counts.update({key for _, key in _edges(page)})
    least = max(_FEWEST, round(_SHARE * len(pages)))
    kept: list[PageLines] = []
    running: list[RunningText] = []
    for number, page in enumerate(pages, start=1):
        out: dict[int, str] = {}
        for at, (position, words) in _edges(page):
            line = page.lines[at].text
            numbered = len(pages) > 1 and (_PAGE_NUMBER.fullmatch(line) or _PAGE_OF.search(line))
            if counts[(position, words)] >= least or numbered:
                out[at] = position
        out = _set_apart(page, out)
        lines = tuple(line for at, line in enumerate(page.lines) if at not in out)
        kept.append(replace(page, lines=lines))
        for position in ("head", "foot"):
            texts = [page.lines[at].text for at in sorted(out) if out[at] == position]
            if texts:
                running.append(_running(number, position, "\n".join(texts)))
    if not any(page.lines for page in kept):  # one page again and again: all of it is text
        return list(pages), []
    return kept, running


def _running(page: int, position: str, text: str) -> RunningText:
    return RunningText(page, "head" if position == "head" else "foot", text[:2000])


def _edges(page: PageLines) -> list[tuple[int, Edge]]:
    """Return the lines that may run: their number, position and words."""
    order = sorted(range(len(page.lines)), key=lambda at: (page.lines[at].top, at))
    placed = all(line.top >= 0 for line in page.lines)
    first, last = order[:AT_EDGE], order[-AT_EDGE:]
    found = []
    for at in dict.fromkeys([*first, *last]):
        line = page.lines[at]
        if len(line.text) > _LONGEST or line.kind:
            continue
        if placed:
            low = line.bottom <= _MARGIN * page.height
            high = line.top >= (1.0 - _MARGIN) * page.height
            position = "head" if low else "foot" if high else ""
        else:
            position = "head" if at in first else "foot"
        # A page's number may be a line of its own or not, as the columns below it have it.
        words = _NUMBER.sub("#", " ".join(line.text.split()).casefold()).strip("# ")
        if position:
            found.append((at, (position, words)))
    return found


def _set_apart(page: PageLines, out: dict[int, str]) -> dict[int, str]:
    """Return those of the lines that run which stand apart from the text.

    A line of the text may repeat by chance, or because a page is a form. From the edge inwards,
    only lines up to the widest white behind them run; if all lines would, none does.
    """
    if len(out) == len(page.lines) > AT_EDGE:
        return {}
    kept: dict[int, str] = {}
    for position in ("head", "foot"):
        own = sorted((at for at in out if out[at] == position), key=lambda at: page.lines[at].top)
        if position == "foot":
            own.reverse()
        whites = [_white_behind(page, at, position) for at in own]
        if whites:
            widest = max(range(len(whites)), key=lambda n: (whites[n], n))
            kept.update((at, position) for at in own[: widest + 1])
    return kept


def _white_behind(page: PageLines, at: int, position: str) -> float:
    """Return the white between a line at an edge and the next one towards the middle."""
    line = page.lines[at]
    if position == "head":
        gaps = [o.top - line.bottom for o in page.lines if o.top > line.top + 1.0]
    else:
        gaps = [line.top - o.bottom for o in page.lines if o.top < line.top - 1.0]
    return min(gaps, default=page.height)
