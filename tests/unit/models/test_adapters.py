"""Headers of adapters: which files are refused, and which fit over a base."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from assistant.errors import ModelError
from assistant.models.adapter_check import matrix_format, why_not_adapter, why_not_over
from assistant.models.gguf_header import GgufHeader, read_header
from tests.unit.models.gguf_files import gguf, toy_model
from tests.unit.models.lora_files import TOY, lora, lora_pairs, matrices

PAIRS = matrices(TOY)
QUERY = "blk.0.attn_q.weight"


def header(folder: Path, data: bytes) -> GgufHeader:
    path = folder / "some.gguf"
    path.write_bytes(data)
    return read_header(path)


def test_the_header_of_an_adapter(tmp_path: Path) -> None:
    found = header(tmp_path, lora(PAIRS))
    assert (found.kind, found.adapter_type, found.lora_alpha) == ("adapter", "lora", 16.0)
    assert found.shapes[f"{QUERY}.lora_a"] == (32, 8)
    assert found.shapes[f"{QUERY}.lora_b"] == (8, 32)
    assert matrix_format(found) == "F32"
    assert why_not_adapter(found) == ""
    assert why_not_over(found, header(tmp_path, toy_model())) == ""
    mixed = gguf(
        lora_pairs(), (("x.lora_a", (32, 8), 1, 0, 512), ("x.lora_b", (32, 8), 8, 512, 272))
    )
    assert matrix_format(header(tmp_path, mixed)) == "Q8_0"
    integers = gguf(lora_pairs(), (("x.lora_a", (8, 4), 26, 0, 128),))
    assert "another type" in why_not_adapter(header(tmp_path, integers))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"general__type": "model"}, "model of its own"),
        ({"general__type": None}, "model of its own"),
        ({"adapter__type": "dora"}, "'dora'"),
        ({"adapter__type": None}, "not 'lora'"),
        ({"adapter__lora__alpha": None}, "alpha"),
        ({"adapter__lora__alpha": 16}, "alpha"),  # llama.cpp would abort: no 32-bit float
        ({"adapter__lora__alpha": 0.0}, "alpha"),
        ({"adapter__lora__alpha": -1.0}, "alpha"),
        ({"adapter__alora__invocation_tokens": [1, 2]}, "trigger"),
    ],
)
def test_what_is_no_adapter(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    assert said in why_not_adapter(header(tmp_path, lora(PAIRS, **changes)))


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({}, "no matrices"),
        ({f"{QUERY}.lora_a": (32, 8)}, "no counterpart"),
        ({f"{QUERY}.lora_b": (8, 32)}, "no counterpart"),
        ({".lora_a": (32, 8), ".lora_b": (8, 32)}, "no matrix of a LoRA"),
        ({**PAIRS, "blk.0.attn_norm.weight": (32,)}, "no matrix of a LoRA"),
        ({**PAIRS, QUERY: (32, 32)}, "no matrix of a LoRA"),
    ],
)
def test_tensors_that_are_no_lora(
    tensors: dict[str, tuple[int, ...]], said: str, tmp_path: Path
) -> None:
    assert said in why_not_adapter(header(tmp_path, lora(tensors)))


@pytest.mark.parametrize(
    ("tensors", "changes", "said"),
    [
        (PAIRS, {"general__architecture": "qwen2"}, "it is for 'qwen2'"),
        (matrices({"blk.7.attn_q.weight": (32, 32)}), {}, "does not have"),
        (matrices({QUERY: (64, 32)}), {}, "64 x 32 weights"),
        (matrices({QUERY: (32, 64)}), {}, "32 x 64 weights"),
        ({f"{QUERY}.lora_a": (32, 8), f"{QUERY}.lora_b": (4, 32)}, {}, "ranks"),
        ({f"{QUERY}.lora_a": (32,), f"{QUERY}.lora_b": (8, 32)}, {}, "no matrix"),
        ({f"{QUERY}.lora_a": (32, 8, 2), f"{QUERY}.lora_b": (8, 32, 2)}, {}, "no matrix"),
        (matrices({"blk.0.attn_norm.weight": (32, 32)}), {}, "no matrix"),
        (matrices({QUERY: (32, 32)}, rank=1000), {}, "bigger than the base"),
    ],
)
def test_what_does_not_fit_over_the_base(
    tensors: dict[str, tuple[int, ...]], changes: dict[str, Any], said: str, tmp_path: Path
) -> None:
    found = header(tmp_path, lora(tensors, **changes))
    assert why_not_adapter(found) == ""
    assert said in why_not_over(found, header(tmp_path, toy_model()))


def test_an_adapter_over_the_embedding_has_its_matrices_the_other_way_round(tmp_path: Path) -> None:
    name, base = "token_embd.weight", header(tmp_path, toy_model())
    right = {f"{name}.lora_a": (8, 259), f"{name}.lora_b": (8, 32)}
    assert why_not_over(header(tmp_path, lora(right)), base) == ""
    assert why_not_over(header(tmp_path, lora(matrices({name: (32, 259)}))), base)


WHOLE = lora(PAIRS)


@hypothesis_settings(max_examples=150)
@given(st.integers(0, 900), st.binary(min_size=1, max_size=12))
def test_damaged_adapters_are_refused_or_read(
    tmp_path_factory: pytest.TempPathFactory, at: int, bytes_: bytes
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    base = header(folder, toy_model())
    try:
        found = header(folder, WHOLE[:at] + bytes_ + WHOLE[at + len(bytes_) :])
    except ModelError:
        return
    assert isinstance(why_not_adapter(found) or why_not_over(found, base), str)
