"""Headers of safetensors files: what is true of a whole file, and that no damaged one passes."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from assistant.errors import ModelError
from convert.safetensors_header import TensorInfo, read_tensors


def header(table: Any, data: bytes = b"\0" * 24) -> bytes:
    text = json.dumps(table).encode()
    return struct.pack("<Q", len(text)) + text + data


def one(dtype: str = "F32", shape: tuple[int, ...] = (2, 3), end: int = 24) -> dict[str, Any]:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": [0, end]}}


def test_types_and_shapes_are_those_that_were_written(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    tensors = {"a": torch.zeros(2, 3, dtype=torch.bfloat16), "b": torch.zeros(4)}
    save_file(tensors, path, metadata={"format": "pt"})
    assert read_tensors(path) == {"a": TensorInfo("BF16", (2, 3)), "b": TensorInfo("F32", (4,))}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0\0",
        struct.pack("<Q", 1 << 62) + b"{}",
        struct.pack("<Q", 20) + b"x" * 40,
        struct.pack("<Q", 200_000) + b"[" * 200_000,
        header(one())[:-3],
        header(one(), b"\0" * 30),
        header(one(end=400)),
        header(one(shape=(2, 4))),
        header(one(shape=(-2, 3))),
        header(one(shape=(1 << 40, 1 << 40))),
        header(one("ZZ")),
        header([1, 2]),
    ],
)
def test_a_damaged_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"a\.safetensors can't be read"):
        read_tensors(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="none"):
        read_tensors(tmp_path / "none")
