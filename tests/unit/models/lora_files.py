"""LoRA GGUF files for tests, written by hand: random, without effect, or wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.unit.models.gguf_files import Tensor, gguf, toy_model

Shape = tuple[int, ...]

_TOY_WIDTH, _TOY_VOCABULARY = 32, 259

TOY: dict[str, Shape] = {"blk.0.attn_q.weight": (32, 32), "blk.0.ffn_down.weight": (32, 32)}
"""Two of the matrices of `gguf_files.toy_model`: name to (in, out)."""


def smollm2_shapes(layers: int = 30) -> dict[str, Shape]:
    """The linear layers of the default chat model: name to (in, out)."""
    widths = {
        "attn_q": (576, 576),
        "attn_k": (576, 192),
        "attn_v": (576, 192),
        "attn_output": (576, 576),
        "ffn_gate": (576, 1536),
        "ffn_up": (576, 1536),
        "ffn_down": (1536, 576),
    }
    return {
        f"blk.{layer}.{name}.weight": shape
        for layer in range(layers)
        for name, shape in widths.items()
    }


def lora_pairs(**changes: Any) -> dict[str, Any]:
    """The keys of a LoRA; a change of None leaves a key out ("." is "__")."""
    pairs: dict[str, Any] = {
        "general.architecture": "llama",
        "general.type": "adapter",
        "general.name": "Tiny Adapter",
        "general.file_type": 0,
        "adapter.type": "lora",
        "adapter.lora.alpha": 16.0,
    }
    pairs.update({key.replace("__", "."): item for key, item in changes.items()})
    return {key: item for key, item in pairs.items() if item is not None}


def matrices(shapes: Mapping[str, Shape], rank: int = 8) -> dict[str, Shape]:
    """The pairs of matrices over tensors of a base: name to shape (fastest first)."""
    made: dict[str, Shape] = {}
    for name, (width, height) in shapes.items():
        made[f"{name}.lora_a"] = (width, rank)
        made[f"{name}.lora_b"] = (rank, height)
    return made


def values(tensors: Mapping[str, Shape], strength: float) -> dict[str, NDArray[np.float32]]:
    """Random matrices, shape reversed as NumPy counts: A, and B times `strength`."""
    chance = np.random.default_rng(7)
    made = {}
    for name, shape in tensors.items():
        scale = strength if name.endswith(".lora_b") else shape[0] ** -0.5
        made[name] = (chance.standard_normal(shape[::-1]) * scale).astype("<f4")
    return made


def lora(tensors: Mapping[str, Shape], *, strength: float = 0.0, **changes: Any) -> bytes:
    """Write a LoRA in float32 with the values above (strength 0: without effect)."""
    table: list[Tensor] = []
    data: list[bytes] = []
    offset = 0
    for name, array in values(tensors, strength).items():
        raw = array.tobytes()
        table.append((name, tensors[name], 0, offset, len(raw)))
        data.append(raw + bytes(-len(raw) % 32))
        offset += len(data[-1])
    whole = gguf(lora_pairs(**changes), tuple(table))
    return whole[: len(whole) - offset] + b"".join(data)


def random_toy(merged: Mapping[str, NDArray[np.float32]] | None = None) -> bytes:
    """The toy model with random weights, to which `merged` are added by tensor name."""
    whole = toy_model()
    chance = np.random.default_rng(3)
    sizes = {"token_embd.weight": (_TOY_VOCABULARY, _TOY_WIDTH)}
    names = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
    sizes |= {f"blk.0.{name}.weight": (_TOY_WIDTH, _TOY_WIDTH) for name in names}
    data = b""
    for name, shape in sizes.items():
        weights = (chance.standard_normal(shape) * 0.3).astype("<f4")
        data += (weights + (merged or {}).get(name, np.float32(0))).astype("<f4").tobytes()
    data += np.ones(3 * _TOY_WIDTH, "<f4").tobytes()  # the norms
    return whole[: len(whole) - len(data)] + data
