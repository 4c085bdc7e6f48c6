"""Answers on disk as they come, so that an evaluation that was killed goes on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from convert.evaluate.ask_engine import Reply

_SHORTEST_KEY = 24


class Journal:
    """The replies of one contender, one JSON line each, by the keys of their items.

    The name is a hash of what decides the replies beside the items (`key`), so that those
    of another model, adapter or example never mix. A line that was cut off is left out.
    The answers quote the data that were asked: the folder is as confidential as they are.
    """

    def __init__(self, folder: Path, key: dict[str, Any]) -> None:
        digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
        self.path = folder / f"{digest[:_SHORTEST_KEY]}.jsonl"
        self.replies = self._read()

    def add(self, reply: Reply) -> None:
        """Append one reply. Raises `AssistantError` when it can't be written."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(reply)) + "\n")
        except OSError as error:
            raise AssistantError(
                f"{self.path} can't be written: {error.strerror or error}.",
                hint="Make room on the disk and call again: what was answered is kept.",
            ) from error
        self.replies[reply.item] = reply

    def _read(self) -> dict[str, Reply]:
        found: dict[str, Reply] = {}
        try:
            lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return {}
        for line in lines:
            try:
                reply = Reply(**json.loads(line))
            except (ValueError, TypeError):
                continue
            found[reply.item] = reply
        if lines and not self.path.read_bytes().endswith(b"\n"):
            with self.path.open("a", encoding="utf-8") as file:
                file.write("\n")
        return found
