"""Answer a question by reading every document, and say what was read."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from assistant.answering.best_sentence import sentence_spans
from assistant.answering.checks.identity import conflicts
from assistant.errors import Cancelled
from assistant.tabular.exhaustive_question import Exhaustive
from assistant.tabular.read_cell import cell_of, spans_of
from assistant.text.words import content_stems, topic_words
from assistant.types import (
    ALL,
    Answer,
    AnswerEvent,
    CancelToken,
    Citation,
    Coverage,
    DocumentRecord,
    Finished,
    Hit,
    PartsRead,
    Passage,
    Reader,
    Route,
    Scores,
    Sentence,
    Timings,
)
from assistant.types.tabular import Cell, GridStore

KIND = "all documents"
_FORM_WORDS = re.compile(
    r"\b(?:clauses?|provisions?|sections?|terms?|rights?|contracts?|agreements?|leases?|documents?"
    r"|letters?|polic(?:y|ies)|any)\b",
    re.IGNORECASE,
)
"""What a thing is called beside its name: "an insurance clause" is there where insurance is."""

MOST_NAMED = 100
"""Documents that the answer's text names; `Coverage` has all of them."""


@dataclass
class _Gathered:
    """What was found so far."""

    read: int = 0
    items: int = 0
    matching: list[str] = field(default_factory=list)
    doubtful: list[Citation] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    passages: dict[int, Passage] = field(default_factory=dict)


def answer_by_all(
    question: str,
    asked: Exhaustive,
    records: Sequence[DocumentRecord],
    store: GridStore,
    reader: Reader,
    reason: str,
    cancel: CancelToken | None = None,
) -> Iterator[AnswerEvent]:
    """Read each document; the last event has the answer, after a cancel with what was read.

    Raises what store and reader raise.
    """
    token, began, gathered = cancel or CancelToken(), time.perf_counter(), _Gathered()
    cancelled = False
    try:
        for record in records:
            token.raise_if_cancelled()
            _read(asked, record, store.document_passages(record.id), reader, gathered, token)
            yield PartsRead(gathered.read, len(records))
    except Cancelled:
        cancelled = True
    spent = (time.perf_counter() - began) * 1000
    coverage = Coverage(
        documents=len(records),
        read=gathered.read,
        kind=asked.kind,
        lacking=asked.lacking,
        matching=tuple(gathered.matching),
        doubtful=tuple(gathered.doubtful),
        items=gathered.items,
    )
    yield Finished(
        Answer(
            question=question,
            text="\n".join(said(coverage, asked)),
            abstained=False,
            sentences=tuple(gathered.sentences),
            passages=tuple(Hit(passage, Scores(0.0)) for passage in gathered.passages.values()),
            relevance=1.0,
            timings=Timings(0.0, spent, None, spent),
            model=reader.name,
            cancelled=cancelled,
            strategy=ALL,
            route=Route(KIND, f'{reason} Each was asked: "{asked.column.question}"'),
            coverage=coverage,
        )
    )


def _read(
    asked: Exhaustive,
    record: DocumentRecord,
    passages: Sequence[Passage],
    reader: Reader,
    gathered: _Gathered,
    token: CancelToken,
) -> None:
    spans = spans_of(asked.column, passages, reader, token)
    cell = cell_of(asked.column, spans, reader)
    gathered.read += 1
    answers, quotes = _answers(asked, cell), cell.quotes
    if answers == "no" and cell.state == "absent" and asked.wanted == "documents":
        quotes = _named_in(asked.column.question, passages)
        answers = "doubtful" if quotes else "no"
    if answers == "doubtful":
        gathered.doubtful += quotes[:1]
    elif (answers == "no") == asked.lacking:
        gathered.matching.append(record.name)
    shown = quotes if answers == "yes" and not asked.lacking else ()
    gathered.items += len(cell.items) if shown else 0
    for place in shown or (quotes[:1] if answers == "doubtful" else ()):
        for passage in passages:
            if any(_holds(part, place) for part in passage.cite(0, len(passage.text))):
                gathered.passages[passage.chunk_id] = passage
    gathered.sentences += [
        Sentence(place.text, supported=True, quotes=(place,), origin="extract") for place in shown
    ]


def _answers(asked: Exhaustive, cell: Cell) -> str:
    """Return "yes", "no" or "doubtful": whether a document says what it was asked."""
    if cell.state == "absent":
        return "no"
    if asked.wanted == "documents" and cell.items:
        item = cell.items[0]
        if conflicts(asked.column.question, item.quote):
            return "no"  # it speaks of another number, date or name
        if item.value == "no":
            return "no"
        if item.value != "yes":
            return "doubtful"  # a person has to read what it says
    return "yes" if cell.state == "found" else "doubtful"


def _named_in(question: str, passages: Sequence[Passage]) -> tuple[Citation, ...]:
    """Return a sentence that has all words of a question which the reader finds no answer to.

    A document that names the very thing is not said to lack it: a person has to look.
    """
    wanted = content_stems(_FORM_WORDS.sub(" ", topic_words(question)))
    for passage in passages if wanted else ():
        if wanted <= content_stems(passage.text):
            for start, end in sentence_spans(passage.text):
                if wanted <= content_stems(passage.text[start:end]):
                    return passage.cite(start, end)[:1]
    return ()


def _holds(part: Citation, place: Citation) -> bool:
    return part.page == place.page and part.start <= place.start and place.end <= part.end


def said(coverage: Coverage, asked: Exhaustive) -> list[str]:
    """Say what was read and found, the coverage first; what is doubtful stands apart."""
    count = len(coverage.matching)
    if asked.wanted == "items":
        what = f"{_counted(coverage.items, 'place')} in {_counted(count, 'document')}"
    elif coverage.lacking:
        what = f"nothing of the kind was found in {count}"
    else:
        what = f"{_counted(count, 'matches', 'match')}"
    head = f"{coverage.read} of {coverage.documents} {coverage.kind} read; {what}"
    if coverage.doubtful:
        places = "; ".join(f"{p.document}, {p.where}" for p in coverage.doubtful[:MOST_NAMED])
        head += f"; {len(coverage.doubtful)} doubtful: {places}"
    if coverage.read < coverage.documents:
        head += f"; {coverage.documents - coverage.read} were not read"
    names = list(coverage.matching[:MOST_NAMED]) if asked.wanted == "documents" else []
    more = count - MOST_NAMED
    return [f"{head}.", *names, *([f"and {more} more"] if names and more > 0 else [])]


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or f'{one}s'}"
