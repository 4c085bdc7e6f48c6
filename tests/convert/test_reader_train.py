"""A reader from the questions to the laptop: tiny, but every part real."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from assistant.engine.reader import NOTHING_READ, OnnxReader
from assistant.engine.span_search import MOST_SPANS
from assistant.errors import Cancelled, ModelError
from assistant.models.installed_readers import reader_info
from assistant.types import CancelToken
from convert.cli.main import main
from convert.embedder.onnx_export import quantize_weights
from convert.reader.bert_folder import check_bert
from convert.reader.evaluate_reader import ReaderEvaluation, run_evaluate_reader
from convert.reader.exported_weights import run_restore_reader
from convert.reader.onnx_export import run_export_reader, trace
from convert.reader.outlier_channels import KEPT_EXACT, split_outliers
from convert.reader.settings import ReaderData, ReaderSettings
from convert.reader.span_model import load_reader_model, write_reader_model
from convert.reader.train_reader import run_train_reader
from convert.step_record import file_sha256
from tests.convert.reading_material import reader_settings, write_houses
from tests.convert.retrieval_material import write_bert, write_json


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bert(tmp_path_factory.mktemp("base") / "bert")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> ReaderSettings:
    return reader_settings(tmp_path_factory.mktemp("squad"))


@pytest.fixture(scope="module")
def trained(base: Path, settings: ReaderSettings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trained") / "out"
    figures = run_train_reader(settings, base, out)
    assert figures["samples"] == 6 * sum(figures["kinds"].values())
    return out


@pytest.fixture(scope="module")
def exported(
    trained: Path, settings: ReaderSettings, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("exported") / "reader"
    figures = run_export_reader(trained / "model", out, data=settings.data.squad)
    assert figures["overlap"] >= 0.9
    return out


def test_what_was_learned_is_read_on_the_laptop(exported: Path, tmp_path: Path) -> None:
    unseen = write_houses(tmp_path / "unseen.json", articles=10, seed=5)
    asked = ReaderEvaluation(squad=(unseen,), count=0, threads=1, weight=0.0)
    figures = run_evaluate_reader(asked, exported)["unseen.json"]
    assert figures["f1"]["value"] > 0.9
    assert 0.9 < figures["auc"]["low"] <= figures["auc"]["value"] <= figures["auc"]["high"]
    assert (figures["answerable"], figures["unanswerable"]) == (40, 40)


def test_a_reading_does_not_depend_on_threads_or_company(exported: Path) -> None:
    texts = [f"The red dog lives in house {n}. The blue cat lives in house {n + 1}."
             for n in range(8)]  # fmt: skip
    one, two = (OnnxReader(reader_info(exported), threads) for threads in (1, 2))
    readings = one.read("Where is the red dog?", texts)
    assert two.read("Where is the red dog?", texts) == readings
    assert one.read("Where is the red dog?", texts[3:4]) == readings[3:4]
    assert one.read("Where is the red dog?", []) == []
    for text, reading in zip(texts, readings, strict=True):
        spans = reading.spans
        assert [s.score for s in spans] == sorted((s.score for s in spans), reverse=True)
        assert all(0 <= s.start < s.end <= len(text) for s in spans)
        ends = sorted((s.start, s.end) for s in spans)
        assert all(a[1] <= b[0] for a, b in pairwise(ends))


def test_a_span_far_into_a_long_passage_is_found(exported: Path) -> None:
    reader = OnnxReader(reader_info(exported), threads=2)
    filler = "It is never seen by us in number 5. " * 60
    text = f"{filler}The red dog lives in house 7. {filler}"
    (reading,) = reader.read("Where is the red dog?", [text])
    assert reading.spans[0].start == text.index("house 7")
    assert len(reading.spans) == MOST_SPANS


def test_hostile_input_is_read_or_said_to_hold_nothing(exported: Path) -> None:
    reader = OnnxReader(reader_info(exported), threads=2)
    hostile = ["dog", "dog " * 30_000, "1 22 333 4,444.5 " * 50, "\ud800 dog", "\x00\x1b[31m dog",
               "\u202edog", "x" * 200_000]  # fmt: skip
    readings = reader.read("Where is the dog?", hostile)
    for text, reading in zip(hostile, readings, strict=True):
        assert reading.spans
        assert all(math.isfinite(s.score) for s in reading.spans)
        assert all(0 <= s.start < s.end <= len(text) for s in reading.spans)
    assert reader.read("Where?", ["", " \n"]) == [NOTHING_READ, NOTHING_READ]
    assert reader.read("", ["The dog."]) == [NOTHING_READ]
    long = "where is the dog " * 750
    assert not reader.reads_whole(long)
    assert reader.reads_whole("Where is the dog?")
    assert reader.read(long, ["The dog."]) == reader.read(long * 2, ["The dog."])
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        reader.read("Where is the dog?", hostile, token)
    assert reader.read("Where is the dog?", hostile[:1]) == readings[:1]


def test_what_is_not_the_pinned_reader_is_not_loaded(exported: Path, tmp_path: Path) -> None:
    other = tmp_path / "other tokenizer"
    shutil.copytree(exported, other)
    table = json.loads((other / "tokenizer.json").read_text("utf-8"))
    table["model"]["vocab"]["dog"], table["model"]["vocab"]["cat"] = 1, 2
    write_json(other / "tokenizer.json", table)
    changed = tmp_path / "changed"
    shutil.copytree(exported, changed)
    (changed / "model.onnx").write_bytes((exported / "model.onnx").read_bytes()[:-1])
    for folder in (other, changed):
        with pytest.raises(ModelError, match="damaged or was changed"):
            OnnxReader(reader_info(folder), threads=1)
    for key, value in (
        ("format", 2),
        ("task", "score"),
        ("max_tokens", 7),
        ("calibration", {"threshold": 3}),
    ):
        table = json.loads((exported / "reader.json").read_text("utf-8"))
        write_json(changed / "reader.json", {**table, key: value})
        with pytest.raises(ModelError, match=r"reader\.json"):
            reader_info(changed)
    with pytest.raises(ModelError):
        reader_info(tmp_path)


def test_calibration_comes_with_the_reader(exported: Path, tmp_path: Path) -> None:
    folder = tmp_path / "reader"
    shutil.copytree(exported, folder)
    assert OnnxReader(reader_info(folder), 1).calibration.threshold == 0.5
    table = json.loads((folder / "reader.json").read_text("utf-8"))
    table["calibration"] = {"weights": {"margin": 0.7}, "threshold": 0.4}
    write_json(folder / "reader.json", table)
    calibration = OnnxReader(reader_info(folder), 1).calibration
    assert (dict(calibration.weights), calibration.threshold) == ({"margin": 0.7}, 0.4)


@pytest.mark.parametrize("part", ["span.bias", "relevance.bias"])
def test_numbers_that_are_none_are_an_error(
    trained: Path, exported: Path, tmp_path: Path, part: str
) -> None:
    model = load_reader_model(check_bert(trained / "model"))
    model.get_parameter(part).data.fill_(math.nan)
    with pytest.raises(ModelError, match="no numbers"):
        write_reader_model(model, trained / "model", tmp_path / "model")
    folder = tmp_path / "model"
    shutil.copytree(trained / "model", folder, dirs_exist_ok=True)
    from safetensors.torch import save_file

    save_file(model.state_dict(), str(folder / "model.safetensors"))
    out = tmp_path / "reader"
    shutil.copytree(exported, out)
    trace(check_bert(folder), tmp_path / "plain.onnx")
    quantize_weights(tmp_path / "plain.onnx", out / "model.onnx")
    table = json.loads((out / "reader.json").read_text("utf-8"))
    pinned = {**table, "model_sha256": file_sha256(out / "model.onnx")}
    write_json(out / "reader.json", pinned)
    with pytest.raises(ModelError, match="not finite"):
        OnnxReader(reader_info(out), 1).read("Where is the dog?", ["The dog is here."])


def test_another_model_is_no_reader(exported: Path, base: Path, tmp_path: Path) -> None:
    from convert.embedder.onnx_export import export_embedder

    with pytest.raises(ModelError, match="is no reader"):
        run_export_reader(base, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    export_embedder(base, tmp_path / "embedder", quantize=False)
    folder = tmp_path / "reader"
    shutil.copytree(exported, folder)
    shutil.copyfile(tmp_path / "embedder" / "model.onnx", folder / "model.onnx")
    table = json.loads((folder / "reader.json").read_text("utf-8"))
    pinned = {**table, "model_sha256": file_sha256(folder / "model.onnx")}
    write_json(folder / "reader.json", pinned)
    with pytest.raises(ModelError, match="is no reader"):
        OnnxReader(reader_info(folder), threads=1)


def test_an_exported_reader_learns_more_of_feedback_once_it_is_restored(
    base: Path, trained: Path, exported: Path, settings: ReaderSettings, tmp_path: Path
) -> None:
    context = "The night porter of house 7 keeps the spare key in the blue tin."
    rows = [
        {"question": "where is the spare key", "answer": "in the blue tin", "context": context},
        {"question": "where is the cat", "answer": "unanswerable", "context": context},
    ]
    path = tmp_path / "feedback.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    data = ReaderData(
        feedback=(path,), feedback_repeats=40, codes=0, attributes=0, tables=0, letters=0
    )
    tuned = replace(settings, data=data, epochs=2)
    restored = tmp_path / "restored"
    assert run_restore_reader(exported, base, restored)["restored"] > 40
    one, other = (load_reader_model(check_bert(f / "model")) for f in (trained, restored))
    for name, weights in one.state_dict().items():
        off = (weights - other.state_dict()[name]).abs().max()
        assert off <= weights.abs().max() / 100, name
    figures = run_train_reader(tuned, restored / "model", tmp_path / "tuned")
    assert figures["kinds"] == {"feedback": 40, "feedback, unanswerable": 40}
    record = json.loads((tmp_path / "tuned" / "step.json").read_text("utf-8"))
    assert record["inputs"]["feedback 1"] == file_sha256(path)
    with pytest.raises(ModelError, match=r"exported reader \(int8\)"):
        run_train_reader(tuned, exported, tmp_path / "more")
    assert not (tmp_path / "more").exists()
    wider = write_bert(tmp_path / "wider", hidden=64)
    with pytest.raises(ModelError, match="does not fit"):
        run_restore_reader(exported, wider, tmp_path / "more")


def test_a_finished_training_is_not_repeated(
    base: Path, settings: ReaderSettings, trained: Path
) -> None:
    def fail(what: str, done: int, total: int) -> None:
        raise AssertionError(f"{what} {done} {total}")

    assert run_train_reader(settings, base, trained, fail)["samples"] > 0


def test_the_commands_do_the_same(
    base: Path, settings: ReaderSettings, exported: Path, tmp_path: Path
) -> None:
    (squad,) = settings.data.squad
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        f'[reader]\nthreads = 1\nmax_tokens = 64\nprecision = "float32"\n'
        f'[reader.data]\nsquad = ["{squad}"]\nanswerable = 20\nnear = 0\ncodes = 0\n'
        "changed = 0\nnumbers = 0\nyes_no = 0\n",
        encoding="utf-8",
    )
    out = tmp_path / "out"
    command = ["reader", "train", str(base), str(recipe), "--out", str(out), "--json", "--epochs"]
    done = CliRunner().invoke(main, [*command, "0.2"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["samples"] > 0
    assert (out / "model" / "tuning.json").is_file()
    done = CliRunner().invoke(
        main, ["reader", "evaluate", str(exported), "--squad", str(squad), "--count", "5", "--json"]
    )
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)[squad.name]["answerable"] == 5
    done = CliRunner().invoke(main, ["reader", "evaluate", str(exported)])
    assert done.exit_code != 0
    assert "--squad" in done.output
    for name in ("train", "evaluate", "export", "restore"):
        told = CliRunner().invoke(main, ["reader", name, "--help"]).output
        assert f"Example: assistant-convert reader {name}" in " ".join(told.split())


def test_split_products_are_the_same_and_find_the_outliers(trained: Path) -> None:
    import torch

    model = load_reader_model(check_bert(trained / "model")).eval()
    norm = model.get_parameter("bert.encoder.layer.0.attention.output.LayerNorm.weight")
    norm.data[17] *= 60.0
    ids = torch.randint(5, 60, (1, 20))
    window = {"input_ids": ids, "attention_mask": torch.ones_like(ids),
              "token_type_ids": torch.zeros_like(ids)}  # fmt: skip
    with torch.no_grad():
        before = model(**window)
        split_outliers(model, [window])
        after = model(**window)
    for one, other in zip(before, after, strict=True):
        assert torch.allclose(one, other, atol=1e-4)
    names = [name for name, _ in model.named_modules() if name.endswith(KEPT_EXACT)]
    assert len(names) == 4
    first = model.get_submodule(f"bert.encoder.layer.0.intermediate.dense.{KEPT_EXACT}")
    assert 17 in first.channels


def test_outliers_stay_in_32_bits(exported: Path) -> None:
    import onnx

    nodes = onnx.load(str(exported / "model.onnx")).graph.node
    thin = [node for node in nodes if KEPT_EXACT in node.name and "MatMul" in node.op_type]
    assert [node.op_type for node in thin] == ["MatMul"] * 4
    assert sum(node.op_type == "MatMulInteger" for node in nodes) >= 12
