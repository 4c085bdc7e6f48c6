"""Keep conversations inside the encrypted file.

Passages are not kept a second time: a turn has the numbers of their chunks, and what stands
there is read when the turn is opened. The answer's own words go with every document that they
may come from: those that it quotes and, where a model wrote, all that it was shown.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import apsw
import msgspec

from assistant.errors import StoreBusyError, UsageError
from assistant.store.chunk_search import passages
from assistant.store.connection import Pool
from assistant.store.query_rows import fetch, fetch_one
from assistant.store.store_names import shown, storable
from assistant.types import Answer, Citation, Hit, Scores
from assistant.types.conversations import Conversation, ConversationRecord, KeptTurn

LONGEST_NAME = 80
MOST_TURNS = 100_000
"""Turns that a library keeps."""

_RECORDS = (
    "SELECT id, name, started_at, changed_at, "
    "(SELECT count(*) FROM conversation_turns WHERE conversation_id = conversations.id) "
    "FROM conversations"
)


class ConversationRows:
    """The conversations in one store. Safe to use from any thread; see `types.Conversations`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def find(self, words: str = "") -> list[ConversationRecord]:
        wanted = words.casefold().split()
        with self._pool.reading() as connection:
            rows = fetch(connection, f"{_RECORDS} ORDER BY changed_at DESC, id DESC")
            records = [ConversationRecord(*row) for row in rows]
            if not wanted:
                return records
            return [r for r in records if all(w in _said(connection, r) for w in wanted)]

    def load(self, number: int) -> Conversation:
        query = (
            "SELECT question, at, answer, hits FROM conversation_turns "
            "WHERE conversation_id = ? ORDER BY id"
        )
        with self._pool.reading() as connection:
            record = _record(connection, number)
            rows = fetch(connection, query, (number,))
            turns = [
                KeptTurn(question, at, _answer(connection, answer, hits))
                for question, at, answer, hits in rows
            ]
            return Conversation(record, tuple(turns))

    def keep(self, answer: Answer, number: int = 0) -> ConversationRecord:
        """Add a turn in one transaction; see `types.Conversations`."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        question = storable(answer.question)
        with self._pool.writing() as connection:
            held = fetch_one(connection, "SELECT count(*) FROM conversation_turns")
            if held and held[0] >= MOST_TURNS:
                raise UsageError(
                    f"The library keeps {MOST_TURNS:,} answers, which is the most.",
                    hint="Delete old conversations: assistant conversations delete NUMBER",
                )
            if number:
                _record(connection, number)
                connection.execute(
                    "UPDATE conversations SET changed_at = ? WHERE id = ?", (now, number)
                )
            else:
                connection.execute(
                    "INSERT INTO conversations (name, started_at, changed_at) VALUES (?, ?, ?)",
                    (_short(question), now, now),
                )
                number = connection.last_insert_rowid()
            hits = [(hit.passage.chunk_id, hit.scores) for hit in answer.passages]
            lean = replace(answer, question=question, passages=(), candidates=())
            connection.execute(
                "INSERT INTO conversation_turns (conversation_id, at, question, answer, hits) "
                "VALUES (?, ?, ?, ?, ?)",
                (number, now, question, _written(lean), _written(hits)),
            )
            turn = connection.last_insert_rowid()
            connection.executemany(
                "INSERT INTO conversation_places VALUES (?, ?)",
                [(turn, document_id) for document_id in sorted(_sources(connection, answer))],
            )
            return _record(connection, number)

    def rename(self, number: int, name: str) -> ConversationRecord:
        if not name.strip():
            raise UsageError("A conversation needs a name.", hint="Give it some words.")
        with self._pool.writing() as connection:
            _record(connection, number)
            connection.execute(
                "UPDATE conversations SET name = ? WHERE id = ?", (_short(storable(name)), number)
            )
            return _record(connection, number)

    def remove(self, number: int) -> ConversationRecord:
        """Delete a conversation. Raises `StoreBusyError` if traces stay in the log for now."""
        turns = "(SELECT id FROM conversation_turns WHERE conversation_id = ?)"
        with self._pool.writing() as connection:
            record = _record(connection, number)
            for statement in (
                f"DELETE FROM conversation_places WHERE turn_id IN {turns}",  # noqa: S608
                "DELETE FROM conversation_turns WHERE conversation_id = ?",
                "DELETE FROM conversations WHERE id = ?",
            ):
                connection.execute(statement, (number,))
        if not self._pool.truncate_log():
            raise StoreBusyError(
                f"The conversation '{shown(record.name)}' was deleted, but traces stay in the "
                "encrypted log of the library: another process is reading it.",
                hint="Close the other windows of the program; its next start removes them.",
            )
        return record

    def quoted(self) -> tuple[int, frozenset[int]]:
        kept = "SELECT count(*) FROM conversation_turns WHERE answer IS NOT NULL"
        with self._pool.reading() as connection:
            held = fetch_one(connection, kept)
            rows = fetch(connection, "SELECT DISTINCT document_id FROM conversation_places")
            return (held[0] if held else 0), frozenset(number for (number,) in rows)

    def quoting(self, document_id: int) -> list[ConversationRecord]:
        turns = (
            "SELECT conversation_id FROM conversation_turns JOIN conversation_places "
            "ON turn_id = conversation_turns.id WHERE document_id = ? AND answer IS NOT NULL"
        )
        query = f"{_RECORDS} WHERE id IN ({turns}) ORDER BY id"
        with self._pool.reading() as connection:
            rows = fetch(connection, query, (document_id,))
            return [ConversationRecord(*row) for row in rows]


_ANSWER = msgspec.json.Decoder(Answer)
_HITS = msgspec.json.Decoder(list[tuple[int, Scores]])


def _written(value: Any) -> bytes:
    return msgspec.json.encode(value)


def _record(connection: apsw.Connection, number: int) -> ConversationRecord:
    fits = 0 < number < 2**63
    row = fetch_one(connection, f"{_RECORDS} WHERE id = ?", (number,)) if fits else None
    if row is None:
        raise UsageError(
            f"The library has no conversation number {number}.",
            hint="List them: assistant conversations list",
        )
    return ConversationRecord(*row)


def _answer(connection: apsw.Connection, written: bytes | None, hits: bytes) -> Answer | None:
    """Return an answer with the passages that are still there."""
    if written is None:
        return None
    scores = dict(_HITS.decode(hits))
    found = passages(connection, list(scores))
    return replace(
        _ANSWER.decode(written),
        passages=tuple(Hit(passage, scores[passage.chunk_id]) for passage in found),
    )


def _sources(connection: apsw.Connection, answer: Answer) -> set[int]:
    """Return the documents that the answer's words may come from."""
    said = [*answer.sentences, *(s for c in answer.contradictions for s in (c.first, c.second))]
    places: list[Citation] = [quote for sentence in said for quote in sentence.quotes]
    places += [answer.short] if answer.short is not None else []
    found = set()
    if answer.coverage is not None:
        places += answer.coverage.doubtful
        for name in answer.coverage.matching:
            rows = fetch(connection, "SELECT id FROM documents WHERE name = ?", (storable(name),))
            found |= {number for (number,) in rows}
    wrote = answer.timings.generated_tokens or any(s.origin == "model" for s in said)
    if wrote:
        found |= {hit.passage.document_id for hit in answer.passages}
    found |= {place.document_id for place in places}
    known = {number for (number,) in fetch(connection, "SELECT id FROM documents")}
    if not {place.document_id for place in places} <= known:
        raise UsageError(
            "The answer was not kept: a document that it quotes was forgotten meanwhile.",
            hint="Ask again.",
        )
    return found & known


def _said(connection: apsw.Connection, record: ConversationRecord) -> str:
    query = "SELECT question, answer FROM conversation_turns WHERE conversation_id = ?"
    parts = [record.name]
    for question, written in fetch(connection, query, (record.id,)):
        answer = None if written is None else _ANSWER.decode(written)
        parts += [question, answer.text if answer is not None else ""]
    return "\n".join(parts).casefold()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_NAME else line[: LONGEST_NAME - 1] + "\u2026"
