"""Read the header of a GGUF file without trusting a byte of it.

Layout (version 2 and 3, little endian): magic, version, number of tensors, number of
key/value pairs; the pairs; for each tensor its name, shape, type and offset; padding; the
data. Each count and length is checked against a limit *and* against the bytes that are
left before anything is read for it, so memory stays bounded whatever the file says.
The engine reads the file again with its own parser; this reader decides, before that,
whether the file is whole and what kind of model it is, and says so in words.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from assistant.errors import ModelError
from assistant.models.ggml_types import FILE_TYPES, TENSOR_TYPES
from assistant.models.gguf_bytes import MAX_STRING_BYTES, GgufBytes
from assistant.models.gguf_metadata import (
    ARRAY,
    BOOL,
    FLOAT32,
    MAX_VALUES,
    STRING,
    GgufList,
    Metadata,
    odd_key,
    odd_metadata,
    odd_tensor_name,
    odd_value,
)

MAX_PAIRS = 4096
MAX_TENSORS = 65536
MAX_KEY_BYTES = 1024
MAX_ARRAY_ITEMS = 8 << 20
MAX_DIMENSION = 1 << 40

# The codes of `struct` by type number; 8 and 9 are no scalars.
_SCALARS = {**dict(enumerate("BbHhIif?")), **dict(enumerate("Qqd", start=10))}


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """The header of a GGUF file; counts are checked, words are not.

    `pooling` is llama.cpp's pooling type (None or 0 is none, 4 is a reranker), `parameters`
    the number of weights, `size` the file's size in bytes. `shapes` gives each tensor's
    shape by its name, the fastest dimension first, `tensor_types` the numbers of the types
    of all tensors. The last three are what an adapter says: its type, its alpha (0 if it
    gives none as a 32-bit float), and whether it waits for a trigger in the prompt.
    """

    version: int
    kind: str
    architecture: str
    name: str
    context_length: int
    embedding_length: int
    quantization: str
    tokenizer_model: str
    vocabulary: int
    chat_template: str | None
    pooling: int | None
    causal: bool
    parts: int
    parameters: int
    tensors: int
    size: int
    shapes: Mapping[str, tuple[int, ...]]
    tensor_types: frozenset[int]
    adapter_type: str
    lora_alpha: float
    triggered: bool


def read_header(path: Path) -> GgufHeader:
    """Read and check the header of `path`. Raises `ModelError` naming the file."""
    try:
        with path.open("rb") as file:
            return read_header_of(path, file)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelError(f"{path} can't be read: {reason}.") from error


def read_header_of(path: Path, file: BinaryIO) -> GgufHeader:
    """Read and check the header of a file that is open; errors (`ModelError`) name `path`."""
    return _Reader(path, file).read()


def why_not_chat(header: GgufHeader) -> str:
    """Return why the model can't answer in a conversation, or "" if it seems able to."""
    bert = header.architecture.endswith(("bert", "bert-moe"))
    reasons = {
        f"it is no model of its own but of the kind '{header.kind}'": header.kind
        not in ("", "model"),
        f"it is one of {header.parts} parts; merge them into one file first": header.parts > 1,
        "it is a reranker (it scores texts and writes none)": header.pooling == 4,
        "it is an embedding model (it writes no text)": header.pooling or not header.causal or bert,
        f"its architecture '{header.architecture}' writes no text": header.architecture
        in ("clip", "t5encoder"),
        "it has no tokenizer or no context length": not header.tokenizer_model
        or min(header.context_length, header.vocabulary) < 1,
        "it has no chat template, so how to ask it is unknown": not header.chat_template,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


class _Reader:
    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._bytes = GgufBytes(path, file)
        self._pairs: dict[str, Any] = {}
        self._kinds: dict[str, int] = {}
        self._lists: dict[str, GgufList] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._types: set[int] = set()

    def read(self) -> GgufHeader:
        if self._bytes.size == 0:
            self._bytes.fail("is empty")
        if self._bytes.take(min(4, self._bytes.size)) != b"GGUF":
            self._bytes.fail("is no GGUF file: it does not begin with the letters GGUF")
        version = self._bytes.number("I")
        if version not in (2, 3):
            swapped = int.from_bytes(version.to_bytes(4, "little"), "big")
            kind = "is in big-endian byte order" if swapped in (2, 3) else f"has version {version}"
            self._bytes.fail(f"is a GGUF file that {kind}, which can't be read")
        tensors = self._bytes.limited("Q", MAX_TENSORS, "tensors")
        pairs = self._bytes.limited("Q", MAX_PAIRS, "key/value pairs")
        for _ in range(pairs):
            self._read_pair()
        parameters = self._read_tensors(tensors)
        return self._header(version, parameters)

    # -- key/value pairs -----------------------------------------------------------

    def _read_pair(self) -> None:
        key = self._bytes.string(MAX_KEY_BYTES, "a key")
        self._damaged(odd_key(key))
        if key in self._kinds:
            self._bytes.fail(f"is damaged: the key {key!r} stands there twice")
        kind = self._kinds[key] = self._bytes.number("I")
        if kind == BOOL:
            self._pairs[key] = bool(self._bytes.limited("B", 1, f"for the yes or no of {key!r}"))
        elif kind in _SCALARS:
            self._pairs[key] = self._bytes.number(_SCALARS[kind])
        elif kind == STRING:
            self._pairs[key] = self._bytes.string(MAX_STRING_BYTES, "a text")
        elif kind == ARRAY:
            self._lists[key] = self._read_list()
        else:
            self._bytes.fail(f"is damaged: {key!r} is of the unknown type {kind}")
        self._damaged(odd_value(key, kind, self._pairs.get(key)))

    def _damaged(self, reason: str) -> None:
        if reason:
            self._bytes.fail(f"is damaged: {reason}")

    def _read_list(self) -> GgufList:
        """Read a list of numbers if it is short; a long one, and texts, are passed over."""
        kind = self._bytes.number("I")
        count = self._bytes.limited("Q", MAX_ARRAY_ITEMS, "items in a list")
        if kind in _SCALARS:
            form = struct.Struct(f"<{count}{_SCALARS[kind]}")
            if count <= MAX_VALUES:
                return GgufList(kind, count, form.unpack(self._bytes.take(form.size)))
            self._bytes.skip(form.size)
        elif kind == STRING:
            self._bytes.skip_strings(count)
        else:
            self._bytes.fail(f"is damaged: a list is of the unknown type {kind}")
        return GgufList(kind, count)

    # -- tensors -------------------------------------------------------------------

    def _read_tensors(self, count: int) -> int:
        """Check all tensors against the file's size; return the number of weights."""
        alignment = self._pairs.get("general.alignment", 32)
        if type(alignment) is not int or not 8 <= alignment <= 65536 or alignment & (alignment - 1):
            self._bytes.fail(f"is damaged: its alignment is {alignment}")
        parameters = expected = end = 0
        for _ in range(count):
            name = self._bytes.string(MAX_KEY_BYTES, "a tensor's name")
            self._damaged(odd_tensor_name(name))
            if name in self._shapes:
                self._bytes.fail(f"is damaged: the tensor {name!r} stands there twice")
            elements, size = self._tensor_size(name)
            if self._bytes.number("Q") != expected:
                self._bytes.fail(f"is damaged: the tensor {name!r} is not where it should be")
            parameters += elements
            end = expected + size
            expected = -(-end // alignment) * alignment
        start = -(-self._bytes.position // alignment) * alignment
        missing = start + end - self._bytes.size
        if count and missing > 0:
            self._bytes.fail(f"is truncated: {missing} bytes of its weights are missing")
        if (after := self._bytes.size - start - expected) > 0:
            self._bytes.fail(f"is damaged: {after} bytes stand after its end")
        return parameters

    def _tensor_size(self, name: str) -> tuple[int, int]:
        shape = [self._bytes.number("Q") for _ in range(self._bytes.limited("I", 4, "dimensions"))]
        kind = self._bytes.number("I")
        if kind not in TENSOR_TYPES:
            self._bytes.fail(f"has the tensor {name!r} of the unknown type {kind}")
        block, block_bytes = TENSOR_TYPES[kind]
        elements = 1
        for length in shape:
            elements *= length
            if not 0 < elements <= MAX_DIMENSION:
                self._bytes.fail(f"is damaged: the tensor {name!r} has the shape {shape}")
        if shape and shape[0] % block:
            self._bytes.fail(
                f"is damaged: a row of the tensor {name!r} is no whole number of blocks"
            )
        self._shapes[name] = tuple(shape)
        self._types.add(kind)
        return elements, elements // block * block_bytes

    # -- result --------------------------------------------------------------------

    def _text(self, key: str) -> str:
        value = self._pairs.get(key, "")
        if not isinstance(value, str):
            self._bytes.fail(f"is damaged: {key!r} is no text")
        return value

    def _count(self, key: str) -> int:
        value = self._pairs.get(key, 0)
        if type(value) is not int or value < 0:
            self._bytes.fail(f"is damaged: {key!r} is no count")
        return value

    def _header(self, version: int, parameters: int) -> GgufHeader:
        architecture = self._text("general.architecture")
        if not architecture:
            self._bytes.fail("does not say its architecture")
        context_length = self._count(f"{architecture}.context_length")
        self._damaged(odd_metadata(Metadata(self._pairs, self._lists, self._kinds, self._shapes)))
        tokens = self._lists.get("tokenizer.ggml.tokens")
        file_type = self._count("general.file_type")
        has_alpha = self._kinds.get("adapter.lora.alpha") == FLOAT32
        pooling_key = f"{architecture}.pooling_type"
        return GgufHeader(
            version=version,
            kind=self._text("general.type"),
            architecture=architecture,
            name=self._text("general.name"),
            context_length=context_length,
            embedding_length=self._count(f"{architecture}.embedding_length"),
            quantization=FILE_TYPES.get(file_type, f"type {file_type}"),
            tokenizer_model=self._text("tokenizer.ggml.model"),
            vocabulary=tokens.count if tokens is not None else 0,
            chat_template=self._text("tokenizer.chat_template") or None,
            pooling=self._count(pooling_key) if pooling_key in self._pairs else None,
            causal=bool(self._pairs.get(f"{architecture}.attention.causal", True)),
            parts=self._count("split.count"),
            parameters=parameters,
            tensors=len(self._shapes),
            size=self._bytes.size,
            shapes=self._shapes,
            tensor_types=frozenset(self._types),
            adapter_type=self._text("adapter.type"),
            lora_alpha=self._pairs["adapter.lora.alpha"] if has_alpha else 0.0,
            triggered="adapter.alora.invocation_tokens" in self._kinds,
        )
