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
import os
import stat
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.errors import SuiteError
from assistant.evaluation.strict_json import (
    BadTextError,
    number_of,
    only_keys,
    plain_text,
    read_object,
    text_of,
)

MOST_BYTES = 64 << 20
MOST_QUESTIONS = 100_000
_LONGEST_ID = 100
_LONGEST_QUESTION = 4_000
_LONGEST_TEXT = 20_000
_MOST_ENTRIES = 100
_KEYS = ("id", "question", "answers", "spans", "unanswerable", "note", "part", "review")
_SPAN_KEYS = ("document", "page", "start", "end", "text")
_DIGITS = 16
_TEST, _TRAIN = "test", "train"
DRAFT, KEPT, MENDED, DROPPED = "draft", "kept", "mended", "dropped"
"""Values of `review`: a question that was drafted by rules, and what a person made of it."""
_SHOWN_PROBLEMS = 5
CUT_OFF = b"\0review "
"""Stands in a file whose review was killed in the middle of a write (`draft.keeping`)."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where an answer stands, as the suite says it; None and "" for what it leaves open."""

    document: str
    page: int | None = None
    start: int | None = None
    end: int | None = None
    text: str = ""


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
    data = read_plain_file(path, MOST_BYTES)
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
            item = _item(line, number)
        except BadTextError as error:
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


def read_plain_file(path: Path, most: int) -> bytes:
    """Read a file of at most so many bytes. Raises `SuiteError`; never waits for a pipe."""
    hint = "Name a file with one question a line."
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise SuiteError(f"{path} is no plain file.", hint=hint)
            data = file.read(most + 1)
    except OSError as error:
        reason = error.strerror or "it can't be opened"
        raise SuiteError(f"{path} can't be read: {reason}.", hint=hint) from error
    except ValueError as error:
        raise SuiteError(f"{str(path)!r} is no name of a file.", hint=hint) from error
    if len(data) > most:
        raise SuiteError(f"{path} has more than {most >> 20} MiB.", hint="Divide it.")
    return data


def _item(line: bytes, number: int) -> Item:
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise BadTextError(f"byte {error.start + 1} is no UTF-8") from None
    table = read_object(text)
    only_keys(table, _KEYS)
    for key in ("id", "question"):
        if key not in table:
            raise BadTextError(f"'{key}' is missing")
    name = text_of(table, "id", _LONGEST_ID)
    if not name.isprintable():
        raise BadTextError("'id' holds a character that can't be shown")
    question = text_of(table, "question", _LONGEST_QUESTION)
    if not any(character.isalnum() for character in question):
        raise BadTextError("'question' has no letter and no digit")
    answers = _entries(table, "answers", _answer)
    spans = _entries(table, "spans", _span)
    without = table.get("unanswerable", False)
    if type(without) is not bool:
        raise BadTextError("'unanswerable' is neither true nor false")
    if without == bool(answers or spans):
        said = "both answers and 'unanswerable'" if without else "neither answers nor spans"
        raise BadTextError(f'it has {said}: give one of answers, spans, or "unanswerable": true')
    part = table.get("part", _TEST)
    if part not in (_TEST, _TRAIN):
        raise BadTextError(f'\'part\' is neither "{_TEST}" nor "{_TRAIN}"')
    review = table.get("review", "")
    if review not in ("", DRAFT, KEPT, MENDED, DROPPED):
        raise BadTextError(f"'review' is none of {DRAFT}, {KEPT}, {MENDED}, {DROPPED}")
    return Item(name, question, answers, spans, number, part == _TRAIN, review)


def _entries(table: dict[str, Any], key: str, read: Callable[[object], Any]) -> tuple[Any, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or (key in table and not value):
        raise BadTextError(f"'{key}' is no list with an entry or more")
    if len(value) > _MOST_ENTRIES:
        raise BadTextError(f"'{key}' has {len(value)} entries, more than {_MOST_ENTRIES}")
    return tuple(read(entry) for entry in value)


def _answer(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadTextError("'answers' holds something else than a text, or an empty one")
    return plain_text(value, "answers", _LONGEST_TEXT)


def _span(value: object) -> Span:
    if not isinstance(value, dict):
        raise BadTextError("'spans' holds something else than an object")
    only_keys(value, _SPAN_KEYS)
    if "document" not in value:
        raise BadTextError("a span has no 'document'")
    text = text_of(value, "text", _LONGEST_TEXT) if "text" in value else ""
    page, start = number_of(value, "page", 1), number_of(value, "start", 0)
    end = number_of(value, "end", 1)
    if (start is None) != (end is None):
        raise BadTextError("a span has only one of 'start' and 'end'")
    if start is not None and end is not None and start >= end:
        raise BadTextError("a span ends before it begins")
    if page is None and start is None and not text:
        raise BadTextError("a span has neither page nor text nor start and end")
    return Span(text_of(value, "document", _LONGEST_TEXT), page, start, end, text)
