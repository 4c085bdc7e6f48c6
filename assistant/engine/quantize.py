"""Quantize a GGUF file with llama.cpp."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.engine.llama_runtime import last_messages, library
from assistant.engine.thread_count import physical_cores
from assistant.errors import ModelError
from assistant.models.ggml_types import FILE_TYPES


def quantize(
    source: Path,
    target: Path,
    quantization: str,
    importance: Mapping[str, NDArray[np.float32]] | None = None,
) -> None:
    """Write `source` to `target` in the format named `quantization` ("Q8_0").

    A file that is quantized already is quantized again. `importance` gives for a tensor's
    name how much each of its columns counts when values are rounded (an importance matrix:
    the mean square of the column's input, shape (columns,)). Raises `ModelError`.
    """
    numbers = {name: number for number, name in FILE_TYPES.items()}
    if quantization not in numbers:
        raise ModelError(f"The quantization '{quantization}' is unknown.")
    lib = library()
    params = lib.llama_model_quantize_default_params()
    params.ftype = numbers[quantization]
    params.allow_requantize = True
    params.nthread = physical_cores()
    kept = _importance(lib, importance) if importance else None
    if kept is not None:
        params.imatrix = kept[0]
    status = lib.llama_model_quantize(str(source).encode(), str(target).encode(), params)
    if status != 0 or not target.is_file():
        raise ModelError(f"{source} can't be converted to {quantization}: {last_messages()}.")


def _importance(lib: Any, importance: Mapping[str, NDArray[np.float32]]) -> tuple[Any, list[Any]]:
    """Return llama.cpp's array for an importance matrix, and what it points at.

    It ends with an entry without a name.
    """
    entries = (lib.llama_model_imatrix_data * (len(importance) + 1))()
    kept: list[Any] = []
    for entry, (name, values) in zip(entries, importance.items(), strict=False):
        data = np.ascontiguousarray(values, dtype=np.float32)
        kept.append(data)
        entry.name = name.encode()
        entry.data = data.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        entry.size = data.size
    return entries, kept
