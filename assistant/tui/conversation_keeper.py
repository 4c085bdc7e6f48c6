"""Keep the conversation on the screen in the library, turn by turn, or leave nothing of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from textual.message import Message

from assistant.tui.messages import Post, WorkFailed
from assistant.tui.workers import attempt, do
from assistant.types import Answer, Workspace
from assistant.types.conversations import Conversation, ConversationRecord


@dataclass
class ConversationsListed(Message):
    """The conversations that the library keeps, the newest first."""

    records: tuple[ConversationRecord, ...]


@dataclass
class ConversationLoaded(Message):
    """A conversation is to be shown, and gone on with."""

    conversation: Conversation


class ConversationKeeper:
    """Where the turns of one conversation are kept; its work is done in threads, one at a time.

    `number` is the conversation's in the library, 0 before its first turn is kept.
    """

    def __init__(self, *, keeps: bool, number: int = 0) -> None:
        self.keeps = keeps
        self.number = number
        self._one = threading.Lock()

    def keep(self, workspace: Workspace, answer: Answer) -> None:
        with self._one:
            if self.keeps:
                self.number = workspace.conversations.keep(answer, self.number).id

    def leave_nothing(self, workspace: Workspace) -> None:
        """Delete what was kept of it, and keep no more."""
        with self._one:
            self.keeps = False
            number, self.number = self.number, 0
            if number:
                workspace.conversations.remove(number)


def list_conversations(workspace: Workspace, post: Post) -> None:
    """List them, also in a library that has no documents any more."""
    do(lambda: ConversationsListed(tuple(workspace.conversations.find())), post)


def load_conversation(workspace: Workspace, number: int, post: Post) -> None:
    do(lambda: ConversationLoaded(workspace.conversations.load(number)), post)


def run_quietly(work: Callable[[], object], post: Post) -> None:
    """Do what nobody waits for; only a failure is said."""
    problem = attempt(work)
    if problem is not None:
        post(WorkFailed(problem))
