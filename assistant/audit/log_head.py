"""The log's head: the latest record's number and hash, kept inside the encrypted store."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from assistant.audit.log_record import BadRecordError
from assistant.store.audit_state import HEAD_BYTES

_HEAD = struct.Struct(">QQ32sQ8x")


@dataclass(frozen=True, slots=True)
class Head:
    """The log as the store knows it: `count` records, `end` bytes, the last one's hash.

    A reader may begin at byte `start`, at the last record with a root over the pages.
    """

    count: int
    end: int
    hash: str
    start: int

    @classmethod
    def read(cls, content: bytes | None) -> Head | None:
        """Read what the store holds. Raises `BadRecordError` for what is no head."""
        if content is None:
            return None
        if len(content) != HEAD_BYTES:
            raise BadRecordError("the head in the library is malformed")
        count, end, digest, start = _HEAD.unpack(content)
        return cls(count, end, digest.hex(), start)

    def write(self) -> bytes:
        return _HEAD.pack(self.count, self.end, bytes.fromhex(self.hash), self.start)
