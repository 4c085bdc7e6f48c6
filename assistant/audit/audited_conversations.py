"""Conversations whose keeping, opening and changes are recorded; no text gets into the log."""

from __future__ import annotations

from assistant.audit.recorder import AuditRecorder
from assistant.store.connection import Pool
from assistant.store.conversation_rows import ConversationRows
from assistant.types import Answer
from assistant.types.conversations import Conversation, ConversationRecord


class AuditedConversations(ConversationRows):
    """The `ConversationRows` of a library with an audit log; what is opened is recorded first."""

    def __init__(self, pool: Pool, recorder: AuditRecorder) -> None:
        super().__init__(pool)
        self._recorder = recorder

    def load(self, number: int) -> Conversation:
        found = super().load(number)
        self._recorder.record("conversation-view", conversation=number, count=len(found.turns))
        return found

    def keep(self, answer: Answer, number: int = 0) -> ConversationRecord:
        with self._recorder.change("conversation", pages=False, conversation=number) as done:
            kept = super().keep(answer, number)
            done |= {"conversation": kept.id, "count": kept.turns}
        return kept

    def rename(self, number: int, name: str) -> ConversationRecord:
        with self._recorder.change("conversation-rename", pages=False, conversation=number):
            return super().rename(number, name)

    def remove(self, number: int) -> ConversationRecord:
        with self._recorder.change("conversation-remove", conversation=number):
            return super().remove(number)
