"""Find names, numbers and years in English text, to swap one for another.

No model is used: what counts is that a swap looks plausible, not that every name is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_MONTHS = frozenset(
    """
    january february march april may june july august september october november december
    """.split()
)
_DAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())
_ASKING = frozenset(
    """
    what which who whom whose when where why how is are was were do does did has have had can
    could will would should may might must in on at of for from to by with the a an and or during
    after before along besides other than according
    """.split()
)
_PEOPLE = re.compile(r"[A-Z][a-z]{3,}?(?P<ending>ish|ese|ians?|eans?|(?<!st)ans?)$")
_NAME = re.compile(
    r"\b[A-Z][\w-]*[a-z][\w-]*(?: (?:(?:of|de|von|van|the) )?[A-Z][\w-]+){0,3}|\b[A-Z]{2,6}\b"
)
_NUMBER = re.compile(r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?![\w-])")
_PREPOSITION = re.compile(
    r"\b(in|at|to|from|by|with|for|near|against|under|between) $", re.IGNORECASE
)

ANY_NAME = "name"
"""The kind of a name of which nothing is known: person, place or thing. Not to be swapped."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A name or number at `start:end` of a text; only one of the same `kind` may replace it.

    A name's kind is the preposition before it ("in", "by"), as places, times and authors
    have theirs.
    """

    text: str
    kind: str
    start: int
    end: int


def entities_of(text: str) -> list[Entity]:
    """Return the entities of a text, in order. The first word of a sentence is no name."""
    found = [_number(m) for m in _NUMBER.finditer(text)]
    taken = [(e.start, e.end) for e in found]
    for match in _NAME.finditer(text):
        entity = _name(text, match)
        if entity and not any(a < entity.end and entity.start < b for a, b in taken):
            found.append(entity)
    return sorted(found, key=lambda e: e.start)


def by_kind(texts: Iterable[str]) -> dict[str, list[str]]:
    """Return the distinct entities of texts by kind."""
    kinds: dict[str, dict[str, None]] = {}
    for text in texts:
        for entity in entities_of(text):
            kinds.setdefault(entity.kind, {})[entity.text] = None
    return {kind: list(names) for kind, names in kinds.items()}


def _number(match: re.Match[str]) -> Entity:
    plain = match[0].replace(",", "")
    year = len(match[0]) == 4 and plain.isdigit() and 1000 <= int(plain) <= 2100
    kind = "year" if year else "decimal" if "." in plain else f"number of {len(plain)} digits"
    return Entity(match[0], kind, match.start(), match.end())


def _name(text: str, match: re.Match[str]) -> Entity | None:
    words, start = match[0], match.start()
    first = words.split()[0]
    if _begins_sentence(text, start) or first.lower() in _ASKING:
        rest = words[len(first) :]
        if not rest.strip() or first.lower() not in _ASKING:
            return None
        start += len(first) + len(rest) - len(rest.lstrip())
        words = rest.lstrip()
        if not words[:1].isupper():
            return None
    return Entity(words, _kind(text, words, start), start, start + len(words))


def _kind(text: str, words: str, start: int) -> str:
    lower = words.lower()
    if lower in _MONTHS:
        return "month"
    if lower in _DAYS:
        return "day"
    if words.isupper():
        return "acronym"
    people = _PEOPLE.match(words)
    if people:
        return f"people, {people['ending']}"
    before = _PREPOSITION.search(text[max(0, start - 9) : start])
    size = "one word" if " " not in words else "several words"
    return f"name of {size} after {before[1].lower()}" if before else ANY_NAME


def _begins_sentence(text: str, start: int) -> bool:
    before = text[:start].rstrip()
    return not before or before[-1] in '.!?:"\u201c('
