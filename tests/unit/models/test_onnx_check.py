"""The ONNX check: what a model may not reach for, and that no bytes break the reader."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from assistant.errors import ModelError
from assistant.models.catalogue import bundled_models_dir, load_catalogue
from assistant.models.onnx_check import check_onnx


def field(number: int, content: bytes | int) -> bytes:
    """Encode one field of a protobuf message."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def model(tensor: bytes = b"", node: bytes = b"") -> bytes:
    graph = field(1, field(4, b"MatMul") + node) + field(5, field(1, 4) + tensor)
    return field(1, 8) + field(8, field(1, b"x.y") + field(2, 17)) + field(7, graph)


def check(data: bytes, folder: Path) -> None:
    path = folder / "model.onnx"
    path.write_bytes(data)
    with path.open("rb") as file:
        check_onnx(path, file)


OUTSIDE = field(13, field(1, b"location") + field(2, b"../../../etc/passwd"))


def test_a_plain_model_and_the_bundled_one_pass(tmp_path: Path) -> None:
    check(model(), tmp_path)
    check(model(node=field(7, b"com.microsoft")), tmp_path)
    path = bundled_models_dir() / load_catalogue().default_embedder.folder / "model.onnx"
    with path.open("rb") as file:
        check_onnx(path, file)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (model(tensor=OUTSIDE), "another file"),
        (model(tensor=field(14, 1)), "another file"),
        (model(node=field(5, field(5, OUTSIDE))), "another file"),  # a constant
        (model(node=field(5, field(6, field(5, OUTSIDE)))), "another file"),  # in a branch
        (field(7, field(15, field(1, OUTSIDE))), "another file"),  # a sparse one
        (model(node=field(7, b"evil.ops")), "domain b'evil.ops'"),
        (field(25, field(7, field(7, b"evil.ops"))), "domain"),  # in a function
        (field(20, b"x"), "training"),
        (field(7, 5), "no message"),
        (b"\x3a\xff\xff\xff\xff\x0f", "length"),
        (b"\xff" * 20, "too long"),
        (b"\x3b", "no ONNX"),
    ],
)
def test_refused_with_the_reason(data: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=said):
        check(data, tmp_path)


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    inner = b""
    for _ in range(40):
        inner = field(1, field(5, field(6, inner)))
    with pytest.raises(ModelError, match="nested"):
        check(field(7, inner), tmp_path)


def test_no_bytes_break_it(tmp_path: Path) -> None:
    good = model(tensor=field(9, bytes(40)), node=field(7, b"com.microsoft"))
    rng = random.Random(1)
    for _ in range(1000):
        data = bytearray(good)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            check(bytes(data), tmp_path)
        except ModelError:
            continue
