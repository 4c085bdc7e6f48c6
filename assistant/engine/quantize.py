"""Bring a GGUF file to another quantization, with llama.cpp's own quantizer."""

from __future__ import annotations

from pathlib import Path

from assistant.engine.ggml_types import FILE_TYPES
from assistant.engine.llama_runtime import last_messages, library
from assistant.engine.threads import physical_cores
from assistant.errors import ModelError


def quantize(source: Path, target: Path, quantization: str) -> None:
    """Write `source` to `target` in the format named `quantization` ("Q8_0").

    A file that is quantized already is quantized again. Raises `ModelError`.
    """
    numbers = {name: number for number, name in FILE_TYPES.items()}
    if quantization not in numbers:
        raise ModelError(f"The quantization '{quantization}' is unknown.")
    lib = library()
    params = lib.llama_model_quantize_default_params()
    params.ftype = numbers[quantization]
    params.allow_requantize = True
    params.nthread = physical_cores()
    status = lib.llama_model_quantize(str(source).encode(), str(target).encode(), params)
    if status != 0 or not target.is_file():
        raise ModelError(f"{source} can't be converted to {quantization}: {last_messages()}.")
