"""Questions from definitions: "Business Day" means ..., **Term**: ..., (the "Supplier")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.evaluation.draft.candidates import DEFINITION, HEADING, Candidate, Page, fold, make
from assistant.text.sentences import Span

_OPEN, _CLOSE = '["\u201c\u201f]', '["\u201d]'
_TERM = rf"{_OPEN}(?P<term>[^\"\u201c\u201d\n]{{2,60}}){_CLOSE}"
_NUMBER = r"(?:[(\[]?(?:\d{1,3}(?:\.\d{1,3}){0,4}|[a-zA-Z]|[ivx]{1,5})[.)\]]{0,2}\s+)?"
_MEANS = re.compile(
    rf"{_NUMBER}(?:The\s+term\s+)?{_TERM}\s*,?\s+(?:(?:shall|will)\s+)?"
    r"(?:means?(?:\s+and\s+includes?)?|refers?\s+to|is\s+defined\s+as|includes?)\s*,?\s+"
)
_MARKED = re.compile(
    r"[ \t]{0,3}(?:[-*+][ \t]+)?\*\*(?P<term>[^*\n]{2,60}?):?\*\*[ \t]*(?::|\u2013|\u2014|-)?[ \t]+"
)
_ELSEWHERE = re.compile(
    r"(?:the\s+meaning|as\s+(?:defined|set\s+forth)|has\s+the\s+meaning)\b", re.IGNORECASE
)
_NAME = r"[A-Z][\w.&'\u2019-]*(?:,?\s+(?:[A-Z][\w.&'\u2019-]*|of|and|the|&)){0,7}"
_COMPANY = re.compile(
    r"\b(?:Inc|LLC|L\.L\.C|Ltd|Limited|Corp|Corporation|Company|L\.?P|LLP|GmbH|AG|S\.A|SA|plc|PLC|"
    r"Group|B\.V|N\.V|Bank|University|Hospital|Trust|Foundation|Partners|Holdings)\.?$"
)
_PARTY = re.compile(
    rf"\b(?P<lead>between|among|and|by)\s+(?:the\s+)?(?P<name>{_NAME})"
    rf"(?:,\s[^(\"\u201c]{{0,200}}|\s)\((?:the\s+|each,?\s+an?\s+|hereinafter,?\s+(?:the\s+)?|"
    rf"together,?\s+the\s+)?{_TERM}"
)
_DULL = frozenset(
    ["agreement", "this agreement", "party", "parties", "effective date", "the parties", "term"]
)
"""Terms that every contract defines: who asks for them means one contract and names it."""

_A_THING = re.compile(r"(?:(means?|is|are|refers?)|a|an|the|any)\s", re.IGNORECASE)
_UP_TO_A_CLAUSE = re.compile(r"\b(?:that|which|who|whose|where)\b|[,;(]")
_FINITE = re.compile(r"\b(?:is|are|was|were|can|will|has|have|should|must|may|do|does|won)\b")
_SHORT_SUBJECT = 60
_LONGEST_BODY = 900
_SHORT_BODY = 12


def definitions(page: Page, sentences: Sequence[Span]) -> Iterator[Candidate]:
    """Yield a question for every definition that the sentences of a page give."""
    text = page.text
    for start, end in sentences:
        if found := _MEANS.match(text, start, end):
            yield from _meaning(page, found, end)
        elif found := _MARKED.match(text, start, end):
            yield from _marked(page, found, end)
        elif "(" in text[start:end]:
            for party in _PARTY.finditer(text, start, min(end, start + 2_000)):
                yield from _party(page, party)


def _meaning(page: Page, found: re.Match[str], end: int) -> Iterator[Candidate]:
    term, start = fold(found["term"]).strip(" ,.:"), found.end()
    body = page.text[start:end]
    if not _SHORT_BODY <= len(body) <= _LONGEST_BODY or _ELSEWHERE.match(body) or not term:
        return
    if (
        term.lower() in _DULL
        or not any(map(str.isalpha, term))
        or not term[0].isalnum()
        or len(term.split()) > 6
        or body.rstrip().endswith(":")
    ):
        return
    stop = end - (len(body) - len(body.rstrip(" \n\t.;")))
    whole = body.rstrip().endswith((".", ";", ")"))
    score = 0.92 - 0.15 * (len(body) > 500) - 0.25 * (not whole)
    yield from make(
        page, DEFINITION, f'What does "{term}" mean?', term, (start, stop), score,
        answers=(page.text[start:stop],),
    )  # fmt: skip


def _marked(page: Page, found: re.Match[str], end: int) -> Iterator[Candidate]:
    """**Term**: words. It is a definition only if the words begin as one; else a subject."""
    first = _UP_TO_A_CLAUSE.split(page.text[found.end() : end], maxsplit=1)[0]
    says_what = _A_THING.match(first)
    if says_what and (says_what[1] or not _FINITE.search(first)):
        yield from _meaning(page, found, end)
        return
    term, span = fold(found["term"]).strip(" ,.:"), (found.end(), end)
    if not 1 < len(term.split()) <= 6 or not _SHORT_SUBJECT <= end - found.end() <= _LONGEST_BODY:
        return
    if not term.endswith("?"):
        yield from make(page, HEADING, f'What is said under "{term}"?', term, span, 0.5)


def _party(page: Page, found: re.Match[str]) -> Iterator[Candidate]:
    term, name = fold(found["term"]).strip(" ,."), found["name"].rstrip(" ,")
    if not term[:1].isupper() or len(term.split()) > 3 or len(name) < 4 or len(name) > 90:
        return
    shared = set(term.lower().split()) & set(re.findall(r"[a-z]+", name.lower()))
    if shared or not (_COMPANY.search(name) or found["lead"] == "between"):
        return
    span = (found.start("name"), found.start("name") + len(name))
    yield from make(
        page, DEFINITION, f'Which party is called the "{term}"?', f"party {term}", span, 0.78,
        answers=(name,),
    )  # fmt: skip
