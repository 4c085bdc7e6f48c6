"""Read rows from JSON lines, JSON, CSV, Parquet and Hugging Face dataset folders.

A row is a dict and the place it came from ("notes.jsonl, line 12"), so that whatever is
wrong with it can be named. `datasets` is not needed: `save_to_disk` writes Arrow streams.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.errors import UsageError
from convert.dataset.data_files import (
    Row,
    open_bytes,
    read_json,
    read_text,
    require_path,
    unreadable,
)

LONGEST_LINE = 16 << 20
_ENDINGS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "csv", ".json": "json",
            ".parquet": "parquet", ".arrow": "arrow"}  # fmt: skip
_LONGEST_FIELD = 16 << 20


def format_of(path: Path) -> str:
    """Return the format that a path's name speaks of. Raises `UsageError` for none."""
    if path.is_dir():
        return "folder"
    ending = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    try:
        return _ENDINGS[ending.lower()]
    except KeyError:
        raise UsageError(
            f"{path.name}: the format can't be told from the name.",
            hint=f"Name it with --format, or use one of {', '.join(_ENDINGS)}.",
        ) from None


def read_rows(path: Path, form: str = "auto") -> Iterator[Row]:
    """Yield the rows of a file or folder. Raises `UsageError` naming file and line."""
    form = format_of(path) if form == "auto" else form
    require_path(path)
    readers = {"jsonl": _jsonl, "chat": _jsonl, "csv": _csv, "json": _json}
    if form in readers:
        return readers[form](path)
    from convert.dataset.arrow_files import read_arrow, read_folder, read_parquet

    return {"parquet": read_parquet, "arrow": read_arrow, "folder": read_folder}[form](path)


def _jsonl(path: Path) -> Iterator[Row]:
    try:
        with open_bytes(path) as file:
            number = 0
            while line := file.readline(LONGEST_LINE + 1):
                number += 1
                where = f"{path}, line {number}"
                if len(line) > LONGEST_LINE:
                    raise UsageError(f"{where} is longer than {LONGEST_LINE >> 20} MiB.")
                if number == 1:
                    line = line.removeprefix(b"\xef\xbb\xbf")
                if line.strip():
                    yield where, _object(line, where)
    except (OSError, EOFError) as error:
        raise unreadable(path, error) from error


def _object(line: bytes, where: str) -> dict[str, Any]:
    try:
        table = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{where}: it is not UTF-8.", hint="Save the file as UTF-8.") from error
    except RecursionError as error:
        raise UsageError(f"{where} is nested too deeply.") from error
    except ValueError as error:
        column = f", column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        what = getattr(error, "msg", error)
        raise UsageError(
            f"{where}{column}: no JSON ({what}).", hint="Each line must be one JSON object."
        ) from error
    if not isinstance(table, dict):
        raise UsageError(f"{where}: a JSON object is needed, not a {type(table).__name__}.")
    return table


def _json(path: Path) -> Iterator[Row]:
    """Read a list of objects, or an object with one list ('data', 'rows', 'samples')."""
    table = read_json(path)
    if isinstance(table, dict):
        lists = [v for v in table.values() if isinstance(v, list)]
        table = lists[0] if len(lists) == 1 else None
    if not isinstance(table, list):
        raise UsageError(f"{path} holds no list of objects.")
    for number, row in enumerate(table, 1):
        if not isinstance(row, dict):
            raise UsageError(f"{path}, item {number}: an object is needed.")
        yield f"{path}, item {number}", row


def _csv(path: Path) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_FIELD)
    text = read_text(path)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise UsageError(f"{path}, line {reader.line_num}: no CSV ({error}).") from error
        if row is None:
            return
        where = f"{path}, line {reader.line_num}"
        if None in row or None in row.values():
            raise UsageError(
                f"{where}: it has another number of fields than the header.",
                hint="Put fields that hold the delimiter or a line break between quotation marks.",
            )
        yield where, {str(k): v for k, v in row.items()}
