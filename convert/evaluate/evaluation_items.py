"""Items of an evaluation: questions, the passages shown, the accepted answers."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from assistant.errors import UsageError
from assistant.prompts import PromptPassage
from convert.embedder.question_sources import prompt_passages
from convert.training_samples import Sample, read_samples

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Item:
    """One question with the passages that the model is shown.

    `answers` are the accepted ones; none means that refusing is right. `source` names the
    set and the way of showing it ("SQuAD 2, served").
    """

    id: str
    question: str
    passages: tuple[PromptPassage, ...]
    answers: tuple[str, ...]
    source: str

    @property
    def key(self) -> str:
        """A hash of what the model is shown; replies are kept under it."""
        shown = [self.question, *(f"{p.document}\0{p.page}\0{p.text}" for p in self.passages)]
        return hashlib.sha256("\0\0".join(shown).encode("utf-8", "replace")).hexdigest()[:24]

    @property
    def answerable(self) -> bool:
        return bool(self.answers)

    @property
    def answer_shown(self) -> bool:
        """Whether an accepted answer stands in a passage (white space apart)."""
        shown = [" ".join(p.text.split()) for p in self.passages]
        return any(" ".join(a.split()) in text for a in self.answers for text in shown)


def pick(entries: Sequence[T], count: int, seed: int) -> list[T]:
    """Return `count` entries at random (0: all of them).

    A greater count with the same seed gives the same entries and more.
    """
    order = list(entries)
    random.Random(seed).shuffle(order)  # noqa: S311 - no secret
    return order[:count] if count > 0 else order


def balanced(items: Sequence[Item], count: int, seed: int) -> list[Item]:
    """Return up to `count` answerable and `count` unanswerable items (0: all)."""
    both = [i for i in items if i.answerable], [i for i in items if not i.answerable]
    return [item for kind in both for item in pick(kind, count, seed)]


def items_of_samples(path: Path, source: str) -> list[Item]:
    """Make items of a dataset's scored samples (kinds `answer` and `refusal`).

    Raises `UsageError` for a sample whose prompt `assistant.prompts` would not make from
    its own question and passages: it was made for another prompt version.
    """
    return [
        item_of_sample(sample, source) for sample in read_samples(path) if sample.kind != "chat"
    ]


def item_of_sample(sample: Sample, source: str) -> Item:
    """Take question and passages out of a rendered sample. Raises `UsageError`."""
    passages = prompt_passages(sample)
    if passages is None:
        raise UsageError(
            f"Sample {sample.id} was not made with this version's prompts.",
            hint="Make the dataset again: assistant-convert dataset --help",
        )
    answers = sample.answers if sample.kind == "answer" else ()
    if sample.kind == "answer" and not answers:
        raise UsageError(f"Sample {sample.id} is an answer without accepted answers.")
    return Item(sample.id, sample.question, tuple(passages), answers, source)


def items_sha256(items: Iterable[Item]) -> str:
    """Return the SHA-256 (hex) of all that is asked: equal sets have equal hashes."""
    digest = hashlib.sha256()
    for item in items:
        digest.update(json.dumps(asdict(item), sort_keys=True).encode() + b"\n")
    return digest.hexdigest()
