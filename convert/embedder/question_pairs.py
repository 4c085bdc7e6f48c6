"""Pairs of questions and passages, from which embedders learn.

Training never sees a held-out question. Test questions, where the data have a part of that
name, are for `compare` only.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from assistant.documents.chunker import embedding_text
from assistant.errors import UsageError

Split = Literal["train", "held-out", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text that a search can bring up. `title` is embedded before it."""

    text: str
    title: str = ""

    @property
    def embedded(self) -> str:
        """The text as the laptop embeds it."""
        return embedding_text(self.title, self.text)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the numbers of the passages that answer it, and the answers' wording.

    `answers` are verbatim pieces of those passages; () where the data name passages only.
    """

    question: str
    relevant: tuple[int, ...]
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Passages, numbered by their place, and the questions of each split."""

    passages: tuple[Passage, ...]
    train: tuple[Asked, ...]
    held_out: tuple[Asked, ...]
    test: tuple[Asked, ...] = ()

    def of(self, split: Split) -> tuple[Asked, ...]:
        found: tuple[Asked, ...] = getattr(self, split.replace("-", "_"))
        return found


def joined(parts: Sequence[QuestionSet]) -> QuestionSet:
    """Join sets; a passage that several of them hold gets one number.

    A held-out or test question that is asked in training as well is taken out of training.
    """
    builder = QuestionSetBuilder()
    for part in parts:
        numbers = [builder.passage(p) for p in part.passages]
        for split in SPLITS:
            for one in part.of(split):
                moved = replace(one, relevant=tuple(sorted({numbers[n] for n in one.relevant})))
                builder.ask(split, moved)
    return builder.result()


class QuestionSetBuilder:
    """Collects passages and questions, each once."""

    def __init__(self) -> None:
        self._passages: dict[Passage, int] = {}
        self._asked: dict[Split, dict[str, Asked]] = {split: {} for split in SPLITS}

    def passage(self, passage: Passage) -> int:
        """Return the number of a passage, a new one if it is not known yet."""
        return self._passages.setdefault(passage, len(self._passages))

    def ask(self, split: Split, asked: Asked) -> None:
        """Add a question; asked again, it has the passages of both."""
        if not asked.relevant or not any(map(str.isalnum, asked.question)):
            return
        known = self._asked[split].get(asked.question)
        if known is not None:
            asked = Asked(
                asked.question,
                tuple(sorted({*known.relevant, *asked.relevant})),
                tuple(dict.fromkeys((*known.answers, *asked.answers))),
            )
        self._asked[split][asked.question] = asked

    def result(self) -> QuestionSet:
        kept = {_key(q) for part in ("held-out", "test") for q in self._asked[part]}
        return QuestionSet(
            passages=tuple(self._passages),
            train=tuple(a for q, a in self._asked["train"].items() if _key(q) not in kept),
            held_out=tuple(self._asked["held-out"].values()),
            test=tuple(self._asked["test"].values()),
        )


def _key(question: str) -> str:
    return " ".join(question.casefold().split())


def narrowed(
    found: QuestionSet, splits: Mapping[Split, int], passages: int, seed: int
) -> QuestionSet:
    """Draw at most so many questions of each split (0: all) and so many passages.

    Passages that a drawn question needs are kept in any case, the others are drawn. Raises
    `UsageError` if a split that is wanted has no question.
    """
    rng = random.Random(seed)  # noqa: S311 - chance, not a secret
    drawn: dict[Split, list[Asked]] = {split: [] for split in SPLITS}
    for split, most in splits.items():
        pool = list(found.of(split))
        if not pool:
            raise UsageError(
                f"The data hold no question for the part '{split}'.",
                hint="A question counts if the passage that answers it is among the data.",
            )
        drawn[split] = rng.sample(pool, most) if 0 < most < len(pool) else pool
    needed = {n for part in drawn.values() for asked in part for n in asked.relevant}
    kept = sorted({*needed, *_others(len(found.passages), needed, passages, rng)})
    place = {number: at for at, number in enumerate(kept)}

    def moved(asked: Iterable[Asked]) -> tuple[Asked, ...]:
        return tuple(replace(a, relevant=tuple(place[n] for n in a.relevant)) for a in asked)

    train, held_out, test = (moved(drawn[split]) for split in SPLITS)
    return QuestionSet(tuple(found.passages[n] for n in kept), train, held_out, test)


def _others(count: int, needed: set[int], most: int, rng: random.Random) -> list[int]:
    others = [n for n in range(count) if n not in needed]
    room = max(0, most - len(needed))
    return rng.sample(others, room) if most and room < len(others) else others
