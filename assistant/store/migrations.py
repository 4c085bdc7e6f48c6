"""Migrate a store to the schema of this version, one recorded step at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import apsw

from assistant import __version__
from assistant.errors import NewerStoreError, StoreError
from assistant.store.connection import transaction
from assistant.store.schema import (
    MIGRATIONS,
    Migration,
    fill_word_index,
    word_index_is_current,
)

APPLICATION_ID = 0x61614C31
"""Marks a database as a library of this program ("aaL1")."""

_RECORDS = """
CREATE TABLE migrations (
    number          INTEGER PRIMARY KEY,
    name            TEXT NOT NULL UNIQUE,
    applied_at      TEXT NOT NULL,
    program_version TEXT NOT NULL
)
"""


def applied(connection: apsw.Connection) -> list[str]:
    """Return the names of the steps that a store has been through, oldest first."""
    if connection.table_exists("main", "migrations"):
        return [n for (n,) in connection.execute("SELECT name FROM migrations ORDER BY number")]
    return []


def check_schema(
    connection: apsw.Connection, path: Path, known: Sequence[Migration] = MIGRATIONS
) -> None:
    """Refuse a store of a newer version (`NewerStoreError`) or of another program.

    Reads only, so that a store that is refused stays as it is.
    """
    if connection.pragma("application_id") != APPLICATION_ID:
        raise StoreError(
            f"{path} is a database, but no library of this program.",
            hint="Move the file away, or name another library in the settings.",
        )
    names = applied(connection)
    ours = [m.name for m in known]
    if names != ours[: len(names)] or connection.pragma("user_version") > len(ours):
        strange = [n for n in names if n not in ours] or names[-1:]
        raise NewerStoreError(
            f"{path} was written by a newer version of this program "
            f"(its schema has the step '{strange[-1] if strange else 'unknown'}').",
            hint="Install the newer version again; nothing was changed in the library.",
        )


def migrate(connection: apsw.Connection, known: Sequence[Migration] = MIGRATIONS) -> list[str]:
    """Apply the missing steps, each in one transaction with its record; return their names.

    When a step fails, the store is as it was before that step.
    """
    done: list[str] = []
    for number, migration in enumerate(known, 1):
        if migration.name in applied(connection):
            continue
        with transaction(connection):
            # Another process may have been faster between the check and the lock.
            if migration.name not in applied(connection):
                _apply(connection, number, migration)
                done.append(migration.name)
    if known is MIGRATIONS and not word_index_is_current(connection):
        with transaction(connection):
            if not word_index_is_current(connection):
                fill_word_index(connection)
    return done


def _apply(connection: apsw.Connection, number: int, migration: Migration) -> None:
    if number == 1:
        connection.pragma("application_id", APPLICATION_ID)
        connection.execute(_RECORDS)
    migration.apply(connection)
    connection.execute(
        "INSERT INTO migrations (number, name, applied_at, program_version) VALUES (?, ?, ?, ?)",
        (number, migration.name, datetime.now(UTC).isoformat(timespec="seconds"), __version__),
    )
    connection.pragma("user_version", number)
