"""Figures of a reader, the course of its training, and the pieces that are read."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import Cancelled, ModelError, UsageError
from assistant.types import CancelToken, Reading, ReadSpan
from convert.reader.onnx_export import check_parity
from convert.reader.reading_figures import ReadAnswer, auc, reading_figures, refused_at
from convert.reader.reading_items import ReadItem, paper_questions
from convert.reader.settings import ReaderSettings
from convert.reader.train_reader import run_train_reader
from convert.reader.training_loop import TrainingState, rate_at, share_done
from convert.step_record import file_sha256
from tests.convert.reading_material import reader_settings
from tests.convert.retrieval_material import write_bert, write_json


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bert(tmp_path_factory.mktemp("base") / "bert")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> ReaderSettings:
    return reader_settings(tmp_path_factory.mktemp("squad"))


def test_an_export_that_reads_otherwise_is_refused() -> None:
    exact = [Reading((ReadSpan(10 * n, 10 * n + 5, float(n)),), 0.0) for n in range(20)]
    assert check_parity(exact, exact)["overlap"] == 1.0
    elsewhere = [Reading((ReadSpan(500, 505, float(n)),), 0.0) for n in range(20)]
    unsure = [replace(r, spans=(replace(r.spans[0], score=float(n * 7 % 20)),))
              for n, r in enumerate(exact)]  # fmt: skip
    for other in (elsewhere, unsure):
        with pytest.raises(ModelError, match="differs"):
            check_parity(other, exact)


def test_a_run_that_was_stopped_goes_on_to_the_same_weights(
    base: Path, settings: ReaderSettings, tmp_path: Path
) -> None:
    short = replace(settings, epochs=0.5, checkpoint_minutes=0.0)
    run_train_reader(short, base, tmp_path / "whole")
    token = CancelToken()
    seen: list[str] = []

    def stop(what: str, done: int, total: int) -> None:
        seen.append(what)
        if done >= 96:
            token.cancel()

    with pytest.raises(Cancelled):
        run_train_reader(short, base, tmp_path / "stopped", stop, token)
    assert any(what.endswith("min left") for what in seen)
    with pytest.raises(UsageError, match="unfinished run of another"):
        run_train_reader(replace(short, seed=9), base, tmp_path / "stopped")
    done: list[int] = []
    run_train_reader(short, base, tmp_path / "stopped", lambda _, n, __: done.append(n))
    assert min(n for n in done if n) == 112
    names = ("whole", "stopped")
    whole, resumed = (tmp_path / name / "model" / "model.safetensors" for name in names)
    assert file_sha256(whole) == file_sha256(resumed)
    assert not list(tmp_path.glob(".stopped*"))
    with pytest.raises(Cancelled):
        run_train_reader(replace(short, seed=9), base, tmp_path / "other", stop, token)
    figures = run_train_reader(replace(short, seed=8), base, tmp_path / "other", fresh=True)
    assert figures["step"] == math.ceil(figures["samples"] / 16)


def test_the_rate_falls_to_nothing_when_the_time_is_over() -> None:
    settings = ReaderSettings(minutes=10, warmup=0.1, learning_rate=1e-3)
    states = [TrainingState(samples=n, seconds=60.0 * n) for n in range(11)]
    rates = [rate_at(settings, share_done(settings, state, 1000)) for state in states]
    assert rates[1] == pytest.approx(1e-3)
    assert np.diff(rates[1:]) == pytest.approx([-1e-3 / 9] * 9)
    assert rates[-1] == pytest.approx(0.0, abs=1e-12)
    assert rates[0] < 1e-4
    assert share_done(settings, TrainingState(samples=900, seconds=1.0), 1000) == 0.9
    unlimited = ReaderSettings()
    assert share_done(unlimited, TrainingState(samples=500, seconds=1e6), 1000) == 0.5


def test_a_loss_that_is_no_number_ends_the_training(
    base: Path, settings: ReaderSettings, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="no number any more"):
        run_train_reader(replace(settings, learning_rate=1.0, warmup=0.0, weight_decay=1.0,
                                 relevance_weight=1e1, epochs=1000.0, minutes=0.3),
                         _exploding(base, tmp_path / "base"), tmp_path / "out")  # fmt: skip


def _exploding(base: Path, target: Path) -> Path:
    from safetensors.torch import load_file, save_file

    shutil.copytree(base, target)
    weights = load_file(str(base / "model.safetensors"))
    weights["encoder.layer.0.output.dense.weight"].fill_(math.inf)
    save_file(weights, str(target / "model.safetensors"), metadata={"format": "pt"})
    return target


def test_figures_are_those_of_their_definitions() -> None:
    yes, no = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 1.0, 2.5])
    assert auc(yes, no) == pytest.approx((1.5 + 2 + 3 + 3) / 12)
    assert refused_at(0.25)(yes, no) == pytest.approx(2 / 3)
    items = [ReadItem("q", ("p",), ("red dog",))] * 3 + [ReadItem("q", ("p",), ())] * 2
    answers = [ReadAnswer("the red dog", 3.0, 1.0), ReadAnswer("dog", 2.0, 1.0),
               ReadAnswer("cat", 1.0, -9.0), ReadAnswer("x", 1.5, 0.0),
               ReadAnswer("y", 0.0, 0.0)]  # fmt: skip
    figures = reading_figures(items, answers, 0.0)
    assert figures["exact"]["value"] == pytest.approx(1 / 3, abs=1e-3)
    assert figures["f1"]["value"] == pytest.approx((1 + 2 / 3) / 3, abs=1e-3)
    assert figures["auc"]["value"] == pytest.approx(5 / 6, abs=1e-3)
    assert figures["refused_at_0.20"]["value"] == 0.5
    weighed = reading_figures(items, answers, 1.0)
    assert weighed["auc"]["value"] == pytest.approx(4 / 6, abs=1e-3)


def test_papers_are_cut_and_the_right_piece_is_known(tmp_path: Path) -> None:
    filler = "Nothing of interest was seen in the second group of the patients. " * 60
    text = f"{filler}\n\nThe dose was 12.5 mg. {filler}"
    at = text.index("12.5 mg")
    qas = [{"id": 1, "question": "What was the dose?",
            "answers": [{"text": "12.5 mg", "answer_start": at}]}]  # fmt: skip
    path = tmp_path / "papers.json"
    write_json(path, {"data": [{"paragraphs": [{"context": text, "qas": qas}]}]})
    found = paper_questions(path)
    (question,) = found.questions
    assert len(found.paragraphs) > 3
    assert question.gold is not None
    assert "12.5 mg" in found.paragraphs[question.gold].text
    assert question.answers == ("12.5 mg",)
