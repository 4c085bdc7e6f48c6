"""Find where a piece of an answer stands in the passages, character by character.

White space, line-end hyphenation and typographic signs may differ (see `canonical`);
nothing else may, except the case of the first letter. A match may not begin or end inside
a word or a number, nor drop what turns its meaning: "5 mg" is not found in "15 mg",
"1.5 mg", "-5 mg" or ">= 5 mg", and "compliance" not in "non-compliance".
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import takewhile

from assistant.text.canonical import Canonical, canonical
from assistant.types import Citation, Passage, Place

RUN_WORDS = 5
"""Fewest words in a row that count as copied when no quotation marks say so."""

_MOST_TRIES = 32
_GRAM_PLACES = 4
_LEAD = re.compile(r"^(?:[\s,;:!?'\"]|[.-](?!\d))+")
_TRAIL = " \t\n.,;:!?'\"-"
_ELLIPSIS = re.compile(r"\s*[\[(]?(?:\.\s?){3}[\])]?\s*")
_WORD = re.compile(r"[^\W_]+")
_COMPARED = re.compile(r"[<>\u2264\u2265\u00b1=~\u2248]\s*$")
_GOES_ON = re.compile(r"[.,]\d| \d+/\d")  # a decimal, and the half of 1\u00bd
_HYPHENS = "-\u2010\u2011\u00ad"


@dataclass(frozen=True, slots=True)
class MatchedRun:
    """Words of a text (`start:end` there, canonical) that stand at `place` just so."""

    start: int
    end: int
    place: Place


class PassageIndex:
    """The passages of one answer, prepared for looking up what the answer quotes."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = tuple(passages)
        self._forms: list[list[Canonical]] = []
        self._grams: dict[tuple[str, ...], list[tuple[int, int]]] = {}
        for number, passage in enumerate(self._passages):
            forms = [canonical(passage.text)]
            hyphenated = canonical(passage.text, keep_line_hyphen=True)
            if hyphenated.text != forms[0].text:
                forms.append(hyphenated)
            self._forms.append(forms)
            self._index_words(number, forms[0].text)

    def cite(self, *places: Place) -> tuple[Citation, ...]:
        """Return the citations of places, one for each page that they touch; equal ones once."""
        cited = (self._passages[p.passage].cite(p.start, p.end) for p in places)
        return tuple(dict.fromkeys(citation for own in cited for citation in own))

    def text(self, place: Place) -> str:
        """Return the document's own characters at a place."""
        return self._passages[place.passage].text[place.start : place.end]

    def find(self, quote: str, prefer: Sequence[int] = ()) -> list[Place]:
        """Return where `quote` stands: one place, or one for each part between ellipses.

        All parts must stand in one passage, in order. Passages numbered in `prefer` (from
        0) are tried first. An empty list means that it is not to be found.
        """
        needle = canonical(quote).text.strip()
        parts = [p for p in map(_trimmed, _ELLIPSIS.split(needle)) if p]
        whole = _trimmed(needle)
        if not whole:
            return []
        for number in self._order(prefer):
            for form in self._forms[number]:
                found = self._in_form(number, form, [whole]) or self._in_form(number, form, parts)
                if found:
                    return found
        return []

    def runs(self, text: str, prefer: Sequence[int] = ()) -> list[MatchedRun]:
        """Return the longest stretches of `RUN_WORDS` words or more that were copied.

        `text` is in canonical form. They are taken from left to right and don't overlap.
        """
        spans = [m.span() for m in _WORD.finditer(text)]
        ends = [end for _, end in spans]
        found: list[MatchedRun] = []
        at = 0
        while at + RUN_WORDS <= len(spans):
            run = self._longest(text, spans[at][0], ends, at, prefer)
            if run is None:
                at += 1
            else:
                found.append(run)
                at = bisect_right(ends, run.end)
        return found

    def _order(self, prefer: Sequence[int]) -> list[int]:
        first = [n for n in dict.fromkeys(prefer) if 0 <= n < len(self._passages)]
        return first + [n for n in range(len(self._passages)) if n not in first]

    def _index_words(self, number: int, text: str) -> None:
        spans = [m.span() for m in _WORD.finditer(text)]
        for first, last in zip(spans, spans[RUN_WORDS - 1 :], strict=False):
            places = self._grams.setdefault(_gram(text[first[0] : last[1]]), [])
            if len(places) < _GRAM_PLACES:
                places.append((number, first[0]))

    def _in_form(self, number: int, form: Canonical, parts: Sequence[str]) -> list[Place]:
        places: list[Place] = []
        after = 0
        for part in parts:
            place, after = self._next(number, form, part, after)
            if place is None:
                return []
            places.append(place)
        return places

    def _next(
        self, number: int, form: Canonical, part: str, after: int
    ) -> tuple[Place | None, int]:
        for variant in dict.fromkeys((part, part[0].swapcase() + part[1:])):
            at = after - 1
            for _ in range(_MOST_TRIES):
                at = form.text.find(variant, at + 1)
                end = at + len(variant)
                if at < 0:
                    break
                if _left_ok(form, self._passages[number].text, at) and _right_ok(form.text, end):
                    span = form.original_span(at, end)
                    if span is not None:
                        return Place(number, *span), end
        return None, after

    def _longest(
        self, text: str, begin: int, ends: Sequence[int], first: int, prefer: Collection[int]
    ) -> MatchedRun | None:
        """Return the longest run from word number `first` on, which begins at `begin`.

        Words end at `ends`.
        """
        best: MatchedRun | None = None
        places = self._grams.get(_gram(text[begin : ends[first + RUN_WORDS - 1]]), [])
        for number, at in sorted(places, key=lambda place: place[0] not in prefer):
            form = self._forms[number][0]
            if not _left_ok(form, self._passages[number].text, at):
                continue
            there = form.text[at + 1 :]
            pairs = zip(text[begin + 1 : begin + 1 + len(there)], there, strict=False)
            agreed = begin + 1 + sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
            last = bisect_right(ends, agreed) - 1
            least = first + RUN_WORDS - 1
            while last >= least and not _right_ok(form.text, at + ends[last] - begin):
                last -= 1
            if last < least or (best is not None and ends[last] <= best.end):
                continue
            span = form.original_span(at, at + ends[last] - begin)
            if span is not None:
                best = MatchedRun(begin, ends[last], Place(number, *span))
        return best


def _gram(words: str) -> tuple[str, ...]:
    return tuple(word.casefold() for word in _WORD.findall(words))


def stands_whole(form: Canonical, text: str, start: int, end: int) -> bool:
    """Tell whether `text[start:end]` may be quoted by itself: no word or number is cut.

    `form` is the canonical form of `text`; nothing that prints lies outside it.
    """
    first, last = bisect_left(form.starts, start), bisect_left(form.starts, end)
    return first < last and _left_ok(form, text, first) and _right_ok(form.text, last)


def _trimmed(quote: str) -> str:
    """Leave out the punctuation of the sentence around a quote, not the sign of a number."""
    return _LEAD.sub("", quote).rstrip(_TRAIL)


def _left_ok(form: Canonical, original: str, start: int) -> bool:
    """Tell whether a match may begin at `start` of the canonical text."""
    text = form.text
    before = text[start - 1] if start else " "
    if not text[start].isalnum():
        return True
    if before.isalnum():
        return False
    hyphen = start > 1 and original[form.starts[start - 1]] in _HYPHENS
    if hyphen and (text[start].isdigit() or text[start - 2].isalnum()):
        return False
    if text[start].isdigit():
        decimal = before in ".,"
        negative = before == "-"
        compared = _COMPARED.search(text, max(0, start - 4), start) is not None
        return not (decimal or negative or compared)
    return True


def _right_ok(text: str, end: int) -> bool:
    """Tell whether a match may end at `end` of the canonical text."""
    last, after = text[end - 1], text[end : end + 2]
    if not last.isalnum() or not after:
        return True
    if after[0].isalnum():
        return False
    if last.isdigit() and (_GOES_ON.match(text, end) or after[0] == "^"):
        return False
    return not (after[0] == "'" and after[1:].isalpha() and after[1:] != "s")
