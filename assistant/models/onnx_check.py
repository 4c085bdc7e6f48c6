"""Validate an ONNX file, and refuse what refers to other files, before ONNX Runtime reads it.

An ONNX model is one protobuf message (onnx/onnx.proto3). Two of its features have no place in
a model that comes from elsewhere: tensors whose bytes lie in *other files*, named by a path in
the model (path traversal, CVE-2022-25882 and after), and operators of *domains* that some
library registers. This walks the wire format with its own small reader, which keeps nothing
and trusts no length; the bytes themselves are pinned by their hash.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from assistant.errors import ModelError

DOMAINS = frozenset({b"", b"ai.onnx", b"ai.onnx.ml", b"com.microsoft"})
"""Operators that are built into ONNX Runtime. What a model merely lists as imported counts
for nothing: each operator in use is looked at."""

MAX_MESSAGES = 2_000_000
MAX_DEPTH = 12
_LONGEST_VARINT = 10
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_EXTERNAL_LOCATION, _EXTERNAL_DATA = 14, 13

# What is walked into: for each kind of message the numbers of its fields, and their kinds.
_INSIDE: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {
        5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse",
    },
    "sparse": {1: "tensor", 2: "tensor"},
}  # fmt: skip
_DOMAIN_FIELD = {"node": 7}


def check_onnx(path: Path, file: BinaryIO) -> None:
    """Check an open ONNX file. Raises `ModelError` naming `path`."""
    if file.seek(0, 2) == 0:
        raise _refused(path, "is empty")
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            _Walk(data).message("model", 0, len(data), 0)
        except _OddError as error:
            raise _refused(path, str(error)) from None


class _OddError(Exception):
    """Says what is wrong."""


class _Walk:
    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._left = MAX_MESSAGES

    def message(self, kind: str, at: int, end: int, depth: int) -> None:
        """Walk one message of a kind between two offsets."""
        if kind == "training":
            raise _OddError("holds a training graph")
        if depth > MAX_DEPTH:
            raise _OddError("is nested too deeply")
        for field, wire, first, last in self._fields(at, end):
            if kind == "tensor" and field in (_EXTERNAL_LOCATION, _EXTERNAL_DATA):
                if wire == _BYTES or first:
                    raise _OddError("has weights in another file")
            elif field == _DOMAIN_FIELD.get(kind) and wire == _BYTES:
                domain = self._data[first : min(last, first + 100)]
                if domain not in DOMAINS:
                    raise _OddError(f"needs operators of the domain {domain!a}")
            elif inside := _INSIDE.get(kind, {}).get(field):
                if wire != _BYTES:
                    raise _OddError("is damaged: a part of it is no message")
                self.message(inside, first, last, depth + 1)

    def _fields(self, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
        """Give (field, wire type, begin, end) of bytes, or (field, wire type, value, 0)."""
        while at < end:
            self._left -= 1
            if self._left < 0:
                raise _OddError("has too many parts")
            tag, at = self._varint(at, end)
            field, wire = tag >> 3, tag & 7
            if wire == _VARINT:
                value, at = self._varint(at, end)
                yield field, wire, value, 0
            elif wire in (_BYTES, _FIXED32, _FIXED64):
                length = 4 if wire == _FIXED32 else 8
                if wire == _BYTES:
                    length, at = self._varint(at, end)
                if field == 0 or length > end - at:
                    raise _OddError("is damaged: a length in it is wrong")
                yield field, wire, at, at + length
                at += length
            else:
                raise _OddError("is damaged: it is no ONNX model")

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        value = 0
        for shift in range(_LONGEST_VARINT):
            if at >= end:
                raise _OddError("is damaged: it ends inside a number")
            byte = self._data[at]
            at += 1
            value |= (byte & 127) << 7 * shift
            if byte < 128:  # the highest bit says that more follow
                return value, at
        raise _OddError("is damaged: a number in it is too long")


def _refused(path: Path, what: str) -> ModelError:
    return ModelError(
        f"{path} {what}.",
        hint="Use a model in one file, made by: assistant-convert embedder export",
    )
