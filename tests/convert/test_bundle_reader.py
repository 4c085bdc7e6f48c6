"""A reader packed by the command, and imported and used by the laptop's commands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from assistant.cli.main import cli
from assistant.models.catalogue import bundled_models_dir
from convert.bundle.signing_keys import generate
from convert.cli.bundle import bundle_group
from convert.reader.evaluate_reader import ReaderEvaluation
from convert.reader.reader_gate import run_reader_gate
from convert.step_record import file_sha256, write_record
from tests.convert.bundle_material import SOURCES
from tests.convert.reading_material import write_houses

FILES = ("model.onnx", "tokenizer.json", "reader.json")


@pytest.fixture
def packing(tmp_path: Path) -> dict[str, Any]:
    """An export with its record, a key, a licence; the command that packs them."""
    public, secret_file, public_file = generate(tmp_path / "keys" / "ward")
    folder = tmp_path / "reader"
    folder.mkdir()
    for name in FILES:
        shutil.copy(bundled_models_dir() / "minilm-l6-reader" / name, folder)
    outputs = {name: folder / name for name in FILES}
    write_record(folder, "reader export", inputs={}, settings={}, outputs=outputs)
    (tmp_path / "LICENSE").write_text("Apache License 2.0\n")
    command = [
        "pack", "--reader", str(folder), "--step", str(folder), "--key", str(secret_file),
        "--name", "wards", "--version", "1", "--licence", "Apache-2.0",
        "--licence-file", str(tmp_path / "LICENSE"), "--out", str(tmp_path / "carry"), "--json",
    ]  # fmt: skip
    return {"command": command, "folder": folder, "public": public, "public_file": public_file}


GIVEN = ["--source", "|".join((SOURCES[0].name, SOURCES[0].licence, SOURCES[0].attribution)),
         "--force-without-gate", "readers have no gate"]  # fmt: skip


def imported(pack: list[str], packing: dict[str, Any], data: list[str]) -> dict[str, Any]:
    """Pack a bundle, trust its key, import it; return what the import says."""
    runner = CliRunner()
    made = runner.invoke(bundle_group, pack)
    assert made.exit_code == 0, made.output
    trust = ["bundle", "keys", "trust", str(packing["public_file"])]
    words = packing["public"].words
    assert runner.invoke(cli, [*trust, "--fingerprint", words, *data]).exit_code == 0
    bundle = json.loads(made.stdout)["bundle"]
    done = runner.invoke(cli, ["bundle", "import", bundle, "--yes", *data])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_reader_goes_to_the_laptop(packing: dict[str, Any], tmp_path: Path) -> None:
    runner = CliRunner()
    data = ["--data-dir", str(tmp_path / "laptop"), "--json"]
    document = imported([*packing["command"], *GIVEN], packing, data)
    assert (document["name"], document["active"]) == ("wards-v1", True)
    assert [step["step"] for step in document["manifest"]["lineage"]] == ["reader export"]
    listed = json.loads(runner.invoke(cli, ["models", "list", *data]).stdout)["models"]
    found = {model["name"]: model for model in listed if model["role"] == "reader"}
    assert {name: model["active"] for name, model in found.items()} == {
        "minilm-l6-reader": False,
        "wards-v1": True,
    }
    assert found["wards-v1"]["sha256"] == file_sha256(packing["folder"] / "model.onnx")
    used = runner.invoke(cli, ["models", "use", "minilm-l6-reader", *data])
    assert json.loads(used.stdout)["models"][0]["active"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (GIVEN[:2], "It is not packed"),
        (GIVEN[2:], "No data source is named"),
        ([*GIVEN, "--evaluation", "."], "evaluation.json"),
    ],
)
def test_what_is_missing_is_said(packing: dict[str, Any], options: list[str], said: str) -> None:
    done = CliRunner().invoke(bundle_group, [*packing["command"], *options])
    assert done.exit_code != 0
    assert said in done.output


def test_a_reader_that_passed_its_gate_needs_no_reason(
    packing: dict[str, Any], tmp_path: Path
) -> None:
    report = tmp_path / "evaluated"
    squad = write_houses(tmp_path / "houses.json", articles=26)
    settings = ReaderEvaluation(squad=(squad,), count=0)
    run_reader_gate(settings, packing["folder"], packing["folder"], report)
    command = [*packing["command"], *GIVEN[:2], "--evaluation", str(report)]
    data = ["--data-dir", str(tmp_path / "laptop"), "--json"]
    manifest = imported(command, packing, data)["manifest"]
    assert manifest["gate"] == {"evaluated": True, "passed": True, "forced": ""}
    assert [step["step"] for step in manifest["lineage"]] == ["reader export", "reader evaluate"]


def test_a_reader_that_does_not_read_is_not_packed(packing: dict[str, Any]) -> None:
    tokenizer = packing["folder"] / "tokenizer.json"
    tokenizer.write_bytes(tokenizer.read_bytes() + b" ")
    done = CliRunner().invoke(bundle_group, [*packing["command"], *GIVEN])
    assert done.exit_code != 0
    assert "can't be run" in done.output
    model = packing["folder"] / "model.onnx"
    model.write_bytes(model.read_bytes() + b" ")
    done = CliRunner().invoke(bundle_group, [*packing["command"], *GIVEN])
    assert "made by none of the given steps" in done.output
