"""SQuAD-shaped JSON (1.1 and 2.0; Rajpurkar et al. 2016, 2018): articles with paragraphs.

`{"data": [{"title", "paragraphs": [{"context", "qas": [{"id", "question", "answers":
[{"text", "answer_start"}], "is_impossible"}]}]}]}`, offsets in code points. The file may be
gzipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.errors import UsageError
from convert.dataset.articles import Article, Paragraph, Question, Span, preferred_span, quotable
from convert.dataset.data_files import naming, read_entries

_PARAGRAPHS_ON_A_PAGE = 3


def read_squad(path: Path) -> list[Article]:
    """Read a SQuAD file. Raises `UsageError` naming file and place for anything else.

    An answer that does not stand at its offset is looked up once; one that stands nowhere
    makes the file unusable, as quotes would be trained that are none.
    """
    return [_article(entry, where) for where, entry in read_entries(path, "SQuAD")]


def _article(entry: Any, where: str) -> Article:
    with naming(where):
        paragraphs = tuple(
            _paragraph(raw, number, f"{where}.paragraphs[{number}]")
            for number, raw in enumerate(entry["paragraphs"])
        )
        return Article(name=str(entry["title"]), paragraphs=paragraphs)


def _paragraph(raw: Any, number: int, where: str) -> Paragraph:
    text = raw["context"]
    if not isinstance(text, str):
        raise TypeError("'context' is no text")
    questions = tuple(_question(entry, text, where) for entry in raw["qas"])
    kept = tuple(q for q in questions if q is not None)
    return Paragraph(text=text, page=1 + number // _PARAGRAPHS_ON_A_PAGE, questions=kept)


def _question(entry: Any, text: str, where: str) -> Question | None:
    """Return a question; None if what answers it can't be quoted."""
    identifier, asked = str(entry["id"]), str(entry["question"]).strip()
    impossible = bool(entry.get("is_impossible", False))
    found = [] if impossible else list(spans_of(entry["answers"], text, f"{where}, {identifier}"))
    spans = [span for raw in found if (span := quotable(text, raw))]
    if not asked or (not spans and not impossible):
        return None
    return Question(identifier, asked, preferred_span(text, spans))


def spans_of(answers: Any, text: str, where: str) -> Iterator[Span]:
    """Yield the spans of a list of SQuAD's answers, each checked character by character."""
    for answer in answers:
        words, start = answer["text"], int(answer["answer_start"])
        if text[start : start + len(words)] != words:
            start = text.find(words)
            if start < 0:
                raise UsageError(f"{where}: the answer {words[:60]!r} is not in its context.")
        yield start, start + len(words)
