"""GGUF files of the true shapes of larger models, with random weights in the layout of Q4_K_M.

They say nothing, but are as fast and as large as the real ones. The vocabulary is that of an
installed model, filled up with tokens that no text has. Needs the package `gguf` (workstation).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Shape:
    """What a model card and its GGUF header say of a model."""

    name: str
    architecture: str
    layers: int
    width: int
    heads: int
    key_heads: int
    head: int
    feed_forward: int
    vocabulary: int
    tied: bool


SHAPES = {
    "1B": Shape("Granite 4.0 1B", "llama", 40, 2048, 16, 4, 128, 4096, 100352, True),
    "4B": Shape("Qwen3 4B", "qwen3", 36, 2560, 32, 8, 128, 9728, 151936, True),
    "8B": Shape("Qwen3 8B", "qwen3", 36, 4096, 32, 8, 128, 12288, 151936, False),
}
_BLOCK = 256
_Q4_BYTES, _Q6_BYTES = 144, 210


def write_random(shape: Shape, like: Path, target: Path) -> None:
    """Write a model of a shape to `target`, with the tokenizer of the model `like`."""
    import gguf

    source = gguf.GGUFReader(like)
    writer = gguf.GGUFWriter(target, shape.architecture)
    writer.add_type("model")
    writer.add_name(f"Random weights in the shape of {shape.name}")
    writer.add_context_length(32768)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.key_heads)
    writer.add_key_length(shape.head)
    writer.add_value_length(shape.head)
    writer.add_rope_dimension_count(shape.head)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_K_M)
    _add_tokenizer(writer, source, shape.vocabulary)
    tensors = list(_tensors(shape))
    kinds = {"q4": gguf.GGMLQuantizationType.Q4_K, "q6": gguf.GGMLQuantizationType.Q6_K}
    for name, rows, columns, kind in tensors:
        if kind == "f32":
            writer.add_tensor_info(name, [columns], np.dtype(np.float32), columns * 4)
            continue
        size = columns // _BLOCK * (_Q4_BYTES if kind == "q4" else _Q6_BYTES)
        writer.add_tensor_info(
            name, [rows, size], np.dtype(np.uint8), rows * size, raw_dtype=kinds[kind]
        )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    rng = np.random.default_rng(7)
    for _, rows, columns, kind in tensors:
        writer.write_tensor_data(_weights(rng, rows, columns, kind))
    writer.close()


def _add_tokenizer(writer: Any, source: Any, vocabulary: int) -> None:
    read = {key: field.contents() for key, field in source.fields.items()}
    tokens = list(read["tokenizer.ggml.tokens"])
    kinds = list(read["tokenizer.ggml.token_type"])
    more = vocabulary - len(tokens)
    writer.add_tokenizer_model(read["tokenizer.ggml.model"])
    writer.add_tokenizer_pre(read["tokenizer.ggml.pre"])
    writer.add_token_list([*tokens, *(f"<|unused_{n}|>" for n in range(more))])
    writer.add_token_types([*kinds, *[5] * more])
    writer.add_token_merges(read["tokenizer.ggml.merges"])
    writer.add_bos_token_id(read["tokenizer.ggml.bos_token_id"])
    writer.add_eos_token_id(read["tokenizer.ggml.eos_token_id"])
    writer.add_chat_template(read["tokenizer.chat_template"])


def _tensors(shape: Shape) -> Any:
    """Yield (name, rows, columns, kind) as llama.cpp's Q4_K_M mixes them."""
    yield "token_embd.weight", shape.vocabulary, shape.width, "q6" if shape.tied else "q4"
    keys = shape.key_heads * shape.head
    for layer in range(shape.layers):
        eighth = shape.layers // 8
        more = layer < eighth or layer >= 7 * eighth or (layer - eighth) % 3 == 2
        better = "q6" if more else "q4"
        block = f"blk.{layer}"
        yield f"{block}.attn_norm.weight", 1, shape.width, "f32"
        yield f"{block}.ffn_norm.weight", 1, shape.width, "f32"
        if shape.architecture == "qwen3":
            yield f"{block}.attn_q_norm.weight", 1, shape.head, "f32"
            yield f"{block}.attn_k_norm.weight", 1, shape.head, "f32"
        yield f"{block}.attn_q.weight", shape.heads * shape.head, shape.width, "q4"
        yield f"{block}.attn_k.weight", keys, shape.width, "q4"
        yield f"{block}.attn_v.weight", keys, shape.width, better
        yield f"{block}.attn_output.weight", shape.width, shape.heads * shape.head, "q4"
        yield f"{block}.ffn_gate.weight", shape.feed_forward, shape.width, "q4"
        yield f"{block}.ffn_up.weight", shape.feed_forward, shape.width, "q4"
        yield f"{block}.ffn_down.weight", shape.width, shape.feed_forward, better
    yield "output_norm.weight", 1, shape.width, "f32"
    if not shape.tied:
        yield "output.weight", shape.vocabulary, shape.width, "q6"


def _weights(
    rng: np.random.Generator, rows: int, columns: int, kind: str
) -> NDArray[np.float32] | NDArray[np.uint8]:
    """Make weights of about 0.02; a block of 256 has its scale as a 16-bit float."""
    if kind == "f32":
        return np.ones(columns, np.float32)
    size = _Q4_BYTES if kind == "q4" else _Q6_BYTES
    blocks = columns // _BLOCK
    data = rng.integers(0, 256, (rows, blocks, size), dtype=np.uint8)
    scale = np.frombuffer(np.float16(2e-4).tobytes(), np.uint8)
    if kind == "q4":  # d, dmin, scales and mins of 6 bits, 256 of 4 bits
        data[..., 0:2] = scale
        data[..., 2:4] = np.frombuffer(np.float16(1.5e-3).tobytes(), np.uint8)
    else:  # 256 of 6 bits, 16 scales of 8 bits, d
        data[..., 208:210] = np.frombuffer(np.float16(1.5e-5).tobytes(), np.uint8)
    return data.reshape(rows, blocks * size)
