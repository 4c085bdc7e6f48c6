"""What `assistant conversations` prints with `--json`; see `assistant.cli.schema`."""

from __future__ import annotations

from assistant.cli.ask.answer_schema import AskJson, answer_json
from assistant.console.json_output import Document, Shape, shaped
from assistant.types.conversations import Conversation, ConversationRecord


class ConversationJson(Shape, frozen=True):
    id: int
    name: str
    started_at: str
    changed_at: str
    turns: int


class TurnJson(Shape, frozen=True):
    """`answer` is null once a document was forgotten that it stood on."""

    question: str
    at: str
    answer: AskJson | None


class ConversationsJson(Document, frozen=True):
    conversations: list[ConversationJson]


class ConversationShownJson(Document, frozen=True):
    conversation: ConversationJson
    turns: list[TurnJson]


class ConversationExportedJson(Document, frozen=True):
    conversation: ConversationJson
    file: str


class ConversationDeletedJson(Document, frozen=True):
    deleted: ConversationJson


def record_json(record: ConversationRecord) -> ConversationJson:
    return shaped(ConversationJson, record)


def shown_json(conversation: Conversation) -> ConversationShownJson:
    turns = [
        TurnJson(t.question, t.at, None if t.answer is None else answer_json(t.answer))
        for t in conversation.turns
    ]
    return ConversationShownJson(record_json(conversation.record), turns)
