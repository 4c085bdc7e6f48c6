"""Build items from the questions of a public set: negatives, order, windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assistant.config import Settings
from assistant.types import ChatEngine
from convert.evaluate.evaluation_items import Item, pick
from convert.evaluate.paragraph_pool import Paragraph, Pool, Scope


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about `document`.

    `gold` is the number of the paragraph that it is about; None if it is about none of
    them. Without `answers` refusing is right. `scope` says where the other passages come
    from.
    """

    id: str
    question: str
    answers: tuple[str, ...]
    gold: int | None
    document: str
    scope: Scope = "all"


@dataclass(frozen=True, slots=True)
class AskedSet:
    """Questions, and the paragraphs among which passages are found."""

    paragraphs: tuple[Paragraph, ...]
    questions: tuple[Asked, ...]

    def sample(self, count: int, seed: int) -> list[Asked]:
        """Return up to `count` answerable and `count` unanswerable questions (0: all)."""
        answerable = [q for q in self.questions if q.answers]
        unanswerable = [q for q in self.questions if not q.answers]
        return pick(answerable, count, seed) + pick(unanswerable, count, seed)

    def about(self, allowed: Callable[[str], bool]) -> AskedSet:
        """Return the questions about allowed documents; all paragraphs stay, as negatives."""
        return replace(self, questions=tuple(q for q in self.questions if allowed(q.document)))


def whole_items(
    questions: Sequence[Asked], pool: Pool, *, negatives: int, seed: int, source: str
) -> list[Item]:
    """Return items with the whole gold paragraph among `negatives` hard ones, shuffled.

    A question about none of the paragraphs gets one negative more.
    """
    return [
        Item(q.id, q.question, pool.whole(_numbers(q, pool, negatives), f"{seed} {q.id}"),
             q.answers, source)
        for q in questions
    ]  # fmt: skip


def served_items(
    questions: Sequence[Asked], pool: Pool, chat: ChatEngine, settings: Settings, *, source: str
) -> list[Item]:
    """Return the same questions with what the laptop would show of gold and negatives.

    As many paragraphs as the laptop takes, in the retriever's order, cut to windows of
    sentences: the answer may be cut away (`Item.answer_shown`).
    """
    items = []
    for q in questions:
        numbers = _numbers(q, pool, settings.prompt_passages - 1)
        shown = pool.served(q.question, numbers, chat, settings)
        items.append(Item(q.id, q.question, shown, q.answers, source))
    return items


def _numbers(q: Asked, pool: Pool, negatives: int) -> list[int]:
    return pool.ranked(q.question, q.gold, negatives + 1, q.scope, q.document)
