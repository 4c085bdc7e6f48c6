"""Tell whether a passage speaks of another code, number, date or name than the question's.

"To how many Nm is AX-4417/A torqued?" can't be answered by what is said of AX-4417/B, nor
"the depot with 1240 ropes" by the one with 124, however alike the words are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.text.canonical import plain_form
from assistant.text.codes import JOIN, Code, find_codes
from assistant.text.dates import Date, says
from assistant.text.quantities import Value, find_values
from assistant.text.search_form import folded
from assistant.text.stop_words import STOP_WORDS
from assistant.text.words import content_stems

ConflictKind = Literal["code", "number", "date", "year", "name"]

_NEXT_WORD = re.compile(r"[\s-]*([^\W\d_]{3,})")
_NAME = re.compile(
    r"(?<![^\W_])[^\W\d_a-z][^\W\d_]+(?:[ -](?:de |van |von |of |[A-Z]\.? )?[^\W\d_a-z][^\W\d_]+)+"
)
_TITLES = frozenset("mr mrs ms miss dr prof sir dame madam herr frau the a an".split())
_ASKING = STOP_WORDS | _TITLES
_YEARS = range(1900, 2100)


@dataclass(frozen=True, slots=True)
class Conflict:
    """The question says `asked`; what was found of its kind (`found`) is something else."""

    kind: ConflictKind
    asked: str
    found: tuple[str, ...]


def conflicts(question: str, text: str, context: str = "") -> list[Conflict]:
    """Return what `text` (a sentence or passage) says otherwise than the question.

    A text that says nothing of the kind is in no conflict, nor is one that says the same
    beside other things. `context` is what the text stands under (its headings, its document's
    name): what is named there is as good as said in the text. A question that asks whether
    something is so ("Is the fee 50 euros?") is answered by another number: its caller decides.
    """
    asked, said, around = plain_form(question), plain_form(text), plain_form(context)
    found = [
        *_codes(asked, said, around),
        *_values(asked, said, around),
        *_names(asked, said, around),
    ]
    return list(dict.fromkeys(found))


def _codes(asked: str, said: str, around: str) -> Iterator[Conflict]:
    there = [code for code in find_codes(said) if code.kind != "acronym"]
    named = {code.term for code in [*there, *find_codes(around)]}
    for code in find_codes(asked):
        if code.kind == "acronym" or any(_meets(code, term) for term in named):
            continue
        others = [said[c.start : c.end] for c in there if _sibling(code, c)]
        if others:
            yield Conflict("code", asked[code.start : code.end], tuple(dict.fromkeys(others)))


def _meets(code: Code, term: str) -> bool:
    """The same code, the whole of a clause for its part, or a code with more numbers behind."""
    if term == code.term:
        return True
    shorter, longer = sorted((code.term.split(JOIN), term.split(JOIN)), key=len)
    if longer[: len(shorter)] != shorter or (code.kind == "label" and len(shorter) < 2):
        return _clause_of(code.term, term)
    return code.kind != "code" or longer[len(shorter)].isdigit()


def _clause_of(one: str, other: str) -> bool:
    """Section 11 and 11(4): the term of a lone number has its label before it."""
    for single, whole in ((one, other), (other, one)):
        label, _, number = single.partition(JOIN)
        if label in ("section", "article", "clause") and number == whole.split(JOIN)[0]:
            return True
    return False


def _sibling(code: Code, other: Code) -> bool:
    clauses = ("section", "article", "clause", "paragraph", "rule", "regulation")
    if code.family in clauses and other.family in clauses:
        return True
    return code.family == other.family


def _values(asked: str, said: str, around: str) -> Iterator[Conflict]:
    covered = [(code.start, code.end) for code in find_codes(asked) if code.kind != "acronym"]
    there = [v for v in find_values(said) if not _inside(v, _spans(said))]
    known = [*there, *find_values(around)]
    for value in find_values(asked):
        if _inside(value, covered):
            continue
        if value.date is not None:
            yield from _date(value.date, value.surface, there, known)
        elif _year(value) is not None:
            yield from _of_year(value, there, known)
        else:
            yield from _number(value, asked, said, there)


def _spans(text: str) -> list[tuple[int, int]]:
    return [(code.start, code.end) for code in find_codes(text) if code.kind != "acronym"]


def _inside(value: Value, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start < value.end and value.start < end for start, end in spans)


def _date(
    date: Date, surface: str, there: Sequence[Value], known: Sequence[Value]
) -> Iterator[Conflict]:
    dates = [value.date for value in known if value.date is not None]
    if any(says(date, other) or says(other, date) for other in dates):
        return
    others = [value.surface for value in there if value.date is not None]
    if others:
        yield Conflict("date", surface, tuple(dict.fromkeys(others)))


def _year(value: Value) -> int | None:
    whole = value.raw is not None and not value.family and value.surface.isdecimal()
    return int(value.surface) if whole and int(value.surface) in _YEARS else None


def _years(values: Sequence[Value]) -> set[int]:
    bare = {_year(value) for value in values}
    dated = {day[0] for value in values if value.date for day in value.date.readings}
    return {year for year in bare | dated if year is not None}


def _of_year(value: Value, there: Sequence[Value], known: Sequence[Value]) -> Iterator[Conflict]:
    others = _years(there)
    if others and _year(value) not in _years(known):
        yield Conflict("year", value.surface, tuple(map(str, sorted(others))))


def _number(value: Value, asked: str, said: str, there: Sequence[Value]) -> Iterator[Conflict]:
    """Numbers are of one kind if they have the same unit or count the same things."""
    if not value.amounts:
        return
    kind = value.family or _counted(asked, value)
    alike = [v for v in there if v.amounts and kind and (v.family or _counted(said, v)) == kind]
    if alike and not any(v.amounts & value.amounts for v in alike):
        yield Conflict("number", value.surface, tuple(dict.fromkeys(v.surface for v in alike)))


def _counted(text: str, value: Value) -> str:
    """Return the stem of the word that a number counts, "" if none follows."""
    found = _NEXT_WORD.match(text, value.end)
    stems = content_stems(found[1]) if found else frozenset()
    return next(iter(stems), "")


def _names(asked: str, said: str, around: str) -> Iterator[Conflict]:
    """Two names are siblings that share a word: Anna Meier and Peter Meier."""
    others = [(name, _words_of(name)) for name in _NAME.findall(said)]
    known = {folded(word) for word in re.findall(r"[^\W\d_]+", f"{said} {around}")}
    for name in _NAME.findall(asked):
        words = _words_of(name)
        if len(words) < 2 or words <= known:
            continue
        found = [other for other, own in others if own & words and own - words]
        if found:
            yield Conflict("name", name, tuple(dict.fromkeys(found)))


def _words_of(name: str) -> frozenset[str]:
    return frozenset(map(folded, re.findall(r"[^\W\d_]+", name))) - _ASKING
