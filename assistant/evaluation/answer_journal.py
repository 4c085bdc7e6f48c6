"""Answers on disk as they are judged, so that a run that was stopped goes on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.evaluation.grading import Row
from assistant.strict_reader import BadInputError, read_json

_KEY_LENGTH = 32
_MOST_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class _Line:
    row: Row
    text: dict[str, Any] | None = None


class Journal:
    """The rows of one arm, one JSON line each.

    The name is a hash of all that decides the answers (`key`: suite, library, model,
    settings), so that what was asked of another model is never taken for this one's. A line
    that was cut off is left out. `texts` holds what else was kept of an answer, by id.
    """

    def __init__(self, folder: Path, key: Mapping[str, Any]) -> None:
        digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
        self.path = folder / f"{digest[:_KEY_LENGTH]}.jsonl"
        self.rows: dict[str, Row] = {}
        self.texts: dict[str, dict[str, Any]] = {}
        self._read()

    def add(self, row: Row, text: dict[str, Any] | None) -> None:
        """Append one row. Raises `AssistantError` when it can't be written."""
        line = json.dumps(asdict(_Line(row, text)), allow_nan=False) + "\n"
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            with os.fdopen(os.open(self.path, flags, 0o600), "ab") as file:
                file.write(line.encode())
        except OSError as error:
            raise AssistantError(
                f"{self.path} can't be written: {error.strerror or 'unknown reason'}.",
                hint="Make room on the disk and start the run again: what was asked is kept.",
            ) from error
        self._keep(row, text)

    def drop(self) -> None:
        """Delete the journal: the run is complete, or is wanted anew."""
        self.path.unlink(missing_ok=True)
        self.rows, self.texts = {}, {}

    def _read(self) -> None:
        try:
            with self.path.open("rb") as file:
                data = file.read(_MOST_BYTES)
        except FileNotFoundError:
            return
        except OSError as error:
            raise AssistantError(
                f"{self.path} can't be read: {error.strerror or 'unknown reason'}.",
                hint="Start anew: assistant eval --restart",
            ) from error
        for line in data.split(b"\n"):
            try:
                found = read_json(line, _Line)
            except BadInputError:
                continue
            self._keep(found.row, found.text)
        if data and not data.endswith(b"\n"):
            with self.path.open("ab") as file:
                file.write(b"\n")

    def _keep(self, row: Row, text: dict[str, Any] | None) -> None:
        self.rows[row.id] = row
        if text is not None:
            self.texts[row.id] = text
