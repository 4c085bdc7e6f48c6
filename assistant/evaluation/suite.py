"""A suite: questions about a library with what is right, one JSON object a line.

    {"id": "w1", "question": "...", "answers": ["24 months"],
     "spans": [{"document": "supply-contract.pdf", "page": 3, "text": "24 months from"}]}
    {"id": "x1", "question": "...", "unanswerable": true}

A span names a document of the library and one or more of: a page (from 1), a text that
stands there (white space may differ), offsets `start` and `end` (code points, half open; of
the page's text, or of the document's if no page is named). `note` is for people. With
`"part": "train"` a question is never measured: it serves as an example (`Suite.training`).
`review` is what `assistant eval draft` and `review` write: drafts that nobody has looked at
and those that were dropped are not asked.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from assistant.errors import SuiteError
from assistant.strict_reader import (
    BadInputError,
    Limits,
    Meta,
    read_file,
    read_json,
    refused,
    require_printable,
)

MOST_BYTES = 64 << 20
MOST_QUESTIONS = 100_000
_DIGITS = 16
_LIMITS = Limits(depth=8, values=10_000)
DRAFT, KEPT, MENDED, DROPPED = "draft", "kept", "mended", "dropped"
"""Values of `review`: a question that was drafted by rules, and what a person made of it."""
_SHOWN_PROBLEMS = 5
CUT_OFF = b"\0review "
"""Stands in a file whose review was killed in the middle of a write (`draft.keeping`)."""


def _written(longest: int) -> Meta:
    said = f"a text of 1 to {longest:,} characters"
    return Meta(max_length=longest, pattern=r"\S", description=said)


_Text = Annotated[str, _written(20_000)]


@dataclass(frozen=True, slots=True)
class Span:
    """Where an answer stands, as the suite says it; None and "" for what it leaves open."""

    document: _Text
    page: Annotated[int, Meta(ge=1)] | None = None
    start: Annotated[int, Meta(ge=0)] | None = None
    end: Annotated[int, Meta(ge=1)] | None = None
    text: _Text = ""

    def __post_init__(self) -> None:
        if (self.start is None) != (self.end is None):
            raise ValueError("a span has only one of 'start' and 'end'")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError("a span ends before it begins")
        if self.page is None and self.start is None and not self.text:
            raise ValueError("a span has neither page nor text nor start and end")


@dataclass(frozen=True, slots=True)
class Item:
    """One question. Without `answers` and `spans` it is one that the library can't answer."""

    id: str
    question: str
    answers: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    line: int = 0
    training: bool = False
    review: str = ""

    @property
    def answerable(self) -> bool:
        return bool(self.answers or self.spans)

    @property
    def digest(self) -> str:
        """The beginning of a SHA-256 of all that is asked: tells whether it was changed."""
        spans = [asdict(span) for span in self.spans]
        whole = json.dumps([self.question, self.answers, spans], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()[:_DIGITS]


@dataclass(frozen=True, slots=True)
class _Line:
    """What stands in a line."""

    id: Annotated[str, _written(100)]
    question: Annotated[str, _written(4_000)]
    answers: Annotated[tuple[_Text, ...], Meta(min_length=1, max_length=100)] = ()
    spans: Annotated[tuple[Span, ...], Meta(min_length=1, max_length=100)] = ()
    unanswerable: bool = False
    note: Any = ""
    part: Literal["test", "train"] = "test"
    review: Literal["", "draft", "kept", "mended", "dropped"] = ""

    def __post_init__(self) -> None:
        require_printable(id=self.id)
        if not any(map(str.isalnum, self.question)):
            raise ValueError("'question' has no letter and no digit")
        if self.unanswerable == bool(self.answers or self.spans):
            said = (
                "both answers and 'unanswerable'"
                if self.unanswerable
                else "neither answers nor spans"
            )
            raise ValueError(f'it has {said}: give one of answers, spans, or "unanswerable": true')

    def item(self, line: int) -> Item:
        training = self.part == "train"
        return Item(self.id, self.question, self.answers, self.spans, line, training, self.review)


@dataclass(frozen=True, slots=True)
class Suite:
    """The questions of one file; `sha256` is that of the file. `training` are not asked.

    `unreviewed` is how many drafts were left out.
    """

    name: str
    sha256: str
    items: tuple[Item, ...]
    training: tuple[Item, ...] = ()
    unreviewed: int = 0


def read_suite(path: Path, *, unreviewed: bool = False) -> Suite:
    """Read a suite; with `unreviewed`, drafts that nobody has looked at are asked too.

    Raises `SuiteError` that names the lines that are wrong.
    """
    data, items = read_items(path)
    left = {DROPPED} if unreviewed else {DROPPED, DRAFT}
    drafts = sum(item.review in left and item.review == DRAFT for item in items)
    items = [item for item in items if item.review not in left]
    asked = tuple(item for item in items if not item.training)
    if not asked:
        raise SuiteError(
            f"{path.name} holds no question to ask, only {drafts} that nobody has reviewed."
            if drafts
            else f"{path.name} holds no question to ask.",
            hint=f"Review them: assistant eval review {path}; or ask all with --unreviewed."
            if drafts
            else "See docs/evaluation.md.",
        )
    training = tuple(item for item in items if item.training)
    return Suite(path.name, hashlib.sha256(data).hexdigest(), asked, training, drafts)


def read_examples(path: Path) -> Suite:
    """Read a file of questions that may become examples; its items are all of them.

    What nobody has reviewed is left out. Raises `SuiteError`.
    """
    data, items = read_items(path)
    usable = tuple(item for item in items if item.review not in (DRAFT, DROPPED))
    return Suite(path.name, hashlib.sha256(data).hexdigest(), usable)


def read_items(path: Path) -> tuple[bytes, list[Item]]:
    """Return the bytes of a suite and all its items. Raises `SuiteError`."""
    data = read_suite_file(path, MOST_BYTES)
    if CUT_OFF in data:
        raise SuiteError(
            f"A review of {path.name} was killed while it was written; nothing is lost.",
            hint=f"Open it once, which mends it: assistant eval review {path}",
        )
    items: list[Item] = []
    problems: list[str] = []
    lines_of: dict[str, int] = {}
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            item = read_json(line, _Line, limits=_LIMITS).item(number)
        except BadInputError as error:
            problems.append(f"line {number}: {error}")
            continue
        if item.id in lines_of:
            first = lines_of[item.id]
            problems.append(f"line {number}: the id '{item.id}' is that of line {first} too")
        lines_of.setdefault(item.id, number)
        items.append(item)
    refuse(path.name, problems)
    if not items:
        raise SuiteError(f"{path.name} holds no question.", hint="See docs/evaluation.md.")
    if len(items) > MOST_QUESTIONS:
        raise SuiteError(
            f"{path.name} holds {len(items):,} questions.",
            hint=f"Divide it: {MOST_QUESTIONS:,} are the most.",
        )
    return data, items


def refuse(name: str, problems: list[str]) -> None:
    """Raise `SuiteError` if there are problems; the first of them are said."""
    if not problems:
        return
    more = len(problems) - _SHOWN_PROBLEMS
    rest = f"; and {more} more" if more > 0 else ""
    raise SuiteError(
        f"{name}, {'; '.join(problems[:_SHOWN_PROBLEMS])}{rest}.",
        hint="Mend these lines; docs/evaluation.md describes the form.",
    )


def read_suite_file(path: Path, most: int) -> bytes:
    """Read a file of at most so many bytes. Raises `SuiteError`; never waits for a pipe."""
    with refused(SuiteError, f"{path} can't be read", hint="Name a file with one question a line."):
        return read_file(path, most)
