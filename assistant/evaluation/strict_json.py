"""Reading JSON that anybody may have written: no value is taken for what it is not."""

from __future__ import annotations

import json
from typing import Any, NoReturn


class BadTextError(Exception):
    """Text that is not what it should be; the message says why, and holds little of it."""


def read_object(text: str) -> dict[str, Any]:
    """Read one JSON object. Raises `BadTextError`, for doubled keys, NaN and depth too."""
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise BadTextError(f"it is no JSON ({error.msg}, character {error.pos + 1})") from None
    except RecursionError:
        raise BadTextError("it is nested too deeply") from None
    except ValueError as error:
        raise BadTextError(str(error)) from None
    if not isinstance(value, dict):
        raise BadTextError("it is no JSON object ({...})")
    return value


def text_of(table: dict[str, Any], key: str, longest: int) -> str:
    """Return a text that is not blank, can be written as UTF-8, and is not too long."""
    value = table[key]
    if not isinstance(value, str) or not value.strip():
        raise BadTextError(f"'{key}' is no text or an empty one")
    return plain_text(value, key, longest)


def plain_text(value: str, key: str, longest: int) -> str:
    """Return `value` if it is short enough and holds no half of a character."""
    if len(value) > longest:
        raise BadTextError(f"'{key}' has {len(value):,} characters, more than {longest:,}")
    if any(0xD800 <= ord(character) < 0xE000 for character in value):
        raise BadTextError(f"'{key}' holds half a character (a lone surrogate)")
    return value


def number_of(table: dict[str, Any], key: str, least: int) -> int | None:
    """Return a whole number, or None if the key is not there."""
    if key not in table:
        return None
    value = table[key]
    if type(value) is not int or not least <= value < 2**53:
        raise BadTextError(f"'{key}' is no whole number from {least} on")
    return value


def only_keys(table: dict[str, Any], known: tuple[str, ...]) -> None:
    """Refuse keys that mean nothing here, so that a slip is noticed."""
    for key in table:
        if key not in known:
            raise BadTextError(f"'{key[:40]}' is no key of it (they are: {', '.join(known)})")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        keys = [key for key, _ in pairs]
        doubled = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"'{doubled[:40]}' stands twice in it")
    return table


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
