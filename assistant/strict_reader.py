"""Read TOML and JSON strictly, as hostile input.

    item = read_json(line, Item)            # a frozen dataclass, a TypedDict, dict[str, Any] ...
    with refused(SuiteError, f"{path.name}, line 3", hint="..."):
        item = read_json(line, Item)        # a `BadInputError` becomes a `SuiteError`

A dataclass says what is expected: types, `Literal` choices, and limits as
`Annotated[int, msgspec.Meta(ge=1)]`; `Meta(description="...")` is how errors call it. What
types can't say is checked in `__post_init__`, whose `ValueError` becomes a `BadInputError`.

Refused whatever the type: text that is no UTF-8, a key that stands twice, NaN and infinity,
whole numbers beyond 2**53, half characters (lone surrogates), and what is deeper or larger
than its `Limits`. Keys that the type does not know are refused too, so that a slip is noticed.
No value is taken for what it is not: `1.0` and `true` are no whole numbers.
"""

from __future__ import annotations

import json
import math
import os
import stat
import tomllib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec
from msgspec import inspect

from assistant.errors import AssistantError
from assistant.strict_messages import LONGEST_SHOWN, below, explained, keys_of, type_info

_T = TypeVar("_T")
Meta = msgspec.Meta

Sha256 = Annotated[
    str, Meta(pattern=r"\A[0-9a-f]{64}\Z", description="a SHA-256 (64 digits from 0-9a-f)")
]
MaybeSha256 = Annotated[
    str, Meta(pattern=r"\A([0-9a-f]{64})?\Z", description='a SHA-256 (64 digits from 0-9a-f) or ""')
]
MAX_INTEGER = 2**53
"""Beyond it, other readers of JSON would round."""


class BadInputError(ValueError):
    """Input that is not what it should be: the message says where, and what was expected.

    It holds little of the input, and is not safe to show in a terminal as it is. `discreet` is
    the same without the value that was found.
    """

    def __init__(self, message: str, discreet: str = "") -> None:
        super().__init__(message)
        self.discreet = discreet or message


class MissingInputError(BadInputError):
    """There is no such file."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Most levels, values in all, and characters of one text."""

    depth: int = 32
    values: int = 20_000_000
    text: int = 1 << 20


_LIMITS = Limits()


@contextmanager
def refused(error: type[AssistantError], what: str, hint: str = "") -> Iterator[None]:
    """Turn a `BadInputError` into an error for people; `what` names the input."""
    try:
        yield
    except BadInputError as bad:
        raise error(f"{what}: {bad}.", hint=hint) from bad


def read_file(path: Path, most: int) -> bytes:
    """Read a plain file of at most `most` bytes; never waits for the other end of a pipe.

    Raises `MissingInputError` if there is none, `BadInputError` for whatever else is wrong.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            plain = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            data = file.read(most + 1) if plain else b""
    except FileNotFoundError as error:
        raise MissingInputError("there is no such file") from error
    except OSError as error:
        raise BadInputError(error.strerror or "it can't be opened") from error
    except ValueError as error:
        raise BadInputError("that can't be the name of a file") from error
    if not plain:
        raise BadInputError("it is no plain file")
    if len(data) > most:
        size = f"{most >> 20} MiB" if most >= 1 << 20 else f"{most:,} bytes"
        raise BadInputError(f"it has more than {size}")
    return data


def read_json(
    raw: bytes, kind: type[_T], *, limits: Limits = _LIMITS, more_keys: bool = False
) -> _T:
    """Read one JSON value of a type; with `more_keys`, keys that it does not know are skipped.

    Raises `BadInputError`.
    """
    try:
        value = json.loads(_text(raw), object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, character {error.colno}"
        raise BadInputError(f"it is no JSON ({error.msg}, {where})") from None
    except BadInputError:
        raise
    except RecursionError:
        raise BadInputError("it is nested too deeply") from None
    except ValueError:  # Python refuses to read thousands of digits
        raise BadInputError("it holds a number beyond 2**53") from None
    return fitted(value, kind, limits=limits, more_keys=more_keys)


def read_toml(
    raw: bytes, kind: type[_T], *, limits: Limits = _LIMITS, more_keys: bool = False
) -> _T:
    """Read a TOML document of a type. Raises `BadInputError`."""
    try:
        value = tomllib.loads(_text(raw))
    except RecursionError:
        raise BadInputError("it is nested too deeply") from None
    except ValueError as error:
        raise BadInputError(f"it is not valid TOML ({str(error)[:200]})") from None
    return fitted(value, kind, limits=limits, more_keys=more_keys)


def require_printable(**texts: str) -> None:
    """Refuse a text that can't be shown in a line of a terminal as it is."""
    for name, text in texts.items():
        if not text.isprintable():
            raise BadInputError(f"'{name}' holds a character that can't be shown")


def canonical(table: Mapping[str, Any]) -> bytes:
    """Return the one form in which a signed table is written. Raises `ValueError` for NaN.

    ASCII, keys sorted, no white space, each number as Python writes it.
    """
    text = json.dumps(table, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("ascii")


def read_canonical(raw: bytes, kind: type[_T], *, limits: Limits = _LIMITS) -> _T:
    """Read a table in canonical form: what is made of it would be written just so.

    Raises `BadInputError`, also for a key with a default that is left out.
    """
    made = read_json(raw, kind, limits=limits)
    if canonical(msgspec.to_builtins(made)) != raw:
        raise BadInputError("it is not in canonical form")
    return made


def fitted(
    value: object, kind: type[_T], *, limits: Limits = _LIMITS, more_keys: bool = False
) -> _T:
    """Return a value that was read already as what a type says. Raises `BadInputError`."""
    _check_limits(value, limits)
    if not more_keys:
        _refuse_unknown(value, type_info(kind), "")
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise BadInputError(*explained(str(error), value, kind)) from None


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInputError(f"byte {error.start + 1} is no UTF-8") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        keys = [key for key, _ in pairs]
        doubled = next(key for key in keys if keys.count(key) > 1)
        raise BadInputError(f"'{doubled[:LONGEST_SHOWN]}' stands twice in it")
    return table


def _no_number(name: str) -> NoReturn:
    raise BadInputError(f"{name} is no number")


def _check_limits(value: object, limits: Limits) -> None:
    """Check depth, number of values, lengths of texts and sizes of numbers.

    Single values are looked at where they stand: a run of an evaluation has millions.
    """
    left, longest = limits.values, limits.text
    pending: list[tuple[Collection[Any], int]] = [((value,), 0)]
    while pending:
        entries, depth = pending.pop()
        left -= len(entries)
        if left < 0:
            raise BadInputError(f"it holds more than {limits.values:,} values")
        if entries and depth > limits.depth:
            raise BadInputError("it is nested too deeply")
        for item in entries:
            kind = type(item)
            if kind is dict:
                pending += ((item.values(), depth + 1), (item.keys(), depth + 1))
            elif kind is list:
                pending.append((item, depth + 1))
            elif kind is str and len(item) <= longest and item.isascii():
                pass
            elif problem := _problem(item, longest):
                where = _place_of(item, value)
                raise BadInputError(f"'{where}' {problem}" if where else f"it {problem}")


def _problem(item: object, longest: int) -> str:
    """Say what is wrong with a single value, "" if nothing is."""
    if isinstance(item, str):
        if len(item) > longest:
            return f"has {len(item):,} characters, more than {longest:,}"
        if any(0xD800 <= ord(character) < 0xE000 for character in item):
            return "holds half a character (a lone surrogate)"
    elif isinstance(item, float):
        if not math.isfinite(item):
            return f"is {item}, which is no number"
    elif isinstance(item, int) and abs(item) > MAX_INTEGER:
        return "is a number beyond 2**53"
    return ""


def _place_of(wanted: object, value: object) -> str:
    """Return where a single value stands, "" for a key."""
    pending: list[tuple[Any, str]] = [(value, "")]
    while pending:
        item, place = pending.pop()
        if item is wanted:
            return place[-LONGEST_SHOWN:].removeprefix(".")
        if isinstance(item, dict):
            pending += [(entry, f"{place}.{key}"[-LONGEST_SHOWN:]) for key, entry in item.items()]
        elif isinstance(item, list):
            pending += [(entry, f"{place}[{number}]") for number, entry in enumerate(item)]
    return ""


def _refuse_unknown(value: object, found: inspect.Type, place: str) -> None:
    """Refuse a key that no class knows: before all else, as it tells what was meant."""
    if isinstance(value, dict):
        known = keys_of(found)
        for key, entry in value.items():
            if known is not None and key not in known:
                inside = f" in '{place[1:]}'" if place else ""
                said = f"'{key[:LONGEST_SHOWN]}' is no key{inside}"
                raise BadInputError(f"{said} (they are: {', '.join(known)})")
            if isinstance(entry, dict | list):
                _refuse_unknown(entry, below(found, key), f"{place}.{key}")
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            if isinstance(entry, dict | list):
                _refuse_unknown(entry, below(found, number), f"{place}[{number}]")
