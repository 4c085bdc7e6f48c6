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
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from assistant.engine.ggml_types import FILE_TYPES, TENSOR_TYPES
from assistant.errors import ModelError

MAX_PAIRS = 4096
MAX_TENSORS = 65536
MAX_KEY_BYTES = 1024
MAX_STRING_BYTES = 1 << 20
MAX_KEPT_BYTES = 8 << 20
MAX_ARRAY_ITEMS = 8 << 20
MAX_DIMENSION = 1 << 40
MAX_CONTEXT = 1 << 27
_WINDOW = 1 << 18

# The codes of `struct` by type number; 8 and 9 are no scalars.
_SCALARS = {**dict(enumerate("BbHhIif?")), **dict(enumerate("Qqd", start=10))}
_STRING, _ARRAY = 8, 9

_HINT = "Copy or download the file again; it must be a GGUF model (version 2 or 3)."


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What a GGUF file says of itself; counts are checked, words are not.

    `pooling` is llama.cpp's pooling type (None or 0 is none, 4 is a reranker), `parameters`
    the number of weights, `size` the file's size in bytes.
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


def read_header(path: Path) -> GgufHeader:
    """Read and check the header of `path`. Raises `ModelError` naming the file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            return _Reader(path, file, size).read()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelError(f"{path} can't be read: {reason}.") from error


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
    def __init__(self, path: Path, file: BinaryIO, size: int) -> None:
        self._path = path
        self._file = file
        self._size = size
        self._window = b""
        self._at = 0
        self._consumed = 0
        self._kept = 0
        self._pairs: dict[str, Any] = {}
        self._lengths: dict[str, int] = {}

    def read(self) -> GgufHeader:
        if self._size == 0:
            self._fail("is empty")
        if self._take(min(4, self._size)) != b"GGUF":
            self._fail("is no GGUF file: it does not begin with the letters GGUF")
        version = self._number("I")
        if version not in (2, 3):
            swapped = int.from_bytes(version.to_bytes(4, "little"), "big")
            kind = "is in big-endian byte order" if swapped in (2, 3) else f"has version {version}"
            self._fail(f"is a GGUF file that {kind}, which can't be read")
        tensors = self._limited("Q", MAX_TENSORS, "tensors")
        pairs = self._limited("Q", MAX_PAIRS, "key/value pairs")
        for _ in range(pairs):
            self._read_pair()
        parameters = self._read_tensors(tensors)
        return self._header(version, tensors, parameters)

    def _fail(self, what: str) -> NoReturn:
        raise ModelError(f"{self._path} {what}.", hint=_HINT)

    # -- bytes ---------------------------------------------------------------------

    @property
    def _position(self) -> int:
        return self._consumed + self._at

    def _need(self, count: int) -> None:
        """Make `count` bytes available in the window."""
        if count > self._size - self._position:
            self._fail("is truncated: it ends inside its header")
        if len(self._window) - self._at < count:
            rest = self._window[self._at :]
            self._consumed += self._at
            more = self._file.read(max(_WINDOW, count - len(rest)))
            self._window, self._at = rest + more, 0
            if len(self._window) < count:
                self._fail("changed while it was read")

    def _take(self, count: int) -> bytes:
        self._need(count)
        self._at += count
        return self._window[self._at - count : self._at]

    def _skip(self, count: int) -> None:
        if count > self._size - self._position:
            self._fail("is truncated: it ends inside its header")
        if count <= len(self._window) - self._at:
            self._at += count
            return
        self._consumed = self._position + count
        self._window, self._at = b"", 0
        self._file.seek(self._consumed)

    def _number(self, code: str) -> Any:
        return struct.unpack("<" + code, self._take(struct.calcsize("<" + code)))[0]

    def _limited(self, code: str, limit: int, what: str) -> int:
        value = int(self._number(code))
        if value > limit:
            self._fail(f"is damaged: it claims {value} {what}")
        return value

    def _string(self, limit: int, what: str) -> str:
        raw = self._take(self._limited("Q", limit, f"bytes of {what}"))
        self._kept += len(raw)
        if self._kept > MAX_KEPT_BYTES:
            self._fail("is damaged: its texts are too long")
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            self._fail(f"is damaged: {what} is not UTF-8")

    # -- key/value pairs -----------------------------------------------------------

    def _read_pair(self) -> None:
        key = self._string(MAX_KEY_BYTES, "a key")
        if key in self._pairs or key in self._lengths:
            self._fail(f"is damaged: the key {key!r} stands there twice")
        kind = self._number("I")
        if kind in _SCALARS:
            self._pairs[key] = self._number(_SCALARS[kind])
        elif kind == _STRING:
            self._pairs[key] = self._string(MAX_STRING_BYTES, "a text")
        elif kind == _ARRAY:
            self._lengths[key] = self._skip_array()
        else:
            self._fail(f"is damaged: {key!r} is of the unknown type {kind}")

    def _skip_array(self) -> int:
        kind = self._number("I")
        count = self._limited("Q", MAX_ARRAY_ITEMS, "items in a list")
        if kind in _SCALARS:
            self._skip(count * struct.calcsize("<" + _SCALARS[kind]))
        elif kind == _STRING:
            self._skip_strings(count)
        else:
            self._fail(f"is damaged: a list is of the unknown type {kind}")
        return count

    def _skip_strings(self, count: int) -> None:
        unpack = struct.Struct("<Q").unpack_from
        for _ in range(count):
            self._need(8)
            length = unpack(self._window, self._at)[0]
            self._at += 8
            if length > MAX_STRING_BYTES:
                self._fail(f"is damaged: a text claims {length} bytes")
            self._skip(length)

    # -- tensors -------------------------------------------------------------------

    def _read_tensors(self, count: int) -> int:
        """Check all tensors against the file's size; return the number of weights."""
        alignment = self._pairs.get("general.alignment", 32)
        if type(alignment) is not int or not 8 <= alignment <= 65536 or alignment & (alignment - 1):
            self._fail(f"is damaged: its alignment is {alignment}")
        names: set[str] = set()
        parameters = expected = end = 0
        for _ in range(count):
            name = self._string(MAX_KEY_BYTES, "a tensor's name")
            if name in names:
                self._fail(f"is damaged: the tensor {name!r} stands there twice")
            names.add(name)
            elements, size = self._tensor_size(name)
            if self._number("Q") != expected:
                self._fail(f"is damaged: the tensor {name!r} is not where it should be")
            parameters += elements
            end = expected + size
            expected = -(-end // alignment) * alignment
        start = -(-self._position // alignment) * alignment
        missing = start + end - self._size
        if count and missing > 0:
            self._fail(f"is truncated: {missing} bytes of its weights are missing")
        return parameters

    def _tensor_size(self, name: str) -> tuple[int, int]:
        shape = [self._number("Q") for _ in range(self._limited("I", 4, "dimensions"))]
        kind = self._number("I")
        if kind not in TENSOR_TYPES:
            self._fail(f"has the tensor {name!r} of the unknown type {kind}")
        block, block_bytes = TENSOR_TYPES[kind]
        elements = 1
        for length in shape:
            elements *= length
            if not 0 < elements <= MAX_DIMENSION:
                self._fail(f"is damaged: the tensor {name!r} has the shape {shape}")
        if shape and shape[0] % block:
            self._fail(f"is damaged: a row of the tensor {name!r} is no whole number of blocks")
        return elements, elements // block * block_bytes

    # -- result --------------------------------------------------------------------

    def _text(self, key: str) -> str:
        value = self._pairs.get(key, "")
        if not isinstance(value, str):
            self._fail(f"is damaged: {key!r} is no text")
        return value

    def _count(self, key: str) -> int:
        value = self._pairs.get(key, 0)
        if type(value) is not int or value < 0:
            self._fail(f"is damaged: {key!r} is no count")
        return value

    def _header(self, version: int, tensors: int, parameters: int) -> GgufHeader:
        architecture = self._text("general.architecture")
        if not architecture:
            self._fail("does not say its architecture")
        context_length = self._count(f"{architecture}.context_length")
        if context_length > MAX_CONTEXT:
            self._fail(f"is damaged: it claims a context of {context_length} tokens")
        file_type = self._count("general.file_type")
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
            vocabulary=self._lengths.get("tokenizer.ggml.tokens", 0),
            chat_template=self._text("tokenizer.chat_template") or None,
            pooling=self._count(pooling_key) if pooling_key in self._pairs else None,
            causal=bool(self._pairs.get(f"{architecture}.attention.causal", True)),
            parts=self._count("split.count"),
            parameters=parameters,
            tensors=tensors,
            size=self._size,
        )
