"""An adapter as LoRA GGUF: over an unchanged base it does what the merge does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from safetensors.torch import load_file, save_file

from assistant.errors import ModelError
from assistant.models.adapter_check import is_adapter
from assistant.models.gguf_header import read_header
from convert.cli import main
from convert.export import ExportSettings, run_adapter, run_export
from convert.step_record import read_record
from tests.convert.export_data import have_converter, random_adapter, small_adapter

adapter = small_adapter


def _edited(adapter: Path, target: Path, **changes: Any) -> Path:
    shutil.copytree(adapter, target)
    config = json.loads((target / "adapter_config.json").read_text())
    (target / "adapter_config.json").write_text(json.dumps({**config, **changes}))
    return target


@pytest.fixture(scope="module")
def odd(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter whose scaling and rank differ by layer, where the file knows one alpha / rank."""
    return random_adapter(
        tiny_base,
        tmp_path_factory.mktemp("odd") / "adapter",
        use_rslora=True,
        r=8,
        lora_alpha=16,
        alpha_pattern={"q_proj": 64},
        rank_pattern={"v_proj": 2},
    )


@pytest.fixture(scope="module")
def made(tiny_base: Path, odd: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a LoRA GGUF, made by the command with the laptop's Q8_0 base beside."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        have_converter(patch)
        laptop = run_export(tiny_base, folder / "base", ExportSettings(("Q8_0",), name="base"))
        base_gguf = laptop.files["Q8_0"]
        before = base_gguf.read_bytes()
        arguments = ["adapter", str(tiny_base), str(odd), str(folder / "lora")]
        done = CliRunner().invoke(main, [*arguments, "--base-gguf", str(base_gguf)])
    assert done.exit_code == 0, done.output
    assert base_gguf.read_bytes() == before
    return folder / "lora"


def test_over_its_base_it_computes_what_the_weights_compute(made: Path, tiny_base: Path) -> None:
    """Also where the scaling differs by layer; verification would notice if it did not."""
    record = read_record(made)
    assert record is not None
    figures = record.figures
    assert figures["effect_cosine"] > 0.99
    assert figures["over_base_gguf"]["effect_cosine"] > 0.9
    header = read_header(made / "adapter-F16.gguf")
    assert is_adapter(header)
    assert header.tensors == 2 * 21
    start = (made / "adapter-F16.gguf").read_bytes()[:4096]
    assert str(tiny_base).encode() not in start
    assert b"huggingface" not in start


def test_it_is_not_made_again(made: Path, tiny_base: Path, odd: Path) -> None:
    (base_gguf,) = (made.parent / "base").glob("*.gguf")
    assert run_adapter(tiny_base, odd, made, base_gguf=base_gguf, resume=True).skipped


def test_a_layer_that_is_missing_would_be_noticed(
    tiny_base: Path, odd: Path, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The weights differ in one layer from those that were converted: the older file stays,
    nothing is left lying about."""
    have_converter(monkeypatch)
    before = {path.name: path.read_bytes() for path in made.iterdir()}
    changing = shutil.copytree(odd, tmp_path / "changing")
    whole = load_file(changing / "adapter_model.safetensors")
    forgotten = {
        name: tensor * 0 if "layers.1.self_attn" in name and "lora_B" in name else tensor
        for name, tensor in whole.items()
    }
    save_file(forgotten, changing / "adapter_model.safetensors")

    def progress(what: str, done: int, total: int) -> None:
        if what == "Computing with the weights themselves":
            save_file(whole, changing / "adapter_model.safetensors")

    with pytest.raises(ModelError, match="does not compute what the merged weights compute"):
        run_adapter(tiny_base, changing, made, progress=progress)
    assert {path.name: path.read_bytes() for path in made.iterdir()} == before


def test_what_llama_cpp_cant_apply_is_refused_by_name(
    tiny_base: Path, adapter: Path, tmp_path: Path
) -> None:
    head = shutil.copytree(adapter, tmp_path / "head")
    weights = load_file(head / "adapter_model.safetensors")
    pair = {
        "base_model.model.lm_head.lora_A.weight": weights[
            "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
        ].clone(),
        "base_model.model.lm_head.lora_B.weight": weights[
            "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight"
        ].repeat(768, 1),
    }
    save_file({**weights, **pair}, head / "adapter_model.safetensors")
    with pytest.raises(ModelError, match="lm_head"):
        run_adapter(tiny_base, head, tmp_path / "out")

    embedding = shutil.copytree(adapter, tmp_path / "embedding")
    name = "base_model.model.model.embed_tokens.lora_embedding_A"
    save_file({**weights, name: weights[next(iter(weights))].clone()},
              embedding / "adapter_model.safetensors")  # fmt: skip
    with pytest.raises(ModelError, match=r"embed_tokens.*no low-rank pair") as failure:
        run_adapter(tiny_base, embedding, tmp_path / "out")
    assert "embeddings" in failure.value.hint

    dora = _edited(adapter, tmp_path / "dora", use_dora=True)
    with pytest.raises(ModelError, match="DoRA"):
        run_adapter(tiny_base, dora, tmp_path / "out")
    still = _edited(adapter, tmp_path / "still", lora_alpha=0)
    with pytest.raises(ModelError, match="changes nothing"):
        _needs_converter(run_adapter, tiny_base, still, tmp_path / "out")
    assert not list(tmp_path.glob("out/*.gguf"))


def _needs_converter(run: Any, *arguments: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        have_converter(patch)
        run(*arguments)
