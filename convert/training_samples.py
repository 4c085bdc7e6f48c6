"""Samples for tuning: one conversation each, one JSON object for each line of a file.

A dataset is a folder with `train.jsonl`, `validation.jsonl` and `dataset.json` (its
manifest). What a sample's messages say is rendered by `assistant.prompts` before it gets
here; nothing downstream words a prompt.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from assistant.errors import UsageError
from assistant.strict_reader import Limits, read_json, refused
from assistant.types import Message

TRAIN_FILE = "train.jsonl"
VALIDATION_FILE = "validation.jsonl"
MANIFEST_FILE = "dataset.json"

Kind = Literal["answer", "refusal", "chat"]
"""`answer`: quotes the passages; `refusal`: they don't hold the answer; `chat`: anything
else, trained as it is and never scored."""

ROLES = ("system", "user", "assistant")
_LONGEST_LINE = 8 << 20
_LIMITS = Limits(text=_LONGEST_LINE)


@dataclass(frozen=True, slots=True)
class Sample:
    """A conversation whose last message, the assistant's, is what is learned.

    `document` names where the sample comes from: samples of one document never stand in
    two splits. `group` is equal for samples that share the beginning of their prompt (the
    same passages, another question): training computes it once for all of them.
    `answers` are the accepted answers of a scored sample, empty for a refusal.
    """

    id: str
    document: str
    messages: tuple[Message, ...]
    kind: Kind = "chat"
    group: str = ""
    question: str = ""
    answers: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def prompt(self) -> tuple[Message, ...]:
        """The messages before the one that is learned."""
        return self.messages[:-1]

    @property
    def completion(self) -> str:
        return self.messages[-1].content


def write_samples(path: Path, samples: Iterable[Sample]) -> int:
    """Write samples as JSON lines; return how many."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for sample in samples:
            file.write(json.dumps(to_table(sample), ensure_ascii=False) + "\n")
            count += 1
    return count


def read_samples(path: Path) -> Iterator[Sample]:
    """Read a file that `write_samples` wrote.

    Raises `UsageError` naming file and line for anything else.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror or error}.") from error
    with file:
        number = 0
        while line := file.readline(_LONGEST_LINE):
            number += 1
            if line.strip():
                yield _sample(line, f"{path}, line {number}")


def to_table(sample: Sample) -> dict[str, Any]:
    """Return the JSON object of a sample."""
    return {
        "id": sample.id,
        "document": sample.document,
        "kind": sample.kind,
        "group": sample.group,
        "question": sample.question,
        "answers": list(sample.answers),
        "messages": [{"role": m.role, "content": m.content} for m in sample.messages],
        "extra": sample.extra,
    }


def _sample(line: bytes, where: str) -> Sample:
    hint = "Make the dataset with: assistant-convert dataset --help"
    with refused(UsageError, f"{where}: no sample", hint=hint):
        sample = read_json(line, Sample, limits=_LIMITS, more_keys=True)
    strange = [m.role for m in sample.messages if m.role not in ROLES]
    if strange:
        raise UsageError(f"{where}: {strange[0]!r} is none of {', '.join(ROLES)}.", hint=hint)
    if len(sample.messages) < 2 or sample.messages[-1].role != "assistant":
        raise UsageError(f"{where}: the last message must be the assistant's.")
    return sample
