"""Do two sentences answer one question differently? Rules, no model.

The two are laid side by side word by word, numbers, dates and names taken as slots. They
contradict each other if they say the same but for one slot ("24 months" here, "36 months"
there), or but for a negation. Where they differ in more, they may well speak of different
things, and nothing is said: a false alarm costs more trust than a missed one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from assistant.answering.checks.names import find_names
from assistant.answering.checks.negation import (
    Words,
    align,
    negation_flipped,
    opposite_word,
    opposites_of,
)
from assistant.answering.checks.numbers import Value, comparable, equal, find_values
from assistant.text.canonical import canonical
from assistant.text.stop_words import STOP_WORDS
from assistant.text.words import content_stems, stem, topic_words
from assistant.types.answers import ContradictionKind

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
    """What is different in two sentences: of which kind, and what either says."""

    kind: ContradictionKind
    values: tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Token:
    """A word that says something, or a slot: `value` of a number or date, or a name."""

    key: str
    surface: str
    value: Value | None = None
    named: bool = False


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
    different = [pair for pair in slots if not equal(*_values(pair))]
    names = list(_replaced_names(first, second, codes))
    if len(different) + len(names) > 1 or _lone_date(first, second, slots):
        return None
    if different:
        return _of_values(question, different[0])
    return _of_words(question, one, other, names, _likeness(keys, codes))


def _of_values(question: str, pair: tuple[_Token, _Token]) -> Disagreement | None:
    dated = any(_is_date(token) for token in pair)
    if dated and _HOW_MUCH.search(question.lower()):
        return None
    if not _asks_for(question, "date" if dated else "number"):
        return None
    return Disagreement("date" if dated else "number", (pair[0].surface, pair[1].surface))


def _of_words(
    question: str,
    one: str,
    other: str,
    names: Sequence[tuple[_Token, _Token]],
    likeness: float,
) -> Disagreement | None:
    if names:
        fits = likeness >= _ALIKE and _asks_for(question, "name")
        return Disagreement("name", (names[0][0].surface, names[0][1].surface)) if fits else None
    aligned = align(Words.of(one), Words.of(other))
    if aligned is None or likeness < _ALIKE or _WHO.search(question.lower()):
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
    values = find_values(plain)
    names = {word for name in find_names(plain, starts=False) for word in _WORD.findall(name)}
    found: list[_Token] = []
    at = 0
    for value in values:
        found += _words(plain[at : value.start], names)
        found.append(_Token(_mask(value), value.surface, value))
        at = max(at, value.end)
    return found + list(_words(plain[at:], names))


def _words(text: str, names: set[str]) -> Iterator[_Token]:
    for match in _WORD.finditer(text):
        word = match.group()
        if word.lower() not in STOP_WORDS:
            yield _Token(stem(word.lower()), word, named=word in names)


def _mask(value: Value) -> str:
    return "<date>" if value.date is not None or _is_year(value) else f"<{value.family}>"


def _is_year(value: Value) -> bool:
    whole = value.raw is not None and not value.family and value.raw == int(value.raw)
    return whole and value.raw is not None and _YEARS[0] <= value.raw <= _YEARS[1]


def _is_date(token: _Token) -> bool:
    return token.key == "<date>"


_Code = tuple[str, int, int, int, int]


def _about_the_same(
    question: str, first: Sequence[_Token], second: Sequence[_Token], codes: Sequence[_Code]
) -> bool:
    """Tell whether two sentences speak of the same thing, as far as words tell.

    They share enough of their words, what they share is asked about, and no word of the
    question is in one of them only; nor does each have words of its own in the same place.
    """
    mine, theirs = _said(first), _said(second)
    shared = mine & theirs
    opposed = {key for key in mine ^ theirs if opposites_of(key, mine ^ theirs)}
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


def _likeness(keys: tuple[list[str], list[str]], codes: Sequence[_Code]) -> float:
    same = sum(b - a for tag, a, b, _, _ in codes if tag == "equal")
    return 2.0 * same / max(1, len(keys[0]) + len(keys[1]))


def _slots(
    first: Sequence[_Token], second: Sequence[_Token], codes: Sequence[_Code]
) -> Iterator[tuple[_Token, _Token]]:
    """Yield the numbers and dates that stand in the same place of two sentences."""
    for tag, a, b, c, d in codes:
        mine = [t for t in first[a:b] if t.value is not None]
        theirs = [t for t in second[c:d] if t.value is not None]
        if tag == "equal" or len(mine) == len(theirs) == 1:
            for pair in zip(mine, theirs, strict=False):
                if comparable(*_values(pair)):
                    yield pair


def _values(pair: tuple[_Token, _Token]) -> tuple[Value, Value]:
    one, other = pair[0].value, pair[1].value
    if one is None or other is None:
        raise ValueError("a slot without a value")
    return one, other


def _lone_date(
    first: Sequence[_Token], second: Sequence[_Token], slots: Sequence[tuple[_Token, _Token]]
) -> bool:
    """Tell whether one side names a time for which the other has none, or another number."""
    paired = len(slots)
    counts = [sum(t.value is not None for t in side) for side in (first, second)]
    return max(counts) > paired and any(
        _is_date(t) and all(t not in pair for pair in slots) for t in (*first, *second)
    )


def _replaced_names(
    first: Sequence[_Token], second: Sequence[_Token], codes: Sequence[_Code]
) -> Iterator[tuple[_Token, _Token]]:
    for tag, a, b, c, d in codes:
        mine = [t for t in first[a:b] if t.named]
        theirs = [t for t in second[c:d] if t.named]
        if tag == "replace" and mine and theirs:
            yield (_joined(mine), _joined(theirs))


def _joined(tokens: Sequence[_Token]) -> _Token:
    return _Token("", " ".join(token.surface for token in tokens), named=True)


def _asks_for(question: str, kind: str) -> bool:
    """Tell whether a question may be answered by a number, date or name."""
    text = question.lower()
    when, much, who = _WHEN.search(text), _HOW_MUCH.search(text), _WHO.search(text)
    if kind == "name":
        return bool(who) or not (when or much)
    if kind == "date":
        return bool(when) or not (much or who)
    return bool(much or when) or not who
