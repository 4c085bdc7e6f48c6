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


class ConversationLeft(Message):
    """Nothing of a conversation is kept any more."""


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
        """Delete what was kept of it, and keep no more. What failed may be tried again."""
        with self._one:
            self.keeps = False
            if self.number:
                workspace.conversations.remove(self.number)
            self.number = 0


def list_conversations(workspace: Workspace, post: Post) -> None:
    """List them, also in a library that has no documents any more."""
    do(lambda: ConversationsListed(tuple(workspace.conversations.find())), post)


def load_conversation(workspace: Workspace, number: int, post: Post) -> None:
    do(lambda: ConversationLoaded(workspace.conversations.load(number)), post)


def leave_nothing(workspace: Workspace, keeper: ConversationKeeper, post: Post) -> None:
    def left() -> Message:
        keeper.leave_nothing(workspace)
        return ConversationLeft()

    do(left, post)


def run_quietly(work: Callable[[], object], post: Post) -> None:
    """Do what nobody waits for; only a failure is said."""
    problem = attempt(work)
    if problem is not None:
        post(WorkFailed(problem))
