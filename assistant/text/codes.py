"""Find codes in running text: part numbers, numbers of clauses, labelled letters, acronyms.

A code is one term, never stop words or loose letters: "AX-4417/A" is another part than
"AX-4417/B", "section 11(4)" another rule than "11(3)", "IT" a department and "it" a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from assistant.text.stop_words import STOP_WORDS

JOIN = "\ue000"
"""Stands between the parts of a code's term, and marks a term that is none of the plain words.

A private-use character: the word index takes it for a letter (category Co), and documents'
own ones are dropped from the search form.
"""

CodeKind = Literal["code", "clause", "label", "acronym"]

_LABELS = {
    "\u00a7": "section", "\u00a7\u00a7": "section", "sec": "section", "sect": "section",
    "art": "article", "cl": "clause", "para": "paragraph", "fig": "figure", "ch": "chapter",
    "reg": "regulation", "vit": "vitamin", "appx": "appendix", "app": "appendix",
}  # fmt: skip
_LABEL = (
    r"section|sect?\.?|article|art\.?|clause|cl\.|paragraph|para\.?|annex|appendix|app[.x]"
    r"|schedule|exhibit|chapter|ch\.|part|table|figure|fig\.?|type|class|grade|category|group"
    r"|phase|stage|level|zone|room|route|form|version|model|vitamin|vit\.|hepatitis|influenza"
    r"|unit|step|rule|regulation|reg\.?|item|lot|batch|block|building|gate|platform|terminal|line"
    r"|hall|floor|ward|bay|pump|valve|tank|berth|dock|plan|option|module|series|size|box|shelf"
)
_ID = (
    r"(?:\d{1,6}[A-Za-z]?(?:[.\-/]\d{1,6})*(?:\s?\((?:\d{1,3}|[A-Za-z]{1,5})\))*"
    r"|[IVXLC]{1,6}(?![\w'/-])|(?!(?:A[NST]|B[EY]|DO|I[FNST]|NO|O[FNR]|SO|TO|WE)\b)[A-Z]{1,2}\d{0,4}(?![\w'/-]))"
)
_LABELLED = re.compile(
    rf"(?P<label>\u00a7{{1,2}}|(?<!\w)(?i:{_LABEL}))\s?(?P<id>{_ID})(?!\w)(?!\.\w)"
)
_PARTS = re.compile(r"[^\W_]+")
_JOINED = re.compile(
    r"(?<![^\W_])(?<![\d][.,])(?=\S{0,60}\d)[^\W_]{1,30}"
    r"(?:(?:[-/_.:+]|(?<=[\d)])\s?\((?=\w{1,5}\))|(?<=\d[A-Za-z])\((?=\w{1,5}\)))[^\W_]{1,30}\)?){0,8}"
    r"(?![^\W_])"
)
_SPACED = re.compile(
    r"(?<![\w-])(?P<head>[A-Z]{2,6}) (?P<number>\d{2,7}[A-Z]?)(?![\w.,-]*\d)(?!\w)"
)
_MEASURED = re.compile(
    r"[ckdm]?m[23]|\d[\d.,]*(?:st|nd|rd|th|[a-z\u03bc]{1,12}|[A-Z]{1,3}|Nm|Hz|kW|kWh|mAh|dB)?"
)
_COUNTED = re.compile(r"\d+(?:-[a-z]+)+")
_CLAUSE = re.compile(
    r"\d{1,4}[A-Za-z]?(?:\.\d{1,3}){2,}|\d{1,4}[A-Za-z]?(?:\.\d{1,3})*(?:\s?\(\w{1,5}\))+"
)
_WORD = re.compile(r"[^\W\d_]+")
_ACRONYMS = frozenset({"WHO", "IT", "US"})
_DETERMINERS = frozenset("the a an our this each every its their no".split())
_SHOUTED_IN_A_ROW = 3
_LONGEST_TERM = 60


@dataclass(frozen=True, slots=True)
class Code:
    """A code at `start:end` of a text.

    `term` is what equal codes have in common, whatever signs join their parts; `family` is
    what siblings have in common: "ax" with four digits for AX-4417/A, the label for a clause.
    """

    term: str
    family: str
    kind: CodeKind
    start: int
    end: int


def find_codes(text: str) -> list[Code]:
    """Return the codes of `text` (in canonical form), in order and not overlapping."""
    found: list[Code] = []
    for code in sorted(_all(text), key=lambda c: (c.start, -c.end)):
        if not found or code.start >= found[-1].end:
            found.append(code)
    return found


def _all(text: str) -> Iterator[Code]:
    for match in _LABELLED.finditer(text):
        label = match["label"].lower().rstrip(".")
        label = _LABELS.get(label, label)
        term = _term(match["id"])
        if JOIN not in term:
            term = f"{label}{JOIN}{term}"
        yield Code(term, label, "label", *match.span())
    for match in _SPACED.finditer(text):
        yield Code(_term(match.group()), _family(match.group()), "code", *match.span())
    for match in _JOINED.finditer(text):
        yield from _joined(match)
    yield from _acronyms(text)


def _joined(match: re.Match[str]) -> Iterator[Code]:
    word = match.group()
    if not any(map(str.isdigit, word)):
        return
    if _CLAUSE.fullmatch(word):
        yield Code(_term(word), "clause", "clause", *match.span())
    elif any(map(str.isalpha, word)) and not (
        _MEASURED.fullmatch(word) or _COUNTED.fullmatch(word)
    ):
        if word.count("(") != word.count(")"):
            word = word.partition("(")[0].rstrip()
        parts = _PARTS.findall(word)
        if any(any(map(str.isdigit, part)) for part in parts):
            yield Code(_term(word), _family(word), "code", match.start(), match.start() + len(word))


def _term(word: str) -> str:
    """Return the parts of a code, letters apart from digits, so that AX4417A is AX-4417/A."""
    parts = re.findall(r"[^\W\d_]+|\d+", word.lower())
    return JOIN.join(parts)[:_LONGEST_TERM]


def _family(word: str) -> str:
    """Return the shape that siblings share: the letters of each part, digits as "#"."""
    parts = re.findall(r"[^\W\d_]+|\d+", word.lower())
    head = parts[0] if not parts[0].isdigit() else "#"
    return f"{head}-{'#' if any(p.isdigit() for p in parts) else ''}"


def _acronyms(text: str) -> Iterator[Code]:
    """Yield stop words in capitals that are names: WHO, IT, US, and others as "the OR".

    They stand amid small letters; a line in capitals has none, a word alone is one.
    """
    if not any(map(str.isupper, text)):
        return
    at = 0
    for line in text.split("\n"):
        words = [(m.group(), m.start(), m.end()) for m in _WORD.finditer(line)]
        loud = [len(word) > 1 and word.isupper() for word, _, _ in words]
        if len(words) == 1 or not all(loud):
            for number, (word, start, end) in enumerate(words):
                before = words[number - 1][0].lower() if number else ""
                named = word in _ACRONYMS or (loud[number] and before in _DETERMINERS)
                if named and word.lower() in STOP_WORDS and _run(loud, number) < _SHOUTED_IN_A_ROW:
                    yield Code(f"{word.lower()}{JOIN}", "", "acronym", at + start, at + end)
        at += len(line) + 1


def _run(loud: list[bool], at: int) -> int:
    """Return how many words in capitals stand in a row around number `at`."""
    first = last = at
    while first > 0 and loud[first - 1] and at - first < _SHOUTED_IN_A_ROW:
        first -= 1
    while last + 1 < len(loud) and loud[last + 1] and last - at < _SHOUTED_IN_A_ROW:
        last += 1
    return last - first + 1
