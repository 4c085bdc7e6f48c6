"""Compute an importance matrix: how much each input column of each weight counts.

As llama.cpp's own tool computes it (tools/imatrix): while texts run through the model, the
squares of every matrix product's inputs are added up by column; a quantizer then rounds so
that the columns with large inputs lose least. llama.cpp calls back for each node of its
computation, so this works for every architecture; the experts of a mixture (MUL_MAT_ID)
are left out, and quantized without.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import EngineError, ModelError
from convert.export.llama_logits import GgufModel

CHUNK = 512
"""Tokens of each text that is run at once."""

_F32 = 0
_MIN_ROWS = 16
_PLAUSIBLE_COLUMNS = 1 << 20


class _Tensor(ctypes.Structure):
    """`struct ggml_tensor` of ggml.h, as of llama-cpp-python 0.3.36."""


_Tensor._fields_ = [
    ("type", ctypes.c_int),
    ("buffer", ctypes.c_void_p),
    ("ne", ctypes.c_int64 * 4),
    ("nb", ctypes.c_size_t * 4),
    ("op", ctypes.c_int),
    ("op_params", ctypes.c_int32 * 16),
    ("flags", ctypes.c_int32),
    ("src", ctypes.POINTER(_Tensor) * 10),
    ("view_src", ctypes.c_void_p),
    ("view_offs", ctypes.c_size_t),
    ("data", ctypes.c_void_p),
    ("name", ctypes.c_char * 64),
]


def importance_of(
    path: Path, sequences: Sequence[Sequence[int]], done: Callable[[int], None]
) -> dict[str, NDArray[np.float32]]:
    """Run sequences of at most `CHUNK` tokens through a GGUF on the processor.

    Returns for each weight's name the mean square of its inputs, float32 of shape
    (columns,). Raises `ModelError`.
    """
    collector = _Collector()
    model = GgufModel(path, context=CHUNK, watch=collector.watch)
    for count, tokens in enumerate(sequences, start=1):
        model.logits(tokens)
        done(count)
    if collector.fault:
        raise ModelError(f"No importance matrix: {collector.fault}.")
    return collector.means()


class _Collector:
    """Adds up squares, called by llama.cpp before (`ask`) and after each node."""

    def __init__(self) -> None:
        self.fault = ""
        self._sums: dict[str, NDArray[np.float64]] = {}
        self._counts: dict[str, int] = {}
        self._names = _op_names()

    def watch(self, address: int, ask: bool, user_data: Any) -> bool:
        """`cb_eval`: returns whether the node is wanted, then whether to go on."""
        del user_data
        node = _Tensor.from_address(address)
        if ask:
            return not self.fault and self._wanted(node)
        try:
            self._add(node)
        except (EngineError, ValueError) as error:  # nothing may be raised into C
            self.fault = str(error)
        return True

    def _wanted(self, node: _Tensor) -> bool:
        if self._names(node.op) != b"MUL_MAT":
            return False
        weight, inputs = node.src[0].contents, node.src[1].contents
        return bool(
            weight.name.startswith(b"blk.")
            and inputs.type == _F32
            and inputs.ne[1] >= _MIN_ROWS
            and weight.ne[2] == weight.ne[3] == inputs.ne[2] == inputs.ne[3] == 1
        )

    def _add(self, node: _Tensor) -> None:
        inputs = node.src[1].contents
        columns, rows = int(inputs.ne[0]), int(inputs.ne[1])
        name = node.src[0].contents.name.decode("ascii")
        if inputs.nb[0] != 4 or not 0 < columns < _PLAUSIBLE_COLUMNS or not inputs.data:
            raise EngineError(f"the inputs of {name} are not laid out as expected")
        stride = int(inputs.nb[1])
        raw = (ctypes.c_byte * (stride * (rows - 1) + 4 * columns)).from_address(inputs.data)
        values = np.ndarray((rows, columns), np.float32, memoryview(raw), strides=(stride, 4))
        squares = np.square(values, dtype=np.float64).sum(axis=0)
        if not np.isfinite(squares).all():
            raise EngineError(f"the inputs of {name} are not finite")
        self._sums[name] = self._sums.get(name, 0.0) + squares
        self._counts[name] = self._counts.get(name, 0) + rows

    def means(self) -> dict[str, NDArray[np.float32]]:
        return {n: (s / self._counts[n]).astype(np.float32) for n, s in self._sums.items()}


def _op_names() -> Callable[[int], bytes]:
    """Return ggml's function that names an operation: their numbers change."""
    from llama_cpp._ggml import libggml

    try:
        named = libggml.ggml_op_name
    except AttributeError as error:
        raise ModelError("No importance matrix: this llama.cpp does not name its nodes.") from error
    named.argtypes, named.restype = [ctypes.c_int], ctypes.c_char_p
    known: dict[int, bytes] = {}

    def name_of(number: int) -> bytes:
        if number not in known:
            known[number] = named(number)
        return known[number]

    return name_of
