r"""A root over the store's pages, so that an old page in place of a new one shows.

A page of an older copy of the same file still decrypts: it was valid once. So the
log holds a root over all pages as they lie on the disk:

    root = SHA-256("airgap audit pages 1\n" + number of pages + number of the head's page,
                   8 bytes each, big-endian, + for each page SHA-256(page) and its seal)

The page with the log's head changes with every record and is left out (zeros stand for it);
the chain itself says what it must hold. As the pages are encrypted, the root tells nothing,
and anyone can compute it from the file without the key.

Only what changed is hashed: a page that was written again has another seal (the cipher's
random nonce and its tag), so reading the seals finds the changed ones. What was computed is
kept in a side file, which is believed only if its own root is the one in the log.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from assistant.audit.chain import Root
from assistant.store.audit_state import SEAL_BYTES, StoredPages

_DOMAIN = b"airgap audit pages 1\n"
_MAGIC = b"airgap audit tree 1\n"
_HASH_BYTES = 32
_ROW_BYTES = _HASH_BYTES + SEAL_BYTES
_BLOCK = 256
"""Pages that are read at once (2 MiB)."""

if TYPE_CHECKING:
    # Not at run time: opening a library that is only listed needs no numpy (0.1 s).
    import numpy as np
    from numpy.typing import NDArray

    Rows: TypeAlias = NDArray[np.uint8]
    """Shape (pages, 96): for each page its SHA-256 and its seal."""


class PageTree:
    """The hash and the seal of each page, and the root over them."""

    def __init__(self, path: Path) -> None:
        """Begin with nothing known; `path` is the side file."""
        self._path = path
        self._known: Rows | None = None
        self._head_page = 0

    @property
    def _rows(self) -> Rows:
        if self._known is None:
            import numpy as np

            self._known = np.zeros((0, _ROW_BYTES), np.uint8)
        return self._known

    def load(self, expected: Root) -> bool:
        """Take what the side file holds if its root is `expected`; tell whether it was."""
        import numpy as np

        if _root_of(self._rows, self._head_page) == expected.root:
            return True
        try:
            limit = len(_MAGIC) + expected.pages * _ROW_BYTES
            with self._path.open("rb") as file:
                content = file.read(limit + 1)
        except (OSError, OverflowError, MemoryError):
            return False
        if len(content) != limit or not content.startswith(_MAGIC):
            return False
        rows = np.frombuffer(content, np.uint8, offset=len(_MAGIC)).reshape(-1, _ROW_BYTES)
        if _root_of(rows, expected.head_page) != expected.root:
            return False
        self._known, self._head_page = rows, expected.head_page
        return True

    def update(self, pages: StoredPages, *, all_pages: bool = False) -> tuple[str, list[int]]:
        """Hash the pages that changed (or all of them); return the root and their numbers.

        Raises apsw's errors inside the block of `AuditState.settled`, which translates them.
        """
        import numpy as np

        rows = np.zeros((pages.count, _ROW_BYTES), np.uint8)
        changed: list[int] = []
        for first, content in _blocks(pages):
            grid = np.frombuffer(content, np.uint8).reshape(-1, pages.page_size)
            part = rows[first : first + len(grid)]
            part[:, _HASH_BYTES:] = grid[:, -SEAL_BYTES:]
            changed += [first + at for at in self._hash(part, grid, first, all_pages=all_pages)]
        if 0 < pages.head_page <= len(rows):
            rows[pages.head_page - 1] = 0
        changed += range(len(rows) + 1, len(self._rows) + 1)  # pages that are gone
        self._known, self._head_page = rows, pages.head_page
        return _root_of(rows, pages.head_page), [n for n in changed if n != pages.head_page]

    def _hash(self, part: Rows, grid: Rows, first: int, *, all_pages: bool) -> list[int]:
        """Fill in the hashes of a block of pages; return which differ, counted from 1."""
        import numpy as np

        old = self._rows[first : first + len(part)]
        same = np.zeros(len(part), bool)
        same[: len(old)] = (old[:, _HASH_BYTES:] == part[: len(old), _HASH_BYTES:]).all(axis=1)
        part[: len(old), :_HASH_BYTES] = old[:, :_HASH_BYTES]
        for at in range(len(part)) if all_pages else np.flatnonzero(~same):
            digest = np.frombuffer(hashlib.sha256(grid[at]).digest(), np.uint8)
            same[at] &= np.array_equal(part[at, :_HASH_BYTES], digest)
            part[at, :_HASH_BYTES] = digest
        return [int(at) + 1 for at in np.flatnonzero(~same)]

    def save(self) -> None:
        """Keep what is known in the side file. A failure costs time later and nothing else."""
        draft = self._path.with_name(f"{self._path.name}.new-{secrets.token_hex(8)}")
        with suppress(OSError):
            try:
                descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(_MAGIC)
                    file.write(self._rows.tobytes())
                draft.replace(self._path)
            finally:
                draft.unlink(missing_ok=True)


def _blocks(pages: StoredPages) -> Iterator[tuple[int, bytes]]:
    for first in range(0, pages.count, _BLOCK):
        yield first, pages.read(first + 1, min(_BLOCK, pages.count - first))


def _root_of(rows: Rows, head_page: int) -> str:
    sizes = len(rows).to_bytes(8, "big") + head_page.to_bytes(8, "big")
    return hashlib.sha256(_DOMAIN + sizes + rows.tobytes()).hexdigest()


def tree_path(log_path: Path) -> Path:
    """Return the side file with the hashes of the store's pages."""
    return log_path.with_suffix(".pages")
