"""Keep graded answers on disk as they come, so that a stopped run can be resumed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from assistant.errors import AssistantError
from assistant.evaluation.grading import Row
from assistant.strict_reader import BadInputError, read_json

_KEY_LENGTH = 32
_MOST_BYTES = 1 << 30
_T = TypeVar("_T")


class JsonLinesFile(Generic[_T]):
    """Frozen dataclasses of one kind, one JSON line each, readable by their owner only.

    The name is a hash of all that decides what they say (`key`), so that they are never taken
    for another run's. A line that was cut off, or can't be read, is left out.
    """

    def __init__(self, folder: Path, key: Mapping[str, Any], kind: type[_T]) -> None:
        digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
        self.path = folder / f"{digest[:_KEY_LENGTH]}.jsonl"
        self._kind = kind

    def append(self, line: _T) -> None:
        """Write one line. Raises `AssistantError` when it can't be written."""
        text = json.dumps(asdict(line), allow_nan=False) + "\n"  # type: ignore[call-overload]
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            with os.fdopen(os.open(self.path, flags, 0o600), "ab") as file:
                file.write(text.encode())
        except OSError as error:
            raise AssistantError(
                f"{self.path} can't be written: {error.strerror or 'unknown reason'}.",
                hint="Make room on the disk and start the run again: what was asked is kept.",
            ) from error

    def read(self) -> list[_T]:
        """Return what was written, and end a line that was cut off."""
        try:
            with self.path.open("rb") as file:
                data = file.read(_MOST_BYTES)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise AssistantError(
                f"{self.path} can't be read: {error.strerror or 'unknown reason'}.",
                hint="Remove this file to start anew.",
            ) from error
        found = []
        for line in data.split(b"\n"):
            with suppress(BadInputError):
                found.append(read_json(line, self._kind))
        if data and not data.endswith(b"\n"):
            with self.path.open("ab") as file:
                file.write(b"\n")
        return found


@dataclass(frozen=True, slots=True)
class _Line:
    row: Row
    text: dict[str, Any] | None = None


class Journal:
    """The rows of one arm by their ids; `texts` holds what else was kept of an answer."""

    def __init__(self, folder: Path, key: Mapping[str, Any]) -> None:
        self._file = JsonLinesFile(folder, key, _Line)
        self.path = self._file.path
        self.rows: dict[str, Row] = {}
        self.texts: dict[str, dict[str, Any]] = {}
        for line in self._file.read():
            self._keep(line)

    def add(self, row: Row, text: dict[str, Any] | None) -> None:
        """Append one row. Raises `AssistantError` when it can't be written."""
        line = _Line(row, text)
        self._file.append(line)
        self._keep(line)

    def drop(self) -> None:
        """Delete the journal: the run is complete, or is wanted anew."""
        self.path.unlink(missing_ok=True)
        self.rows, self.texts = {}, {}

    def _keep(self, line: _Line) -> None:
        self.rows[line.row.id] = line.row
        if line.text is not None:
            self.texts[line.row.id] = line.text
