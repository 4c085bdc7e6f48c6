"""The canonical form of a text, with the original position of each character.

One form for finding quotes, for the word index, for stems and for the embedder. A model
writes straight quotes, plain hyphens and single spaces where the document has curly quotes,
dashes and line breaks; a document hides a word behind a soft hyphen, a ligature, a
decomposed letter or a full-width one. Both sides are brought to Unicode's NFKC (UAX #15)
and to plain typographic signs; `Canonical` maps every character back to the original, so
that what is shown in the end is the document's own text. Case and accents stay as they are
(`assistant.text.search_form` folds those).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from assistant.text.signs import PLAIN_SIGNS

_MARK_BLOCKS = ((0x300, 0x2100), (0x302A, 0x30A0), (0xA66F, 0xAC00), (0xFB1E, 0xFE30))


def _marks() -> str:
    """Return what may follow a letter as a part of it: marks, and the halfwidth kana's."""
    found = [
        chr(code)
        for block in _MARK_BLOCKS
        for code in range(*block)
        if unicodedata.category(chr(code))[0] == "M" and not 0xFE00 <= code <= 0xFE0F
    ]
    return "".join(found) + "\uff9e\uff9f"


MARKS = re.escape(_marks())
"""Combining marks, for use in a character class."""

_UNSEEN = (
    "\u0002\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069"
    "\ufe00-\ufe0f\ufeff\ufffe\U000e0000-\U000e0fff"
)
_LINE_END_HYPHEN = rf"[-\u2010\u00ad\u0002\ufffe][{_UNSEEN}]*[ \t]*(?:\r\n?|\n)\s*(?=[^\W\d_])"
_JAMO = "[\u1100-\u115f\ua960-\ua97c][\u1160-\u11a7\ud7b0-\ud7c6][\u11a8-\u11ff\ud7cb-\ud7fb]?"
_SIGNS = re.escape("".join(PLAIN_SIGNS))
_ALWAYS = (
    rf"(?P<broken>(?<=[^\W\d_]){_LINE_END_HYPHEN})"
    r"|(?P<space>(?:[^\S ]| (?=\s))\s*)"
    rf"|(?P<unseen>[{_UNSEEN}]+)"
)
_CHANGES = re.compile(
    rf"{_ALWAYS}|(?P<letter>{_JAMO}|[^\x00-\x7f][{MARKS}]*|[!-~][{MARKS}]+|[{_SIGNS}])"
)
_CHANGES_OF_NFKC = re.compile(rf"{_ALWAYS}|(?P<letter>[{_SIGNS}])")
_SUPERSCRIPT = re.compile("[\u00b2\u00b3\u00b9\u2070-\u207f]")
_FRACTION = re.compile("[\u00bc-\u00be\u2150-\u215f\u2189]")
_KEPT = frozenset("\u2122\u2120\u00aa\u00ba\u00a8\u00af\u00b8\u02d8\u02d9\u02da\u02db\u02dc\u02dd")
"""Signs that NFKC would make letters of the word before ("TM"), or blanks with a mark."""

_UNIT_LENGTH = 3
"""Letters before a superscript that it belongs to (cm\u00b3); behind a longer word it is a note."""


@dataclass(frozen=True, slots=True)
class Canonical:
    """A text in comparable form: `starts[i]:ends[i]` is the original's span of character i."""

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
    """Bring `text` to comparable form, with the way back.

    Runs of white space become one space; typographic quotes, dashes and the ellipsis their
    plain signs; ligatures, full-width and decomposed letters, subscripts their plain
    characters; what prints nothing is left out. A superscript that is no part of a unit
    gets a "^" before it, so that 10\u00b2 is not 102. A word broken with a hyphen at a line's
    end is joined ("inter-" and "national" to "international"), or keeps its hyphen
    ("long-term") if `keep_line_hyphen` is set.
    """
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def keep(start: int, end: int) -> None:
        out.append(text[start:end])
        starts.extend(range(start, end))
        ends.extend(range(start + 1, end + 1))

    at = 0
    for match in _changes(text).finditer(text):
        start, end = match.span()
        keep(at, start)
        at = end
        piece = _plain(match, keep_line_hyphen=keep_line_hyphen)
        if match.lastgroup == "broken" and piece == "- ":  # the hyphen, then the line's end
            keep(start, start + 1)
            start, piece = start + 1, " "
        out.append(piece)
        starts.extend([start] * len(piece))
        ends.extend([end] * len(piece))
    keep(at, len(text))
    return Canonical("".join(out), tuple(starts), tuple(ends))


def plain_form(text: str, *, keep_line_hyphen: bool = False) -> str:
    """Return `canonical(text).text` without the way back, which is much faster."""
    return _changes(text).sub(lambda m: _plain(m, keep_line_hyphen=keep_line_hyphen), text)


def _changes(text: str) -> re.Pattern[str]:
    return _CHANGES_OF_NFKC if unicodedata.is_normalized("NFKC", text) else _CHANGES


def _plain(match: re.Match[str], *, keep_line_hyphen: bool) -> str:
    """Return what stands in the canonical form for what `_CHANGES` found."""
    kind = match.lastgroup
    if kind == "space":
        return " "
    if kind == "unseen":
        return ""
    if kind == "broken":
        return _joined(match, keep_line_hyphen=keep_line_hyphen)
    cluster, text, start = match.group(), match.string, match.start()
    if _FRACTION.match(cluster) and text[start - 1 : start].isdigit():
        return f" {_letter(cluster)}"
    if _SUPERSCRIPT.match(cluster) and not _belongs(text, start):
        return f"^{_letter(cluster)}"
    return _letter(cluster)


def _joined(match: re.Match[str], *, keep_line_hyphen: bool) -> str:
    """A hyphen at a line's end: before a capital it is one that the word has anyway."""
    hyphen = match.group()[0]
    hidden = hyphen not in "-\u2010"
    if match.string[match.end()].isupper() and not hidden:
        return "- "
    return "-" if keep_line_hyphen else ""


def _belongs(text: str, start: int) -> bool:
    """Tell whether a superscript at `start` is a part of a unit or of another superscript."""
    if start == 0 or _SUPERSCRIPT.match(text, start - 1):
        return True
    begin = start
    while begin > 0 and start - begin <= _UNIT_LENGTH and text[begin - 1].isalpha():
        begin -= 1
    return 1 <= start - begin <= _UNIT_LENGTH


@lru_cache(maxsize=20_000)
def _letter(cluster: str) -> str:
    """Return the plain form of a character and the marks on it."""
    sign = PLAIN_SIGNS.get(cluster)
    if sign is not None or cluster in _KEPT:
        return cluster if sign is None else sign
    plain = unicodedata.normalize("NFKC", cluster).replace("\u2044", "/")
    if " " in plain:  # an accent that stands alone, a phrase in one character
        return cluster
    return "".join(PLAIN_SIGNS.get(c, c) for c in plain)


def joined_lines(text: str) -> str:
    """Return `text` on one line, as a person reads it; a hyphen at a line's end stays."""
    return " ".join(re.sub(r"(?<=[^\W\d_]-)[ \t]*(?:\r\n?|\n)\s*(?=[a-z])", "", text).split())
