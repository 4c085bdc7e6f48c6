"""Documents for the store's tests, and a way to look at what is really in its file."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import apsw

from assistant.store import StoreKey
from assistant.types import Chunk, DocumentRecord, NewDocument, ParsedDocument, Store
from tests.fakes.embedder import FakeEmbedder

ROOT = Path(__file__).resolve().parents[2]
"""The repository's root: child processes start here, so that `tests` can be imported."""


def put(
    store: Store,
    embedder: FakeEmbedder,
    text: str,
    *,
    name: str = "note.txt",
    source: str | None = None,
    page_starts: tuple[int, ...] = (0,),
    size: int = 200,
    heading: str = "",
) -> DocumentRecord:
    """Add `text` to a store, in chunks of `size` characters; by default from a path of its own."""
    chunks = [
        Chunk(n, at, min(at + size, len(text)), heading)
        for n, at in enumerate(range(0, len(text), size))
    ]
    content_hash = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return store.add(
        NewDocument(
            name=name,
            sources=(source or f"/papers/{content_hash[:8]}/{name}",),
            content_hash=content_hash,
            document=ParsedDocument(text, page_starts, "text/plain", title=f"Title of {name}"),
            chunks=chunks,
            vectors=embedder.embed_documents([text[c.start : c.end] for c in chunks]),
        )
    )


def bytes_on_disk(folder: Path) -> dict[str, bytes]:
    """Read all files of a folder in another process, so that this one keeps its locks."""
    copy = folder.parent / f"{folder.name}-copy"
    shutil.rmtree(copy, ignore_errors=True)
    command = "import shutil, sys; shutil.copytree(sys.argv[1], sys.argv[2])"
    subprocess.run([sys.executable, "-c", command, str(folder), str(copy)], check=True)
    return {p.name: p.read_bytes() for p in copy.iterdir()}


def decrypted_pages(path: Path, key: StoreKey) -> bytes:
    """Return the image of every page of a closed store, free ones too, as plain bytes."""
    copy = path.with_name("decrypted.db")
    shutil.copyfile(path, copy)
    connection = apsw.Connection(str(copy))
    connection.pragma("cipher", "aegis")
    connection.pragma("key", f"raw:{key.hex()}")
    assert connection.pragma("journal_mode", "delete") == "delete"
    connection.execute("PRAGMA rekey=''").fetchall()
    connection.close()
    image = copy.read_bytes()
    copy.unlink()
    assert image.startswith(b"SQLite format 3\0")
    return image
