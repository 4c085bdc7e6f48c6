"""Open data files: size limits, gzip, and errors that name the file."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from assistant.errors import UsageError

Row = tuple[str, dict[str, Any]]
"""(place, columns)."""

MAX_JSON_BYTES = 2 << 30
"""A JSON file that is read as a whole may have so many bytes (after gzip)."""


def require_path(path: Path) -> None:
    """Raise `UsageError` if there is nothing at `path`."""
    if not path.exists():
        raise UsageError(
            f"There is no {path}.",
            hint="Name a local file or folder; a hub's name is not accepted: nothing is "
            "downloaded.",
        )


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file, gunzipping it by its name. Raises `UsageError`."""
    try:
        if path.suffix == ".gz":
            return io.BufferedReader(gzip.GzipFile(path))
        return path.open("rb")
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> UsageError:
    lines = str(error).splitlines() or [type(error).__name__]
    reason = getattr(error, "strerror", None) or lines[0][:200]
    return UsageError(f"{path} can't be read: {reason}.")


def read_text(path: Path) -> str:
    """Read a whole file as UTF-8 (a byte order mark is dropped). Raises `UsageError`."""
    try:
        with open_bytes(path) as file:
            data = file.read(MAX_JSON_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, error) from error
    if len(data) > MAX_JSON_BYTES:
        raise UsageError(f"{path} is too large to be read as a whole.", hint="Use JSON lines.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{path}, line {line}: byte 0x{data[error.start]:02x} is not UTF-8.",
            hint="Save the file as UTF-8.",
        ) from error


@contextmanager
def naming(where: str) -> Iterator[None]:
    """Turn what a table of another shape raises into a `UsageError` that says where it is."""
    try:
        yield
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{where}: {type(error).__name__} {error}.") from error


def read_entries(path: Path, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the entries of a file in the shape of SQuAD's, each with its place.

    Raises `UsageError` for another shape, which `name` is called.
    """
    table = read_json(path)
    data = table.get("data") if isinstance(table, dict) else None
    if not isinstance(data, list):
        raise UsageError(
            f"{path} is no {name} file: it has no list 'data'.",
            hint='The shape is {"data": [{"title": ..., "paragraphs": [...]}]}.',
        )
    yield from ((f"{path}, data[{number}]", entry) for number, entry in enumerate(data))


def read_json(path: Path) -> Any:
    """Read a JSON file. Raises `UsageError` naming the line of a fault."""
    text = read_text(path)
    try:
        return json.loads(text)
    except RecursionError as error:
        raise UsageError(f"{path} is nested too deeply.") from error
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise UsageError(
            f"{path}, line {line}: no JSON ({getattr(error, 'msg', error)})."
        ) from error
