"""Merging: right to the bit where it can be, refused with a reason where it can't."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file, save_file

from assistant.errors import ModelError, UsageError
from convert.cli import main
from convert.lora_adapter import check_adapter
from convert.merge import MergeSettings, run_merge
from convert.step_record import read_record
from tests.convert.export_data import random_adapter, small_adapter

adapter = small_adapter


def _copy(adapter: Path, target: Path, **changes: Any) -> Path:
    shutil.copytree(adapter, target)
    config = json.loads((target / "adapter_config.json").read_text())
    (target / "adapter_config.json").write_text(json.dumps({**config, **changes}))
    return target


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"use_rslora": True, "r": 8, "lora_alpha": 16},
        {"alpha_pattern": {"q_proj": 32}, "rank_pattern": {"v_proj": 2}},
    ],
    ids=["plain", "rank-stabilised", "by layer"],
)
def test_the_sum_is_the_papers_formula(
    tiny_base: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    """W + alpha/r B A, worked out here from the files, without peft."""
    adapter = random_adapter(tiny_base, tmp_path / "adapter", **options)
    before = load_file(tiny_base / "model.safetensors")
    pairs = load_file(adapter / "adapter_model.safetensors")

    result = run_merge(tiny_base, adapter, tmp_path / "merged")

    after = load_file(result.folder / "model.safetensors")
    info = check_adapter(adapter)
    assert len(info.modules) == 21
    for module in info.modules:
        a = pairs[f"base_model.model.{module}.lora_A.weight"].double()
        b = pairs[f"base_model.model.{module}.lora_B.weight"].double()
        special = options.get("alpha_pattern", {}).get(module.rsplit(".", 1)[-1])
        alpha = special or options.get("lora_alpha", 8)
        scale = alpha / (math.sqrt(len(a)) if options.get("use_rslora") else len(a))
        wanted = before[f"{module}.weight"].double() + scale * b @ a
        found = after[f"{module}.weight"]
        assert found.dtype == torch.float16
        assert torch.allclose(found.double(), wanted, rtol=1e-3, atol=1e-6)
    for name in before.keys() - {f"{module}.weight" for module in info.modules}:
        assert torch.equal(before[name].half(), after[name])


def test_tokens_and_template_are_the_bases_own_bytes(
    tiny_base: Path, adapter: Path, tmp_path: Path
) -> None:
    merged = run_merge(tiny_base, adapter, tmp_path / "merged").folder
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        assert (merged / name).read_bytes() == (tiny_base / name).read_bytes()
    assert json.loads((merged / "config.json").read_text())["dtype"] == "float16"


def test_the_record_tells_what_changed_and_what_rounding_cost(
    tiny_base: Path, adapter: Path, tmp_path: Path
) -> None:
    half = run_merge(tiny_base, adapter, tmp_path / "half").record
    brain = run_merge(tiny_base, adapter, tmp_path / "b", MergeSettings(dtype="bfloat16")).record
    assert half == read_record(tmp_path / "half")
    assert half.figures["changed"] == 21
    assert half.figures["unchanged"] == []
    # 3 bits fewer: about 8 times the rounding.
    assert 4 < brain.figures["rounding_to_change"] / half.figures["rounding_to_change"] < 12


def test_a_merge_is_not_repeated_and_replaces_only_its_own_result(
    tiny_base: Path, adapter: Path, tmp_path: Path
) -> None:
    out = tmp_path / "merged"
    first = run_merge(tiny_base, adapter, out)
    again = run_merge(tiny_base, adapter, out, resume=True)
    assert again.skipped
    assert again.record == first.record
    other = run_merge(tiny_base, adapter, out, MergeSettings(dtype="bfloat16"), resume=True)
    assert not other.skipped
    assert load_file(out / "model.safetensors")["model.norm.weight"].dtype == torch.bfloat16

    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "letter.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds something else"):
        run_merge(tiny_base, adapter, foreign)
    assert (foreign / "letter.txt").read_text() == "mine"


def _nan(folder: Path) -> None:
    _edit(folder, lambda name, t: t * float("nan") if "lora_B" in name else t)


def _zero(folder: Path) -> None:
    _edit(folder, lambda name, t: t * 0 if "lora_B" in name else t)


def _huge(folder: Path) -> None:
    _edit(folder, lambda name, t: t * 1e7 if "lora_B" in name else t)


def _edit(folder: Path, change: Any) -> None:
    path = folder / "adapter_model.safetensors"
    save_file({name: change(name, tensor) for name, tensor in load_file(path).items()}, path)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_nan, "NaN"),
        (_zero, "changed nothing"),
        (_huge, "beyond the range of float16"),
    ],
)
def test_broken_weights_are_refused_and_leave_nothing(
    tiny_base: Path, adapter: Path, tmp_path: Path, spoil: Any, message: str
) -> None:
    broken = _copy(adapter, tmp_path / "broken")
    spoil(broken)
    with pytest.raises(ModelError, match=message):
        run_merge(tiny_base, broken, tmp_path / "out" / "merged")
    assert list((tmp_path / "out").iterdir()) == []


def test_layers_that_did_not_change_are_named(
    tiny_base: Path, adapter: Path, tmp_path: Path
) -> None:
    partly = _copy(adapter, tmp_path / "partly")
    _edit(partly, lambda name, t: t * 0 if "layers.1." in name and "lora_B" in name else t)
    result = run_merge(tiny_base, partly, tmp_path / "merged")
    assert len(result.unchanged) == 7
    assert all(name.startswith("model.layers.1.") for name in result.unchanged)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"peft_type": "IA3"}, "no LoRA"),
        ({"modules_to_save": ["lm_head"]}, "whole layers"),
        ({"megatron_config": {"x": 1}, "megatron_core": "antigravity"}, "Python module"),
        ({"init_lora_weights": "pissa"}, "alters the base"),
        ({"bias": "all"}, "trains biases"),
        ({"lora_alpha": "8"}, "lora_alpha"),
        ({"alpha_pattern": {"(a+)+$": 1}}, "no layer's name"),
    ],
)
def test_adapters_that_cant_be_carried_over_are_refused_by_name(
    adapter: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        check_adapter(_copy(adapter, tmp_path / "odd", **changes))


def test_pickles_hub_names_and_damage_are_refused(
    tiny_base: Path, adapter: Path, tmp_path: Path
) -> None:
    pickled = _copy(adapter, tmp_path / "pickled")
    (pickled / "adapter_model.safetensors").rename(pickled / "adapter_model.bin")
    with pytest.raises(ModelError, match="only pickled weights"):
        check_adapter(pickled)
    with pytest.raises(ModelError, match="downloads nothing"):
        run_merge(tiny_base, Path("someone/some-adapter"), tmp_path / "merged")
    with pytest.raises(ModelError, match="downloads nothing"):
        run_merge(Path("HuggingFaceTB/SmolLM2-135M"), adapter, tmp_path / "merged")
    short = _copy(adapter, tmp_path / "short")
    weights = short / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(ModelError, match="not fully covered"):
        check_adapter(short)
    weights.write_bytes(b"\xff" * 64)
    with pytest.raises(ModelError, match="truncated"):
        check_adapter(short)


def test_another_tokenizer_template_or_base_is_refused(
    tiny_base: Path, adapter: Path, tmp_path: Path
) -> None:
    renamed = _copy(adapter, tmp_path / "renamed")
    table = json.loads((tiny_base / "tokenizer.json").read_text())
    table["truncation"] = {"max_length": 8}
    (renamed / "tokenizer.json").write_text(json.dumps(table))
    run_merge(tiny_base, renamed, tmp_path / "same")  # only how a batch was cut differs
    table["added_tokens"][3]["content"] = "<other>"
    (renamed / "tokenizer.json").write_text(json.dumps(table))
    with pytest.raises(UsageError, match=r"differs from that of the base.*added_tokens"):
        run_merge(tiny_base, renamed, tmp_path / "merged")

    asked = _copy(adapter, tmp_path / "asked")
    (asked / "chat_template.jinja").write_text("{{ messages[0].content }}")
    with pytest.raises(UsageError, match="chat template"):
        run_merge(tiny_base, asked, tmp_path / "merged")

    wider = _copy(adapter, tmp_path / "wider")
    _edit(wider, lambda name, t: torch.cat([t, t]) if "up_proj.lora_B" in name else t)
    with pytest.raises(ModelError, match="trained on another base"):
        run_merge(tiny_base, wider, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_a_quantized_base_is_refused_with_the_reason(
    tiny_base: Path, adapter: Path, tmp_path: Path
) -> None:
    base = tmp_path / "4bit"
    shutil.copytree(tiny_base, base)
    config = json.loads((base / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "bitsandbytes", "load_in_4bit": True}
    (base / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"quantized .bitsandbytes.*never merged") as failure:
        run_merge(base, adapter, tmp_path / "merged")
    assert "16-bit base" in failure.value.hint


def test_the_command(tiny_base: Path, adapter: Path, tmp_path: Path) -> None:
    arguments = ["merge", str(tiny_base), str(adapter), str(tmp_path / "merged"), "--json"]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["changed"] == 21
    failed = CliRunner().invoke(main, ["merge", "org/name", str(adapter), str(tmp_path / "x")])
    assert failed.exit_code == 5
    assert "downloads nothing" in failed.stderr
