"""The catalogue: complete, pinned, and refused when it is not."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from assistant.errors import ModelError
from assistant.models.catalogue import CATALOGUE_FILE, bundled_models_dir, load_catalogue

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
    catalogue = load_catalogue()
    here = [entry for entry in catalogue.embedders if not entry.source_size]
    for entry in (*here, *catalogue.readers):
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
        ("dimension = 384", 'dimension = "384"', "expected whole number"),
        ("dimension = 384", "", "dimension"),
        ("dimension = 384", "dimension = 384\nsurprise = 1", "surprise"),
        ('model_sha256 = "', 'model_sha256 = "Z', "SHA-256"),
        ("[[embedder]]", "[[other]]", "'other' is no key"),
    ],
)
def test_a_damaged_catalogue_is_refused(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert old in REAL
    with pytest.raises(ModelError, match=said) as caught:
        load_catalogue(write(tmp_path, REAL.replace(old, new)))
    assert CATALOGUE_FILE in caught.value.message


ADAPTER = """
[[adapter]]
name = "tuned"
title = "Tuned"
licence = "CC-BY-SA-4.0"
base = "smollm2-135m-instruct"
file = "tuned/adapter.gguf"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
size = 1
prompt_style = "chatml"
prompt_version = 1
card = "tuned/README.md"
figures = { f1 = 0.61, questions = 400 }
calibration = {}
"""


def test_bundled_adapters_are_the_pinned_ones() -> None:
    for entry in load_catalogue().adapters:
        data = (bundled_models_dir() / entry.file).read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (entry.sha256, entry.size)
        assert (bundled_models_dir() / entry.card).is_file()


def test_the_adapter_over_the_default_is_the_default(tmp_path: Path) -> None:
    bare = REAL.partition("[[adapter]]")[0]
    catalogue = load_catalogue(write(tmp_path, bare))
    assert catalogue.default_adapter is None
    assert catalogue.default_names == (catalogue.default_chat.name,)
    load_catalogue.cache_clear()
    tuned = load_catalogue(write(tmp_path, bare + ADAPTER))
    assert tuned.default_adapter is tuned.adapters[0]
    assert tuned.adapters[0].figures == {"f1": 0.61, "questions": 400}
    assert tuned.default_names == ("tuned", tuned.default_chat.name)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("smollm2-135m-instruct", "nonesuch", "unknown base"),
        ("tuned/adapter.gguf", "../adapter.gguf", "path"),
        ("tuned/README.md", "/etc/passwd", "path"),
        ("0.61", '"high"', "figures"),
        ("0.61", "nan", "figures"),
        ("calibration = {}", "calibration = 1", "calibration"),
        ("size = 1", "size = true", "size"),
        ("sha256 = ", "sha512 = ", "sha512"),
    ],
)
def test_a_damaged_adapter_is_refused(old: str, new: str, said: str, tmp_path: Path) -> None:
    bare = REAL.partition("[[adapter]]")[0]
    with pytest.raises(ModelError, match=said):
        load_catalogue(write(tmp_path, bare + ADAPTER.replace(old, new)))


def test_a_missing_catalogue_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="can't be read"):
        load_catalogue(tmp_path)
