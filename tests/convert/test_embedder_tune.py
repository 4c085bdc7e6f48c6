"""Tuning an embedder, from the questions to the laptop's search: tiny, but every part real."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from assistant.config import Settings
from assistant.engine.engine_loader import embedder_identity, load_embedder
from assistant.errors import Cancelled, EmbedderMismatchError, ModelError, UsageError
from assistant.store import KeyFile, open_store
from assistant.types import CancelToken
from convert.embedder.laptop_export import check_cosines, run_export_embedder
from convert.embedder.model_folder import check_embedder
from convert.embedder.retrieval_comparison import CompareSettings, run_compare
from convert.embedder.settings import EmbedderSettings
from convert.embedder.tune_embedder import run_tune_embedder
from tests.convert.retrieval_material import write_bert, write_translation

SETTINGS = EmbedderSettings(
    batch=16, epochs=6, learning_rate=3e-3, evaluations=3, patience=3, threads=1
)


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("material")
    return write_bert(folder / "bert"), write_translation(folder / "data")


@pytest.fixture(scope="module")
def tuned(material: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tuned") / "out"
    run_tune_embedder(SETTINGS, material[0], [material[1]], out)
    return out


def test_what_was_learned_reaches_the_laptops_search(
    material: tuple[Path, Path], tuned: Path, tmp_path: Path
) -> None:
    base, data = material
    record = json.loads((tuned / "step.json").read_text(encoding="utf-8"))
    assert record["figures"]["before"]["ndcg10"] < 0.4
    assert record["figures"]["after"]["ndcg10"] > 0.9
    exported = tmp_path / "clinic"
    figures = run_export_embedder(tuned / "model", exported, data=[data])
    assert figures["least_cosine"] >= 0.99
    report = run_compare(CompareSettings(threads=1), [base, exported], [data], tmp_path / "figures")
    before, after = report["rows"]
    assert after["ndcg10"] > before["ndcg10"] + 0.3
    assert (before["questions"], report["passages"]) == (10, 100)


def test_the_laptop_knows_a_tuned_embedder_as_another_one(
    material: tuple[Path, Path], tuned: Path, tmp_path: Path
) -> None:
    run_export_embedder(tuned / "model", tmp_path / "tuned" / "minilm", data=[material[1]])
    run_export_embedder(material[0], tmp_path / "base" / "minilm", data=[material[1]])
    mine = Settings(data_dir=tmp_path, embedder=str(tmp_path / "tuned" / "minilm"))
    theirs = Settings(data_dir=tmp_path, embedder=str(tmp_path / "base" / "minilm"))
    identity = embedder_identity(mine)
    assert load_embedder(mine).identity == identity
    assert identity.name.startswith("minilm-")
    assert identity.name != embedder_identity(theirs).name
    key = KeyFile(tmp_path / "key").get(create=True)
    open_store(tmp_path / "s.db", key, create=True, embedder=embedder_identity(theirs)).close()
    with pytest.raises(EmbedderMismatchError):
        open_store(tmp_path / "s.db", key, create=False, embedder=identity)


def test_the_result_is_the_base_with_other_weights_and_no_text_of_the_data(
    material: tuple[Path, Path], tuned: Path
) -> None:
    base, model = material[0], tuned / "model"
    for name in ("tokenizer.json", "modules.json", "config.json", "1_Pooling/config.json"):
        assert (model / name).read_bytes() == (base / name).read_bytes()
    assert (model / "model.safetensors").read_bytes() != (base / "model.safetensors").read_bytes()
    assert check_embedder(model).dimension == 48
    assert not list(tuned.parent.glob(".out.*"))
    for path in (p for p in tuned.rglob("*") if p.suffix in (".json", ".md") and p.is_file()):
        assert "lives in the house" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("cosines", "fits"),
    [([0.999, 0.975, 0.999], True), ([0.985] * 9, False), ([0.999] * 99 + [0.96], False),
     ([0.999, float("nan")], False)],
)  # fmt: skip
def test_vectors_that_int8_moved_too_far(cosines: list[float], fits: bool) -> None:
    values = np.array(cosines, dtype=np.float32)
    if fits:
        assert check_cosines(values)["texts"] == len(cosines)
        return
    with pytest.raises(ModelError, match="at worst"):
        check_cosines(values)


def test_a_refused_export_writes_nothing(
    material: tuple[Path, Path], tuned: Path, tmp_path: Path
) -> None:
    """One weight far away from all others: 8 bits can't tell the others apart any more."""
    source = shutil.copytree(tuned / "model", tmp_path / "source")
    (file,) = source.rglob("*.safetensors")
    weights = load_file(file)
    name = next(name for name in weights if name.endswith("word_embeddings.weight"))
    weights[name][0, 0] = 1000.0  # of the padding, which no text holds
    save_file(weights, file, metadata={"format": "pt"})
    with pytest.raises(ModelError, match="int8 vectors differ"):
        run_export_embedder(source, tmp_path / "clinic", data=[material[1]])
    assert list(tmp_path.iterdir()) == [source]


def test_a_finished_tuning_is_not_repeated(material: tuple[Path, Path], tuned: Path) -> None:
    def fail(what: str, done: int, total: int) -> None:
        raise AssertionError(f"{what} {done} {total}")

    stamp = (tuned / "step.json").stat().st_mtime_ns
    figures = run_tune_embedder(SETTINGS, material[0], [material[1]], tuned, fail)
    assert figures["after"]["ndcg10"] > 0.9
    assert (tuned / "step.json").stat().st_mtime_ns == stamp


def test_a_tuning_that_was_stopped_goes_on_to_the_same_weights(
    material: tuple[Path, Path], tuned: Path, tmp_path: Path
) -> None:
    out, token, steps = tmp_path / "out", CancelToken(), []

    def stop_at_step_14(what: str, done: int, total: int) -> None:
        del total
        if what == "tuning" and done >= 14:
            token.cancel()

    with pytest.raises(Cancelled):
        run_tune_embedder(SETTINGS, material[0], [material[1]], out, stop_at_step_14, token)
    assert not out.exists()
    assert list(tmp_path.glob(".out.checkpoints/checkpoint-14"))

    def note(what: str, done: int, total: int) -> None:
        del total
        if what == "tuning":
            steps.append(done)

    run_tune_embedder(SETTINGS, material[0], [material[1]], out, note)
    assert steps[0] == 15
    weights = [(f / "model" / "model.safetensors").read_bytes() for f in (out, tuned)]
    assert weights[0] == weights[1]


def test_a_tuning_that_does_not_help_is_refused_and_writes_nothing(
    material: tuple[Path, Path], tmp_path: Path
) -> None:
    changes: dict[str, Any] = {"min_gain": 0.9999, "epochs": 0.2, "evaluations": 1, "negatives": 0}
    settings = EmbedderSettings.from_table({"batch": 16, "threads": 1, **changes})
    with pytest.raises(ModelError) as caught:
        run_tune_embedder(settings, material[0], [material[1]], tmp_path / "out")
    assert "nDCG@10 went from" in caught.value.message
    assert not (tmp_path / "out").exists()


def test_a_loss_that_is_no_number_ends_the_tuning(
    material: tuple[Path, Path], tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    base = tmp_path / "bert"
    shutil.copytree(material[0], base)
    weights = load_file(base / "model.safetensors")
    weights["encoder.layer.1.output.dense.weight"][0, 0] = float("nan")
    save_file(weights, base / "model.safetensors", metadata={"format": "pt"})
    settings = EmbedderSettings(batch=16, negatives=0, threads=1)
    with pytest.raises(ModelError, match="no number any more at step 1"):
        run_tune_embedder(settings, base, [material[1]], tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "table",
    [{"rank": 3}, {"batch": 1}, {"batch": "8"}, {"epochs": float("nan")}, {"precision": "int8"},
     {"learning_rate": True}, {"margin": -0.1}, {"depth": 101}],
)  # fmt: skip
def test_settings_that_can_not_be(table: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        EmbedderSettings.from_table(table)
