"""Reading what `assistant ask --json` wrote; anybody may have changed it since."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NoReturn

from assistant.cli.schema import FORMAT
from assistant.errors import SuiteError, UsageError
from assistant.evaluation.strict_json import BadTextError, read_object
from assistant.evaluation.suite import read_plain_file
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
_MOST_ENTRIES = 1_000
_HINT = "It must be what this command wrote: assistant ask QUESTION --json"


def read_answer(path: Path) -> Answer:
    """Read a saved answer; "-" is standard input. Raises `UsageError`.

    Nothing of it is believed: whoever keeps it compares every place with the library.
    """
    data = _read(path)
    try:
        table = read_object(data.decode("utf-8"))
    except UnicodeDecodeError:
        _refuse("it is not UTF-8")
    except BadTextError as error:
        _refuse(str(error))
    if table.get("format") != FORMAT or "error" in table:
        _refuse("it is no answer of this version")
    if _flag(table, "cancelled"):
        _refuse("the answer was cancelled before it was there")
    return Answer(
        question=_text(table, "question"),
        text=_text(table, "answer"),
        abstained=_flag(table, "abstained"),
        sentences=tuple(map(_sentence, _entries(table, "sentences"))),
        passages=tuple(map(_hit, _entries(table, "passages"))),
        relevance=0.0,
        timings=Timings(0.0, 0.0, None, 0.0),
        model=_text(table, "model"),
        strategy=_text(table, "strategy") if "strategy" in table else "",
        route=_route(table.get("route")),
    )


def _read(path: Path) -> bytes:
    if str(path) == "-":
        data = sys.stdin.buffer.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            _refuse(f"it has more than {MOST_BYTES >> 20} MiB")
        return data
    try:
        return read_plain_file(path, MOST_BYTES)
    except SuiteError as error:
        raise UsageError(error.message, hint=_HINT) from error


def _refuse(why: str) -> NoReturn:
    raise UsageError(f"The saved answer can't be used: {why}.", hint=_HINT)


def _route(value: object) -> Route | None:
    """Read what was searched for; answers from before there were routes have none."""
    if value is None:
        return None
    if not isinstance(value, dict):
        _refuse("'route' is no object")
    return Route(_text(value, "kind"), "", _text(value, "searched"))


def _sentence(table: dict[str, Any]) -> Sentence:
    origin = _text(table, "origin")
    if origin not in ("extract", "model"):
        _refuse("a sentence is of neither the documents nor the model")
    quotes = tuple(map(_quote, _entries(table, "quotes")))
    return Sentence(
        text=_text(table, "text"),
        supported=_flag(table, "supported"),
        quotes=quotes,
        origin="extract" if origin == "extract" else "model",
    )


def _quote(table: dict[str, Any]) -> Citation:
    return Citation(
        document_id=_number(table, "document_id"),
        document=_text(table, "document"),
        page=_number(table, "page"),
        start=_number(table, "start"),
        end=_number(table, "end"),
        text=_text(table, "text"),
    )


def _hit(table: dict[str, Any]) -> Hit:
    page = PageStart(_number(table, "page"), 0)
    passage = Passage(
        chunk_id=0,
        document_id=_number(table, "document_id"),
        document=_text(table, "document"),
        heading="",
        start=_number(table, "start"),
        end=_number(table, "end"),
        text=_text(table, "text"),
        pages=(page,),
    )
    return Hit(passage, Scores(0.0))


def _text(table: dict[str, Any], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str):
        _refuse(f"'{key}' is missing or no text")
    return value


def _flag(table: dict[str, Any], key: str) -> bool:
    value = table.get(key)
    if type(value) is not bool:
        _refuse(f"'{key}' is neither true nor false")
    return value


def _number(table: dict[str, Any], key: str) -> int:
    value = table.get(key)
    if type(value) is not int or not 0 <= value < 2**31:
        _refuse(f"'{key}' is missing or no number")
    return value


def _entries(table: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = table.get(key)
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        _refuse(f"'{key}' is missing or no list of objects")
    if len(value) > _MOST_ENTRIES:
        _refuse(f"'{key}' has {len(value)} entries, more than {_MOST_ENTRIES}")
    return value
