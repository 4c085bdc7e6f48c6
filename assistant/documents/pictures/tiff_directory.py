"""The directories of a TIFF file (TIFF 6.0): what each of its pictures says of itself."""

from __future__ import annotations

from typing import Literal

from assistant.documents.parse_errors import ParseFault

MAX_FRAMES = 5_000
_MOST_ENTRIES = 1_000
_MOST_VALUES = 100_000
_SIZES = {1: 1, 3: 2, 4: 4}
_HEADER = 8


class TiffFile:
    """The bytes of a TIFF file, read with bounds checked. Raises `ParseFault`."""

    def __init__(self, data: bytes | bytearray) -> None:
        self.data = memoryview(data)
        self.order: Literal["little", "big"] = "little" if bytes(data[:2]) == b"II" else "big"

    def number(self, at: int, size: int) -> int:
        if at < 0 or at + size > len(self.data):
            raise ParseFault("picture_damaged")
        return int.from_bytes(self.data[at : at + size], self.order)

    def part(self, at: int, size: int) -> memoryview:
        if at + size > len(self.data):
            raise ParseFault("picture_damaged")
        return self.data[at : at + size]

    def directories(self) -> list[int]:
        """Return where each picture's directory lies; a chain that bites its tail ends."""
        found: dict[int, None] = {}
        at = self.number(4, 4)
        while at and at not in found:
            if len(found) >= MAX_FRAMES:
                raise ParseFault("too_many_pages", number=len(found) + 1)
            found[at] = None
            at = self.number(at + 2 + 12 * self.number(at, 2), 4)
        return list(found)

    def directory(self, at: int) -> dict[int, tuple[int, ...]]:
        """Return the whole numbers of a directory by their tags; other values are left out."""
        count = self.number(at, 2)
        if count > _MOST_ENTRIES:
            raise ParseFault("picture_damaged")
        return {
            self.number(entry, 2): values
            for entry in range(at + 2, at + 2 + 12 * count, 12)
            if (values := self._values(entry))
        }

    def bytes_of(self, at: int, tag: int) -> bytes:
        """Return the value of a tag that is made of bytes, b"" without it."""
        for entry in range(at + 2, at + 2 + 12 * self.number(at, 2), 12):
            if self.number(entry, 2) == tag:
                count = self.number(entry + 4, 4)
                where = entry + 8 if count <= 4 else self.number(entry + 8, 4)
                return bytes(self.part(where, count))
        return b""

    def _values(self, entry: int) -> tuple[int, ...]:
        size = _SIZES.get(self.number(entry + 2, 2), 0)
        count = self.number(entry + 4, 4)
        if not size:
            return ()
        if count > _MOST_VALUES:
            return ()
        at = entry + 8 if size * count <= 4 else self.number(entry + 8, 4)
        return tuple(self.number(at + n * size, size) for n in range(count))
