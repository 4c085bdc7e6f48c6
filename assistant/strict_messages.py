"""Translate the types and messages of msgspec into the words of `strict_reader`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from msgspec import inspect

LONGEST_SHOWN = 60
"""Characters of what was found that an error shows."""

_PROBLEM = re.compile(r"(.*?)(?: - at `(key` in `)?\$([^`]*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(\w+)`")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]|\[\.\.\.\]")
_WORDS = (
    (re.compile(r" \| "), " or "),
    (re.compile("`"), ""),
    (re.compile(r"\bstr\b"), "text"),
    (re.compile(r"\bint\b"), "whole number"),
    (re.compile(r"\bfloat\b"), "number"),
    (re.compile(r"\bbool\b"), "true or false"),
    (re.compile(r"\barray\b"), "list"),
)

type_info: Callable[[Any], inspect.Type] = cache(inspect.type_info)


def _kinds(found: inspect.Type) -> list[Any]:
    """Return what a type may be, without what is written around it."""
    kinds = found.types if isinstance(found, inspect.UnionType) else (found,)
    return [kind.type if isinstance(kind, inspect.Metadata) else kind for kind in kinds]


def keys_of(found: inspect.Type) -> list[str] | None:
    """Return the keys of a class, None for what takes any or is no table at all."""
    for kind in _kinds(found):
        if hasattr(kind, "fields"):
            return [field.encode_name for field in kind.fields]
    return None


def below(found: inspect.Type, step: str | int) -> inspect.Type:
    """Return the type of what stands under a key or a number."""
    for kind in _kinds(found):
        if isinstance(step, str) and hasattr(kind, "fields"):
            types: dict[str, inspect.Type] = {f.encode_name: f.type for f in kind.fields}
            return types[step]
        if isinstance(step, int) and isinstance(kind, inspect.TupleType):
            return kind.item_types[step] if step < len(kind.item_types) else inspect.AnyType()
        inner = getattr(kind, "value_type" if isinstance(step, str) else "item_type", None)
        if isinstance(inner, inspect.Type):
            return inner
    return inspect.AnyType()


def explained(message: str, value: object, kind: Any) -> tuple[str, str]:
    """Put msgspec's message into our words: what was expected, with the value that was found
    (first) and without it (second).
    """
    match = _PROBLEM.fullmatch(message)
    problem, in_key, place = (match[1], match[2], match[3] or "") if match else (message, "", "")
    if missing := _MISSING.fullmatch(problem):
        said = f"'{f'{place}.{missing[1]}'[1:]}' is missing"
        return said, said
    expected = "" if in_key else _expected(type_info(kind), place)
    if expected and problem.startswith(("Expected", "Invalid")):
        problem = f"expected {expected}"
    for pattern, word in _WORDS:
        problem = pattern.sub(word, problem)
    problem = problem.replace("Expected", "expected")
    if not place:
        return problem, problem
    where = f"a key in '{place[1:]}'" if in_key else f"'{place[1:]}'"
    found = "" if in_key else _found(value, place)
    return f"{where}{found}: {problem}", f"{where}: {problem}"


def _found(value: Any, place: str) -> str:
    """Return ` is VALUE` for a short value at a place."""
    for step in _STEP.finditer(place):
        if step[0] == "[...]":
            return ""
        value = value[step[1]] if step[1] else value[int(step[2])]
    if isinstance(value, str | int | float):  # truth values too
        return f" is {json.dumps(value)[:LONGEST_SHOWN]}"
    return ""


def _expected(found: inspect.Type, place: str) -> str:
    """Say what a type expects at a place, "" where msgspec's own words do."""
    for step in _STEP.finditer(place):
        found = below(found, int(step[2]) if step[2] else step[1] or "...")
    kinds = found.types if isinstance(found, inspect.UnionType) else (found,)
    described = [_described(kind) for kind in kinds]
    return " or ".join(described) if all(described) else ""


def _described(found: inspect.Type) -> str:
    if isinstance(found, inspect.LiteralType):
        return " or ".join(json.dumps(choice) for choice in found.values)
    if isinstance(found, inspect.NoneType):
        return "null"
    schema = found.extra_json_schema if isinstance(found, inspect.Metadata) else None
    return str((schema or {}).get("description", ""))
