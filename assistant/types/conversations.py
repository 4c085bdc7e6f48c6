"""Types of conversations: the questions of a sitting and their answers, as a library keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from assistant.types.answers import Answer


@dataclass(frozen=True, slots=True)
class ConversationRecord:
    """What a list says of a conversation; times are ISO 8601, in UTC."""

    id: int
    name: str
    started_at: str
    changed_at: str
    turns: int


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """A question and its answer; None once a document was forgotten that the answer stands on."""

    question: str
    at: str
    answer: Answer | None


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation with its turns, the oldest first."""

    record: ConversationRecord
    turns: tuple[KeptTurn, ...]


class Conversations(Protocol):
    """The conversations of a library. A number that names none raises `UsageError`."""

    def find(self, words: str = "") -> list[ConversationRecord]:
        """Return those whose name, questions or answers hold all the words; the newest first."""
        ...

    def load(self, number: int) -> Conversation: ...

    def keep(self, answer: Answer, number: int = 0) -> ConversationRecord:
        """Add a turn; 0 begins a conversation, which is named after the question."""
        ...

    def rename(self, number: int, name: str) -> ConversationRecord: ...

    def remove(self, number: int) -> ConversationRecord:
        """Delete a conversation so that no byte of it stays."""
        ...

    def quoted(self) -> tuple[int, frozenset[int]]:
        """Return how many answers are kept, and the documents that some of them quote."""
        ...

    def quoting(self, document_id: int) -> list[ConversationRecord]:
        """Return those that lose an answer when this document is forgotten."""
        ...
