"""JSON that comes from outside: read strictly, written in one form only.

Canonical form: ASCII, keys sorted, no white space, each number as Python writes it, no NaN
or infinity. What is read is written again and must be equal, which also excludes keys that
stand there twice. Depth, counts and lengths are bounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any, NoReturn, TypeVar

from assistant.errors import BundleError

MAX_DEPTH = 12
MAX_NODES = 50_000
MAX_TEXT = 16_384
MAX_INTEGER = 2**53
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TYPES: dict[str, type] = {"str": str, "int": int, "bool": bool}

_Row = TypeVar("_Row")


def canonical(table: Mapping[str, Any]) -> bytes:
    """Return the one form in which a table is written. Raises `ValueError` for NaN."""
    text = json.dumps(table, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("ascii")


def parse(raw: bytes, what: str) -> dict[str, Any]:
    """Read a table in canonical form; `what` names it in errors. Raises `BundleError`."""
    try:
        table: Any = json.loads(raw.decode("ascii"), parse_constant=_no_constant)
        same = isinstance(table, dict) and canonical(table) == raw
    except (ValueError, RecursionError, OverflowError) as error:
        # ValueError covers bad JSON, non-ASCII, NaN and numbers of thousands of digits.
        raise BundleError(f"{what} is damaged: it is no proper JSON.") from error
    if not same:
        raise BundleError(f"{what} is damaged: it is not in canonical form.")
    _bounded(table, what)
    return dict(table)


def row(kind: type[_Row], table: object, what: str) -> _Row:
    """Make a dataclass of texts, integers and truth values from a table with just its keys.

    A field whose name ends in `sha256` must be one ("" if the field's default is ""). Raises
    `BundleError`.
    """
    wanted = {field.name: str(field.type) for field in fields(kind)}  # type: ignore[arg-type]
    if not isinstance(table, dict) or table.keys() != wanted.keys():
        raise BundleError(f"{what} is damaged: fields are missing or unknown.")
    for key, value in table.items():
        if type(value) is not _TYPES[wanted[key]]:
            raise BundleError(f"{what} is damaged: '{key}' is not of type {wanted[key]}.")
    optional = {field.name for field in fields(kind) if field.default == ""}  # type: ignore[arg-type]
    for key, value in table.items():
        if key.endswith("sha256") and not (value == "" and key in optional):
            sha256(value, f"{what}: '{key}'")
    return kind(**table)


def sha256(value: object, what: str) -> str:
    """Return `value` if it is a SHA-256 in 64 small hexadecimal digits."""
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise BundleError(f"{what} is no SHA-256.")
    return value


def rows(kind: type[_Row], table: object, what: str, limit: int) -> tuple[_Row, ...]:
    """Make a tuple of dataclasses from a list of at most `limit` tables."""
    if not isinstance(table, list) or len(table) > limit:
        raise BundleError(f"{what} is damaged: it is no list of at most {limit} entries.")
    return tuple(row(kind, entry, what) for entry in table)


def keys(table: Mapping[str, Any], wanted: Collection[str], what: str) -> None:
    """Check that a table has these keys and no others. Raises `BundleError`."""
    if table.keys() != set(wanted):
        odd = ", ".join(sorted(table.keys() ^ set(wanted)))[:200]
        raise BundleError(f"{what} is damaged: missing or unknown fields: {odd}.")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _bounded(value: Any, what: str) -> None:
    """Check depth, number of values, lengths of texts and sizes of numbers."""
    left = MAX_NODES
    pending: list[tuple[Any, int]] = [(value, 0)]
    while pending:
        item, depth = pending.pop()
        left -= 1
        if left < 0 or depth > MAX_DEPTH or _too_large(item):
            raise BundleError(f"{what} is damaged: it exceeds its limits.")
        if isinstance(item, dict):
            pending += [(entry, depth + 1) for pair in item.items() for entry in pair]
        elif isinstance(item, list):
            pending += [(entry, depth + 1) for entry in item]


def _too_large(item: Any) -> bool:
    if isinstance(item, str):
        return len(item) > MAX_TEXT
    return isinstance(item, int) and abs(item) > MAX_INTEGER
