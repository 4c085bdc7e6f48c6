"""What all `--json` output has in common: frozen shapes, their format, errors as JSON.

Fields are only ever added; a change of meaning raises `FORMAT`. Where a field of the
program's own data has another name in JSON, `field(name=...)` says so; `shaped` copies all
fields of one name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

FORMAT = 1
_Shape = TypeVar("_Shape")


class Shape(msgspec.Struct, frozen=True):
    """A part of an output."""


class Document(Shape, frozen=True, kw_only=True):
    """A whole output: all have the format."""

    format: int = FORMAT


def shaped(kind: type[_Shape], source: object, **given: object) -> _Shape:
    """Make a shape of what has its fields as attributes, at any depth; `given` come first."""
    return msgspec.convert(_Source(source, given), kind, from_attributes=True)


def plain(document: object) -> Any:
    """Return a document as the tables, lists and values that JSON knows; its format is first."""
    table = msgspec.to_builtins(document)
    return {"format": FORMAT, **table} if isinstance(document, Document) else table


class _Source:
    def __init__(self, source: object, given: Mapping[str, object]) -> None:
        self._source, self._given = source, given

    def __getattr__(self, name: str) -> object:
        return self._given[name] if name in self._given else getattr(self._source, name)


class ErrorJson(Shape, frozen=True):
    code: str
    title: str
    message: str
    hint: str


class FailureJson(Document, frozen=True):
    """Every command's output when it fails as a whole."""

    error: ErrorJson
