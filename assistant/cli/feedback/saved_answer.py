"""Read an answer saved by `assistant ask --json`, as hostile input."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from assistant.errors import UsageError
from assistant.strict_reader import BadInputError, Meta, read_file, read_json, refused
from assistant.types import (
    Answer,
    Citation,
    Hit,
    PageStart,
    Passage,
    Route,
    Scores,
    Sentence,
    Timings,
)

MOST_BYTES = 8 << 20
_HINT = "It must be what this command wrote: assistant ask QUESTION --json"
_Number = Annotated[int, Meta(ge=0, lt=2**31)]
_Few = Meta(max_length=1_000)


@dataclass(frozen=True, slots=True)
class _Place:
    document_id: _Number
    document: str
    page: _Number
    start: _Number
    end: _Number
    text: str

    def citation(self) -> Citation:
        return Citation(self.document_id, self.document, self.page, self.start, self.end, self.text)

    def hit(self) -> Hit:
        passage = Passage(
            chunk_id=0,
            document_id=self.document_id,
            document=self.document,
            heading="",
            start=self.start,
            end=self.end,
            text=self.text,
            pages=(PageStart(self.page, 0),),
        )
        return Hit(passage, Scores(0.0))


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    supported: bool
    origin: Literal["extract", "model"]
    quotes: Annotated[tuple[_Place, ...], _Few]

    def sentence(self) -> Sentence:
        quotes = tuple(place.citation() for place in self.quotes)
        return Sentence(self.text, self.supported, quotes, origin=self.origin)


@dataclass(frozen=True, slots=True)
class _Route:
    kind: str
    searched: str


@dataclass(frozen=True, slots=True)
class _Saved:
    """What is read of an answer; those of older versions have no strategy and no route."""

    format: Literal[1]
    question: str
    answer: str
    abstained: bool
    cancelled: bool
    sentences: Annotated[tuple[_Sentence, ...], _Few]
    passages: Annotated[tuple[_Place, ...], _Few]
    model: str
    strategy: str = ""
    route: _Route | None = None
    error: None = None

    def __post_init__(self) -> None:
        if self.cancelled:
            raise ValueError("the answer was cancelled before it was there")


def read_answer(path: Path) -> Answer:
    """Read a saved answer; "-" is standard input. Raises `UsageError`.

    Nothing of it is believed: whoever keeps it compares every place with the library.
    """
    with refused(UsageError, "The saved answer can't be used", hint=_HINT):
        saved = read_json(_read(path), _Saved, more_keys=True)
    return Answer(
        question=saved.question,
        text=saved.answer,
        abstained=saved.abstained,
        sentences=tuple(sentence.sentence() for sentence in saved.sentences),
        passages=tuple(place.hit() for place in saved.passages),
        relevance=0.0,
        timings=Timings(0.0, 0.0, None, 0.0),
        model=saved.model,
        strategy=saved.strategy,
        route=Route(saved.route.kind, "", saved.route.searched) if saved.route else None,
    )


def _read(path: Path) -> bytes:
    if str(path) != "-":
        return read_file(path, MOST_BYTES)
    data = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise BadInputError(f"it has more than {MOST_BYTES >> 20} MiB")
    return data
