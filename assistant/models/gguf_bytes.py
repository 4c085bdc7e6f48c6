"""Read the bytes of a GGUF file in order, never more than the file holds."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from assistant.errors import ModelError

MAX_STRING_BYTES = 1 << 20
MAX_KEPT_BYTES = 8 << 20
_WINDOW = 1 << 18

_HINT = "Copy or download the file again; it must be a GGUF file (version 2 or 3)."


class GgufBytes:
    """Reads numbers and texts; each length is checked against the bytes that are left.

    Raises `ModelError` naming the file.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self.size = file.seek(0, 2)
        file.seek(0)
        self._window = b""
        self._at = 0
        self._consumed = 0
        self._kept = 0

    def fail(self, what: str) -> NoReturn:
        """Raise `ModelError`: the file `what`."""
        raise ModelError(f"{self._path} {what}.", hint=_HINT)

    @property
    def position(self) -> int:
        return self._consumed + self._at

    def need(self, count: int) -> None:
        """Make `count` bytes available in the window."""
        if count > self.size - self.position:
            self.fail("is truncated: it ends inside its header")
        if len(self._window) - self._at < count:
            rest = self._window[self._at :]
            self._consumed += self._at
            more = self._file.read(max(_WINDOW, count - len(rest)))
            self._window, self._at = rest + more, 0
            if len(self._window) < count:
                self.fail("changed while it was read")

    def take(self, count: int) -> bytes:
        self.need(count)
        self._at += count
        return self._window[self._at - count : self._at]

    def skip(self, count: int) -> None:
        if count > self.size - self.position:
            self.fail("is truncated: it ends inside its header")
        if count <= len(self._window) - self._at:
            self._at += count
            return
        self._consumed = self.position + count
        self._window, self._at = b"", 0
        self._file.seek(self._consumed)

    def skip_strings(self, count: int) -> None:
        unpack = struct.Struct("<Q").unpack_from
        for _ in range(count):
            self.need(8)
            length = unpack(self._window, self._at)[0]
            self._at += 8
            if length > MAX_STRING_BYTES:
                self.fail(f"is damaged: a text claims {length} bytes")
            self.skip(length)

    def number(self, code: str) -> Any:
        return struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]

    def limited(self, code: str, limit: int, what: str) -> int:
        value = int(self.number(code))
        if value > limit:
            self.fail(f"is damaged: it claims {value} {what}")
        return value

    def string(self, limit: int, what: str) -> str:
        raw = self.take(self.limited("Q", limit, f"bytes of {what}"))
        self._kept += len(raw)
        if self._kept > MAX_KEPT_BYTES:
            self.fail("is damaged: its texts are too long")
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            self.fail(f"is damaged: {what} is not UTF-8")
