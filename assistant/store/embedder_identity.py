"""The identity of the embedder that made a store's vectors: recorded once, then enforced."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import apsw

from assistant.errors import EmbedderMismatchError, StoreError
from assistant.store.connection import transaction
from assistant.store.query_rows import fetch_one
from assistant.store.store_names import shown
from assistant.strict_reader import read_json, refused
from assistant.types import EmbedderIdentity

_NAME = "embedder"


def recorded(connection: apsw.Connection, path: Path) -> EmbedderIdentity | None:
    """Return the embedder of this store, or None if none was recorded yet."""
    row = fetch_one(connection, "SELECT value FROM meta WHERE name = ?", (_NAME,))
    if row is None:
        return None
    said = f"{path} does not say which embedder made its vectors"
    with refused(StoreError, said, hint="Restore the library from a backup."):
        return read_json(str(row[0]).encode(), EmbedderIdentity)


def enforce(connection: apsw.Connection, wanted: EmbedderIdentity, path: Path) -> EmbedderIdentity:
    """Record the embedder of a store that has none yet; refuse any other afterwards.

    Raises `EmbedderMismatchError` naming both embedders and the remedy.
    """
    stored = recorded(connection, path)
    if stored is None:
        with transaction(connection):
            stored = recorded(connection, path) or record(connection, wanted)
    if stored != wanted:
        raise _mismatch(stored, wanted, path)
    return stored


def require_current(
    connection: apsw.Connection, embedder: EmbedderIdentity | None, path: Path
) -> None:
    """Raise `StoreError` if another process has given the store another embedder since."""
    if recorded(connection, path) != embedder:
        raise StoreError(
            f"The vectors of {path} were made anew with another embedder in the meantime.",
            hint="Close this window of the program and open it again.",
        )


def record(connection: apsw.Connection, embedder: EmbedderIdentity) -> EmbedderIdentity:
    """Note the embedder of all vectors. Raises `StoreError` for one that can't fill a store."""
    if embedder.dimension < 8 or embedder.dimension % 8:
        raise StoreError(
            f"The embedder '{embedder.name}' makes vectors of {embedder.dimension} numbers; "
            "the store needs a multiple of 8.",
            hint="Use another embedder: assistant models list",
        )
    value = json.dumps(asdict(embedder), sort_keys=True)
    connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (_NAME, value))
    return embedder


def _mismatch(
    stored: EmbedderIdentity, wanted: EmbedderIdentity, path: Path
) -> EmbedderMismatchError:
    mine, theirs = asdict(stored), asdict(wanted)
    differing = [name for name in mine if mine[name] != theirs[name]]
    hint = (
        f"Leave out --embedder, or set `embedder` in config.toml back to {shown(stored.name)}; or "
        f"fill the library anew: assistant library re-embed --embedder {shown(wanted.name)}"
    )
    if stored.pooling != wanted.pooling:
        # Only the sentence-transformers folders that earlier versions ran had another one.
        hint = (
            "A sentence-transformers model, as earlier versions could run, can't fill a library "
            "any more: name a new library in the settings and add the documents to it. To keep "
            "the model, export it first: assistant-convert embedder export MODEL FOLDER"
        )
    return EmbedderMismatchError(
        f"The vectors in {path} were made by {_described(stored)}, but the embedder in use is "
        f"{_described(wanted)}; they differ in: {', '.join(differing)}.",
        hint=hint,
    )


def _described(identity: EmbedderIdentity) -> str:
    return f"'{shown(identity.name)}' ({identity.dimension} numbers, sha256 {identity.sha256[:12]})"
