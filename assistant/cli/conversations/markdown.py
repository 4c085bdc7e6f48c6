"""Write a conversation as Markdown, its sources as numbered endnotes."""

from __future__ import annotations

import re

from assistant.safe_text import safe_text
from assistant.types import Answer, Citation
from assistant.types.conversations import Conversation

FORGOTTEN = "The answer was forgotten with a document that it stood on."
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|<>~&])")


def as_markdown(conversation: Conversation) -> str:
    """Return the whole conversation; places that are cited twice have one number."""
    cited: list[Citation] = []
    parts = [f"# {_md(conversation.record.name)}"]
    for turn in conversation.turns:
        parts += [f"## {_md(turn.question)}", f"*{turn.at}*"]
        parts += [_md(FORGOTTEN)] if turn.answer is None else _answer(turn.answer, cited)
    if cited:
        parts.append("## Sources")
        parts.append("\n".join(f"{n}. {_source(quote)}" for n, quote in enumerate(cited, 1)))
    return "\n\n".join(parts) + "\n"


def _answer(answer: Answer, cited: list[Citation]) -> list[str]:
    if answer.abstained or not answer.sentences or answer.coverage is not None:
        said = [_md(answer.text)]
    else:
        said = []
    for sentence in () if answer.abstained else answer.sentences:
        if sentence.supported:
            said.append(_md(sentence.text) + "".join(_mark(q, cited) for q in sentence.quotes))
        else:
            why = f": {sentence.doubts}" if sentence.doubts else ""
            said.append(f"{_md(sentence.text)} *{_md(f'(unsupported{why})')}*")
    return said


def _mark(quote: Citation, cited: list[Citation]) -> str:
    if quote not in cited:
        cited.append(quote)
    return f" \\[{cited.index(quote) + 1}\\]"


def _source(quote: Citation) -> str:
    return f"{_md(quote.document)}, {_md(quote.where)}: \u201c{_md(quote.text)}\u201d"


def _md(text: str) -> str:
    return _MARKUP.sub(r"\\\1", safe_text(" ".join(text.split()), single_line=True))
