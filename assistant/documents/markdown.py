"""Find headings and title of Markdown (CommonMark); the source is the document's text.

The text stays verbatim, marks and all, so that a quote of it is a quote of the file; only
comments that no reader of the page sees are left out.
"""

from __future__ import annotations

import re
import tomllib
from itertools import accumulate, pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from assistant.documents.document_title import clean_title

HeadingSpan = tuple[int, int, str]
"""Offset in the text, level (1 is the top), title."""

_FRONT_MATTER = re.compile(
    r"\A(?:---[ \t]*\n(?P<yaml>(?s:.{0,20000}?))^(?:---|\.\.\.)[ \t]*(?:\n|\Z)"
    r"|\+\+\+[ \t]*\n(?P<toml>(?s:.{0,20000}?))^\+\+\+[ \t]*(?:\n|\Z))",
    re.MULTILINE,
)
_YAML_TITLE = re.compile(
    r"^title:[ \t]*(?P<first>.*)(?P<more>(?:\n(?:[ \t]+.*|[ \t]*(?=\n[ \t])))*)",
    re.MULTILINE | re.IGNORECASE,
)
_BLOCK_SCALAR = re.compile(r"[>|][+-]?\d?[+-]?[ \t]*(?:#.*)?$")
_YAML_COMMENT = re.compile(r"[ \t]#.*")
_COMMENT = re.compile(r"[ \t]*<!--(?s:.*?)(?:-->[ \t]*\n?|\Z)")
_MARKS = re.compile(r"[*_`~]+|\[\^[^\]]*\]")
_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])")
_LONGEST_HEADING = 1000

_BLOCKS = MarkdownIt("commonmark").enable("table")
_BLOCKS.core.ruler.enableOnly(["block"])


def markdown_headings(text: str) -> tuple[str, list[HeadingSpan]]:
    """Return the title ("" if there is none) and the headings in the order of the text.

    Those in quotes, lists, code, HTML and front matter (YAML, TOML) don't count. The title
    is the front matter's, else the first heading if it is of level 1.
    """
    title, begin = _front_matter(text)
    starts = _line_starts(text[begin:], begin)
    tokens = _BLOCKS.parse(text[begin:])
    headings: list[HeadingSpan] = []
    for token, content in pairwise(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            words = plain_words(content.content[:_LONGEST_HEADING])
            if words:
                headings.append((starts[token.map[0]], int(token.tag[1]), words))
    if not title and headings and headings[0][1] == 1:
        title = headings[0][2]
    return title, headings


def without_comments(text: str) -> tuple[str, int]:
    """Return `text` without the HTML comments that stand by themselves, and their number."""
    if "<!--" not in text:
        return text, 0
    begin = _front_matter(text)[1]
    starts = _line_starts(text[begin:], begin)
    found = [
        span for token in _BLOCKS.parse(text[begin:]) for span in _comment(text, token, starts)
    ]
    for start, end in reversed(found):
        text = text[:start] + text[end:]
    return text, len(found)


def _comment(text: str, token: Token, starts: list[int]) -> list[tuple[int, int]]:
    if token.type != "html_block" or not token.map:
        return []
    start = starts[token.map[0]]
    comment = _COMMENT.match(text, start, starts[token.map[1]])
    return [comment.span()] if comment else []


def _line_starts(text: str, begin: int) -> list[int]:
    """Return where each line of `text` begins, and where the last one ends, from `begin` on."""
    return list(accumulate((len(line) + 1 for line in text.split("\n")), initial=begin))


def plain_words(words: str) -> str:
    """Return a heading's words without inline marks and link targets."""
    return clean_title(_MARKS.sub("", _LINK.sub(r"\1", words)))


def _front_matter(text: str) -> tuple[str, int]:
    """Return the title in the front matter and the offset behind it."""
    matter = _FRONT_MATTER.match(text)
    if not matter:
        return "", 0
    if matter["toml"] is not None:
        return _toml_title(matter["toml"]), matter.end()
    return _yaml_title(matter["yaml"]), matter.end()


def _toml_title(matter: str) -> str:
    try:
        title = tomllib.loads(matter).get("title")
    except (ValueError, RecursionError):
        return ""
    return clean_title(title) if isinstance(title, str) else ""


def _yaml_title(matter: str) -> str:
    """Read the one value in the ways that YAML has for a line of text: plain, quoted, folded."""
    found = _YAML_TITLE.search(matter)
    if not found:
        return ""
    first, more = found["first"].strip(), found["more"]
    if _BLOCK_SCALAR.match(first):
        return clean_title(more)
    value = f"{first}{more}"
    if first[:1] in ("'", '"'):
        inside = value[1:].partition(first[0])[0]
        return clean_title(inside)
    return clean_title(_YAML_COMMENT.sub("", f" {value}"))
