"""Keep answers on disk as they come, so that a killed evaluation can be resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assistant.evaluation.answer_journal import JsonLinesFile
from convert.evaluate.ask_engine import Reply


class Journal:
    """The replies of one system, by the keys of their items.

    `key` is what decides the replies beside the items, so that those of another model,
    adapter or example never mix. The answers quote the data that were asked: the folder is as
    confidential as they are.
    """

    def __init__(self, folder: Path, key: dict[str, Any]) -> None:
        self._file = JsonLinesFile(folder, key, Reply)
        self.path = self._file.path
        self.replies = {reply.item: reply for reply in self._file.read()}

    def add(self, reply: Reply) -> None:
        """Append one reply. Raises `AssistantError` when it can't be written."""
        self._file.append(reply)
        self.replies[reply.item] = reply
