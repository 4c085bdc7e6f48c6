"""Run a query and fetch all its rows at once, so that no half-read statement keeps a lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import apsw


def fetch(
    connection: apsw.Connection, query: str, values: Sequence[Any] | Mapping[str, Any] = ()
) -> list[tuple[Any, ...]]:
    """Return every row of `query`."""
    return connection.execute(query, values).fetchall()


def fetch_one(
    connection: apsw.Connection, query: str, values: Sequence[Any] | Mapping[str, Any] = ()
) -> tuple[Any, ...] | None:
    """Return the first row of `query`, or None if it has none."""
    return next(iter(fetch(connection, query, values)), None)
