"""Names, types and shapes in a safetensors file, read without its weights.

https://github.com/huggingface/safetensors#format: eight bytes with the length of a JSON
table, the table, the data. Checked before a library maps the file.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import ModelError

_MAX_HEADER = 100 << 20
_BITS = {
    "F64": 64, "I64": 64, "U64": 64,
    "F32": 32, "I32": 32, "U32": 32,
    "F16": 16, "BF16": 16, "I16": 16, "U16": 16,
    "I8": 8, "U8": 8, "BOOL": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8,
}  # fmt: skip
FLOATS = ("F64", "F32", "F16", "BF16")


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """Type as the format names it ("BF16"), and shape."""

    dtype: str
    shape: tuple[int, ...]


def read_tensors(path: Path) -> dict[str, TensorInfo]:
    """Return the tensors of a file by name. Raises `ModelError` if it is damaged."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = _checked_length(int.from_bytes(file.read(8), "little"), size)
            table = dict(json.loads(file.read(length)))
        table.pop("__metadata__", None)
        return {str(name): _tensor(entry, size - 8 - length) for name, entry in table.items()}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(
            f"{path} can't be read: {error}.", hint="Copy the file again; it may be truncated."
        ) from error


def _checked_length(length: int, size: int) -> int:
    if length > min(_MAX_HEADER, size - 8):
        raise ValueError("it is truncated or no safetensors file")
    return length


def _tensor(entry: dict[str, Any], size: int) -> TensorInfo:
    dtype, shape = str(entry["dtype"]), tuple(int(length) for length in entry["shape"])
    start, end = (int(offset) for offset in entry["data_offsets"])
    if any(length < 0 for length in shape) or not 0 <= start <= end <= size:
        raise ValueError("a tensor lies outside of it")
    if dtype in _BITS and (end - start) * 8 != math.prod(shape) * _BITS[dtype]:
        raise ValueError("a tensor's length is not that of its shape")
    return TensorInfo(dtype, shape)
