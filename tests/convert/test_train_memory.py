"""Ways to need less memory: QLoRA (4 bits), gradient checkpointing, bfloat16."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from assistant.errors import ModelError
from convert.base_model import check_base, load_tokenizer
from convert.lora_adapter import check_adapter, check_fits
from convert.train.distributed import make_team
from convert.train.lora import LoraModel, build
from convert.train.sequence_packing import Row, pack_rows
from convert.train.settings import TrainSettings
from convert.train.tokenize_samples import SampleTokenizer
from convert.train.train_step import run_train
from convert.training_samples import read_samples
from tests.convert.train_data import TINY, write_dataset


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def row(tiny_base: Path, dataset: Path) -> Row:
    tokenizer = SampleTokenizer(load_tokenizer(tiny_base), check_base(tiny_base).template)
    samples = read_samples(dataset / "validation.jsonl")
    return pack_rows(tokenizer.tokenize(samples, longest=2048), 1024, seed=1)[0]


def made(base: Path, settings: TrainSettings) -> LoraModel:
    tuned = build(base, settings, make_team(settings))
    for name, weight in tuned.trained.items():  # B is zero at first: A would get no gradient
        if "lora_B" in name:
            torch.manual_seed(5)
            torch.nn.init.normal_(weight, std=0.1)
    return tuned


def gradients(tuned: LoraModel, row: Row) -> dict[str, torch.Tensor]:
    tuned(row=row).backward()
    return {name: p.grad.clone() for name, p in tuned.trained.items()}


def test_checkpointing_gradients_changes_none_of_them(tiny_base: Path, row: Row) -> None:
    plain = made(tiny_base, TINY)
    spared = made(tiny_base, replace(TINY, gradient_checkpointing=True))
    recomputed = 0

    def count(*_: object) -> None:
        nonlocal recomputed
        recomputed += 1

    spared.model.get_base_model().model.layers[1].mlp.register_forward_pre_hook(count)
    expected, found = gradients(plain, row), gradients(spared, row)
    assert recomputed == 2  # forward, and again in the backward pass
    for name, gradient in expected.items():
        assert torch.equal(found[name], gradient), name


def test_the_base_is_frozen_in_16_bits_and_the_lora_trained_in_32(
    tiny_base: Path, row: Row
) -> None:
    tuned = made(tiny_base, TINY)
    trained = tuned.trained
    assert {p.dtype for p in trained.values()} == {torch.float32}
    assert len(trained) == 2 * 7 * 3  # A and B of seven linear layers in three blocks
    others = [p for n, p in tuned.model.named_parameters() if n not in trained]
    assert {p.dtype for p in others} == {torch.bfloat16}
    gradients(tuned, row)
    assert all(p.grad is None for p in others)


def test_qlora_holds_the_base_in_4_bits_and_learns(
    tiny_base: Path, dataset: Path, tmp_path: Path, row: Row
) -> None:
    pytest.importorskip("bitsandbytes")
    settings = replace(TINY, qlora=True, score_samples=2)
    result = run_train(tiny_base, dataset, tmp_path / "out", settings)
    figures = result.record.figures
    assert figures["best"]["loss"] < figures["base"]["loss"] - 0.2
    check_fits(check_adapter(result.adapter), tiny_base)  # made for the base in 16 bits too
    quantized = made(tiny_base, settings)
    linear = quantized.model.get_base_model().model.layers[0].mlp.up_proj
    assert linear.weight.dtype == torch.uint8
    before = gradients(quantized, row)
    quantized.eval()
    with torch.no_grad():
        quantized(row=row)
    quantized.train()
    quantized.zero_grad()
    # bitsandbytes on a CPU with AVX512-BF16 lost them after the first evaluation.
    for name, gradient in gradients(quantized, row).items():
        assert torch.equal(gradient, before[name]), name
    whole = made(tiny_base, TINY)
    with torch.no_grad():
        loss, exact = float(quantized(row=row)), float(whole(row=row))
    assert loss != exact
    assert loss == pytest.approx(exact, rel=0.01)


def test_without_bitsandbytes_qlora_says_what_is_missing(
    tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    settings = replace(TINY, qlora=True)
    with pytest.raises(ModelError, match="needs bitsandbytes") as raised:
        build(tiny_base, settings, make_team(settings))
    assert "without qlora" in raised.value.hint
