"""Made tables, and questions for one of their cells, or for one that they do not have.

Much of what offices ask stands in tables: what a code means, how long a record is kept, what a
drug's dose is for children. Public question sets have prose only. A passage shows a table as the
laptop's readers give it to the search: each row with the heads of its columns, Markdown, cells
between bars, or as lines of words where a reader has not seen that it is a table. The answer is the
cell. Without an answer are questions for a row or a column that is not there.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from convert.base_model import read_json
from convert.reader.attribute_statements import made_words
from convert.reader.attribute_values import attribute_value
from convert.reader.reading_samples import ReadingSample

_FILE = Path(__file__).with_name("table_questions.json")
_HELD_OUT = 6
"""Every sixth table is never trained on: `table_samples(held_out=True)` asks for it."""

_ROWS = (3, 8)
_SMALL = 0.4
"""Share of the questions that name a row in small letters, as people type."""

Cells = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A table as cells, with its heads; what is asked; and which cell answers, if one does."""

    heads: Sequence[str]
    rows: Cells
    question: str
    row: int
    column: int
    answered: bool


def table_samples(
    count: int,
    share_without: float,
    rng: random.Random,
    fillers: Sequence[str] = (),
    *,
    held_out: bool = False,
) -> list[ReadingSample]:
    """Return `count` samples, `share_without` of them without an answer.

    `fillers` are sentences of real texts that stand before and behind some tables.
    """
    file = _tables()
    known = [t for n, t in enumerate(file["tables"]) if (n % _HELD_OUT == 0) == held_out]
    return [
        _sample(rng.choice(known), file["headings"], fillers, rng, share_without)
        for _ in range(count)
    ]


@cache
def _tables() -> dict[str, Any]:
    return dict(read_json(_FILE))


def _sample(
    table: Mapping[str, Any],
    headings: Sequence[str],
    fillers: Sequence[str],
    rng: random.Random,
    share_without: float,
) -> ReadingSample:
    asked = _asked(table, rng, without=rng.random() < share_without)
    lines, at, length = _written(asked, rng)
    before = [rng.choice(headings)] if rng.random() < 0.5 else []
    if fillers and rng.random() < 0.4:
        before.append(rng.choice(fillers))
    behind = [rng.choice(fillers)] if fillers and rng.random() < 0.4 else []
    top = "".join(f"{line}\n" for line in before)
    passage = "\n".join([*before, *lines, *behind])
    span = len(top) + at, len(top) + at + length
    if not asked.answered:
        return ReadingSample("table, unanswered", asked.question, passage, None, span[0])
    return ReadingSample("table", asked.question, passage, span, span[0])


def _asked(table: Mapping[str, Any], rng: random.Random, *, without: bool) -> _Asked:
    row = table["row"]
    names = _names(row, rng)
    columns = list(table["columns"])
    rng.shuffle(columns)
    shown = columns[: rng.randint(min(2, len(columns)), len(columns))]
    left_out = columns[len(shown) :]
    count = min(len(names) - 1, rng.randint(*_ROWS))
    rows = [[name, *(_value(c, rng) for c in shown)] for name in names[:count]]
    at, column = rng.randrange(count), rng.randrange(len(shown))
    name, wanted = rows[at][0], shown[column]
    if without and left_out and rng.random() < 0.5:
        wanted = rng.choice(left_out)
    elif without:
        name = names[count]
    called = rng.choice(row.get("names", ["{x}"])).replace("{x}", _as_typed(name, row, rng))
    question = rng.choice(wanted["questions"]).replace("{x}", called)
    if not without and rng.random() < 0.12:
        question = f"What is the {wanted['heads'][0].lower()} of {called}?"
    heads = [rng.choice(part["heads"]) for part in (row, *shown)]
    return _Asked(heads, rows, question, at, column + 1, not without)


def _names(row: Mapping[str, Any], rng: random.Random) -> list[str]:
    if "words" in row:
        names = list(row["words"])
        if rng.random() < 0.5:
            rng.shuffle(names)
        return names
    numbers = rng.sample(range(1, 60 if row["code"] == "E" else 4000), _ROWS[1] + 1)
    numbers = sorted(numbers) if rng.random() < 0.7 else numbers
    mark = row["code"] + rng.choice(("", "", "-", " "))
    return [f"{mark}{number}" for number in numbers]


def _as_typed(name: str, row: Mapping[str, Any], rng: random.Random) -> str:
    common = "words" in row and name[:1].isupper() and row.get("value") != "person"
    return name[:1].lower() + name[1:] if common and rng.random() < _SMALL else name


def _value(column: Mapping[str, Any], rng: random.Random) -> str:
    if "words" in column:
        return str(rng.choice(column["words"]))
    return attribute_value(column["value"], made_words(), rng)


def _written(asked: _Asked, rng: random.Random) -> tuple[list[str], int, int]:
    """Return the table's lines, and where the cell that is asked for stands in them."""
    write = rng.choices((_with_heads, _markdown, _barred, _words), (5, 3, 1, 1))[0]
    lines: list[str] = []
    at, length = 0, 0
    head = write(asked.heads, asked.heads, first=True)
    if write is not _with_heads or rng.random() < 0.7:
        lines += ["".join(part) for part in head]
    for number, row in enumerate(asked.rows):
        for pieces in write(row, asked.heads, first=False):
            if number == asked.row:
                cell = 2 * asked.column
                at = sum(len(line) + 1 for line in lines) + len("".join(pieces[: cell + 1]))
                length = len(pieces[cell + 1])
            lines.append("".join(pieces))
    return lines, at, length


def _with_heads(row: Sequence[str], heads: Sequence[str], *, first: bool) -> list[list[str]]:
    """Write a row as lines of pieces: what stands before a cell, then the cell, and so on."""
    pieces = ["", row[0]]
    for cell, head in zip(row[1:], heads[1:], strict=True):
        pieces += [" | " if first else f" | {head}: ", cell]
    return [pieces]


def _markdown(row: Sequence[str], _heads: Sequence[str], *, first: bool) -> list[list[str]]:
    pieces = [piece for cell in row for piece in (" | ", cell)]
    line = ["| ", *pieces[1:], " |"]
    return [line, ["|", " --- |" * len(row)]] if first else [line]


def _barred(row: Sequence[str], _heads: Sequence[str], *, first: bool) -> list[list[str]]:
    del first
    return [["", *[piece for cell in row for piece in (" | ", cell)][1:]]]


def _words(row: Sequence[str], _heads: Sequence[str], *, first: bool) -> list[list[str]]:
    del first
    return [["", *[piece for cell in row for piece in (" ", cell)][1:]]]
