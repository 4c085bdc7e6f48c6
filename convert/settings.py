"""Settings of the steps: frozen, and validated against their own types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, ClassVar, Self, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from assistant.errors import UsageError
from assistant.strict_reader import Meta, fitted, read_file, read_toml, refused

_LONGEST = 1 << 20
_LONGEST_SHOWN = 60
_T = TypeVar("_T")
MOST_SEED = 2**32 - 1
"""NumPy's global generator, which transformers seeds too, takes no more."""

Seed = Annotated[int, Meta(ge=0, le=MOST_SEED, description=f"a whole number from 0 to {MOST_SEED}")]
Share = Annotated[float, Meta(ge=0, le=1, description="a number from 0 to 1")]
Count = Annotated[int, Meta(ge=0, description="a whole number, 0 or more")]
Positive = Annotated[int, Meta(ge=1, description="a whole number, 1 or more")]

PathText = Annotated[str, Meta(description='a path, or "" for none')]
"""A path that is kept as a text, taken from the recipe's folder like a `Path`."""


class Settings:
    """A table of a recipe as a frozen dataclass: a type and its limits for each key.

    Every way to make one raises `UsageError` naming table and key for a value that is none.
    """

    __slots__ = ()
    TABLE: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for name, kind in _kinds(type(self)).items():
            _fitted(getattr(self, name), kind, f"[{self.TABLE}] '{name}'")
        try:
            self.check()
        except ValueError as error:
            raise UsageError(f"[{self.TABLE}] {error}.") from error

    def check(self) -> None:
        """Raise `ValueError` for what types can't say."""

    @classmethod
    def from_table(cls, table: Mapping[str, Any], folder: Path = Path()) -> Self:
        """Make settings of a recipe's table; relative paths are taken from `folder`."""
        return read_table(cls, table, cls.TABLE, folder)

    def as_table(self) -> dict[str, Any]:
        """Return the settings as plain data for records; files by name only."""
        table: dict[str, Any] = json.loads(
            msgspec.json.encode(self, enc_hook=lambda path: path.name)
        )
        return table


def read_table(kind: type[_T], table: Mapping[str, Any], name: str, folder: Path = Path()) -> _T:
    """Make a frozen dataclass of a table. Raises `UsageError` naming table and key.

    A single text stands for a list of one.
    """
    kinds = _kinds(kind)
    for key in table:
        if key not in kinds:
            known = ", ".join(sorted(kinds))
            raise UsageError(f"[{name}] has an unknown key '{key}'.", hint=f"Known are: {known}.")
    values = {
        key: _made(value, kinds[key], f"[{name}] '{key}'", folder) for key, value in table.items()
    }
    for field in fields(kind):  # type: ignore[arg-type]
        if field.name not in values and field.default is field.default_factory is MISSING:
            raise UsageError(f"[{name}] '{field.name}' is missing.")
    return kind(**values)


def read_tables(path: Path) -> dict[str, dict[str, Any]]:
    """Read a TOML file that holds nothing but tables. Raises `UsageError` naming the file."""
    with refused(UsageError, str(path)):
        found = read_toml(read_file(path, _LONGEST), dict[str, Any])
    for name, table in found.items():
        if not isinstance(table, dict):
            raise UsageError(f"{path}: '{name}' stands outside of a table.")
    return found


def _made(value: Any, kind: Any, where: str, folder: Path) -> Any:
    """Return the value of a key: tables in it become settings, texts paths, one text a list."""
    bare = get_args(kind)[0] if get_origin(kind) in (Annotated, UnionType) else kind
    if get_origin(bare) is tuple:
        inner = get_args(bare)[0]
        value = [value] if isinstance(value, str) else value
        if isinstance(value, list):
            value = tuple(_made(one, inner, where, folder) for one in value)
    elif value and isinstance(value, str) and (bare is Path or kind == PathText):
        value = bare(folder / Path(value).expanduser())
    elif isinstance(bare, type) and issubclass(bare, Settings) and isinstance(value, dict):
        return read_table(bare, value, bare.TABLE, folder)
    return _fitted(value, kind, where)


def _fitted(value: Any, kind: Any, where: str) -> Any:
    """Return a value as its type has it. Raises `UsageError` with what the type expects."""
    shown = repr(value)[:_LONGEST_SHOWN]
    expected = next((m.description for m in getattr(kind, "__metadata__", ()) if m.description), "")
    with refused(UsageError, f"{where} is {shown}", hint=expected and f"Choose {expected}."):
        return fitted(value, kind)


def _kinds(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: hints[field.name] for field in fields(kind)}
