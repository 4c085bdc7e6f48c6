"""Where in the passages a piece of an answer stands, character by character.

White space, line-end hyphenation and typographic signs may differ (see `canonical`);
nothing else may, except the case of the first letter. A match may not begin or end inside
a word or a number, nor drop what turns its meaning: "5 mg" is not found in "15 mg",
"1.5 mg", "-5 mg" or ">= 5 mg", and "compliance" not in "non-compliance".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.text.canonical import Canonical, canonical
from assistant.types import Citation, Passage

RUN_WORDS = 5
"""Fewest words in a row that count as copied when no quotation marks say so."""

_MOST_TRIES = 32
_GRAM_PLACES = 4
_LEAD = re.compile(r"^(?:[\s,;:!?'\"]|[.-](?!\d))+")
_TRAIL = " \t\n.,;:!?'\"-"
_ELLIPSIS = re.compile(r"\s*[\[(]?(?:\.\s?){3}[\])]?\s*")
_WORD = re.compile(r"[^\W_]+")
_COMPARED = re.compile(r"[<>\u2264\u2265\u00b1=~\u2248]\s*$")
_HYPHENS = "-\u2010\u2011\u00ad"


@dataclass(frozen=True, slots=True)
class Place:
    """The span `start:end` of the text of passage number `passage` (from 0)."""

    passage: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Run:
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
        self._words: list[list[tuple[int, int]]] = []
        for number, passage in enumerate(self._passages):
            forms = [canonical(passage.text)]
            hyphenated = canonical(passage.text, keep_line_hyphen=True)
            if hyphenated.text != forms[0].text:
                forms.append(hyphenated)
            self._forms.append(forms)
            self._index_words(number, forms[0].text)

    def cite(self, place: Place) -> tuple[Citation, ...]:
        """Return the citations of a place, one for each page that it touches."""
        return self._passages[place.passage].cite(place.start, place.end)

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
                found = self._in_form(number, form, [whole])
                if not found and len(parts) > 1:
                    found = self._in_form(number, form, parts)
                if found:
                    return found
        return []

    def runs(self, text: str, prefer: Sequence[int] = ()) -> list[Run]:
        """Return the longest stretches of `RUN_WORDS` words or more that were copied.

        `text` is in canonical form. They are taken from left to right and don't overlap.
        """
        spans = [m.span() for m in _WORD.finditer(text)]
        keys = [text[a:b].casefold() for a, b in spans]
        found: list[Run] = []
        at = 0
        while at + RUN_WORDS <= len(spans):
            gram = tuple(keys[at : at + RUN_WORDS])
            best, words = self._longest(text, spans, at, self._places(gram, prefer))
            if best is None:
                at += 1
            else:
                found.append(best)
                at += words
        return found

    def _order(self, prefer: Sequence[int]) -> list[int]:
        first = [n for n in dict.fromkeys(prefer) if 0 <= n < len(self._passages)]
        return first + [n for n in range(len(self._passages)) if n not in first]

    def _index_words(self, number: int, text: str) -> None:
        spans = [m.span() for m in _WORD.finditer(text)]
        self._words.append(spans)
        keys = [text[a:b].casefold() for a, b in spans]
        for at in range(len(keys) - RUN_WORDS + 1):
            places = self._grams.setdefault(tuple(keys[at : at + RUN_WORDS]), [])
            if len(places) < _GRAM_PLACES:
                places.append((number, at))

    def _places(self, gram: tuple[str, ...], prefer: Sequence[int]) -> list[tuple[int, int]]:
        return sorted(self._grams.get(gram, []), key=lambda place: place[0] not in prefer)

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
            at = form.text.find(variant, after)
            tries = 0
            while at >= 0 and tries < _MOST_TRIES:
                end = at + len(variant)
                if _left_ok(form, self._passages[number].text, at) and _right_ok(form.text, end):
                    span = form.original_span(at, end)
                    if span is not None:
                        return Place(number, *span), end
                at = form.text.find(variant, at + 1)
                tries += 1
        return None, after

    def _longest(
        self,
        text: str,
        spans: list[tuple[int, int]],
        first: int,
        places: list[tuple[int, int]],
    ) -> tuple[Run | None, int]:
        best: Run | None = None
        most = 0
        for number, at in places:
            count = self._matching(text, spans, first, number, at)
            if count <= most:
                continue
            run = self._run(spans, first, number, at, count)
            if run is not None:
                best, most = run, count
        return best, most

    def _matching(
        self, text: str, spans: list[tuple[int, int]], first: int, number: int, at: int
    ) -> int:
        """Count the words that agree, with all that stands between them."""
        there, own = self._forms[number][0].text, self._words[number]
        count = 0
        while first + count < len(spans) and at + count < len(own):
            a, b = spans[first + count]
            c, d = own[at + count]
            if count and text[spans[first + count - 1][1] : a] != there[own[at + count - 1][1] : c]:
                break
            if text[a:b] != there[c:d] and (count or text[a + 1 : b] != there[c + 1 : d]):
                break
            count += 1
        return count

    def _run(
        self, spans: list[tuple[int, int]], first: int, number: int, at: int, count: int
    ) -> Run | None:
        form, own = self._forms[number][0], self._words[number]
        if not _left_ok(form, self._passages[number].text, own[at][0]):
            return None
        while count >= RUN_WORDS and not _right_ok(form.text, own[at + count - 1][1]):
            count -= 1
        if count < RUN_WORDS:
            return None
        span = form.original_span(own[at][0], own[at + count - 1][1])
        if span is None:
            return None
        return Run(spans[first][0], spans[first + count - 1][1], Place(number, *span))


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
    if last.isdigit() and after[0] in ".," and after[1:].isdigit():
        return False
    return not (after[0] == "'" and after[1:].isalpha() and after[1:] != "s")
