"""A group: passages in one order, and the questions that are asked of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from convert.dataset.articles import Paragraph, Question, ShownText, Span, one_line
from convert.dataset.similar_paragraphs import Key


@dataclass(frozen=True, slots=True)
class ShownParagraph:
    """A paragraph in a prompt: the part `span` of it."""

    key: Key
    paragraph: Paragraph
    span: Span

    @property
    def text(self) -> str:
        return one_line(self.paragraph.text[self.span[0] : self.span[1]])

    def touched(self) -> Iterator[Question]:
        """Yield the questions of which any answer stands in the part, whole or not."""
        start, end = self.span
        for question in self.paragraph.questions:
            if question.partial or any(a < end and start < b for a, b in question.spans):
                yield question


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question to a group.

    `origin` says why it is there: "answer", or (all refusals) "human", "cut", "near", "far",
    "document", "synthetic". `about` is the article it comes from, `answers` what is right
    (of a refusal: what would be, had its paragraph been shown), `oracle` the passage that
    holds it.
    """

    question: Question
    origin: str
    about: int
    answers: tuple[str, ...] = ()
    oracle: ShownParagraph | None = None


@dataclass(slots=True)
class Group:
    """Passages in the order in which they are shown, and what is asked of them.

    `cut` are questions whose answer a window cut away, `barred` the words of those that the
    passages answer: asked of another paragraph they'd be no refusals.
    """

    number: int
    shown: tuple[ShownParagraph, ...]
    asked: list[AskedQuestion] = field(default_factory=list)
    cut: list[AskedQuestion] = field(default_factory=list)
    barred: frozenset[str] = frozenset()

    @property
    def answerable(self) -> int:
        return sum(1 for asked in self.asked if asked.origin == "answer")

    def shown_text(self) -> ShownText:
        return ShownText(shown.text for shown in self.shown)
