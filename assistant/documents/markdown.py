"""Find headings and title of Markdown; the source itself is the document's text.

The text stays verbatim, marks and all, so that a quote of it is a quote of the file.
"""

from __future__ import annotations

import re

from assistant.documents.document_title import clean_title
from assistant.text.sentences import lines

HeadingSpan = tuple[int, int, str]
"""Offset in the text, level (1 is the top), title."""

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]|$)")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_NO_PARAGRAPH = re.compile(r" {0,3}(?:[-*+>|#]|\d{1,9}[.)][ \t]|$)| {4}|\t")
_MATTER_TITLE = re.compile(r"title:[ \t]*(.+)", re.IGNORECASE)
_MARKS = re.compile(r"[*_`~]+|\[\^[^\]]*\]")
_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])")
_LONGEST_HEADING = 1000
_LONGEST_MATTER = 20_000


def markdown_headings(text: str) -> tuple[str, list[HeadingSpan]]:
    """Return the title ("" if there is none) and the headings in the order of the text.

    ATX and setext headings count, outside of fenced code and YAML front matter. The title
    is the front matter's, else the first heading if it is of level 1.
    """
    title, begin = _front_matter(text)
    headings: list[HeadingSpan] = []
    fence = ""
    before: tuple[int, str] | None = None
    for at, end in lines(text, begin):
        line = text[at : min(end, at + _LONGEST_HEADING)]
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line[mark.end() :].strip():
                fence = ""
            before = None
        elif mark:
            fence, before = mark[1], None
        else:
            before = _heading(headings, at, line, before)
    if not title and headings and headings[0][1] == 1:
        title = headings[0][2]
    return title, headings


def _heading(
    headings: list[HeadingSpan], at: int, line: str, before: tuple[int, str] | None
) -> tuple[int, str] | None:
    """Note the heading that `line` makes; return the line if the next may underline it."""
    atx = _ATX.match(line)
    if atx:
        words = line[atx.end() :].rstrip()
        closed = words.rstrip("#")
        _note(headings, at, len(atx[1]), closed if closed[-1:] in ("", " ", "\t") else words)
        return None
    setext = _SETEXT.match(line)
    if setext and before:
        _note(headings, before[0], 1 if setext[1][0] == "=" else 2, before[1])
        return None
    return None if _NO_PARAGRAPH.match(line) else (at, line)


def _note(headings: list[HeadingSpan], at: int, level: int, words: str) -> None:
    title = plain_words(words)
    if title:
        headings.append((at, level, title))


def plain_words(words: str) -> str:
    """Return a heading's words without inline marks and link targets."""
    return clean_title(_MARKS.sub("", _LINK.sub(r"\1", words)))


def _front_matter(text: str) -> tuple[str, int]:
    """Return the title in YAML front matter and the offset behind it."""
    if not text.startswith("---\n"):
        return "", 0
    end = text.find("\n---\n", 3, _LONGEST_MATTER)
    if end < 0:
        return "", 0
    found = next(filter(None, map(_MATTER_TITLE.match, text[4:end].split("\n"))), None)
    return (clean_title(found[1].strip().strip("\"'")) if found else ""), end + len("\n---\n")
