"""Store feedback on answers inside the encrypted file.

Text of documents is not kept a second time: quotes, corrections and the passages that were
shown are places, and what stands there is read when it is asked for. The answer's own text
and a person's words are kept; they go with the documents that they may come from.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import apsw

from assistant.errors import StoreBusyError, UsageError
from assistant.store.connection import Pool
from assistant.store.feedback_places import check_place, page_span
from assistant.store.page_texts import read_text
from assistant.store.query_rows import fetch, fetch_one
from assistant.store.store_names import storable
from assistant.types.documents import Citation
from assistant.types.feedback import (
    EXPORT_KINDS,
    Correction,
    ExportKind,
    Feedback,
    ShownPassage,
)

MOST_ENTRIES = 100_000
"""Verdicts that a library keeps."""

FEEDBACK = """
CREATE TABLE feedback (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    at             TEXT NOT NULL,
    question       TEXT NOT NULL,
    verdict        TEXT NOT NULL,
    answer         TEXT NOT NULL,
    abstained      INTEGER NOT NULL,
    corrected      INTEGER NOT NULL,
    words          TEXT NOT NULL,
    unanswerable   INTEGER NOT NULL,
    model          TEXT NOT NULL,
    model_sha256   TEXT NOT NULL,
    base           TEXT NOT NULL,
    prompt_version INTEGER NOT NULL,
    strategy       TEXT NOT NULL,
    exported       INTEGER NOT NULL DEFAULT 0
);

-- Offsets of "shown" are in the document's text, all others in the page's.
CREATE TABLE feedback_places (
    feedback_id INTEGER NOT NULL REFERENCES feedback (id),
    role        TEXT NOT NULL CHECK (role IN ('quote', 'correction', 'shown')),
    number      INTEGER NOT NULL,
    document_id INTEGER NOT NULL REFERENCES documents (id),
    page        INTEGER NOT NULL,
    start       INTEGER NOT NULL,
    "end"       INTEGER NOT NULL,
    PRIMARY KEY (feedback_id, role, number)
) WITHOUT ROWID;
CREATE INDEX feedback_places_document ON feedback_places (document_id);
"""

_ENTRIES = (
    "SELECT id, at, question, verdict, answer, abstained, corrected, words, unanswerable, "
    "model, model_sha256, base, prompt_version, strategy, exported FROM feedback"
)
_PLACES = (
    'SELECT role, document_id, name, page, start, "end" FROM feedback_places '
    "JOIN documents ON documents.id = document_id WHERE feedback_id = ? ORDER BY role, number"
)


class FeedbackState:
    """The feedback in one store. Safe to use from any thread.

    Methods raise `StoreError` (or a subclass) when the store can't be read or written.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def add(self, feedback: Feedback) -> Feedback:
        """Keep feedback in one transaction; return it as it is kept.

        Raises `UsageError` if one of its places is not, character by character, what stands
        in the library.
        """
        with self._pool.writing() as connection:
            kept = fetch_one(connection, "SELECT count(*) FROM feedback")
            if kept and kept[0] >= MOST_ENTRIES:
                raise UsageError(
                    f"The library holds {MOST_ENTRIES:,} verdicts, which is the most.",
                    hint="Remove old ones: assistant feedback remove ID",
                )
            new = replace(feedback, id=0, at="", exported=())
            return get_entry(connection, insert_entry(connection, new))

    def every(self) -> list[Feedback]:
        """Return all feedback, oldest first."""
        with self._pool.reading() as connection:
            rows = fetch(connection, f"{_ENTRIES} ORDER BY id")
            return [_entry(connection, row) for row in rows]

    def get(self, feedback_id: int) -> Feedback:
        """Return one. Raises `UsageError` if there is none of that number."""
        with self._pool.reading() as connection:
            return get_entry(connection, feedback_id)

    def remove(self, feedback_id: int) -> Feedback:
        """Delete one so that no byte of it stays; return it. Raises as `get` does.

        Also `StoreBusyError` if it was deleted but another process keeps old pages in use;
        the next opening removes them.
        """
        with self._pool.writing() as connection:
            entry = get_entry(connection, feedback_id)
            _delete(connection, [feedback_id])
        if not self._pool.truncate_log():
            raise StoreBusyError(
                f"Feedback {feedback_id} was removed, but traces stay in the encrypted log "
                "of the library: another process is reading it.",
                hint="Close the other windows of the program; its next start removes them.",
            )
        return entry

    def note_exported(self, ids: Collection[int], kind: ExportKind) -> None:
        """Note that feedback went into a file of this kind."""
        with self._pool.writing() as connection:
            connection.executemany(
                "UPDATE feedback SET exported = exported | ? WHERE id = ?",
                [(_bit(kind), number) for number in ids],
            )


def forget_document(connection: apsw.Connection, document_id: int) -> None:
    """Delete what feedback holds of a document, inside the caller's transaction.

    What quotes the document, or was corrected to it, goes as a whole. Where it was only among
    the passages shown, the answer's text goes (a model can have taken its words from any of
    them), and all of it if a person's own words are the only correction.
    """
    rows = fetch(
        connection,
        "SELECT feedback_id, max(role <> 'shown') FROM feedback_places "
        "WHERE document_id = ? GROUP BY feedback_id",
        (document_id,),
    )
    _delete(connection, [number for number, touched in rows if touched])
    rest = [number for number, touched in rows if not touched]
    placed = (
        "EXISTS (SELECT 1 FROM feedback_places AS p "
        "WHERE p.feedback_id = feedback.id AND p.role = 'correction')"
    )
    loose = [
        number
        for number in rest
        if fetch(
            connection,
            f"SELECT 1 FROM feedback WHERE id = ? AND words <> '' AND NOT {placed}",  # noqa: S608 - a constant
            (number,),
        )
    ]
    _delete(connection, loose)
    for number in set(rest).difference(loose):
        connection.execute("UPDATE feedback SET answer = '' WHERE id = ?", (number,))
    connection.execute("DELETE FROM feedback_places WHERE document_id = ?", (document_id,))


def _bit(kind: ExportKind) -> int:
    return 1 << EXPORT_KINDS.index(kind)


def _delete(connection: apsw.Connection, ids: Sequence[int]) -> None:
    rows = [(number,) for number in ids]
    connection.executemany("DELETE FROM feedback_places WHERE feedback_id = ?", rows)
    connection.executemany("DELETE FROM feedback WHERE id = ?", rows)


def insert_entry(connection: apsw.Connection, feedback: Feedback) -> int:
    """Write feedback, under its own number if it has one; return the number.

    Raises `UsageError` if one of its places is not what stands in the library; then nothing
    was written.
    """
    correction = feedback.correction
    places: list[tuple[str, Sequence[Citation | ShownPassage]]] = [
        ("quote", feedback.quotes),
        ("correction", correction.places if correction else ()),
        ("shown", feedback.shown),
    ]
    for _, found in places:
        for place in found:
            check_place(connection, place)
    connection.execute(
        "INSERT INTO feedback (id, at, exported, question, verdict, answer, abstained, "
        "corrected, words, unanswerable, model, model_sha256, base, prompt_version, strategy) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            feedback.id or None,
            feedback.at or datetime.now(UTC).isoformat(timespec="seconds"),
            sum(_bit(kind) for kind in feedback.exported),
            storable(feedback.question),
            feedback.verdict,
            storable(feedback.answer),
            feedback.abstained,
            correction is not None,
            storable(correction.answer) if correction else "",
            bool(correction and correction.unanswerable),
            storable(feedback.model),
            feedback.model_sha256,
            storable(feedback.base),
            feedback.prompt_version,
            storable(feedback.strategy),
        ),
    )
    number = connection.last_insert_rowid()
    connection.executemany(
        "INSERT INTO feedback_places VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (number, role, at, place.document_id, place.page, place.start, place.end)
            for role, found in places
            for at, place in enumerate(found)
        ],
    )
    return number


def get_entry(connection: apsw.Connection, feedback_id: int) -> Feedback:
    """Return one. Raises `UsageError` if there is none of that number."""
    fits = abs(feedback_id) < 2**63
    row = fetch_one(connection, f"{_ENTRIES} WHERE id = ?", (feedback_id,)) if fits else None
    if row is None:
        raise UsageError(
            f"There is no feedback number {feedback_id}.", hint="List it: assistant feedback list"
        )
    return _entry(connection, row)


def _entry(connection: apsw.Connection, row: Sequence[Any]) -> Feedback:
    (number, at, question, verdict, answer, abstained, corrected, words, unanswerable) = row[:9]
    (model, model_sha256, base, prompt_version, strategy, exported) = row[9:]
    cited: dict[str, list[Citation]] = {"quote": [], "correction": []}
    passages: list[ShownPassage] = []
    for role, document_id, name, page, start, end in fetch(connection, _PLACES, (number,)):
        if role == "shown":
            text = read_text(connection, document_id, start, end)
            passages.append(ShownPassage(document_id, name, page, start, end, text))
        else:
            text = page_span(connection, document_id, page, start, end)
            cited[role].append(Citation(document_id, name, page, start, end, text))
    correction = Correction(words, tuple(cited["correction"]), bool(unanswerable))
    return Feedback(
        question=question,
        verdict=verdict,
        answer=answer,
        abstained=bool(abstained),
        quotes=tuple(cited["quote"]),
        shown=tuple(passages),
        correction=correction if corrected else None,
        model=model,
        model_sha256=model_sha256,
        base=base,
        prompt_version=prompt_version,
        strategy=strategy,
        id=number,
        at=at,
        exported=tuple(kind for kind in EXPORT_KINDS if exported & _bit(kind)),
    )
