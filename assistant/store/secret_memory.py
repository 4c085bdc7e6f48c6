"""Secret bytes that are kept out of swap and core dumps, and wiped when they are let go.

As far as Python can: what is handed out (`bytes`, `str`) are copies that nobody wipes, and
SQLite keeps the key in memory of its own while a store is open.
"""

from __future__ import annotations

import ctypes
import mmap
import os


class SecretBytes:
    """A few bytes in a page of their own: locked into memory (mlock(2)) and left out of dumps.

    Where the system refuses to lock (RLIMIT_MEMLOCK), the page is used unlocked; `locked`
    says which. `wipe` overwrites the bytes; reading them afterwards raises `ValueError`.
    """

    def __init__(self, secret: bytes) -> None:
        self._length = len(secret)
        self._page = _page(max(len(secret), 1))
        self._wiped = False
        self.locked = _lock(self._page)
        self._page[: len(secret)] = secret

    def value(self) -> bytes:
        if self._wiped:
            raise ValueError("the secret was wiped")
        return self._page[: self._length]

    def wipe(self) -> None:
        """Overwrite the bytes; safe to repeat."""
        if not self._wiped:
            self._wiped = True
            self._page[: self._length] = bytes(self._length)

    def __del__(self) -> None:
        if hasattr(self, "_wiped"):
            self.wipe()


def _page(length: int) -> mmap.mmap:
    if os.name != "posix":
        return mmap.mmap(-1, length)
    # Private: a forked child that ends wipes its own copy, not the parent's.
    return mmap.mmap(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def _lock(page: mmap.mmap) -> bool:
    """Keep a page out of swap and out of core dumps, where the system can."""
    if os.name != "posix":
        return False
    if hasattr(mmap, "MADV_DONTDUMP"):
        page.madvise(mmap.MADV_DONTDUMP)
    try:
        mlock = ctypes.CDLL(None, use_errno=True).mlock
    except (OSError, AttributeError):
        return False
    view = ctypes.c_char.from_buffer(page)
    return bool(mlock(ctypes.c_void_p(ctypes.addressof(view)), ctypes.c_size_t(len(page))) == 0)
