"""Compare two versions of a document, sentence by sentence.

Line breaks, pages, running heads and hyphens at line ends make no difference; the numbers of
clauses are compared apart, so that one new clause does not change all that follow. Sentences
are aligned as `difflib` does (Ratcliff and Obershelp 1988); what is left is paired by the
words that two sentences share, first near its place, then anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from assistant.answering.best_sentence import sentence_spans
from assistant.text.canonical import canonical, joined_lines
from assistant.types import Citation, Passage
from assistant.types.comparison import Change, ChangeKind, Comparison, Replaced

_NUMBER = re.compile(
    r"^\s*(?:(?:\u00a7|[Ss]ection|[Aa]rticle|[Cc]lause)\s*)?"
    r"(?:\d{1,3}(?:\.\d{1,3})*[.)]?|\(?[a-z]{1,3}\)|[A-Z][.)])\s+(?=\S)"
)
_ITEM = re.compile(r"(?:[-*\u2022|#]|\(?\d{1,3}(?:\.\d{1,3})*[.)]|\(?[a-z]\))\s")
_ENDS = (".", "!", "?", ":", ";", "|", '."', ".\u201d")
_WORD = re.compile(r"\w+(?:[.,'\u2019/-]\w+)*|[^\w\s]")
_NEAR = 0.5
_ANYWHERE = 0.7
"""Shares of words in common from which two sentences are versions of one."""

_MOST_PAIRED = 400
"""Sentences of either side that are paired by their words; more than that is another document."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence: its place in the text, its clause's number, and its words."""

    start: int
    end: int
    number: str
    words: tuple[str, ...]


def compare_versions(old: Passage, new: Passage) -> Comparison:
    """Return what differs between two whole texts, in the order of the new one."""
    before, after = _units(old.text), _units(new.text)
    same, pairs = _aligned(before, after)
    partner = dict((*same, *pairs))
    renumbered = [(a, b) for a, b in same if before[a].number != after[b].number]
    found = [(float(b), _change("changed", old, new, before[a], after[b])) for a, b in pairs]
    found += [(float(b), _change("renumbered", old, new, before[a], after[b]))
              for a, b in renumbered]  # fmt: skip
    arrived = set(partner.values())
    found += [(float(b), Change("added", "", _said(new, unit), (), _cited(new, unit)))
              for b, unit in enumerate(after) if b not in arrived]  # fmt: skip
    place = -1.0
    for a, unit in enumerate(before):
        place = float(partner.get(a, place))
        if a not in partner:
            found.append((place + 0.5, Change("dropped", _said(old, unit), "", _cited(old, unit))))
    found.sort(key=lambda one: one[0])
    return Comparison(tuple(change for _, change in found), len(same) - len(renumbered))


def _units(text: str) -> list[_Unit]:
    found = []
    for start, end in _whole_sentences(text):
        plain = canonical(joined_lines(text[start:end])).text
        number = _NUMBER.match(plain)
        words = tuple(_WORD.findall(plain[number.end() :] if number else plain))
        if any(map(str.isalnum, "".join(words))):
            found.append(_Unit(start, end, number[0].strip() if number else "", words))
    return found


def _whole_sentences(text: str) -> list[tuple[int, int]]:
    """Return the sentences; one that goes on in a line that looks like an item is one still.

    "... by giving" and, on the next line, "90 days' notice": where lines end must not matter.
    """
    found: list[tuple[int, int]] = []
    for start, end in sentence_spans(text):
        if found:
            first, last = found[-1]
            ended = text[first:last].rstrip().endswith(_ENDS)
            apart = text[last:start].count("\n") > 1 or _ITEM.match(text, start)
            if not ended and not apart:
                found[-1] = first, end
                continue
        found.append((start, end))
    return found


_Pairs = list[tuple[int, int]]


def _aligned(before: Sequence[_Unit], after: Sequence[_Unit]) -> tuple[_Pairs, _Pairs]:
    """Return the pairs that are the same in place, and those that are changed or moved."""
    keys = [unit.words for unit in before], [unit.words for unit in after]
    same: _Pairs = []
    pairs: _Pairs = []
    lone: tuple[list[int], list[int]] = [], []
    for tag, a, b, c, d in SequenceMatcher(None, *keys, autojunk=False).get_opcodes():
        if tag == "equal":
            same += zip(range(a, b), range(c, d), strict=True)
            continue
        near = _paired(before, after, (list(range(a, b)), list(range(c, d))), _NEAR)
        pairs += near
        lone[0].extend(n for n in range(a, b) if n not in {one for one, _ in near})
        lone[1].extend(n for n in range(c, d) if n not in {other for _, other in near})
    pairs += _paired(before, after, lone, _ANYWHERE)
    return same, pairs


def _paired(
    before: Sequence[_Unit],
    after: Sequence[_Unit],
    lone: tuple[list[int], list[int]],
    least: float,
) -> _Pairs:
    """Pair the sentences that have most words in common, the most alike first."""
    if not lone[0] or not lone[1] or max(map(len, lone)) > _MOST_PAIRED:
        return []
    alike = [
        (share, -abs(a - b), a, b)
        for a in lone[0]
        for b in lone[1]
        if (share := _alike(before[a].words, after[b].words)) >= least
    ]
    taken: tuple[set[int], set[int]] = set(), set()
    found: _Pairs = []
    for _, _, a, b in sorted(alike, reverse=True):
        if a not in taken[0] and b not in taken[1]:
            taken[0].add(a)
            taken[1].add(b)
            found.append((a, b))
    return found


def _alike(one: Sequence[str], other: Sequence[str]) -> float:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= _NEAR else 0.0


def _change(kind: ChangeKind, old: Passage, new: Passage, one: _Unit, other: _Unit) -> Change:
    words = tuple(_replaced(one.words, other.words))
    if kind == "changed" and not words:
        kind = "moved"
    texts = _said(old, one), _said(new, other)
    return Change(kind, *texts, _cited(old, one), _cited(new, other), words)


def _replaced(one: Sequence[str], other: Sequence[str]) -> Iterator[Replaced]:
    for tag, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag != "equal":
            yield Replaced(" ".join(one[a:b]), " ".join(other[c:d]))


def _said(text: Passage, unit: _Unit) -> str:
    return joined_lines(text.text[unit.start : unit.end])


def _cited(text: Passage, unit: _Unit) -> tuple[Citation, ...]:
    return text.cite(unit.start, unit.end)
