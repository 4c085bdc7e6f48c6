"""`assistant models tune-in` and `recommend`, with a model of a few KB through the real engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import validate

from assistant.models.catalogue import load_catalogue
from assistant.models.model_profile import PROFILE_FILE, profile_of
from assistant.models.model_record import read_record
from tests.unit.cli.test_model_commands import SCHEMAS, run
from tests.unit.engine.speaking_toy import speaking_toy

pytest.importorskip("llama_cpp")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tune")
    (made / "toy.gguf").write_bytes(speaking_toy(context=8192))
    added = run(made, "add", str(made / "toy.gguf"))
    assert added.exit_code == 0, added.output
    return made


def test_a_model_is_measured_and_its_profile_kept(folder: Path) -> None:
    result = run(folder, "tune-in", "toy", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    validate(document, SCHEMAS["models tune-in"])
    assert document["profile"]["measured"]["prefill"] > 0
    assert document["profile"]["prompt"] == "system"  # it says nothing sensible
    assert "quote" in document["why"]
    model = folder / "data" / "models" / "toy"
    kept = profile_of(read_record(model), model)
    assert kept.measured is not None
    assert kept.measured.prefill == document["profile"]["measured"]["prefill"]
    again = run(folder, "list")
    assert again.exit_code == 0


def test_a_damaged_profile_is_measured_again(folder: Path) -> None:
    path = folder / "data" / "models" / "toy" / PROFILE_FILE
    path.write_text("{")
    result = run(folder, "tune-in", "toy")
    assert result.exit_code == 0, result.output
    assert "tokens a second" in result.stdout
    assert json.loads(path.read_text())["profile"]["measured"]


def test_what_is_not_installed_can_not_be_measured(folder: Path) -> None:
    result = run(folder, "tune-in", "nonesuch", "--json")
    assert json.loads(result.stdout)["error"]["code"] == "usage"


def test_larger_models_are_named_and_the_hash_left_to_who_brings_the_file(folder: Path) -> None:
    result = run(folder, "recommend")
    assert result.exit_code == 0, result.output
    for entry in load_catalogue().recommended:
        assert entry.title in result.stdout
        assert entry.licence in result.stdout
    assert "SHA-256" in result.stderr
    document = json.loads(run(folder, "recommend", "--json").stdout)
    validate(document, SCHEMAS["models recommend"])
    assert [m["title"] for m in document["models"]] == [
        e.title for e in load_catalogue().recommended
    ]
