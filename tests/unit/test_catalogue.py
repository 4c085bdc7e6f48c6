"""The catalogue: complete, pinned, and refused when it is not."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from assistant.catalogue import CATALOGUE_FILE, bundled_models_dir, load_catalogue
from assistant.errors import ModelError

REAL = (bundled_models_dir() / CATALOGUE_FILE).read_text(encoding="utf-8")


def write(folder: Path, text: str) -> Path:
    (folder / CATALOGUE_FILE).write_text(text, encoding="utf-8")
    return folder


def test_the_bundled_catalogue_loads() -> None:
    catalogue = load_catalogue()
    assert catalogue.default_chat.quantization == "Q8_0"
    assert catalogue.default_chat.licence == "Apache-2.0"
    assert catalogue.find_chat(catalogue.default_chat.name) is catalogue.default_chat
    assert catalogue.find_embedder("nonesuch") is None
    assert catalogue.default_embedder.max_tokens == 256


def test_bundled_files_are_the_pinned_ones() -> None:
    for entry in load_catalogue().embedders:
        folder = bundled_models_dir() / entry.folder
        for name, pinned in (
            ("model.onnx", entry.model_sha256),
            ("tokenizer.json", entry.tokenizer_sha256),
        ):
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == pinned


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("format = 1", "format = 2", "format"),
        ("format = 1", "format = ", "can't be read"),
        ("dimension = 384", 'dimension = "384"', "type int"),
        ("dimension = 384", "", "dimension"),
        ("dimension = 384", "dimension = 384\nsurprise = 1", "surprise"),
        ('model_sha256 = "', 'model_sha256 = "Z', "SHA-256"),
        ("[[embedder]]", "[[other]]", "lacks"),
    ],
)
def test_a_damaged_catalogue_is_refused(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert old in REAL
    with pytest.raises(ModelError, match=said) as caught:
        load_catalogue(write(tmp_path, REAL.replace(old, new)))
    assert CATALOGUE_FILE in caught.value.message


def test_a_missing_catalogue_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="can't be read"):
        load_catalogue(tmp_path)
