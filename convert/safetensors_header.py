"""Names, types and shapes in a safetensors file, read without its weights.

The library's own reader (in Rust) checks the header against the file: sizes, offsets, types.
https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assistant.errors import ModelError

FLOATS = ("F64", "F32", "F16", "BF16")


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """Type as the format names it ("BF16"), and shape."""

    dtype: str
    shape: tuple[int, ...]


def read_tensors(path: Path) -> dict[str, TensorInfo]:
    """Return the tensors of a file by name. Raises `ModelError` if it is damaged."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="np") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
            return {n: TensorInfo(s.get_dtype(), tuple(s.get_shape())) for n, s in slices.items()}
    except (OSError, SafetensorError) as error:
        raise ModelError(
            f"{path} can't be read: {error}.", hint="Copy the file again; it may be truncated."
        ) from error
