"""Answer a question from the rows of the library's tables, as an answer with cited cells."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from assistant.tabular.record_question import RecordAnswer, answer_records
from assistant.tabular.record_rows import RecordTable, cite, tables_of
from assistant.types import (
    RECORDS,
    Answer,
    AnswerEvent,
    Citation,
    DocumentRecord,
    Finished,
    Hit,
    Passage,
    Route,
    Scores,
    Sentence,
    Timings,
)
from assistant.types.tabular import GridStore

MOST_UNASKED, MOST_PASSAGES = 1_500, 100_000
"""Passages of sheets that are looked through for any question (some tenths of a second), and
for one that names its documents or wants all read.
"""

MOST_CITED = 100
"""Cells that an answer cites; the text says how many there were."""

_SHEETS = ("sheet", "ms-excel", "csv", "tab-separated")


def answer_from_records(
    question: str, records: Sequence[DocumentRecord], store: GridStore, *, forced: bool
) -> Iterator[AnswerEvent] | None:
    """Answer from sheets and CSV files; None for a question that none of them is about.

    With `forced` larger ones are looked through too.
    """
    began = time.perf_counter()
    sheets = [r for r in records if any(kind in r.media_type for kind in _SHEETS)]
    most = MOST_PASSAGES if forced else MOST_UNASKED
    if not sheets or sum(r.chunks for r in sheets) > most:
        return None
    tables: list[RecordTable] = []
    for record in sheets:
        pages = (store.page(record.id, number) for number in range(1, record.pages + 1))
        tables += tables_of(record, pages)
    found = answer_records(question, tables)
    if found is None:
        return None
    cited, passages = list[Citation](), list[Passage]()
    for number in dict.fromkeys(cell.document_id for cell in found.cells[:MOST_CITED]):
        own = store.document_passages(number)
        passages += own
        cited += cite([c for c in found.cells[:MOST_CITED] if c.document_id == number], own)
    return iter((Finished(_answer(question, found, cited, passages, began)),))


def _answer(
    question: str,
    found: RecordAnswer,
    cited: Sequence[Citation],
    passages: Sequence[Passage],
    began: float,
) -> Answer:
    hits = [passage for passage in passages if _holds(passage, cited)]
    spent = (time.perf_counter() - began) * 1000
    more = len(found.cells) - len(cited)
    cells = "1 cell" if len(found.cells) == 1 else f"{len(found.cells)} cells"
    how = f"{found.task}: '{found.column}'" if found.column else found.task
    said = f"It was computed from {cells} ({how})." if found.cells else "It asks of a table's rows."
    note = f" The first {MOST_CITED} are cited." if more > 0 else ""
    return Answer(
        question=question,
        text=found.text,
        abstained=found.refused,
        sentences=() if found.refused else (
            Sentence(found.text, True, tuple(cited), "extract"),
        ),
        passages=tuple(Hit(passage, Scores(0.0)) for passage in hits[:MOST_CITED]),
        relevance=1.0,
        timings=Timings(0.0, spent, None, spent),
        model="",
        strategy=RECORDS,
        route=Route("records", f"{said}{note}"),
    )  # fmt: skip


def _holds(passage: Passage, cited: Sequence[Citation]) -> bool:
    starts = {page.number: page.start for page in passage.pages}
    return any(
        passage.start <= starts[place.page] + place.start < passage.end
        for place in cited
        if place.document_id == passage.document_id and place.page in starts
    )
