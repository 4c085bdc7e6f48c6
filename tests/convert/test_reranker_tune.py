"""Tuning a reranker, from the questions to the laptop's search: tiny, but every part real."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import numpy as np
import pytest

from assistant.config import Settings
from assistant.engine.reranker import OnnxReranker, load_reranker, reranker_info
from assistant.errors import Cancelled, ModelError
from assistant.types import CancelToken
from convert.embedder.retrieval_comparison import CompareSettings, run_compare
from convert.reranker.cross_encoder import check_bert, load_cross_encoder
from convert.reranker.onnx_export import run_export_reranker
from convert.reranker.settings import RerankerSettings
from convert.reranker.tune_reranker import listwise, run_tune_reranker
from tests.convert.retrieval_material import write_bert, write_measured

SETTINGS = RerankerSettings(
    epochs=4, learning_rate=2e-3, evaluations=2, negatives=3, held_out=0, max_tokens=64, threads=1
)


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("material")
    return write_bert(folder / "bert"), write_measured(folder / "data")


@pytest.fixture(scope="module")
def tuned(material: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tuned") / "out"
    run_tune_reranker(SETTINGS, material[0], material[0], [material[1]], out)
    return out


@pytest.fixture(scope="module")
def exported(
    material: tuple[Path, Path], tuned: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("exported") / "reranker"
    figures = run_export_reranker(tuned / "model", out, data=[material[1]])
    assert figures["correlation"] >= 0.99
    return out


@pytest.fixture(autouse=True)
def _no_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("something wanted to connect")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_what_was_learned_reaches_the_laptops_search(
    material: tuple[Path, Path], exported: Path, tmp_path: Path
) -> None:
    report = run_compare(
        CompareSettings(threads=1), [material[0]], [exported], [material[1]], tmp_path / "figures"
    )
    before, after = report["rows"]
    assert after["ndcg10"] > before["ndcg10"] + 0.2
    assert after["first"] > before["first"]
    assert json.loads((tmp_path / "figures" / "retrieval.json").read_text("utf-8")) == report


def test_the_laptops_scores_are_those_of_the_tuned_model(
    tuned: Path, exported: Path, tmp_path: Path
) -> None:
    question = "Where is the red dog?"
    texts = [f"The red dog {said} in house number {n}."
             for n in range(4) for said in ("never seen", "measured by us")]  # fmt: skip
    model = load_cross_encoder(check_bert(tuned / "model"), SETTINGS.max_tokens, tmp_path)
    import torch

    pairs = [(question, text) for text in texts]
    exact = model.predict(pairs, activation_fn=torch.nn.Identity(), show_progress_bar=False)
    reranker = OnnxReranker(reranker_info(exported), threads=2)
    given = reranker.score(question, texts)
    assert np.corrcoef(exact, given)[0, 1] >= 0.99
    assert np.abs(np.asarray(exact) - given).max() < 0.1 * np.ptp(exact)
    assert reranker.score(question, texts[3:4]) == given[3:4]
    assert reranker.score(question, []) == []


def test_long_texts_are_cut_and_odd_ones_are_read(exported: Path) -> None:
    reranker = OnnxReranker(reranker_info(exported), threads=1)
    odd = ["dog " * 5000, "", "\ud800 dog", "\x00\x1b[31m", "\u202edog"]
    assert np.isfinite(reranker.score("red " * 5000, odd)).all()
    assert reranker.score("dog", ["cat " * 5000]) == reranker.score("dog", ["cat " * 4000])
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        reranker.score("dog", odd, token)
    assert len(reranker.score("dog", odd)) == len(odd)


def test_the_laptop_loads_what_its_settings_name(exported: Path, tmp_path: Path) -> None:
    assert load_reranker(Settings(data_dir=tmp_path)) is None
    loaded = load_reranker(Settings(data_dir=tmp_path, reranker=str(exported)))
    assert loaded is not None
    assert loaded.info.name.startswith("reranker-")
    with pytest.raises(ModelError):
        load_reranker(Settings(data_dir=tmp_path, reranker=str(tmp_path)))


def test_a_changed_file_is_not_loaded(exported: Path, tmp_path: Path) -> None:
    for name in ("model.onnx", "tokenizer.json"):
        folder = tmp_path / name
        folder.mkdir()
        for path in exported.iterdir():
            data = path.read_bytes()
            (folder / path.name).write_bytes(data[:-1] if path.name == name else data)
        with pytest.raises(ModelError, match="damaged or was changed"):
            OnnxReranker(reranker_info(folder), threads=1)


def test_a_finished_tuning_is_not_repeated(material: tuple[Path, Path], tuned: Path) -> None:
    def fail(what: str, done: int, total: int) -> None:
        raise AssertionError(f"{what} {done} {total}")

    base, data = material
    figures = run_tune_reranker(SETTINGS, base, base, [data], tuned, fail)
    assert figures["after"]["ndcg10"] > figures["before"]["ndcg10"]
    assert not list(tuned.parent.glob(".out.*"))


def test_more_tokens_than_the_model_reads_are_refused(
    material: tuple[Path, Path], tmp_path: Path
) -> None:
    base, data = material
    settings = RerankerSettings(max_tokens=4096, epochs=0.1, threads=1)
    with pytest.raises(ModelError, match="128 tokens"):
        run_tune_reranker(settings, base, base, [data], tmp_path / "out")


def test_rows_are_lists_with_the_right_passage_first() -> None:
    table = {"anchor": ["q"], "positive": ["p\nx"], "negative_1": ["n"], "negative_2": ["m"]}
    rows = listwise(table)
    assert (rows["query"], rows["docs"]) == (["q"], [["p x", "n", "m"]])
    assert rows["labels"] == [[20.0, 0.0, 0.0]]
