"""The canonical form of a text, with the original position of each character.

A model writes straight quotes, plain hyphens and single spaces where the document has
curly quotes, dashes and line breaks. Both sides are brought to one form; `origins` maps
every character of that form back to the original, so that what is shown in the end is
the document's own text. Letters, digits, case and all other signs stay as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.text.signs import PLAIN_SIGNS

_UNSEEN = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff\u0002\ufffe")
_TOKEN = re.compile(
    r"(?P<broken>(?<=[^\W\d_])(?:[-\u2010\u00ad\u0002]|\ufffe)[ \t]*(?:\r\n?|\n)\s*(?=[a-z]))"
    r"|(?P<space>\s+)"
    r"|(?P<rest>[^\W_]+|\S)",
)


@dataclass(frozen=True, slots=True)
class Canonical:
    """A text in comparable form: `origins[i]` is the original's span of character i."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def original_span(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the original's span of `text[start:end]`; None if it cuts a character."""
        if start >= end:
            return None
        cuts_left = start > 0 and self.starts[start] == self.starts[start - 1]
        cuts_right = end < len(self.text) and self.starts[end] == self.starts[end - 1]
        if cuts_left or cuts_right:
            return None
        return self.starts[start], self.ends[end - 1]


def canonical(text: str, *, keep_line_hyphen: bool = False) -> Canonical:
    """Bring `text` to comparable form.

    Runs of white space become one space; typographic quotes, dashes, the ellipsis and
    Latin ligatures their plain signs; characters that print nothing are left out. A word
    broken with a hyphen at a line's end is joined ("inter-" and
    "national" to "international"), or keeps its hyphen ("long-term") if
    `keep_line_hyphen` is set.
    """
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def put(piece: str, start: int, end: int) -> None:
        out.append(piece)
        starts.extend([start] * len(piece))
        ends.extend([end] * len(piece))

    for match in _TOKEN.finditer(text):
        start, end = match.span()
        if match.lastgroup == "space":
            put(" ", start, end)
        elif match.lastgroup == "rest":
            for at in range(start, end):
                if text[at] not in _UNSEEN:
                    put(PLAIN_SIGNS.get(text[at], text[at]), at, at + 1)
        elif keep_line_hyphen:
            put("-", start, end)
    return Canonical("".join(out), tuple(starts), tuple(ends))


def joined_lines(text: str) -> str:
    """Return `text` on one line, as a person reads it; a hyphen at a line's end stays."""
    return " ".join(re.sub(r"(?<=[^\W\d_]-)[ \t]*(?:\r\n?|\n)\s*(?=[a-z])", "", text).split())
