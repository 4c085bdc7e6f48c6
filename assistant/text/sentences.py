"""Split English text (contracts, guidelines, manuals) into sentences.

A text is first cut into *segments*: at blank lines, and at lines that begin or are a unit
of their own (list items, headings, table rows). A single newline inside a segment is a
wrapped line, not a break. Each segment is then cut after `.`, `!` and `?`, unless the
full stop belongs to an abbreviation, an initial or a number.

The time is linear in the length of the text, whatever the text is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]

_NEVER_LAST = frozenset(
    """
    dr mr mrs ms prof st rev hon gen sen rep capt lt col sgt messrs mt vs v cf viz e.g i.e eg ie
    approx ca c.f resp incl excl esp seq dept
    """.split()
)
"""Abbreviations that go on with what they stand before, never at the end of a sentence."""

_BEFORE_NUMBER = frozenset(
    """
    no nos art arts sec secs sect fig figs eq eqs pp p pg para paras cl ch chap vol vols ex app
    tab ref refs pt par reg regs r s ss
    """.split()
)
"""Abbreviations only if a number (or a letter that numbers) comes next."""

_MAYBE_LAST = frozenset(
    """
    inc ltd co corp llc plc gmbh bros jr sr etc al assn est intl mfg natl univ jan feb mar apr jun
    jul aug sep sept oct nov dec ave blvd rd tel ext min max avg
    """.split()
)
"""Abbreviations that end a sentence only if the next word is one that begins sentences."""

_STARTERS = frozenset(
    """
    the this that these those it its in on at if we he she they there a an for as when where while
    however such no any all each upon after before during with without by to our your his her their
    you i but and or so although because since both either neither one some most many under unless
    until once pursuant notwithstanding except subject nothing provided patients
    """.split()
)

_WIDE_STOPS = "\u3002\uff01\uff1f"
_TERMINATOR = re.compile(
    r"[.!?\u2026]++[)\]}\"'\u2019\u201d\u00bb]*+(?:\[\d{1,3}\])*+"
    r"|[\u3002\uff01\uff1f]++[\u300d\u300f\u201d]*+"
)
_WORD = re.compile(r"\w++")
_NUMBER_NEXT = re.compile(r"[#§(\[]?(?:\d|[ivxlcIVXLC]{1,5}\b|[A-Za-z](?=[\s).,;]|$))")
_CLAUSE_NUMBER = re.compile(r"[(\[]?(?:\d{1,3}(?:\.\d{1,3}){0,5}|[A-Za-z]|[ivxlcIVXLC]{1,6})[)\]]?")
_DOTTED = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]")
_OPENERS = "([{\"'\u2018\u201c\u00ab*_#>§"

_BULLET = re.compile(
    r"[ \t>]{0,12}(?:[-*+\u2022\u25e6\u25aa\u25cf\u25a0\u25a1\u25cb\u2023\u00b7\u2013\u2014\uf0b7]"
    r"|\[[ xX]\])[ \t]"
)
_NUMBERED = re.compile(
    r"[ \t]{0,12}(?:\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,6})\)"
    r"|\d{1,3}(?:\.\d{1,3}){0,5}\.?|[a-zA-Z]\.)[ \t]"
)
_OWN_LINE = re.compile(r"[ \t]{0,3}(?:#{1,6}[ \t]|\||```|~~~|={3,}|-{3,}|\*{3,}|_{3,})")
_LEADERS = (_OWN_LINE, _BULLET, re.compile(r"\f"))
_REFERS = re.compile(
    r"\b(?:sections?|articles?|clauses?|paragraphs?|exhibits?|schedules?|chapters?|parts?|items?|"
    r"steps?|figures?|tables?|pages?|no|nos|sec|art|and|or|to|of|in|under)\.?$",
    re.IGNORECASE,
)
_PAGE_LINE = re.compile(
    r"(?:\bpage[ \t]+\d{1,4}(?:[ \t]*(?:of|/)[ \t]*\d{1,4})?)[ \t]*$", re.IGNORECASE
)
_GOES_ON = re.compile(r"(?:[,;:(&-]|\b(?:the|a|an|its|any|each|this|such|by|with|for|from))$")
_LONG_LINE = 50
_HEADING_LINE = 90
_LOOK_BACK = 32


def split_sentences(text: str) -> list[Span]:
    """Return the spans `(start, end)` of the sentences of `text`.

    Spans are half open, trimmed of white space, not empty, in order and do not overlap;
    together they hold every character that is not white space.
    """
    spans: list[Span] = []
    for start, end in _segments(text):
        spans.extend(_sentences(text, start, end))
    return spans


def _segments(text: str) -> Iterator[Span]:
    """Yield the spans between hard breaks, trimmed and not empty."""
    begin = 0
    previous: Span | None = None
    for line in lines(text):
        if previous is None or _is_blank(text, line):
            breaks = True
        else:
            breaks = _is_blank(text, previous) or _line_breaks(text, previous, line)
        if breaks:
            yield from _trimmed(text, begin, line[0])
            begin = line[0]
        previous = line
    yield from _trimmed(text, begin, len(text))


def lines(text: str, start: int = 0, end: int | None = None) -> Iterator[Span]:
    """Yield the spans of the lines of `text[start:end]`, without their line ends."""
    end = len(text) if end is None else end
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        yield start, stop
        start = stop + 1


def _is_blank(text: str, line: Span) -> bool:
    return not text[line[0] : line[1]].strip()


def trimmed(text: str, start: int, end: int) -> Span:
    """Return the span without white space at its ends; an empty one at `end` if all is."""
    piece = text[start:end]
    left = start + len(piece) - len(piece.lstrip())
    return left, max(left, end - (len(piece) - len(piece.rstrip())))


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    left, right = trimmed(text, start, end)
    if left < right:
        yield left, right


def _line_breaks(text: str, previous: Span, line: Span) -> bool:
    """Tell whether `line` begins a new segment although no blank line stands before it."""
    if _OWN_LINE.match(text, *previous) or any(p.match(text, *line) for p in _LEADERS):
        return True
    if _NUMBERED.match(text, *line):
        return _item_may_follow(text, previous)
    if text[line[0]].isupper() and text[previous[0] : previous[1]].rstrip().endswith((":", ";")):
        return True
    if _stands_apart(text, previous) and not text[line[0]].islower():
        return True
    above, here = _caps(text, previous), _caps(text, line)
    if above and here:
        return 2 * (previous[1] - previous[0]) < line[1] - line[0]
    return above != here and _heading_apart(text, previous, line)


def _stands_apart(text: str, line: Span) -> bool:
    """Tell whether a line is a running head with its page number, or "4 Short observation"."""
    words = text[line[0] : line[1]].rstrip()
    if _PAGE_LINE.search(words[-_LOOK_BACK:]):
        return True
    if len(words) >= _LONG_LINE or not _NUMBERED.match(text, *line):
        return False
    ended = words.endswith((".", "!", "?"))
    return not ended and not _GOES_ON.search(words) and not _REFERS.search(words)


def _item_may_follow(text: str, previous: Span) -> bool:
    """A number at the start of a line is an item, or the rest of "... under Section / 4 (b)"."""
    tail = text[max(previous[0], previous[1] - _LOOK_BACK) : previous[1]].rstrip()
    if _PAGE_LINE.search(tail):
        return True
    if _REFERS.search(tail):
        return tail.endswith((" and", " or")) and tail.removesuffix(" and").removesuffix(
            " or"
        ).endswith((";", ","))
    ended = tail.endswith((".", ";", ":", "!", "?", ")", '"', "\u201d"))
    return ended or previous[1] - previous[0] < _LONG_LINE or _caps(text, previous)


def _caps(text: str, line: Span) -> bool:
    """Tell whether a line is written in capitals, as headings of contracts are."""
    if line[1] - line[0] > _HEADING_LINE:
        return False
    words = text[line[0] : line[1]]
    return words.isupper() and sum(map(str.isalpha, words)) >= 4


def _heading_apart(text: str, previous: Span, line: Span) -> bool:
    """One of two lines is in capitals: is it a heading, or a name in a running sentence?"""
    head = text[line[0] : line[0] + _LOOK_BACK].lstrip()
    if head[:1].islower():
        return False
    long = previous[1] - previous[0] >= _LONG_LINE
    if _caps(text, previous) and long and head[:3].isupper():
        return False
    tail = text[max(previous[0], previous[1] - _LOOK_BACK) : previous[1]].rstrip()
    if tail.endswith((",", "-", "\u2013", "(", "&")) or _REFERS.search(tail):
        return False
    return _caps(text, previous) or not long or tail.endswith((".", ":", ";"))


def _sentences(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the sentences of one segment."""
    begin = start
    for match in _TERMINATOR.finditer(text, start, end):
        after = match.end()
        if after >= end:
            break
        if match.start() < begin:
            continue
        if text[match.start()] not in _WIDE_STOPS:
            if not text[after].isspace():
                continue
            following = _skip_space(text, after, end)
            if not _ends_sentence(text, begin, match, following, end):
                continue
        yield from _trimmed(text, begin, after)
        begin = after
    yield from _trimmed(text, begin, end)


_NOT_SPACE = re.compile(r"\S")


def _skip_space(text: str, at: int, end: int) -> int:
    found = _NOT_SPACE.search(text, at, end)
    return found.start() if found else end


def _ends_sentence(text: str, begin: int, match: re.Match[str], following: int, end: int) -> bool:
    """Decide on a terminator that is followed by white space and then by `following`."""
    first = text[following : following + 1]
    if first.islower():
        return False
    dots = len(match.group()) - len(match.group().lstrip("."))
    if dots == 0:
        return True
    if dots > 1:
        return dots <= 4 and not first.isdigit()
    return _full_stop_ends(text, begin, match.start(), following, end)


def _full_stop_ends(text: str, begin: int, stop: int, following: int, end: int) -> bool:
    """Decide on a single full stop at `stop`, by the word before and the word after it."""
    window = text[max(begin, stop - _LOOK_BACK) : stop]
    if not window or window[-1].isspace():
        return False
    word = window.rsplit(None, 1)[-1].lstrip(_OPENERS)
    lead = len(text[begin:stop]) <= _LOOK_BACK and not text[begin : stop - len(word)].strip(
        " \t\n" + _OPENERS
    )
    if lead and _CLAUSE_NUMBER.fullmatch(word):
        return False
    return not _abbreviates(text, word, following, end)


def _abbreviates(text: str, word: str, following: int, end: int) -> bool:
    """Tell whether the full stop after `word` belongs to the word and ends nothing."""
    lower = word.lower()
    if lower in _NEVER_LAST:
        return True
    if lower in _BEFORE_NUMBER and (lower != "no" or not word.islower()):
        if _NUMBER_NEXT.match(text, following, min(end, following + 12)):
            return True
        if len(word) > 1:
            return False
    initial = len(word) == 1 and word.isalpha()
    if initial or lower in _MAYBE_LAST or _DOTTED.fullmatch(word):
        return _next_word(text, following, end) not in _STARTERS
    return False


def _next_word(text: str, following: int, end: int) -> str:
    found = _WORD.search(text, following, min(end, following + _LOOK_BACK))
    return found.group().lower() if found else ""
