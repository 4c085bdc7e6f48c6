"""Question-answering data as articles: paragraphs, and the questions about them.

The converters of public formats and the readers of a user's own tables end here; from here
on `groups` decides which paragraphs stand in one prompt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from assistant.text.signs import QUOTE_MARKS
from assistant.text.words import plain_words

Span = tuple[int, int]

_RUN = 8


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the spans of its paragraph that answer it, the preferred one first.

    Without spans the question was written (by a person) to have no answer. `rewordings`
    are other ways to ask it; one is picked for each sample. `partial` marks one of which the
    paragraph holds only a piece of an answer: it can neither be quoted nor refused there.
    """

    id: str
    text: str
    spans: tuple[Span, ...] = ()
    rewordings: tuple[str, ...] = ()
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A piece of text that can be shown as a passage. `page` counts from 1."""

    text: str
    page: int
    questions: tuple[Question, ...] = ()

    def answers(self, question: Question) -> tuple[str, ...]:
        """Return the distinct texts of a question's spans, each on one line."""
        return tuple(dict.fromkeys(one_line(self.text[a:b]) for a, b in question.spans))


@dataclass(frozen=True, slots=True)
class Article:
    """A document: nothing of it may stand in two splits.

    `unanswered` are questions that nothing in the whole document answers. `source` is the
    number of the file it came from in the list of sources. `entire` says that any part of it
    may bear on its questions, so that none of them is unanswerable beside a part of it.
    `mixed` says that its passages may stand beside those of other documents.
    """

    name: str
    paragraphs: tuple[Paragraph, ...]
    unanswered: tuple[Question, ...] = ()
    source: int = 0
    entire: bool = False
    mixed: bool = True


def one_line(text: str) -> str:
    """Put a text on one line, as `assistant.prompts` shows passages."""
    return " ".join(text.split())


def preferred_span(text: str, spans: Iterable[Span]) -> tuple[Span, ...]:
    """Put the span first that most annotators chose, the shorter one of equals.

    Several people answered the questions of SQuAD's development sets.
    """
    given = list(spans)
    votes = Counter(text[a:b] for a, b in given)
    ordered = sorted(given, key=lambda s: (-votes[text[s[0] : s[1]]], s[1] - s[0], s[0]))
    return tuple(dict.fromkeys(ordered))


def quotable(text: str, span: Span) -> Span | None:
    """Trim a span to what can stand between quotation marks; None if nothing can.

    White space and a pair of marks around the whole go; a mark that is left inside would
    look like the end of the quote.
    """
    start, end = span
    while start < end and (text[start].isspace() or text[start] in QUOTE_MARKS):
        start += 1
    while start < end and (text[end - 1].isspace() or text[end - 1] in QUOTE_MARKS):
        end -= 1
    inside = text[start:end]
    if not any(map(str.isalnum, inside)) or any(mark in inside for mark in QUOTE_MARKS):
        return None
    return start, end


def word_key(text: str) -> str:
    """Return what is equal for texts that differ in case and punctuation only."""
    return " ".join(plain_words(text))


class ShownText:
    """The passages of one prompt, asked whether they hold an answer.

    Words are compared without case and punctuation. Of a long answer a run of eight words
    is enough: a piece of it would be a part of the answer.
    """

    def __init__(self, passages: Iterable[str]) -> None:
        self._texts = [f" {word_key(passage)} " for passage in passages]

    def holds(self, answers: Iterable[str]) -> bool:
        return any(self._holds(answer) for answer in answers)

    def _holds(self, answer: str) -> bool:
        words = plain_words(answer)
        if not words:
            return True
        return any(f" {run} " in text for run in _runs(words) for text in self._texts)


def _runs(words: list[str]) -> Iterator[str]:
    for at in range(max(1, len(words) - _RUN + 1)):
        yield " ".join(words[at : at + _RUN])
