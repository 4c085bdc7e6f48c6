"""Find passages that contradict each other about the question, among the best hits.

Two sentences are laid side by side word by word, numbers, dates and names taken as slots. They
contradict each other if they say the same but for one slot ("24 months" here, "36 months"
there), or but for a negation. Where they differ in more, they may well speak of different
things, and nothing is said: a false alarm costs more trust than a missed one. Rules, no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations

from assistant.answering.amendments import replaces
from assistant.answering.best_sentence import ScoredSentence, copied, is_fragment, text_of
from assistant.answering.checks.names import find_names
from assistant.answering.checks.negation import (
    Words,
    align,
    negation_flipped,
    opposite_word,
    opposites_of,
)
from assistant.answering.strategies.question_type import asks_whether
from assistant.text.canonical import canonical
from assistant.text.quantities import Value, comparable, equal, find_values
from assistant.text.stop_words import STOP_WORDS
from assistant.text.words import content_stems, stem, topic_words
from assistant.types import Contradiction, Hit
from assistant.types.answers import ContradictionKind

MOST = 3
"""Contradictions that are shown of one answer."""

_MOST_STATEMENTS = 8
_EACH = 2
_NEAR = 0.6

_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_CLAUSE_NUMBER = re.compile(
    r"^\s*(?:[#*\u2022-]+\s+)?(?:\u00a7\s*|(?:[Ss]ection|[Aa]rticle|[Cc]lause)\s+)?"
    r"(?:\d{1,3}(?:\.\d{1,3})*[.):]?|\([a-z0-9]{1,3}\))\s+(?=[A-Z\"])"
)
_LONGEST = 600
_LEAST_SHARED = 2
_ALIKE = 0.6
_YEARS = (1000, 2100)

_WHEN = re.compile(r"\b(?:when|what (?:year|date|day|month)|which (?:year|day)|deadline|until)\b")
_HOW_MUCH = re.compile(
    r"\bhow (?:many|much|long|often|far|old|big|large|high|tall|soon|fast|deep|wide)\b"
    r"|\b(?:number|amount|rate|price|fee|cost|percentage|share|dose|limit|cap|length|period|term)\b"
)
_WHO = re.compile(r"\b(?:who|whom|whose|where|which)\b")


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The difference of two sentences: its kind, and what each says."""

    kind: ContradictionKind
    values: tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Token:
    """A word that says something, or a slot: `value` of a number or date, or a name."""

    key: str
    surface: str
    value: Value | None = None
    named: bool = False


_Code = tuple[str, int, int, int, int]
"""(what is to be done, begin and end in one sentence, begin and end in the other)"""


def find_disagreements(
    question: str,
    hits: Sequence[Hit],
    said: Sequence[ScoredSentence],
) -> tuple[Contradiction, ...]:
    """Return what the statements in `said` disagree about, best first, at most `MOST`."""
    found: list[Contradiction] = []
    seen: set[tuple[str, str]] = set()
    for one, other in combinations(said, 2):
        if _overlap(hits, one, other):
            continue
        newer = [replaces(hits, sentence) for sentence in (one, other)]
        pair = (other, one) if newer == [False, True] else (one, other)
        differs = disagreement(question, text_of(hits, pair[0]), text_of(hits, pair[1]))
        if differs is None or differs.values in seen:
            continue
        seen |= {differs.values, differs.values[::-1]}
        sides = copied(hits, pair[0]), copied(hits, pair[1])
        amended = newer.count(True) == 1
        found.append(Contradiction(differs.kind, *sides, differs.values, amended))
    return tuple(found[:MOST])


def statements(hits: Sequence[Hit], scored: Sequence[ScoredSentence]) -> list[ScoredSentence]:
    """Choose the sentences that may answer the question, where no reader tells which do.

    They are the best ones of each passage.
    """
    near = _NEAR * max((sentence.score for sentence in scored), default=0.0)
    taken: list[ScoredSentence] = []
    for sentence in sorted(scored, key=lambda s: -s.score):
        of_hit = sum(other.hit == sentence.hit for other in taken)
        good = sentence.score >= near and of_hit < _EACH
        if good and not is_fragment(text_of(hits, sentence)):
            taken.append(sentence)
    return taken[:_MOST_STATEMENTS]


def _overlap(hits: Sequence[Hit], one: ScoredSentence, other: ScoredSentence) -> bool:
    """Tell whether two are (parts of) the same sentence, seen through two passages."""
    first, second = hits[one.hit].passage, hits[other.hit].passage
    begin = max(first.start + one.start, second.start + other.start)
    end = min(first.start + one.end, second.start + other.end)
    return first.document_id == second.document_id and begin < end


def disagreement(question: str, one: str, other: str) -> Disagreement | None:
    """Return in what two sentences disagree about the question; None if they don't, or if it
    can't be said.
    """
    first, second = _tokens(one), _tokens(other)
    keys = [token.key for token in first], [token.key for token in second]
    codes = SequenceMatcher(None, *keys, autojunk=False).get_opcodes()
    if not _about_the_same(question, first, second, codes):
        return None
    slots = list(_slots(first, second, codes))
    different = [pair for pair in slots if not equal(*pair)]
    names = list(_replaced_names(first, second, codes))
    if len(different) + len(names) > 1 or _lone_date(first, second, slots):
        return None
    if different:
        return _of_values(question, different[0])
    same = sum(b - a for tag, a, b, _, _ in codes if tag == "equal")
    alike = 2.0 * same / max(1, len(first) + len(second)) >= _ALIKE
    if names:
        fits = alike and _asks_for(question, "name")
        return Disagreement("name", names[0]) if fits else None
    return _of_words(question, one, other) if alike else None


def _of_values(question: str, pair: tuple[Value, Value]) -> Disagreement | None:
    dated = any(map(_is_date, pair))
    kind: ContradictionKind = "date" if dated else "number"
    if (dated and _HOW_MUCH.search(question.lower())) or not _asks_for(question, kind):
        return None
    return Disagreement(kind, (pair[0].surface, pair[1].surface))


def _of_words(question: str, one: str, other: str) -> Disagreement | None:
    """Compare what two sentences that are alike deny."""
    aligned = align(Words.of(one), Words.of(other))
    if aligned is None or _WHO.search(question.lower()):
        return None
    denied = negation_flipped(aligned, Words.of(""))
    if denied is not None:
        mine = any(aligned.claim.surfaces[at] == denied for at in aligned.claim_only)
        return Disagreement("negation", (denied, "") if mine else ("", denied))
    changed = opposite_word(aligned)
    return Disagreement("negation", changed) if changed else None


def _tokens(text: str) -> list[_Token]:
    """Take a sentence apart into slots and words that say something."""
    plain = _CLAUSE_NUMBER.sub("", canonical(text[:_LONGEST]).text)
    names = {word for name in find_names(plain, starts=False) for word in _WORD.findall(name)}
    found: list[_Token] = []
    at = 0
    for value in find_values(plain):
        found += _words(plain[at : value.start], names)
        key = "<date>" if _is_date(value) else f"<{value.family}>"
        found.append(_Token(key, value.surface, value))
        at = max(at, value.end)
    return found + list(_words(plain[at:], names))


def _words(text: str, names: set[str]) -> Iterator[_Token]:
    for word in _WORD.findall(text):
        if word.lower() not in STOP_WORDS:
            yield _Token(stem(word.lower()), word, named=word in names)


def _is_date(value: Value) -> bool:
    """Tell a date, or a number that may well be a year."""
    if value.date is not None or value.raw is None:
        return value.date is not None
    whole = not value.family and value.raw == int(value.raw)
    return whole and _YEARS[0] <= value.raw <= _YEARS[1]


def _about_the_same(
    question: str, first: Sequence[_Token], second: Sequence[_Token], codes: Sequence[_Code]
) -> bool:
    """Tell whether two sentences speak of the same thing, as far as words tell.

    They share enough of their words, what they share is asked about, and no word of the
    question is in one of them only (but for "included" or "excluded", where it is asked whether);
    nor does each have words of its own in the same place.
    """
    mine, theirs = _said(first), _said(second)
    shared = mine & theirs
    opposed = {key for key in mine ^ theirs if opposites_of(key, mine ^ theirs)}
    if not asks_whether(question):
        opposed -= content_stems(question)  # "the tenant" of a question is not the landlord
    asked = content_stems(topic_words(question)) - opposed
    if len(shared) < _LEAST_SHARED or not asked & shared or (asked & mine) != (asked & theirs):
        return False
    if len(shared) < _ALIKE * min(len(mine), len(theirs)):
        return False
    return not any(_other_thing(first[a:b], second[c:d]) for _, a, b, c, d in codes if a < b)


def _other_thing(mine: Sequence[_Token], theirs: Sequence[_Token]) -> bool:
    """One word in the place of another, neither a slot: another thing is meant."""
    plain = [[t for t in side if t.value is None and not t.named] for side in (mine, theirs)]
    keys = [{t.key for t in side} for side in plain]
    only = keys[0] - keys[1], keys[1] - keys[0]
    if len(only[0]) == len(only[1]) == 1 and opposites_of(next(iter(only[0])), only[1]):
        return False
    return bool(only[0]) and bool(only[1])


def _said(tokens: Sequence[_Token]) -> set[str]:
    return {token.key for token in tokens if token.value is None}


def _slots(
    first: Sequence[_Token], second: Sequence[_Token], codes: Sequence[_Code]
) -> Iterator[tuple[Value, Value]]:
    """Yield the numbers and dates that stand in the same place of two sentences."""
    for tag, a, b, c, d in codes:
        mine, theirs = _values(first[a:b]), _values(second[c:d])
        if tag == "equal" or len(mine) == len(theirs) == 1:
            pairs = zip(mine, theirs, strict=False)
            yield from (pair for pair in pairs if comparable(*pair))


def _values(tokens: Sequence[_Token]) -> list[Value]:
    return [token.value for token in tokens if token.value is not None]


def _lone_date(
    first: Sequence[_Token], second: Sequence[_Token], slots: Sequence[tuple[Value, Value]]
) -> bool:
    """Tell whether one side names a time for which the other has none, or another number."""
    mine, theirs = _values(first), _values(second)
    return max(len(mine), len(theirs)) > len(slots) and any(
        _is_date(value) and all(value not in pair for pair in slots) for value in (*mine, *theirs)
    )


def _replaced_names(
    first: Sequence[_Token], second: Sequence[_Token], codes: Sequence[_Code]
) -> Iterator[tuple[str, str]]:
    for tag, a, b, c, d in codes:
        mine = " ".join(t.surface for t in first[a:b] if t.named)
        theirs = " ".join(t.surface for t in second[c:d] if t.named)
        if tag == "replace" and mine and theirs:
            yield mine, theirs


def _asks_for(question: str, kind: str) -> bool:
    """Tell whether a question may be answered by a number, date or name."""
    text = question.lower()
    when, much, who = _WHEN.search(text), _HOW_MUCH.search(text), _WHO.search(text)
    if kind == "name":
        return bool(who) or not (when or much)
    if kind == "date":
        return bool(when) or not (much or who)
    return bool(much or when) or not who
