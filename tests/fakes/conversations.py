"""The conversations of a library in memory: `types.Conversations`."""

from __future__ import annotations

from dataclasses import replace

from assistant.errors import UsageError
from assistant.types import Answer
from assistant.types.conversations import Conversation, ConversationRecord, KeptTurn

AT = "2026-12-01T10:00:00+00:00"


class FakeConversations:
    """Keeps conversations by their number, from 1. While it is `broken` nothing is deleted."""

    def __init__(self) -> None:
        self.kept: dict[int, Conversation] = {}
        self.broken: Exception | None = None

    def find(self, words: str = "") -> list[ConversationRecord]:
        wanted = words.casefold().split()
        return [
            c.record
            for c in reversed(self.kept.values())
            if all(w in " ".join(t.question for t in c.turns).casefold() for w in wanted)
        ]

    def load(self, number: int) -> Conversation:
        if number not in self.kept:
            raise UsageError(f"The library has no conversation number {number}.")
        return self.kept[number]

    def keep(self, answer: Answer, number: int = 0) -> ConversationRecord:
        turn = KeptTurn(answer.question, AT, answer)
        if number:
            turns = (*self.load(number).turns, turn)
            record = replace(self.load(number).record, turns=len(turns))
        else:
            number = max(self.kept, default=0) + 1
            turns, record = (turn,), ConversationRecord(number, answer.question, AT, AT, 1)
        self.kept[number] = Conversation(record, turns)
        return record

    def rename(self, number: int, name: str) -> ConversationRecord:
        found = self.load(number)
        self.kept[number] = replace(found, record=replace(found.record, name=name))
        return self.kept[number].record

    def remove(self, number: int) -> ConversationRecord:
        self.load(number)
        if self.broken is not None:
            raise self.broken
        return self.kept.pop(number).record

    def quoted(self) -> tuple[int, frozenset[int]]:
        return 0, frozenset()

    def quoting(self, document_id: int) -> list[ConversationRecord]:
        del document_id
        return []
