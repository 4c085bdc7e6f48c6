"""Answer a question from the typed cells of tables, exactly or not at all.

A question is computed only if each of its words is accounted for: it names a column ("days of
leave"), a cell's value ("4711", "12 March"), what to do ("sum", "latest"), or nothing ("the",
"how many"). A word that is left over means that something else is asked, and then nothing is
computed. Sums are of decimal numbers, without rounding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from assistant.tabular.record_rows import RecordCell, RecordTable
from assistant.text.canonical import plain_form
from assistant.text.dates import Date, find_dates, says
from assistant.text.quantities import Value, find_values
from assistant.text.words import content_stems, plain_words

Task = Literal["look up", "sum", "mean", "least", "greatest", "first", "last", "count"]
Row = Mapping[str, RecordCell]

_WORDS: tuple[tuple[Task, str], ...] = (
    ("sum", r"sum(?: of)?|total|in total|in all|altogether|add up"),
    ("mean", r"average|mean|on average"),
    ("last", r"latest|newest|most recent|last"),
    ("first", r"earliest|oldest|first"),
    ("least", r"smallest|least|lowest|minimum|cheapest|fewest|shortest"),
    ("greatest", r"largest|greatest|highest|biggest|maximum|most expensive|longest"),
    ("count", r"how many rows|how many entries|how many lines|number of rows|count the rows"),
)
_TASKS = tuple((task, re.compile(rf"\b(?:{said})\b", re.IGNORECASE)) for task, said in _WORDS)
_WORD = re.compile(r"\w+")
_LONGEST_VALUE = 10
"""Words of a cell that a question can name."""

_IDLE = frozenset(
    content_stems(
        "how many much what which when who is are was the of for has have left still remaining "
        "get gets value give list show tell table row rows sheet entry entries all each every "
        "there do does did please say says on in at by with per"
    )
)


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """`text` and the cells that it was computed from; `refused` says why nothing was."""

    text: str
    cells: tuple[RecordCell, ...] = ()
    refused: bool = False
    task: Task = "look up"
    column: str = ""


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read a question of one table. `left` are the stems that it does not explain."""

    table: RecordTable
    column: str
    rows: Sequence[Row]
    left: frozenset[str]
    filtered: bool


def answer_records(question: str, tables: Sequence[RecordTable]) -> RecordAnswer | None:
    """Return the exact answer, a refusal, or None for a question that no table is about."""
    plain = plain_form(question)
    task, rest = _task(plain)
    readings = [r for table in tables for r in _readings(rest, table, task)]
    whole = [r for r in readings if not r.left]
    if not whole:
        near = [r for r in readings if len(r.left) == 1 and task != "look up"]
        if near:
            word = ", ".join(sorted(near[0].left))
            return _refusal(f"'{word}' is no column and no value of the table.", task)
        return None
    best = max(len(content_stems(r.column) - _IDLE) for r in whole)
    chosen = [r for r in whole if len(content_stems(r.column) - _IDLE) == best]
    answers = [_computed(task, r) for r in chosen]
    if len({answer.text for answer in answers}) > 1:
        where = ", ".join(dict.fromkeys(f"'{r.column}' in {r.table.document}" for r in chosen))
        return _refusal(f"The question can be read in several ways: {where}.", task)
    return answers[0]


def _refusal(why: str, task: Task) -> RecordAnswer:
    return RecordAnswer(f"That can't be computed exactly. {why}", refused=True, task=task)


def _task(question: str) -> tuple[Task, str]:
    for task, pattern in _TASKS:
        if match := pattern.search(question):
            return task, question[: match.start()] + " " + question[match.end() :]
    return "look up", question


def _readings(question: str, table: RecordTable, task: Task) -> list[_Reading]:
    """Return the ways in which a question may speak of a table's columns and values."""
    rows, said, keys = _filtered(question, table)
    asked = content_stems(question) - _IDLE - said
    names = content_stems(table.document)
    found = []
    for head in table.heads:
        own = content_stems(head)
        if head in keys and task == "look up":
            continue
        telling = own - _IDLE
        if task == "count" or (telling and telling <= asked | said):
            spoken = frozenset[str]().union(*(content_stems(key) for key in keys))
            left = asked - own - spoken - names
            found.append(_Reading(table, head, rows, left, bool(keys)))
    return found


def _filtered(
    question: str, table: RecordTable
) -> tuple[list[Row], frozenset[str], frozenset[str]]:
    """Return the rows whose cells the question names, its stems that do, and their columns."""
    asked = plain_words(question)
    runs = {
        " ".join(asked[a:b]) for a in range(len(asked)) for b in range(a + 1, a + _LONGEST_VALUE)
    }
    dates = [date for date in find_dates(question) if not date.ambiguous]
    rows: list[Row] = list(table.rows)
    said: set[str] = set()
    keys: set[str] = set()
    for head in table.heads:
        texts = {row[head].text for row in table.rows if head in row}
        named = {text for text in texts if _named(text, runs) or _same_day(text, dates)}
        if not named:
            continue
        longest = max(len(plain_words(text)) for text in named)
        named = {text for text in named if len(plain_words(text)) == longest}
        keys.add(head)
        rows = [row for row in rows if head in row and row[head].text in named]
        said |= {stem for text in named for stem in content_stems(text)}
    for date in dates if keys else ():
        said |= content_stems(question[date.start : date.end])
    return rows, frozenset(said), frozenset(keys)


def _named(text: str, runs: Collection[str]) -> bool:
    """Tell whether the words of a cell stand in the question; one letter is no name."""
    spoken = _WORD.findall(text.casefold()) if text.isascii() else plain_words(text)
    return " ".join(spoken) in runs and (len(spoken) > 1 or len(spoken[0]) > 1 or text.isdigit())


def _same_day(text: str, dates: Sequence[Date]) -> bool:
    """Tell whether a cell is a date that the question names."""
    if not dates or not any(map(str.isdigit, text)):
        return False
    own = find_dates(plain_form(text))
    if len(own) != 1 or own[0].ambiguous or own[0].end - own[0].start < len(text.strip()):
        return False
    return any(says(own[0], date) for date in dates)


def _computed(task: Task, reading: _Reading) -> RecordAnswer:
    table, head = reading.table, reading.column
    if task == "count":
        cells = tuple(next(iter(row.values())) for row in reading.rows)
    else:
        cells = tuple(row[head] for row in reading.rows if head in row)
    missing = len(reading.rows) - len(cells)
    why = ""
    if not table.exact:
        why = f"A row of {table.document} can't be cut into cells with certainty."
    elif not cells:
        why = f"No row of {table.document} has a value of '{head}' for that."
    elif missing and task in ("sum", "mean"):
        why = f"{missing} rows have no '{head}'."
    if why:
        return _refusal(why, task)
    if task == "count":
        return RecordAnswer(str(len(cells)), cells, task=task)
    if task == "look up":
        return _looked_up(cells, reading)
    return (_by_day if task in ("first", "last") else _by_amount)(task, cells, head)


def _looked_up(cells: Sequence[RecordCell], reading: _Reading) -> RecordAnswer:
    texts = {cell.text for cell in cells}
    if not reading.filtered:
        return _refusal("It does not say which row is meant.", "look up")
    if len(texts) > 1:
        said = f"{len(cells)} rows fit, with different values of '{reading.column}'."
        return _refusal(said, "look up")
    return RecordAnswer(cells[0].text, tuple(cells), column=reading.column)


def _by_day(task: Task, cells: Sequence[RecordCell], head: str) -> RecordAnswer:
    keyed = []
    for cell in cells:
        dates = find_dates(plain_form(cell.text))
        whole = len(dates) == 1 and not dates[0].ambiguous and None not in dates[0].readings[0]
        if not whole:
            return _refusal(
                f"'{cell.text[:60]}' is no whole date that can be read in one way.", task
            )
        keyed.append((dates[0].readings[0], cell))
    pick: Callable[..., tuple[object, RecordCell]] = min if task == "first" else max
    best = pick(keyed, key=lambda pair: pair[0])[0]
    same = tuple(cell for key, cell in keyed if key == best)
    return RecordAnswer(same[0].text, same, task=task, column=head)


def _by_amount(task: Task, cells: Sequence[RecordCell], head: str) -> RecordAnswer:
    values: list[Value] = []
    for cell in cells:
        found = find_values(cell.text)
        whole = len(found) == 1 and _bare(cell.text, found[0])
        if not whole or found[0].amount is None or found[0].ambiguous:
            return _refusal(f"'{cell.text[:60]}' is no number that can be read in one way.", task)
        values.append(found[0])
    if len({value.family for value in values}) > 1:
        return _refusal(f"The values of '{head}' are of different units.", task)
    amounts = [value.amount or Decimal(0) for value in values]
    if task in ("least", "greatest"):
        best = min(amounts) if task == "least" else max(amounts)
        same = tuple(c for c, amount in zip(cells, amounts, strict=True) if amount == best)
        return RecordAnswer(same[0].text, same, task=task, column=head)
    total = sum(amounts, Decimal(0))
    if task == "mean":
        mean = total / len(amounts)
        if mean * len(amounts) != total:
            return _refusal(f"The mean of {len(amounts)} values is no whole decimal number.", task)
        total = mean
    unit = f" {values[0].family}" if values[0].family else ""
    return RecordAnswer(f"{total:f}{unit}", tuple(cells), task=task, column=head)


def _bare(text: str, value: Value) -> bool:
    """Tell whether a cell holds nothing but one value."""
    plain = plain_form(text)
    return not (plain[: value.start] + plain[value.end :]).strip()
