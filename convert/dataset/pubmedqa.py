"""PubMedQA-shaped data (Jin et al. 2019): a question in the title of an abstract.

The set's answer is yes, no or maybe, which no passage says word for word. What a reader
would be shown as evidence is the abstract's conclusion, so the learned quote is the sentence
of the conclusion (`LONG_ANSWER`) that shares most words with the question. The set keeps the
conclusion apart from the other sections (`CONTEXTS`); here the abstract is put together
again, as it stands in a real library, and cut into passages by the laptop's chunker. The
sections before the conclusion bear on the question too, so it is never a refusal beside any
part of its own abstract. The word yes, no or maybe is not trained: the laptop shows quotes
only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assistant.errors import UsageError
from assistant.text.sentences import split_sentences
from assistant.text.words import content_stems
from convert.dataset.articles import Article, Paragraph, Question, Span, quotable
from convert.dataset.cuad import passages_of
from convert.dataset.data_files import naming, read_json

_CONCLUSION = "CONCLUSION"


def read_pubmedqa(path: Path) -> list[Article]:
    """Read a PubMedQA file. Raises `UsageError` naming file and entry for anything else."""
    table = read_json(path)
    if not isinstance(table, dict):
        raise UsageError(f"{path} is no PubMedQA file: it is no object of abstracts.")
    articles = []
    for key, entry in table.items():
        with naming(f"{path}, {key[:40]!r}"):
            articles.append(_abstract(str(key), entry))
    return articles


def _abstract(key: str, entry: Any) -> Article:
    labels = [*map(str, entry.get("LABELS", ())), _CONCLUSION]
    sections = [str(s).strip() for s in entry["CONTEXTS"]]
    before = "\n\n".join(
        f"{label}: {section}" for label, section in zip(labels, sections, strict=False)
    )
    conclusion = str(entry["LONG_ANSWER"]).strip()
    text = f"{before}\n\n{_CONCLUSION}: {conclusion}"
    asked = str(entry["QUESTION"]).strip()
    span = conclusive(text, len(text) - len(conclusion), asked)
    pieces = passages_of(text, [span] if span else [])
    paragraphs = [Paragraph(text[a:b], 1, _questions(key, asked, span, (a, b))) for a, b in pieces]
    return Article(f"PMID {key}", tuple(paragraphs), entire=True)


def conclusive(text: str, start: int, question: str) -> Span | None:
    """Return the sentence after `start` that shares most words with the question.

    The first of equals; None if none of them can be quoted.
    """
    asked = content_stems(question)
    best: tuple[int, Span] | None = None
    for a, b in split_sentences(text[start:]):
        span = quotable(text, (start + a, start + b))
        shared = len(asked & content_stems(text[start + a : start + b]))
        if span and (best is None or shared > best[0]):
            best = shared, span
    return best[1] if best else None


def _questions(key: str, asked: str, span: Span | None, piece: Span) -> tuple[Question, ...]:
    start, end = piece
    if span is None or not (start <= span[0] and span[1] <= end):
        return ()
    return (Question(key, asked, ((span[0] - start, span[1] - start),)),)
