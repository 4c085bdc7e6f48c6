"""Exported embedders in folders of their own: what is trusted, what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.config import Settings
from assistant.engine.engine_loader import embedder_identity, load_embedder
from assistant.errors import ModelError
from assistant.models.catalogue import bundled_models_dir, load_catalogue
from assistant.models.embedder_folder import entry_of

ENTRY = load_catalogue().default_embedder
SHA = "a" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The bundled embedder as a workstation would export it, under the catalogue's name."""
    target = tmp_path / ENTRY.folder
    shutil.copytree(bundled_models_dir() / ENTRY.folder, target)
    change(target, model_sha256=ENTRY.model_sha256, tokenizer_sha256=ENTRY.tokenizer_sha256)
    return target


def change(folder: Path, **values: object) -> None:
    path = folder / "embedder.json"
    table = {**json.loads(path.read_text(encoding="utf-8")), **values}
    path.write_text(json.dumps(table), encoding="utf-8")


def test_an_exported_folder_is_chosen_by_its_path(folder: Path, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, embedder=str(folder), threads=1)
    mine = load_embedder(settings)
    bundled = load_embedder(Settings(data_dir=tmp_path, threads=1))
    assert mine.identity == embedder_identity(settings)
    texts = ["The pump holds 4 bar.", "A notice takes 30 days."]
    assert np.array_equal(mine.embed_documents(texts), bundled.embed_documents(texts))


def test_it_never_takes_the_name_of_a_catalogues_embedder(folder: Path) -> None:
    assert folder.name == ENTRY.name
    assert entry_of(folder).name == f"{ENTRY.name}-{ENTRY.model_sha256[:8]}"


def test_a_sentence_transformers_folder_is_named_and_the_way_out_said(tmp_path: Path) -> None:
    """Earlier versions ran such a folder: who comes from there is told what to do."""
    (tmp_path / "modules.json").write_text("[]")
    (tmp_path / "model.safetensors").write_bytes(b"")
    settings = Settings(data_dir=tmp_path, embedder=str(tmp_path))
    for load in (load_embedder, embedder_identity):
        with pytest.raises(ModelError, match="sentence-transformers model") as caught:
            load(settings)
        assert "assistant-convert embedder export" in caught.value.hint
        assert "new library" in caught.value.hint


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_changed_file_is_not_loaded(folder: Path, tmp_path: Path, name: str) -> None:
    with (folder / name).open("ab") as file:
        file.write(b"\n")
    with pytest.raises(ModelError, match="damaged or was changed"):
        load_embedder(Settings(data_dir=tmp_path, embedder=str(folder)))


@pytest.mark.parametrize(
    "values",
    [{"model_sha256": "x" * 64}, {"model_sha256": None}, {"tokenizer_sha256": SHA.upper()},
     {"dimension": 0}, {"dimension": True}, {"dimension": "384"}, {"max_tokens": 10**9},
     {"pooling": "cls"}, {"architecture": "mpnet"}, {"query_prefix": 3},
     {"document_prefix": "x" * 1000}],
)  # fmt: skip
def test_a_description_out_of_bounds_is_refused(folder: Path, values: dict[str, Any]) -> None:
    change(folder, **values)
    with pytest.raises(ModelError):
        entry_of(folder)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "[" * 100_000, "\ud800".encode("utf-8", "replace")]
)
def test_a_damaged_description_is_refused(tmp_path: Path, text: str | bytes) -> None:
    data = text if isinstance(text, bytes) else text.encode()
    (tmp_path / "embedder.json").write_bytes(data)
    with pytest.raises(ModelError):
        entry_of(tmp_path)
