"""The importance matrix: what llama.cpp is given is what the inputs really are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from assistant.engine.quantize import quantize
from assistant.errors import ModelError
from assistant.types import CancelToken, Message
from convert.base_model import load_model
from convert.export import ExportSettings, run_export
from convert.export.export_process import run_task
from convert.export.imatrix_texts import calibration_chunks
from convert.training_samples import Sample, write_samples
from tests.convert.export_data import ROOT, have_converter

NAMES = {
    "blk.0.attn_q.weight": "model.layers.0.self_attn.q_proj",
    "blk.1.attn_output.weight": "model.layers.1.self_attn.o_proj",
    "blk.2.ffn_down.weight": "model.layers.2.mlp.down_proj",
}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dataset")
    text = (ROOT / "assistant/sample_library/data-protection-policy.md").read_text()
    turns = [Message("user", text[start : start + 400]) for start in range(0, len(text), 400)]
    write_samples(
        folder / "train.jsonl",
        (Sample(str(i), "d", (turn, Message("assistant", "Yes."))) for i, turn in enumerate(turns)),
    )
    return folder


def _input_squares(model: Any, chunks: list[list[int]]) -> dict[str, Any]:
    """Return the mean squares of the inputs of `NAMES`, seen by torch."""
    sums: dict[str, Any] = {}
    rows = sum(map(len, chunks))

    def watch(name: str) -> Any:
        def hook(module: Any, inputs: Any) -> None:
            sums[name] = sums.get(name, 0) + inputs[0][0].double().square().sum(dim=0)

        return hook

    for name, module in NAMES.items():
        model.get_submodule(module).register_forward_pre_hook(watch(name))
    with torch.no_grad():
        for chunk in chunks:
            model(input_ids=torch.tensor([chunk]))
    return {name: (total / rows).numpy() for name, total in sums.items()}


def test_it_is_the_mean_square_of_each_input_and_it_is_used(
    tiny_base: Path, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    have_converter(monkeypatch)
    settings = ExportSettings(("F16", "Q4_0"), imatrix_tokens=1024)
    made = run_export(tiny_base, tmp_path / "with", settings, calibration=dataset)
    quantize(made.files["F16"], tmp_path / "plain.gguf", "Q4_0")
    assert made.files["Q4_0"].read_bytes() != (tmp_path / "plain.gguf").read_bytes()
    assert "calibration" in made.record.inputs

    chunks = calibration_chunks(tiny_base, dataset, 1024)
    assert [len(chunk) for chunk in chunks] == [512, 512]
    wanted = {"model": str(made.files["F16"]), "sequences": chunks}
    with np.load(run_task("imatrix", wanted, tmp_path, CancelToken())) as found:
        assert len(found.files) == 3 * 7
        for name, wanted in _input_squares(load_model(tiny_base), chunks).items():
            assert found[name] == pytest.approx(wanted, rel=0.02)


def test_too_little_text_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    turns = (Message("user", "Hi."), Message("assistant", "Yes."))
    write_samples(tmp_path / "train.jsonl", [Sample("1", "d", turns)])
    with pytest.raises(ModelError, match="too little text"):
        calibration_chunks(tiny_base, tmp_path, 4096)
