"""Models that are an adapter over another: added, computed, and what they need."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.config import Settings
from assistant.engine.engine_loader import load_chat
from assistant.errors import AssistantError, ModelError, UsageError
from assistant.models.add_model import add_model
from assistant.models.installed_models import (
    active_chat_name,
    list_models,
    remove_model,
    use_model,
    verify_models,
)
from assistant.models.model_record import read_record, write_record
from assistant.types import Calibration
from tests.unit.models.gguf_files import TENSORS, chat_pairs, gguf
from tests.unit.models.lora_files import TOY, lora, matrices, random_toy, values

pytest.importorskip("llama_cpp")

PAIRS = matrices(TOY)
QUERY = "blk.0.attn_q.weight"
TUNED = lora(PAIRS, strength=0.5)


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the toy installed as `toy`, and an adapter over it as `tuned`."""
    folder = tmp_path_factory.mktemp("prepared")
    settings = Settings(data_dir=folder / "data", threads=1)
    add_model(write(folder, "toy.gguf", random_toy()), settings)
    add_model(write(folder, "tuned.gguf", TUNED), settings)
    return settings.data_dir


@pytest.fixture
def settings(prepared: Path, tmp_path: Path) -> Settings:
    """Settings of an own copy of that folder."""
    return Settings(data_dir=shutil.copytree(prepared, tmp_path / "data"), threads=1)


# -- computing -------------------------------------------------------------------------------


def first_logits(settings: Settings) -> np.ndarray[Any, Any]:
    chat = load_chat(settings)
    chat.warm_up("Hello, who is there?")
    logits: np.ndarray[Any, Any] = chat._runtime.logits().copy()  # type: ignore[attr-defined]
    chat.close()  # type: ignore[attr-defined]
    return logits


def test_an_adapter_computes_what_the_merged_weights_do(settings: Settings, tmp_path: Path) -> None:
    rank, alpha = 8, 16.0
    parts = values(PAIRS, 0.5)
    merged = {
        name: alpha / rank * (parts[f"{name}.lora_b"] @ parts[f"{name}.lora_a"]) for name in TOY
    }
    add_model(write(tmp_path, "merged.gguf", random_toy(merged)), settings)
    base, tuned, whole = (
        first_logits(replace(settings, chat_model=name)) for name in ("toy", "tuned", "merged")
    )
    assert np.abs(base - whole).max() > 0.5
    assert np.abs(tuned - whole).max() < 1e-3


# -- installing ------------------------------------------------------------------------------


def test_an_adapter_is_installed_over_its_base(settings: Settings, tmp_path: Path) -> None:
    folder = settings.models_dir / "tuned"
    assert sorted(path.name for path in folder.iterdir()) == ["adapter.gguf", "record.json"]
    toy, record = read_record(settings.models_dir / "toy"), read_record(folder)
    assert (record.base, record.base_sha256, record.title) == ("toy", toy.sha256, "Tiny Adapter")
    assert (record.architecture, record.context_length) == ("llama", 512)
    shown = {model.name: model for model in list_models(settings)}
    assert (shown["tuned"].base, shown["tuned"].problem) == ("toy", "")
    assert shown["tuned"].size == len(TUNED)
    assert active_chat_name(settings) == "toy"  # an adapter of one's own is chosen by name
    assert use_model("tuned", settings).active
    assert load_chat(settings).name == "tuned"
    again = add_model(write(tmp_path, "tuned.gguf", TUNED), settings)
    assert again == {model.name: model for model in list_models(settings)}["tuned"]


def test_a_base_stays_while_an_adapter_needs_it(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="tuned is loaded over it") as caught:
        remove_model("toy", settings)
    assert "models remove tuned" in caught.value.hint
    remove_model("tuned", settings)
    remove_model("toy", settings)
    assert list(settings.models_dir.iterdir()) == []


def test_a_base_that_is_gone_changed_or_damaged(settings: Settings, tmp_path: Path) -> None:
    chosen = replace(settings, chat_model="tuned")
    base = settings.models_dir / "toy"

    def says(what: str, hint: str) -> None:
        with pytest.raises(ModelError, match=what) as caught:
            load_chat(chosen)
        assert hint in caught.value.hint
        shown = {model.name: model.problem for model in list_models(settings)}["tuned"]
        assert what in shown
        checks = {check.name: check for check in verify_models(settings)}
        assert not checks["tuned"].ok

    record = read_record(base)
    (base / "model.gguf").write_bytes(b"GGUF")
    says("missing its file or damaged", "models add --name toy")
    (base / "model.gguf").write_bytes(random_toy())
    write_record(base, replace(record, sha256="1" * 64, source_sha256="2" * 64))
    says("another toy", "models remove tuned")
    anew = random_toy()[:-1] + b"\0"
    (base / "model.gguf").write_bytes(anew)
    write_record(base, replace(record, sha256=hashlib.sha256(anew).hexdigest()))
    assert load_chat(chosen).name == "tuned"  # quantized anew from the same file
    (base / "model.gguf").write_bytes(random_toy()[:-1] + b"\1")
    with pytest.raises(ModelError, match="damaged or was changed"):
        load_chat(chosen)
    (base / "model.gguf").write_bytes(anew)
    base.rename(base.with_name("moved"))
    says("needs the model toy, which is not installed", "models add --name toy")


def test_a_changed_adapter_is_not_loaded(settings: Settings, tmp_path: Path) -> None:
    file = settings.models_dir / "tuned" / "adapter.gguf"
    file.write_bytes(file.read_bytes()[:-4] + b"\0\0\0\1")
    assert not {check.name: check.ok for check in verify_models(settings)}["tuned"]
    with pytest.raises(ModelError, match="damaged or was changed") as caught:
        load_chat(replace(settings, chat_model="tuned"))
    assert "models remove tuned" in caught.value.hint


def test_an_adapter_for_other_prompts_is_not_loaded(settings: Settings, tmp_path: Path) -> None:
    folder = settings.models_dir / "tuned"
    write_record(folder, replace(read_record(folder), prompt_version=99))
    with pytest.raises(ModelError, match="version 99") as caught:
        load_chat(replace(settings, chat_model="tuned"))
    assert "models use toy" in caught.value.hint


def test_which_base_is_meant(settings: Settings, tmp_path: Path) -> None:
    file = write(tmp_path, "tuned.gguf", TUNED)
    empty = replace(settings, data_dir=tmp_path / "empty")
    with pytest.raises(ModelError, match="not installed") as missing:
        add_model(file, empty)
    assert "assistant models add FILE.gguf" in missing.value.hint
    with pytest.raises(UsageError, match="'tuned'"):
        add_model(file, settings, name="upon", base="tuned")
    other = write(tmp_path, "other.gguf", random_toy({QUERY: np.float32(1)}))
    add_model(other, settings)
    with pytest.raises(UsageError, match="fits over several models: other, toy") as caught:
        add_model(file, settings, name="third")
    assert "--base NAME" in caught.value.hint
    assert add_model(file, settings, name="third", base="other").base == "other"
    with pytest.raises(ModelError, match="tuned is installed"):
        add_model(file, settings, name="tuned", base="other")
    with pytest.raises(UsageError, match="no adapter"):
        add_model(other, settings, name="fourth", base="toy")


def test_adapters_that_are_refused_leave_nothing(settings: Settings, tmp_path: Path) -> None:
    bad = {
        "wrong.gguf": (lora(matrices({QUERY: (64, 32)})), "does not fit over toy"),
        "kind.gguf": (lora(PAIRS, adapter__type="dora"), "can't be used as an adapter"),
        "nan.gguf": (lora(PAIRS, strength=float("nan")), "not finite"),
        "short.gguf": (lora(PAIRS)[:-100], "truncated"),
        "hollow.gguf": (gguf(chat_pairs(general__type="adapter"), TENSORS), "adapter"),
    }
    for name, (data, said) in bad.items():
        with pytest.raises(AssistantError, match=said) as caught:
            add_model(write(tmp_path, name, data), settings, base="toy")
        assert name in caught.value.message
        assert caught.value.hint
        assert ".incoming" not in str(caught.value)
    assert sorted(path.name for path in settings.models_dir.iterdir()) == ["toy", "tuned"]


# -- records ---------------------------------------------------------------------------------


def test_records_of_the_first_format_stay_readable(settings: Settings, tmp_path: Path) -> None:
    path = settings.models_dir / "toy" / "record.json"
    record = read_record(path.parent)
    table = json.loads(path.read_text(encoding="utf-8"))
    record = replace(record, template_approved="")
    del table["template_approved"]
    path.write_text(json.dumps({**table, "format": 2}), encoding="utf-8")
    assert read_record(path.parent) == record
    for key in ("base", "base_sha256", "base_source_sha256", "prompt_version", "calibration"):
        del table[key]
    path.write_text(json.dumps({**table, "format": 1}), encoding="utf-8")
    assert read_record(path.parent) == record
    assert load_chat(settings).name == "toy"
    for odd in ({"format": 2}, {"format": 1, "base": "x"}, {"format": 3}):
        path.write_text(json.dumps({**table, **odd}), encoding="utf-8")
        with pytest.raises(ModelError, match=r"record\.json"):
            read_record(path.parent)


def test_an_odd_calibration_is_refused(settings: Settings) -> None:
    path = settings.models_dir / "toy" / "record.json"
    record = replace(read_record(path.parent), calibration=Calibration(others={"margin": -1.5}))
    write_record(path.parent, record)
    assert read_record(path.parent) == record
    table = json.loads(path.read_text(encoding="utf-8"))
    assert table["calibration"] == {"margin": -1.5}
    for odd in (None, [1], {"a": "1"}, {"quotes_only": 0.5}):
        path.write_text(json.dumps({**table, "calibration": odd}), encoding="utf-8")
        with pytest.raises(ModelError, match="damaged"):
            read_record(path.parent)
