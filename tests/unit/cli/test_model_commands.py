"""`assistant models` with a model and an adapter of a few KB, through the real engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import validate

from assistant.cli.main import cli
from tests.unit.models.lora_files import TOY, lora, matrices, random_toy
from tests.unit.test_docs import REFERENCE

pytest.importorskip("llama_cpp")

SCHEMAS = REFERENCE.json_schema()["commands"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "toy.gguf").write_bytes(random_toy())
    (tmp_path / "tuned.gguf").write_bytes(lora(matrices(TOY), strength=0.5))
    return tmp_path


def run(folder: Path, *arguments: str) -> Result:
    command = ["models", *arguments, "--data-dir", str(folder / "data")]
    return CliRunner().invoke(cli, command, env={"COLUMNS": "200"})


def models(folder: Path, *arguments: str) -> dict[str, Any]:
    result = run(folder, *arguments, "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    validate(document, SCHEMAS[f"models {arguments[0]}"])
    return {model["name"]: model for model in document["models"]}


def test_an_adapter_from_adding_to_removing(folder: Path) -> None:
    missing = run(folder, "add", str(folder / "tuned.gguf"))
    assert missing.exit_code == 5
    assert "not installed" in missing.stderr
    assert models(folder, "add", str(folder / "toy.gguf"))["toy"]["base"] == ""
    added = models(folder, "add", str(folder / "tuned.gguf"), "--base", "toy")
    assert added["tuned"]["base"] == "toy"
    assert not added["tuned"]["active"]
    assert models(folder, "use", "tuned")["tuned"]["active"]
    listed = run(folder, "list").stdout.splitlines()
    assert listed[0].split()[-1] == "over"
    assert next(line for line in listed if "tuned" in line).split()[-1] == "toy"
    assert next(line for line in listed if "tuned" in line).split()[0] == "*"
    verified = run(folder, "verify")
    assert verified.exit_code == 0
    assert "tuned: unchanged, over toy" in verified.stdout
    refused = run(folder, "remove", "toy")
    assert refused.exit_code == 2
    assert "models remove tuned" in refused.stderr
    assert "tuned" not in models(folder, "remove", "tuned")


def test_what_can_not_be_added_is_told_in_json(folder: Path) -> None:
    models(folder, "add", str(folder / "toy.gguf"))
    for arguments, code in (
        (["toy.gguf", "--base", "toy"], "usage"),
        (["tuned.gguf", "--base", "nonesuch"], "usage"),
        (["absent.gguf"], "model"),
    ):
        result = run(folder, "add", str(folder / arguments[0]), *arguments[1:], "--json")
        document = json.loads(result.stdout)
        validate(document, SCHEMAS["any command that fails"])
        assert document["error"]["code"] == code
        assert document["error"]["hint"]
