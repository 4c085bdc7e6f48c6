"""From a recipe's tables to frozen settings: unknown keys and wrong kinds are refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from assistant.errors import UsageError

S = TypeVar("S")


def from_table(kind: type[S], table: Mapping[str, Any], name: str, folder: Path) -> S:
    """Make a settings object of a table. Relative paths are taken from `folder`.

    Raises `UsageError` naming table and key.
    """
    declared = {f.name: str(f.type) for f in fields(kind)}  # type: ignore[arg-type]
    values = {}
    for key, value in table.items():
        if key not in declared:
            raise UsageError(
                f"[{name}] has an unknown key '{key}'.",
                hint=f"Known are: {', '.join(sorted(declared))}.",
            )
        values[key] = _value(value, declared[key], f"[{name}] '{key}'", folder)
    try:
        return kind(**values)
    except TypeError as error:
        raise UsageError(f"[{name}]: {error}.") from error


def _value(value: Any, declared: str, where: str, folder: Path) -> Any:
    declared = declared.removesuffix(" | None")
    if declared.startswith("tuple["):
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list | tuple):
            raise UsageError(f"{where} must be a list.")
        inner = declared[len("tuple[") :].split(",")[0]
        return tuple(_value(v, inner, where, folder) for v in listed)
    if declared == "Path":
        return folder / Path(_of(value, str, where)).expanduser()
    if declared.startswith("Mapping[str, str]"):
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise UsageError(f"{where} must be a table of texts.")
        return dict(value)
    plain: dict[str, type] = {"int": int, "str": str, "bool": bool}
    if declared == "float":
        return float(_of(value, (int, float), where))
    return _of(value, plain[declared], where) if declared in plain else value


def _of(value: Any, kind: Any, where: str) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise UsageError(f"{where} has the wrong kind of value: {value!r}.")
    return value
