"""Generate candidate questions from a page, each with its span and a score."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

from assistant.text.sentences import trimmed
from assistant.text.words import words

DEFINITION, CLOZE, TABLE, LIST, HEADING = "definition", "cloze", "table", "list", "heading"
KINDS = (DEFINITION, CLOZE, TABLE, LIST, HEADING)

LONGEST_QUESTION = 300
"""Code points of a drafted question; a longer one is no question that a person would ask."""

BLANK = "____"
"""Stands for what is to be found in a sentence that is to be completed."""

_PART = 3_000
_ODD = re.compile(r"\[[^\]]{0,12}\]|_{3,}|\.{4,}|\*{3,}|\ufffd|<U\+|\||-{5,}|={5,}")
_LINKS = re.compile(r"\]\(|https?://|\{[%{]")
_VAGUE = re.compile(
    r"\b(?:herein\w*|hereto\w*|hereof|hereunder|hereby|thereof|therein|thereto|aforesaid|"
    r"foregoing|such|said|same|above|below|following|former|latter)\b",
    re.IGNORECASE,
)

Span = tuple[int, int]
"""Start and end of a piece of a page's text, in code points."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page as the library holds it. `title` is the document's, "" if it has none."""

    document_id: int
    document: str
    title: str
    media_type: str
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question that `text` (at `start:end` of the page's text, code points) answers.

    `subject` is what makes two questions of one kind the same; `score` (0..1) how good the
    rules hold it to be. Without `answers` the span alone says what is right.
    """

    kind: str
    question: str
    subject: str
    answers: tuple[str, ...]
    document: str
    page: int
    start: int
    end: int
    text: str
    score: float

    @property
    def place(self) -> tuple[str, int, int]:
        """Where it comes from, finer than a page: for text files, a page is all there is."""
        return self.document, self.page, self.start // _PART


def make(
    page: Page,
    kind: str,
    question: str,
    subject: str,
    span: tuple[int, int],
    score: float,
    *,
    answers: tuple[str, ...] = (),
) -> Iterator[Candidate]:
    """Yield a candidate, unless the span is empty or the question gives its answer away."""
    start, end = trimmed(page.text, *span)
    text = page.text[start:end]
    question = fold(question)
    if not any(map(str.isalnum, text)) or len(question) > LONGEST_QUESTION:
        return
    if any(gives_away(question, answer) for answer in answers):
        return
    score -= 0.15 * bool(_VAGUE.search(question)) + 0.3 * bool(
        _ODD.search(f"{question.replace(BLANK, '')} {text}")
    )
    score -= 0.1 * (len(question) > 160) + 0.2 * (_LINKS.search(text) is not None)
    yield Candidate(
        kind, question, subject.casefold(), tuple(map(fold, answers)),
        page.document, page.number, start, end, text, max(score, 0.0),
    )  # fmt: skip


def fold(text: str) -> str:
    """Return `text` on one line, without characters that nobody sees."""
    seen = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(seen.split())


def gives_away(question: str, answer: str) -> bool:
    """Whether the words of the answer stand, in a row, in the question."""
    asked, said = words(question), words(answer)
    if not said:
        return fold(answer) in question
    return any(asked[at : at + len(said)] == said for at in range(len(asked)))


def as_subject(phrase: str, common: Container[str]) -> str:
    """Return a phrase as it stands inside a sentence.

    Its first word loses its capital if it is an article, or is among the `common` words:
    those that stand in lower case elsewhere.
    """
    first, space, rest = phrase.partition(" ")
    if first in _LOWERED or first.lower() in common:
        return f"{first.lower()}{space}{rest}"
    return phrase


def lower_words(text: str) -> frozenset[str]:
    """Return the words that stand in lower case somewhere in `text`."""
    return frozenset(_LOWER.findall(text[:_MOST_LOOKED_AT]))


_LOWER = re.compile(r"\b[a-z]{3,}\b")
_MOST_LOOKED_AT = 100_000

_LOWERED = frozenset(
    """
    The A An Each Every Any All No Both Either Neither This These If When Where While
    After Before Until Unless Upon During For In At On Within By With Without Under As One
    Two Three Four Five Six Seven Eight Nine Ten
""".split()
)
