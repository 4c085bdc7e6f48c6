"""Answer a question from the rows of the library's tables, as an answer with cited cells."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from assistant.tabular.record_question import RecordAnswer, answer_records
from assistant.tabular.record_rows import RecordTable, tables_of
from assistant.types import (
    RECORDS,
    Answer,
    AnswerEvent,
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

MOST_PASSAGES = 20_000
"""Passages of sheets that are looked through for one question."""

MOST_CITED = 100
"""Cells that an answer cites; the text says how many there were."""

_SHEETS = ("sheet", "ms-excel", "csv", "tab-separated")


def answer_from_records(
    question: str, records: Sequence[DocumentRecord], store: GridStore
) -> Iterator[AnswerEvent] | None:
    """Answer from sheets and CSV files; None for a question that none of them is about."""
    began = time.perf_counter()
    sheets = [r for r in records if any(kind in r.media_type for kind in _SHEETS)]
    if not sheets or sum(r.chunks for r in sheets) > MOST_PASSAGES:
        return None
    tables: list[RecordTable] = []
    passages: list[Passage] = []
    for record in sheets:
        own = store.document_passages(record.id)
        pages = [store.page(record.id, number) for number in range(1, record.pages + 1)]
        tables += tables_of(own, pages)
        passages += own
    found = answer_records(question, tables)
    if found is None:
        return None
    return iter((Finished(_answer(question, found, passages, began)),))


def _answer(
    question: str, found: RecordAnswer, passages: Sequence[Passage], began: float
) -> Answer:
    cited = found.cells[:MOST_CITED]
    shown = {cell.place.document_id for cell in cited}
    hits = [p for p in passages if p.document_id in shown and _holds(p, found)]
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
            Sentence(found.text, True, tuple(cell.place for cell in cited), "extract"),
        ),
        passages=tuple(Hit(passage, Scores(0.0)) for passage in hits[:MOST_CITED]),
        relevance=1.0,
        timings=Timings(0.0, spent, None, spent),
        model="",
        strategy=RECORDS,
        route=Route("records", f"{said}{note}"),
    )  # fmt: skip


def _holds(passage: Passage, found: RecordAnswer) -> bool:
    starts = {page.number: page.start for page in passage.pages}
    for cell in found.cells[:MOST_CITED]:
        place = cell.place
        if place.document_id == passage.document_id and place.page in starts:
            at = starts[place.page] + place.start
            if passage.start <= at < passage.end:
                return True
    return False
