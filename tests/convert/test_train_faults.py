"""What can go wrong with a training, and that each is said in words that help."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

from assistant.errors import AssistantError, EngineError, ModelError, UsageError
from assistant.types import Message
from convert.cli.main import main
from convert.train.train_step import run_train, unfinished
from convert.training_samples import TRAIN_FILE, VALIDATION_FILE, Sample, write_samples
from tests.convert.train_data import TINY, group, write_dataset

QUICK = replace(TINY, score_samples=0)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data"))


@pytest.fixture
def own_base(tiny_base: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_base, tmp_path / "base"))


def fails(kind: type[AssistantError], words: str, *args: Any, **options: Any) -> AssistantError:
    with pytest.raises(kind, match=words) as raised:
        run_train(*args, **options)
    assert raised.value.hint
    return raised.value


def test_a_hub_name_is_no_folder(dataset: Path, tmp_path: Path) -> None:
    name = Path("HuggingFaceTB/SmolLM2-135M-Instruct")
    error = fails(ModelError, "no folder", name, dataset, tmp_path / "out", QUICK)
    assert "downloads nothing" in error.hint
    assert not unfinished(tmp_path / "out").exists()


def test_a_data_set_of_a_hub_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    hub = Path("rajpurkar/squad_v2")
    error = fails(UsageError, "no folder", tiny_base, hub, tmp_path / "out", QUICK)
    assert "downloads nothing" in error.hint


def only_pickle(base: Path) -> None:
    (base / "model.safetensors").unlink()
    (base / "pytorch_model.bin").write_bytes(b"\x80\x04.")


def no_template(base: Path) -> None:
    (base / "chat_template.jinja").unlink(missing_ok=True)
    path = base / "tokenizer_config.json"
    table = json.loads(path.read_text())
    table.pop("chat_template", None)
    path.write_text(json.dumps(table))


def own_code(base: Path) -> None:
    path = base / "config.json"
    table = {**json.loads(path.read_text()), "auto_map": {"AutoModelForCausalLM": "m.Model"}}
    path.write_text(json.dumps(table))


def own_tokenizer(base: Path) -> None:
    path = base / "tokenizer_config.json"
    table = {**json.loads(path.read_text()), "auto_map": {"AutoTokenizer": ["m.T", None]}}
    path.write_text(json.dumps(table))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (only_pickle, "pickled"),
        (no_template, "no chat template"),
        (own_code, "code of its own"),
        (own_tokenizer, "code of its own"),
    ],
)
def test_a_base_that_can_not_be_trusted_is_refused(
    spoil: Callable[[Path], None], words: str, own_base: Path, dataset: Path, tmp_path: Path
) -> None:
    spoil(own_base)
    fails(ModelError, words, own_base, dataset, tmp_path / "out", QUICK)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vocab_size": 300}, "the model knows 300 tokens"),
        ({"eos_token_id": 151_645}, r"end tokens are \[2\], the model's \[151645\]"),
    ],
)
def test_a_tokenizer_of_another_model_is_refused(
    changes: dict[str, int], words: str, own_base: Path, dataset: Path, tmp_path: Path
) -> None:
    path = own_base / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    (own_base / "generation_config.json").unlink(missing_ok=True)
    fails(UsageError, f"not that of its model.*{words}", own_base, dataset, tmp_path / "o", QUICK)


@pytest.mark.parametrize("name", [TRAIN_FILE, VALIDATION_FILE])
def test_an_empty_or_missing_part_is_named(name: str, tiny_base: Path, tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data")
    (data / name).write_text("\n")
    fails(UsageError, f"{name} holds no sample", tiny_base, data, tmp_path / "out", QUICK)
    (data / name).unlink()
    with pytest.raises(UsageError, match=name):
        run_train(tiny_base, data, tmp_path / "out", QUICK)


def test_a_sample_longer_than_the_context_is_named(tiny_base: Path, tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data")
    long = (Message("user", "word " * 2100), Message("assistant", "yes"))
    samples = [*group(0), Sample("the-long-one", "d", long)]
    write_samples(data / TRAIN_FILE, samples)
    error = fails(UsageError, "the-long-one", tiny_base, data, tmp_path / "out", QUICK)
    assert "2048" in str(error)


def test_targets_that_are_not_there_are_named(
    tiny_base: Path, dataset: Path, tmp_path: Path
) -> None:
    settings = replace(QUICK, targets=("nonsense",))
    fails(UsageError, "nonsense", tiny_base, dataset, tmp_path / "out", settings)


def test_a_loss_that_is_no_number_stops_and_names_step_and_samples(
    own_base: Path, dataset: Path, tmp_path: Path
) -> None:
    """A weight is broken for one word only: steps without it are fine."""
    token = AutoTokenizer.from_pretrained(str(own_base)).encode(" Kraken")[0]
    weights = load_file(str(own_base / "model.safetensors"))
    weights["model.embed_tokens.weight"][token] = float("nan")
    # The output layer is not the embedding here, or every logit would be spoiled.
    weights["lm_head.weight"] = torch.zeros_like(weights["model.embed_tokens.weight"]) + 0.01
    save_file(weights, str(own_base / "model.safetensors"), metadata={"format": "pt"})
    path = own_base / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "tie_word_embeddings": False}))
    bad = (Message("user", "The Kraken sleeps."), Message("assistant", "Yes."))
    data = write_dataset(tmp_path / "data")
    write_samples(
        data / TRAIN_FILE, [s for n in range(8) for s in group(n)] + [Sample("poison", "d", bad)]
    )
    out = tmp_path / "out"
    settings = replace(QUICK, samples_per_step=1, row_tokens=150, max_steps=0, epochs=1)
    error = fails(EngineError, "the loss is nan", own_base, data, out, settings)
    assert "poison" in error.message
    assert error.title == "The training diverged"
    last = max(int(p.name[5:]) for p in (unfinished(out) / "checkpoints").iterdir())
    assert f"At step {last + 1} of" in error.message
    assert (f"checkpoint of step {last} is kept" if last else "No step was") in error.message
    assert not out.exists()


def test_out_of_memory_says_what_would_help(
    tiny_base: Path, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hungry(*_: Any, **__: Any) -> torch.Tensor:
        return torch.empty(1 << 60)  # the allocator's own error, not one of ours

    monkeypatch.setattr("convert.train.lora.row_loss", hungry)
    settings = replace(QUICK, rank=16)
    error = fails(EngineError, "not enough memory", tiny_base, dataset, tmp_path / "o", settings)
    for word in ("row_tokens (now 400", "rank (now 16)", "qlora", "gradient_checkpointing"):
        assert word in error.hint


def test_the_command_line_reports_and_returns_a_status(tiny_base: Path, tmp_path: Path) -> None:
    args = ["train", str(tiny_base), str(tmp_path / "none"), "--out", str(tmp_path / "out")]
    failed = CliRunner().invoke(main, args)
    assert failed.exit_code == 2
    assert "There is no folder" in failed.stderr
    unknown = CliRunner().invoke(main, [*args, "--set", "speed=9"])
    assert "unknown key 'speed'" in unknown.stderr
    recipe = tmp_path / "r.toml"
    recipe.write_text("[train]\nrank = 0\n")
    assert "'rank' is 0" in CliRunner().invoke(main, [*args, "--recipe", str(recipe)]).stderr
