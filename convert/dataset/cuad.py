"""CUAD-shaped data (Hendrycks et al. 2021): contracts, 41 categories asked of each.

Like SQuAD 2, but with one context of tens of thousands of characters for each contract. It
is cut into passages by the laptop's own chunker; a break that would cut an answer is left
out while the passage stays below `LONGEST_PASSAGE`. Contexts may stand in text files beside
the JSON (`txt_file`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.documents.chunker import chunk_document
from assistant.errors import UsageError
from assistant.types import ParsedDocument
from convert.dataset.articles import Article, Paragraph, Question, Span, quotable
from convert.dataset.data_files import naming, read_entries, read_text
from convert.dataset.squad import spans_of

LONGEST_PASSAGE = 1_600
"""Characters; two or three chunks joined so that an answer stands in one piece."""

PAGE = 3_000
"""Characters on a page of a contract (the text files have no page breaks)."""

_EMBEDDER_LIMIT = 254
_ASKED = re.compile(r'related to "(?P<category>[^"]+)".*?Details:\s*(?P<details>.*)$', re.DOTALL)


def read_cuad(path: Path) -> list[Article]:
    """Read a CUAD file. Raises `UsageError` naming file and place for anything else."""
    articles = []
    for where, entry in read_entries(path, "CUAD"):
        with naming(where):
            articles += [
                _contract(str(entry["title"]), text, questions, where)
                for text, questions in _contexts(entry, path.parent)
            ]
    return articles


def rewordings(asked: str) -> tuple[str, ...]:
    """Return ways to ask one of CUAD's questions, the long one of the annotators first.

    'Highlight the parts (if any) of this contract related to "Governing Law". Details: Which
    state's law governs ...?' is how nobody asks; the details alone are a question.
    """
    asked = " ".join(asked.split())
    found = _ASKED.search(asked)
    if not found:
        return (asked,)
    category, details = found["category"], found["details"].strip()
    ways = [asked, f"What does the contract say about {category}?"]
    first = re.split(r"(?<=\?)\s", details)[0]
    if first.endswith("?"):
        ways += [first, first]
    else:
        ways.append(f"{category}: {details[:1].lower()}{details[1:]}")
    return tuple(ways)


def _contexts(entry: Any, folder: Path) -> list[tuple[str, Sequence[Any]]]:
    if "paragraphs" in entry:
        return [(str(p["context"]), p["qas"]) for p in entry["paragraphs"]]
    for place in (folder, folder / "txt"):
        path = place / Path(str(entry["txt_file"])).name
        if path.is_file():
            return [(read_text(path), entry["qas"])]
    raise UsageError(f"There is no text {entry['txt_file']!r} beside {folder}.")


def _contract(title: str, text: str, asked: Sequence[Any], where: str) -> Article:
    answered: list[tuple[Question, list[Span]]] = []
    unanswered = []
    for entry in asked:
        ways = rewordings(str(entry["question"]))
        question = Question(str(entry["id"]), ways[0], rewordings=ways)
        spans = list(spans_of(entry["answers"], text, f"{where}, {question.id}"))
        if spans:
            answered.append((question, sorted(s for r in spans if (s := quotable(text, r)))))
        else:
            unanswered.append(question)
    pieces = passages_of(text, [span for _, spans in answered for span in spans])
    paragraphs = tuple(_passage(text, piece, answered) for piece in pieces)
    return Article(title, paragraphs, tuple(unanswered))


def _passage(text: str, piece: Span, answered: Sequence[tuple[Question, list[Span]]]) -> Paragraph:
    """Return a passage with the questions of which it holds an answer, or a piece of one."""
    start, end = piece
    questions = []
    for question, spans in answered:
        touching = [(a, b) for a, b in spans if a < end and start < b]
        whole = [(a - start, b - start) for a, b in touching if start <= a and b <= end]
        if touching:
            questions.append(
                Question(
                    id=f"{question.id}@{start}",
                    text=question.text,
                    spans=tuple(whole),
                    rewordings=question.rewordings,
                    partial=not whole,
                )
            )
    return Paragraph(text[start:end], 1 + start // PAGE, tuple(questions))


def passages_of(text: str, answers: Sequence[Span]) -> list[Span]:
    """Cut a long text as the laptop does, sparing answers where the length allows it."""
    document = ParsedDocument(text, (0,), "text/plain")
    chunks = chunk_document(document, _estimate, _EMBEDDER_LIMIT)
    pieces: list[Span] = []
    for chunk in chunks:
        if pieces:
            begin = pieces[-1][0]
            cuts = any(a < chunk.start and chunk.start < b for a, b in answers)
            if cuts and chunk.end - begin <= LONGEST_PASSAGE:
                pieces[-1] = begin, chunk.end
                continue
        pieces.append((chunk.start, chunk.end))
    return pieces


def _estimate(texts: Sequence[str]) -> list[int]:
    """Estimate the embedder's tokens: a word has 1.25 of them in legal and medical English."""
    return [round(1.25 * len(re.findall(r"\w+|[^\w\s]", text))) for text in texts]
