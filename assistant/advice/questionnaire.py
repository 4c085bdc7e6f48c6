"""The questions that no measurement can answer: asked in the terminal or read from a file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from assistant.errors import UsageError
from assistant.strict_reader import read_file, read_json, read_toml, refused

CHANGES = {
    "never": 0.0, "yearly": 1.0, "quarterly": 4.0, "monthly": 12.0, "weekly": 52.0, "daily": 365.0,
}  # fmt: skip
"""Changes a year, by their names."""

REQUIRED, USEFUL, UNNEEDED = "required", "useful", "unneeded"
EVERYONE, GROUPS = "everyone", "groups"
GPU, PROCESSOR, NOWHERE = "gpu", "cpu", "none"
SENTENCE, SHORT, STYLE = "sentence", "short", "style"
_MOST_BYTES = 64 << 10
_HINT = "docs/advise.md describes the file; without it `assistant advise` asks."

Value = str | float


@dataclass(frozen=True, slots=True)
class QuestionnaireAnswers:
    """The answers. Times in seconds, memory in GB (10^9 bytes), upkeep in hours a month.

    Each default is the careful one: what most offices with confidential documents would say.
    """

    changes: str = "monthly"
    traceability: str = REQUIRED
    audience: str = EVERYONE
    form: str = SENTENCE
    latency: float = 10.0
    memory: float = 8.0
    hardware: str = PROCESSOR
    examples: float = 0.0
    upkeep: float = 4.0
    good_enough: float = 0.5

    @property
    def changes_a_month(self) -> float:
        return CHANGES[self.changes] / 12

    def table(self) -> dict[str, Value]:
        return asdict(self)

    def with_answer(self, key: str, value: Value) -> QuestionnaireAnswers:
        return replace(self, **{key: value})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Question:
    """One question: choices with what they mean, or a number between two."""

    key: str
    text: str
    choices: Mapping[str, str] | None = None
    least: float = 0.0
    most: float = 0.0
    unit: str = ""

    def read(self, value: object) -> Value:
        """Return a valid answer. Raises `UsageError` that says what would be one."""
        if self.choices is not None:
            if isinstance(value, str) and value in self.choices:
                return value
            raise UsageError(
                f"'{self.key}' can't be {str(value)[:60]!r}.",
                hint=f"It is one of: {', '.join(self.choices)}.",
            )
        number = _number(value)
        if number is None or not self.least <= number <= self.most:
            raise UsageError(
                f"'{self.key}' can't be {str(value)[:60]!r}.",
                hint=f"It is a number from {self.least:g} to {self.most:g}.",
            )
        return number


QUESTIONS = (
    Question(
        "changes",
        "How often does the knowledge change?",
        {
            "never": "it stays as it is",
            "yearly": "about once a year",
            **{name: f"{count:g} times a year" for name, count in CHANGES.items() if count > 1},
        },
    ),
    Question(
        "traceability",
        "Must every answer show where it stands?",
        {
            REQUIRED: "an answer without its source is of no use",
            USEFUL: "good to have",
            UNNEEDED: "nobody looks at sources",
        },
    ),
    Question(
        "audience",
        "Who may see the data?",
        {
            EVERYONE: "whoever may ask may see all of it",
            GROUPS: "some may see only a part, or things must be deleted for good",
        },
    ),
    Question(
        "form",
        "What is a good answer?",
        {
            SENTENCE: "a sentence of the documents that holds it",
            SHORT: "the answer itself and no more",
            STYLE: "the answer in our own words, form or terms",
        },
    ),
    Question("latency", "How long may an answer take?", None, 0.05, 3600, "seconds"),
    Question("memory", "How much memory may it take?", None, 0.1, 4096, "GB"),
    Question(
        "hardware",
        "Where could a model be tuned?",
        {
            GPU: "on a machine with a graphics card",
            PROCESSOR: "on a workstation without one",
            NOWHERE: "nowhere",
        },
    ),
    Question("examples", "How many examples of good answers are there?", None, 0, 10_000_000),
    Question("upkeep", "How many hours a month may upkeep take?", None, 0, 744, "hours"),
    Question("good_enough", "What share of the questions must be right to be of use?", None, 0, 1),
)
_BY_KEY = {question.key: question for question in QUESTIONS}


def read_answers(path: Path) -> QuestionnaireAnswers:
    """Read a file of answers, TOML or JSON (`.json`); what is not in it has its default.

    Raises `UsageError` naming what is wrong.
    """
    with refused(UsageError, f"{path} can't be read", hint=_HINT):
        raw = read_file(path, _MOST_BYTES)
        table = (read_json if path.suffix == ".json" else read_toml)(raw, dict[str, Any])
    return answers_of(table)


def answers_of(table: Mapping[str, Any]) -> QuestionnaireAnswers:
    """Return the answers in a table. Raises `UsageError` for an unknown key or a bad value."""
    found = QuestionnaireAnswers()
    for key, value in table.items():
        question = _BY_KEY.get(key)
        if question is None:
            raise UsageError(
                f"'{str(key)[:60]}' is no question.", hint=f"They are: {', '.join(_BY_KEY)}."
            )
        found = found.with_answer(key, question.read(value))
    return found


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
