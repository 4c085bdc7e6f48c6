"""Read question-answer pairs about a library's documents, and find the passage for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.answering.quote_location import PassageIndex
from assistant.errors import UsageError
from assistant.types import Passage
from convert.dataset.articles import one_line, quotable
from convert.dataset.row_readers import read_rows
from convert.dataset.user_library import Library

_TRUE = frozenset({"1", "true", "yes", "y"})
_DEPTH = 50
_COLUMNS = ("question", "answer", "document", "page", "start", "end", "unanswerable")


@dataclass(frozen=True, slots=True)
class Pair:
    """A question; its answer's words, or place (offsets in a page's text), or neither.

    `where` names the row.
    """

    where: str
    question: str
    answer: str = ""
    document: str = ""
    page: int = 0
    start: int = -1
    end: int = -1
    unanswerable: bool = False


@dataclass(frozen=True, slots=True)
class Oracle:
    """The passage that answers a pair, and the span of its text that is the answer."""

    passage: Passage
    start: int
    end: int

    @property
    def answer(self) -> str:
        return one_line(self.passage.text[self.start : self.end])


def read_pairs(path: Path) -> Iterator[Pair]:
    """Yield the pairs of a file. Raises `UsageError` naming file and line."""
    for where, row in read_rows(path):
        if not any(name in row for name in _COLUMNS):
            raise UsageError(
                f"{where}: there is no column 'question'.",
                hint=f"Known columns are: {', '.join(_COLUMNS)}.",
            )
        yield _pair(where, row)


def _pair(where: str, row: dict[str, Any]) -> Pair:
    texts = {name: str(row.get(name) or "").strip() for name in ("question", "answer", "document")}
    try:
        numbers = {
            name: int(row[name])
            for name in ("page", "start", "end")
            if row.get(name) not in (None, "")
        }
    except (TypeError, ValueError) as error:
        raise UsageError(f"{where}: page, start and end must be whole numbers.") from error
    unanswerable = str(row.get("unanswerable") or "").strip().lower() in _TRUE
    if texts["answer"].lower() == "unanswerable":
        unanswerable, texts["answer"] = True, ""
    pair = Pair(where, **texts, **numbers, unanswerable=unanswerable)  # type: ignore[arg-type]
    if not any(map(str.isalnum, pair.question)):
        raise UsageError(f"{where}: the question is empty.")
    if not pair.unanswerable and not pair.answer and not (pair.document and pair.end > pair.start):
        raise UsageError(
            f"{where}: there is neither an answer nor its place.",
            hint="Give 'answer' word for word, or document, page, start and end; or set "
            "'unanswerable'.",
        )
    return pair


def find_oracle(pair: Pair, library: Library) -> Oracle | str:
    """Return the passage that answers a pair, or why there is none.

    The answer must stand in one passage, character for character but for white space and
    typographic marks; what is quoted are the document's own characters.
    """
    if pair.document:
        document = library.store.resolve(pair.document)
        chunks = library.chunks(document.id)
        if pair.end > pair.start >= 0:
            return _by_place(pair, chunks)
        on_page = [
            c for c in chunks if not pair.page or any(p.number == pair.page for p in c.pages)
        ]
        found = _first_holding(pair.answer, on_page)
        return found or "the answer does not stand in the document word for word"
    hits = library.search(pair.question, _DEPTH)
    found = _first_holding(pair.answer, [hit.passage for hit in hits])
    if found:
        return found
    ids = [chunk_id for chunk_id, _ in library.store.search_text(pair.answer, _DEPTH)]
    found = _first_holding(pair.answer, library.store.passages(ids))
    return found or "the answer stands in no passage word for word"


def _by_place(pair: Pair, chunks: Any) -> Oracle | str:
    """Find the chunk that holds a span of a page, and check the answer's words if given."""
    for chunk in chunks:
        base = next((p.start for p in chunk.pages if p.number == max(pair.page, 1)), None)
        if base is None:
            continue
        start, end = base + pair.start - chunk.start, base + pair.end - chunk.start
        if start < 0 or end > len(chunk.text):
            continue
        span = quotable(chunk.text, (start, end))
        if span is None:
            return "the span can't be quoted (it holds quotation marks, or no word)"
        oracle = Oracle(chunk, *span)
        if pair.answer and one_line(pair.answer) != one_line(chunk.text[start:end]):
            return f"at its place stands {oracle.answer[:60]!r}, not the answer"
        return oracle
    return "the span stands in no single passage (or the page is another one)"


def _first_holding(answer: str, passages: Any) -> Oracle | None:
    for passage in passages:
        places = PassageIndex([passage]).find(answer)
        if len(places) != 1:
            continue
        span = quotable(passage.text, (places[0].start, places[0].end))
        if span:
            return Oracle(passage, *span)
    return None
