"""The GGUF reader: what it understands, what it refuses, and that nothing breaks it."""

from __future__ import annotations

import contextlib
import ctypes
import random
import struct
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.errors import ModelError
from assistant.models.ggml_types import TENSOR_TYPES
from assistant.models.gguf_header import GgufHeader, read_header, why_not_chat
from tests.unit.models.gguf_files import TENSORS, chat_pairs, gguf, string, value


def header_of(data: bytes, tmp_path: Path) -> GgufHeader:
    path = tmp_path / "model.gguf"
    path.write_bytes(data)
    return read_header(path)


def test_reads_a_small_chat_model(tmp_path: Path) -> None:
    header = header_of(gguf(chat_pairs(), TENSORS), tmp_path)
    assert header.architecture == "llama"
    assert header.name == "Tiny"
    assert header.context_length == 512
    assert header.embedding_length == 32
    assert header.quantization == "Q8_0"
    assert header.vocabulary == 3
    assert header.parameters == 32 * 3 + 32
    assert header.tensors == 2
    assert why_not_chat(header) == ""


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"GG", "no GGUF file"),
        (b"PK\x03\x04" + bytes(100), "no GGUF file"),
        (b"GGUF", "truncated"),
        (gguf({}, version=1), "version 1"),
        (gguf({}, version=4), "version 4"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "big-endian"),
        (gguf({}, tensor_count=1 << 60), "claims"),
        (gguf({}, pair_count=1 << 63), "claims"),
        (gguf({}, pair_count=7), "odd characters"),
        (gguf({"a": 1}), "does not say its architecture"),
        (gguf({"general.architecture": 7}), "wrong type"),
        (gguf(chat_pairs(llama__context_length="much")), "is no count"),
        (gguf(chat_pairs(llama__context_length=1 << 31)), "'llama.context_length' is 2147483648"),
        (gguf(chat_pairs(adapter__lora__alpha=float("nan"))), "no finite number"),
        (gguf(chat_pairs(general__alignment=3)), "alignment"),
        (gguf(chat_pairs(general__alignment=0)), "alignment"),
        (gguf(chat_pairs(), (("x", (31, 2), 8, 0, 0),)), "whole number of blocks"),
        (gguf(chat_pairs(), (("x", (0,), 0, 0, 0),)), "shape"),
        (gguf(chat_pairs(), (("x", (1 << 62, 1 << 62), 0, 0, 0),)), "shape"),
        (gguf(chat_pairs(), (("x", (32,), 4, 0, 0),)), "unknown type 4"),
        (gguf(chat_pairs(), (("x", (1, 1, 1, 1, 1), 0, 0, 0),)), "dimensions"),
        (gguf(chat_pairs(), (TENSORS[0], ("token_embd.weight", (32,), 0, 128, 128))), "twice"),
        (gguf(chat_pairs(), (TENSORS[0], ("late", (32,), 0, 1 << 40, 0))), "where it should be"),
    ],
)
def test_refuses_with_the_reason(data: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=said) as caught:
        header_of(data, tmp_path)
    assert "model.gguf" in caught.value.message
    assert caught.value.hint


def test_key_twice_is_refused(tmp_path: Path) -> None:
    pair = string("general.architecture") + value("llama")
    data = b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + pair + pair
    with pytest.raises(ModelError, match="twice"):
        header_of(data, tmp_path)


def test_nested_and_unknown_types_are_refused(tmp_path: Path) -> None:
    for kind in (struct.pack("<IIQ", 9, 9, 1), struct.pack("<I", 13)):
        data = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + string("x") + kind + bytes(64)
        with pytest.raises(ModelError, match="unknown type"):
            header_of(data, tmp_path)


def test_every_truncation_is_noticed(tmp_path: Path) -> None:
    whole = gguf(chat_pairs(), TENSORS)
    assert header_of(whole, tmp_path).tensors == 2
    for length in range(len(whole)):
        with pytest.raises(ModelError, match=r"empty|truncated|no GGUF"):
            header_of(whole[:length], tmp_path)


def test_huge_claims_cost_no_memory(tmp_path: Path) -> None:
    def with_length(kind: bytes, count: int) -> bytes:
        start = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + string("x") + kind
        return start + struct.pack("<Q", count) + bytes(1000)

    claims = [
        with_length(struct.pack("<I", 8), 1 << 62),
        with_length(struct.pack("<I", 8), 1 << 20),
        with_length(struct.pack("<II", 9, 10), 1 << 22),
        with_length(struct.pack("<II", 9, 8), 1 << 22),
        gguf({}, pair_count=4000),
    ]
    tracemalloc.start()
    for data in claims:
        with pytest.raises(ModelError):
            header_of(data, tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"llama__pooling_type": 1}, "embedding model"),
        ({"llama__pooling_type": 4}, "reranker"),
        ({"llama__attention__causal": False}, "embedding model"),
        ({"general__architecture": "nomic-bert"}, "embedding model"),
        ({"general__type": "adapter"}, "kind 'adapter'"),
        ({"general__architecture": "clip"}, "'clip'"),
        ({"split__count": 3}, "3 parts"),
        ({"tokenizer__chat_template": None}, "no chat template"),
        ({"llama__context_length": None}, "no context length"),
        ({"tokenizer__ggml__tokens": None}, "no tokenizer"),
    ],
)
def test_other_models_are_no_chat_models(
    changes: dict[str, object], said: str, tmp_path: Path
) -> None:
    header = header_of(gguf(chat_pairs(**changes), TENSORS), tmp_path)
    assert said in why_not_chat(header)


def test_block_sizes_are_those_of_the_engine() -> None:
    """The table is a copy; the library that will read the file has the last word."""
    llama_cpp = pytest.importorskip("llama_cpp")
    folder = Path(llama_cpp.__file__).parent / "lib"
    library = next(iter(folder.glob("libggml-base*")), None)
    if library is None:
        pytest.skip("the engine's base library has another name on this platform")
    ggml = ctypes.CDLL(str(library))
    ggml.ggml_type_size.restype = ctypes.c_size_t
    ggml.ggml_blck_size.restype = ctypes.c_int64
    known = {k: (ggml.ggml_blck_size(k), ggml.ggml_type_size(k)) for k in range(43)}
    assert {k: sizes for k, sizes in known.items() if sizes[0] > 0} == TENSOR_TYPES


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=12),
    cut=st.integers(0, 10_000),
    grow=st.binary(max_size=64),
)
def test_mutations_give_a_header_or_a_model_error(
    edits: list[tuple[int, int]], cut: int, grow: bytes, tmp_path: Path
) -> None:
    data = bytearray(gguf(chat_pairs(), TENSORS))
    for place, byte in edits:
        data[place % len(data)] = byte
    mutated = bytes(data[: len(data) - cut % 7]) + grow
    with contextlib.suppress(ModelError):  # anything else fails the test
        header = header_of(mutated, tmp_path)
        assert header.architecture
        assert isinstance(why_not_chat(header), str)


def test_random_bytes_after_the_magic(tmp_path: Path) -> None:
    generator = random.Random(7)
    for _ in range(300):
        body = generator.randbytes(generator.randrange(400))
        counts = struct.pack("<IQQ", 3, generator.randrange(3), generator.randrange(6))
        for start in (b"GGUF", b"GGUF" + counts):
            with pytest.raises(ModelError):
                header_of(start + body, tmp_path)
