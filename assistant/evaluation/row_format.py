"""Rows as JSON, and back: a journal or a saved run may hold anything."""

from __future__ import annotations

import math
from dataclasses import asdict, fields
from typing import Any

from assistant.evaluation.grading import Row
from assistant.evaluation.strict_json import BadTextError

_KINDS: dict[str, str] = {entry.name: str(entry.type) for entry in fields(Row)}
_ADDED = {"prompt_tokens": 0, "calibrated": False}
"""What older rows don't have, and what stands for it."""

_SHARES = ("exact", "f1", "confidence")
_PAIRS = (("verbatim", "quotes"), ("supported", "sentences"))
_MOST = 1_000_000
_LONGEST = 200
_MOST_RANKS = 100


def row_table(row: Row) -> dict[str, Any]:
    """Return a row as it is written."""
    return asdict(row) | {"ranks": list(row.ranks)}


def row_of(table: object) -> Row:
    """Read a row. Raises `BadTextError` for anything that no run could have written."""
    if not isinstance(table, dict):
        raise BadTextError("an answer in it is none")
    table = {**_ADDED, **table}
    if table.keys() != _KINDS.keys():
        raise BadTextError("an answer in it has other parts than it should")
    for name, kind in _KINDS.items():
        if not _fits(kind, table[name]):
            raise BadTextError(f"'{name}' of an answer in it makes no sense")
    if any(not 0 <= table[name] <= 1 for name in _SHARES):
        raise BadTextError("a share in it is not between 0 and 1")
    if any(table[part] > table[whole] for part, whole in _PAIRS):
        raise BadTextError("a part in it is more than the whole")
    values = {
        name: float(table[name]) if _KINDS[name] == "float" else table[name] for name in table
    }
    return Row(**values | {"ranks": tuple(table["ranks"])})


def _fits(kind: str, value: object) -> bool:
    if kind == "str":
        return isinstance(value, str) and len(value) <= _LONGEST and value.isprintable()
    if kind == "bool":
        return type(value) is bool
    if kind == "int":
        return type(value) is int and 0 <= value <= _MOST
    if kind == "float":
        return (
            isinstance(value, int | float)
            and type(value) is not bool
            and abs(value) <= 1e12
            and math.isfinite(value)
        )
    return (
        isinstance(value, list)
        and len(value) <= _MOST_RANKS
        and all(type(rank) is int and 0 <= rank <= _MOST_RANKS for rank in value)
    )
