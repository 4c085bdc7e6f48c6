"""Small GGUF files for tests, written by hand: whole, damaged, or of another kind."""

from __future__ import annotations

import math
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
    """Encode a value with its type number: bool, int (u32), float (f32), str or list.

    A list of integers is i32, of floats f32, any other one of texts.
    """
    if isinstance(item, bool):
        return struct.pack("<I?", 7, item)
    if isinstance(item, int):
        return struct.pack("<II", 4, item)
    if isinstance(item, float):
        return struct.pack("<If", 6, item)
    if isinstance(item, str):
        return struct.pack("<I", 8) + string(item)
    for kind, number, code in ((int, 5, "i"), (float, 6, "f")):
        if all(isinstance(entry, kind) for entry in item):
            return struct.pack(f"<IIQ{len(item)}{code}", 9, number, len(item), *item)
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


def toy_model(*, weight: float = 0.0, **changes: Any) -> bytes:
    """A llama of one layer that llama.cpp loads; each weight is `weight`.

    Its SPM vocabulary knows bytes only, so a space (written as U+2581) takes 3 tokens.
    """
    width, vocabulary = 32, ["<unk>", "<s>", "</s>", *(f"<0x{n:02X}>" for n in range(256))]
    pairs = chat_pairs(
        llama__embedding_length=width,
        llama__block_count=1,
        llama__feed_forward_length=width,
        llama__attention__head_count=1,
        llama__rope__dimension_count=width,
        llama__attention__layer_norm_rms_epsilon=1e-5,
        general__file_type=0,
        tokenizer__ggml__model="llama",
        tokenizer__ggml__tokens=vocabulary,
        tokenizer__ggml__scores=[0.0] * len(vocabulary),
        tokenizer__ggml__token_type=[2, 3, 3, *[6] * 256],
        **changes,
    )
    square = [f"blk.0.{n}.weight" for n in ("attn_q", "attn_k", "attn_v", "attn_output")]
    square += [f"blk.0.{n}.weight" for n in ("ffn_gate", "ffn_up", "ffn_down")]
    flat = ["output_norm.weight", "blk.0.attn_norm.weight", "blk.0.ffn_norm.weight"]
    shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (width, len(vocabulary))}
    shapes |= dict.fromkeys(square, (width, width)) | dict.fromkeys(flat, (width,))
    tensors: list[Tensor] = []
    offset = 0
    for name, shape in shapes.items():
        size = 4 * math.prod(shape)
        tensors.append((name, shape, 0, offset, size))
        offset += size
    whole = gguf(pairs, tuple(tensors))
    return whole[:-offset] + struct.pack("<f", weight) * (offset // 4)
