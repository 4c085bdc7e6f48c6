"""Choose the strategy for a question, by its type and by what the model can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.answering.strategies import question_type
from assistant.answering.strategies.named_document import Meant, document_meant
from assistant.answering.strategies.registry import check_strategy
from assistant.types import (
    AUTO,
    DIRECT,
    EXTRACT,
    FOLLOW_UP,
    MAP_REDUCE,
    READER,
    SUMMARY,
    TOGETHER,
    ChatEngine,
    DocumentRecord,
    Route,
)

_LISTED = 20
"""Documents that are named in an answer about the library."""

_ABILITIES = (
    "I answer questions from the documents of this library, and from nothing else, with quotes "
    "that lead to the page. Ask what a document says, what a word means in it, or for a list "
    '("Which ..."); "And for ...?" goes on from the question before. Where the documents do '
    "not hold the answer, I say so."
)
_GREETING = "Hello. Ask me what is in your documents."


@dataclass(frozen=True, slots=True)
class RouteChoice:
    """The strategy for a question and why; `answer` if it needs neither search nor model.

    `document` is the one that is to be summarised.
    """

    strategy: str
    route: Route
    answer: str = ""
    document: DocumentRecord | None = None


class Router:
    """Chooses by rules. `documents` lists the library; `chat` is the model, if there is one.

    `reads` tells that there is an extractive reader.
    """

    def __init__(
        self,
        chat: ChatEngine | None,
        documents: Callable[[], Sequence[DocumentRecord]],
        *,
        reads: bool = False,
    ) -> None:
        self._chat = chat
        self._reads = reads
        self._documents = documents

    def choose(self, question: str, strategy: str = AUTO, previous: str = "") -> RouteChoice:
        """Choose for a question. Whoever names a `strategy` gets it, if the model can do it.

        Raises `UsageError` for an unknown strategy.
        """
        check_strategy(strategy)
        kind = question_type.kind_of(question)
        if strategy == AUTO and kind in _DIRECT:
            return RouteChoice(DIRECT, Route(kind, _DIRECT[kind]), self._direct(kind))
        if strategy == SUMMARY or (strategy == AUTO and kind == question_type.SUMMARY):
            meant = document_meant(question, self._documents())
            if not meant.more:
                return _summary_of(meant)
            kind = question_type.LIST
        if not (previous.strip() and question_type.leans(question)):
            picked, reason = self._picked(kind, strategy)
            return RouteChoice(picked, Route(kind, reason))
        searched = " ".join(f"{previous} {question}".split())
        asked = question_type.kind_of(previous) if kind == question_type.LOOK_UP else kind
        picked, reason = self._picked(asked, strategy)
        reason = f"{reason} It goes on from the question before."
        return RouteChoice(picked, Route(FOLLOW_UP, reason, searched))

    def _picked(self, kind: str, strategy: str) -> tuple[str, str]:
        """Return the strategy that is used and the reason, for the kind and what was asked."""
        named = strategy != AUTO
        reason = _REASONS.get(kind, "It was asked of the documents.")
        if named and strategy == READER and not self._reads:
            return EXTRACT, "There is no reader: the best sentence is given."
        if self._reads and self._suits_reader(strategy):
            return READER, "It was asked for." if named else reason
        if self._chat is None:
            return EXTRACT, "There is no chat model: the best sentence is given."
        lists = kind == question_type.LIST and self._chat.calibration.quotes_only
        if named:
            return strategy, "It was asked for."
        return (MAP_REDUCE if lists else TOGETHER), reason

    def _suits_reader(self, strategy: str) -> bool:
        """Tell whether the reader answers: where it is asked, or nothing writes whole sentences."""
        quotes = self._chat is None or self._chat.calibration.quotes_only
        return strategy == READER or (strategy == AUTO and quotes)

    def _direct(self, kind: str) -> str:
        if kind == question_type.GREETING:
            return _GREETING
        if kind == question_type.HELP:
            return _ABILITIES
        records = self._documents()
        names = [record.name for record in records[:_LISTED]]
        more = len(records) - len(names)
        rest = [f"and {more} more (assistant docs lists them all)"] if more > 0 else []
        counted = "1 document" if len(records) == 1 else f"{len(records)} documents"
        return "\n".join([f"The library has {counted}:", *names, *rest])


def _summary_of(meant: Meant) -> RouteChoice:
    if len(meant.documents) == 1:
        reason = "It asks what a document says: the key sentence of each part is quoted."
        route = Route(question_type.SUMMARY, reason)
        return RouteChoice(SUMMARY, route, document=meant.documents[0])
    listed = [record.name for record in meant.documents[:_LISTED]]
    route = Route(question_type.SUMMARY, "It asks for a summary, and does not say of what.")
    question = 'Which document? Say its name: "Summarise NAME".'
    return RouteChoice(DIRECT, route, "\n".join([question, *listed]))


_DIRECT = {
    question_type.GREETING: "It is a greeting, no question to the documents.",
    question_type.HELP: "It asks about the assistant, not about the documents.",
    question_type.DOCUMENTS: "It asks which documents there are.",
}

_REASONS = {
    question_type.LOOK_UP: "It asks for one fact: the best passages are read together.",
    question_type.YES_NO: "It asks whether something is so: the sentence that decides is given.",
    question_type.PARTIES: "It asks who the parties are: the beginnings of documents are read too.",
    question_type.COUNT: "It asks how many: what a passage says is given, nothing is counted.",
    question_type.DEFINITION: "It asks what something is: the best passages are read together.",
    question_type.TABLE: "It asks for a value of a table: the best passages are read together.",
    question_type.LIST: "It asks for several things: many passages are asked one by one.",
}
