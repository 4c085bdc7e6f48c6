"""Small GGUF files for tests, written by hand: whole, damaged, or of another kind."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

Tensor = tuple[str, tuple[int, ...], int, int, int]
"""(name, shape, type number, offset, bytes)."""

CHATML = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + "
    "message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def string(text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return struct.pack("<Q", len(data)) + data


def value(item: Any) -> bytes:
    """Encode a value with its type number: bool, int (u32), float (f32), str or list."""
    if isinstance(item, bool):
        return struct.pack("<I?", 7, item)
    if isinstance(item, int):
        return struct.pack("<II", 4, item)
    if isinstance(item, float):
        return struct.pack("<If", 6, item)
    if isinstance(item, str):
        return struct.pack("<I", 8) + string(item)
    if all(isinstance(entry, int) for entry in item):
        return struct.pack("<IIQ", 9, 4, len(item)) + struct.pack(f"<{len(item)}I", *item)
    return struct.pack("<IIQ", 9, 8, len(item)) + b"".join(string(entry) for entry in item)


def gguf(
    pairs: Mapping[str, Any],
    tensors: tuple[Tensor, ...] = (),
    *,
    version: int = 3,
    tensor_count: int | None = None,
    pair_count: int | None = None,
) -> bytes:
    """Write a GGUF; the counts can be made to lie."""
    out = b"GGUF" + struct.pack(
        "<IQQ",
        version,
        len(tensors) if tensor_count is None else tensor_count,
        len(pairs) if pair_count is None else pair_count,
    )
    out += b"".join(string(key) + value(item) for key, item in pairs.items())
    for name, shape, kind, offset, _ in tensors:
        out += string(name) + struct.pack("<I", len(shape))
        out += struct.pack(f"<{len(shape)}Q", *shape) + struct.pack("<IQ", kind, offset)
    out += bytes(-len(out) % 32)
    for *_, offset, size in tensors:
        out += bytes(max(0, size + (-size % 32))) if offset >= 0 else b""
    return out


def chat_pairs(**changes: Any) -> dict[str, Any]:
    """The keys of a small chat model; a change of None leaves a key out ("." is "__")."""
    pairs: dict[str, Any] = {
        "general.architecture": "llama",
        "general.type": "model",
        "general.name": "Tiny",
        "general.file_type": 7,
        "llama.context_length": 512,
        "llama.embedding_length": 32,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": ["a", "b", "c"],
        "tokenizer.chat_template": CHATML,
    }
    pairs.update({key.replace("__", "."): item for key, item in changes.items()})
    return {key: item for key, item in pairs.items() if item is not None}


TENSORS: tuple[Tensor, ...] = (
    ("token_embd.weight", (32, 3), 8, 0, 102),
    ("output_norm.weight", (32,), 0, 128, 128),
)
