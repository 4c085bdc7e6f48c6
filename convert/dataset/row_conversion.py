"""Convert rows to samples (conversations) or articles (questions with a context)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from assistant.errors import UsageError
from assistant.types import Message
from convert.dataset.articles import Article, Paragraph, Question, Span, quotable
from convert.dataset.data_files import Row
from convert.training_samples import ROLES, Sample

_SPELLINGS = {
    "messages": ("messages", "conversation", "conversations"),
    "question": ("question", "query", "prompt", "instruction"),
    "answer": ("answer", "answers", "response", "output", "completion"),
    "context": ("context", "passage", "contexts", "text"),
    "document": ("document", "doc", "title", "source", "file"),
    "page": ("page",),
}
_NO_ANSWER = frozenset({"unanswerable", "no answer", "not in the documents", "none", "n/a"})

Problem = Callable[[str, str], None]
"""Called with (place, what is wrong); raises if the first problem is to stop the step."""


@dataclass(slots=True)
class Loaded:
    """What a source holds: conversations, and documents with questions."""

    samples: list[tuple[str, Sample]] = field(default_factory=list)
    """(split or "", sample)."""

    articles: list[Article] = field(default_factory=list)


def load_rows(
    rows: Iterable[Row], columns: Mapping[str, str], source: str, problem: Problem
) -> Loaded:
    """Turn rows into samples and articles. What is unusable is told to `problem`."""
    loaded = Loaded()
    documents: dict[str, dict[str, list[Any]]] = {}
    for index, (where, row) in enumerate(rows):
        try:
            _take(row, columns, f"{source}/{index}", loaded, documents)
        except (UsageError, TypeError, ValueError) as error:
            what = error.message if isinstance(error, UsageError) else str(error)
            problem(where, what)
    for name, paragraphs in documents.items():
        made = tuple(
            Paragraph(text, int(questions[0]), tuple(questions[1:]))
            for text, questions in paragraphs.items()
        )
        loaded.articles.append(Article(name, made))
    return loaded


def _take(
    row: dict[str, Any],
    columns: Mapping[str, str],
    identifier: str,
    loaded: Loaded,
    documents: dict[str, dict[str, list[Any]]],
) -> None:
    messages = _column(row, "messages", columns)
    document = _text(_column(row, "document", columns), "document") or identifier
    if messages is not None:
        sample = _conversation(_messages(messages), identifier, document)
        loaded.samples.append((str(row.get("__split__", "")), sample))
        return
    question = _text(_column(row, "question", columns), "question")
    if not question:
        raise UsageError(
            "there is neither 'messages' nor a question "
            f"(columns: {', '.join(map(str, row))[:200]})"
        )
    answer = _column(row, "answer", columns)
    context = _text(_column(row, "context", columns), "context")
    if not context:
        text = _text(answer, "answer")
        if not text:
            raise UsageError("the answer is empty, and there is no context to refuse from")
        pair = (Message("user", question), Message("assistant", text))
        sample = _conversation(pair, identifier, document)
        loaded.samples.append((str(row.get("__split__", "")), sample))
        return
    if document == identifier:
        document = f"text {hashlib.sha256(context.encode()).hexdigest()[:10]}"
    spans = answer_spans(answer, context)
    page = _column(row, "page", columns) or 1
    held = documents.setdefault(document, {}).setdefault(context, [int(page)])
    held.append(Question(identifier, question, spans))


def answer_spans(answer: Any, context: str) -> tuple[Span, ...]:
    """Return where a context holds an answer word for word; () for "unanswerable".

    `answer` is a text, a list of texts, or SQuAD's {"text": [...], "answer_start": [...]}.
    Raises `UsageError` for an answer that the context does not hold.
    """
    texts = [t.strip() for t in _texts(answer)]
    if answer is None or "" in texts:
        raise UsageError("the answer is empty", hint="Write 'unanswerable' where there is none.")
    real = [t for t in texts if t.strip(".! ").lower() not in _NO_ANSWER]
    if not real:
        return ()
    spans = []
    for text in real:
        at = context.find(text)
        span = quotable(context, (at, at + len(text))) if at >= 0 else None
        if span:
            spans.append(span)
    if not spans:
        raise UsageError(
            f"the answer {real[0][:60]!r} does not stand in the context word for word",
            hint="An answer must be copied from its context.",
        )
    return tuple(dict.fromkeys(spans))


def _texts(answer: Any) -> list[str]:
    if answer is None:
        return []
    if isinstance(answer, dict):
        answer = answer.get("text", [])
    listed = answer if isinstance(answer, list | tuple) else [answer]
    found = [a.get("text", "") if isinstance(a, dict) else a for a in listed]
    if not all(isinstance(text, str) for text in found):
        raise TypeError("an answer is no text")
    return found


def _conversation(messages: Iterable[Message], identifier: str, document: str) -> Sample:
    turns = tuple(messages)
    question = next((m.content for m in reversed(turns) if m.role == "user"), "")
    source = identifier.rpartition("/")[0]
    return Sample(identifier, document, turns, "chat", question=question, extra={"source": source})


def _messages(value: Any) -> list[Message]:
    """Check a conversation. Raises `UsageError` saying which turn is wrong and why."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"'messages' is a text that is no JSON ({error})") from error
    if not isinstance(value, list) or len(value) < 2:
        raise UsageError("'messages' must be a list of two turns or more")
    turns = []
    for number, turn in enumerate(value, 1):
        if not isinstance(turn, dict):
            raise UsageError(f"turn {number} is no object with role and content")
        role, content = turn.get("role"), turn.get("content")
        if role not in ROLES:
            raise UsageError(f"turn {number} has the role {role!r}; known are {', '.join(ROLES)}")
        if not isinstance(content, str) or not content.strip():
            raise UsageError(f"turn {number} ({role}) is empty")
        turns.append(Message(role, content))
    _check_order(turns)
    return turns


def _check_order(turns: list[Message]) -> None:
    roles = [turn.role for turn in turns]
    if "system" in roles[1:]:
        raise UsageError("a system message must be the first one")
    spoken = roles[1:] if roles[0] == "system" else roles
    expected = ["user", "assistant"] * (len(spoken) // 2 + 1)
    if spoken != expected[: len(spoken)]:
        raise UsageError("user and assistant must take turns, the user first")
    if spoken[-1] != "assistant":
        raise UsageError("the last turn must be the assistant's: it is what is learned")


def _column(row: Mapping[str, Any], name: str, columns: Mapping[str, str]) -> Any:
    if name in columns:
        if columns[name] not in row:
            raise UsageError(f"there is no column '{columns[name]}'")
        return row[columns[name]]
    return next((row[s] for s in _SPELLINGS[name] if row.get(s) is not None), None)


def _text(value: Any, name: str) -> str:
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        value = "\n\n".join(value)
    if value is None:
        return ""
    if isinstance(value, int | float):
        value = str(value)
    if not isinstance(value, str):
        raise TypeError(f"'{name}' is no text")
    return value.strip()
