"""Write an ONNX model with nothing but numpy: the few messages of onnx.proto3 that it needs.

The laptop makes the multilingual embedder from its pinned package by itself, and has neither
torch nor the `onnx` package. The bytes depend on the calls alone, so their hash can be pinned.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

_IR_VERSION = 8
_OPSETS = {"": 18, "com.microsoft": 1}
_TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7, "float16": 10}
_FLOAT, _INT, _INTS = 1, 2, 7

Attribute = int | float | Sequence[int]


class OnnxGraph:
    """A graph that grows node by node."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._tensors: list[bytes] = []

    def tensor(self, values: Any) -> str:
        """Add a constant (an array of one of the usual types); return its name."""
        name = f"t{len(self._tensors)}"
        array = np.ascontiguousarray(values)
        dims = b"".join(_number(1, size) for size in array.shape)
        kind = _number(2, _TYPES[array.dtype.name])
        raw = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        self._tensors.append(dims + kind + _text(8, name) + _bytes(9, raw))
        return name

    def node(self, operator: str, *inputs: str, domain: str = "", **attributes: Attribute) -> str:
        """Add an operator with one output; return that output's name."""
        name = f"n{len(self._nodes)}"
        self.nodes(operator, inputs, [name], domain=domain, **attributes)
        return name

    def nodes(
        self,
        operator: str,
        inputs: Sequence[str],
        outputs: Sequence[str],
        *,
        domain: str = "",
        **attributes: Attribute,
    ) -> None:
        """Add an operator with outputs of these names."""
        parts = [_text(1, name) for name in inputs] + [_text(2, name) for name in outputs]
        parts += [_text(4, operator)]
        parts += [_bytes(5, _attribute(name, value)) for name, value in attributes.items()]
        parts += [_text(7, domain)] if domain else []
        self._nodes.append(b"".join(parts))

    def model(self, inputs: Mapping[str, str], outputs: Mapping[str, str]) -> bytes:
        """Return the model; inputs and outputs by name with their types, two axes of any length."""
        graph = [_bytes(1, node) for node in self._nodes] + [_text(2, "graph")]
        graph += [_bytes(5, tensor) for tensor in self._tensors]
        graph += [_bytes(11, _value(name, kind)) for name, kind in inputs.items()]
        graph += [_bytes(12, _value(name, kind)) for name, kind in outputs.items()]
        opsets = (_text(1, domain) + _number(2, version) for domain, version in _OPSETS.items())
        head = _number(1, _IR_VERSION) + b"".join(_bytes(8, opset) for opset in opsets)
        return head + _bytes(7, b"".join(graph))


def _value(name: str, kind: str) -> bytes:
    shape = b"".join(_bytes(1, _text(2, axis)) for axis in (f"{name}_0", f"{name}_1"))
    tensor = _number(1, _TYPES[kind]) + _bytes(2, shape)
    return _text(1, name) + _bytes(2, _bytes(1, tensor))


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        number = struct.pack("<f", value)
        return _text(1, name) + _varint(2 << 3 | 5) + number + _number(20, _FLOAT)
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, _INT)
    numbers = b"".join(_number(8, one) for one in value)
    return _text(1, name) + numbers + _number(20, _INTS)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value % (1 << 64))


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])
