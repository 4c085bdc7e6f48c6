"""Readers in bundles: the program's own reader is carried, tried, used, and misused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from assistant.cli.model_identity import identified
from assistant.config import Settings
from assistant.engine.engine_loader import load_reader
from assistant.errors import AssistantError, BundleError, ModelError, OlderBundleError, UsageError
from assistant.models.catalogue import bundled_models_dir, load_catalogue
from assistant.models.installed_models import list_models, remove_model, use_model, verify_models
from assistant.strict_reader import canonical
from tests.unit.bundle.bundle_files import (
    CONTENT,
    files_of,
    signed_raw,
    tiny_bundle,
    tiny_manifest,
    trusting,
)
from tests.unit.bundle.test_bundle_import import bring, left_over, model_bundle

Content = dict[str, tuple[str, bytes]]
OWN = "minilm-l6-reader"
FOLDER = bundled_models_dir() / OWN
TEXTS = {name: CONTENT[name] for name in ("card.md", "licence-1.txt")}
READER: dict[str, Any] = {"kind": "reader", "prompt": None, "base": None, "calibration": {}}
ROLES = {"model.onnx": "reader", "tokenizer.json": "tokenizer", "reader.json": "description"}


def content(**changed: bytes) -> Content:
    """The reader's files; those that are given in place of its own, and pinned."""
    found = {name: (FOLDER / name).read_bytes() for name in ROLES}
    found |= {name.replace("_", "."): data for name, data in changed.items()}
    if "reader_json" not in changed:
        table = json.loads(found["reader.json"])
        for name in ("model", "tokenizer"):
            data = found["model.onnx" if name == "model" else "tokenizer.json"]
            table[f"{name}_sha256"] = hashlib.sha256(data).hexdigest()
        found["reader.json"] = json.dumps(table).encode()
    return TEXTS | {name: (ROLES[name], data) for name, data in found.items()}


def reader_bundle(made: Content | None = None, **changes: Any) -> bytes:
    return tiny_bundle(content() if made is None else made, **{**READER, **changes})


def described(**changes: Any) -> bytes:
    return json.dumps({**json.loads((FOLDER / "reader.json").read_bytes()), **changes}).encode()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings(data_dir=tmp_path / "data", threads=1)
    trusting(found.data_dir)
    return found


def in_use(settings: Settings) -> list[str]:
    return [info.name for info in list_models(settings) if info.role == "reader" and info.active]


def test_a_reader_is_installed_chosen_and_removed(settings: Settings) -> None:
    done = bring(settings, reader_bundle())
    assert (done.name, done.kind, done.already) == ("tiny-v3", "reader", False)
    assert in_use(settings) == [OWN]
    assert (done.papers / "card.md").read_bytes() == CONTENT["card.md"][1]
    assert not (done.papers / "tokenizer.json").exists()
    use_model("tiny-v3", settings)
    assert in_use(settings) == ["tiny-v3"]
    reader = load_reader(settings)
    assert reader is not None
    pinned = load_catalogue().default_reader
    assert pinned is not None
    assert reader.name == f"tiny-v3-{pinned.model_sha256[:8]}"
    assert identified(reader.name, settings) == (pinned.model_sha256, "")
    text = "The boiler is in the cellar. The key hangs in the blue cupboard."
    [reading] = reader.read("Where does the key hang?", [text])
    assert "blue cupboard" in text[reading.spans[0].start : reading.spans[0].end]
    assert bring(settings, reader_bundle()).already
    assert {check.name: check.ok for check in verify_models(settings)}["tiny-v3"]
    use_model(OWN, settings)
    assert in_use(settings) == [OWN]
    use_model("tiny-v3", settings)
    remove_model("tiny-v3", settings)
    assert in_use(settings) == [OWN]
    with pytest.raises(UsageError, match="can't be removed"):
        remove_model(OWN, settings)
    with pytest.raises(OlderBundleError):
        bring(settings, reader_bundle(version=2), "tiny-v2")


def test_a_setting_goes_before_the_choice(settings: Settings) -> None:
    bring(settings, reader_bundle())
    with pytest.raises(UsageError, match="setting 'reader'"):
        use_model("tiny-v3", replace(settings, reader="none"))
    use_model("tiny-v3", settings)
    assert load_reader(replace(settings, reader="none")) is None


def test_a_changed_reader_is_seen(settings: Settings) -> None:
    bring(settings, reader_bundle())
    use_model("tiny-v3", settings)
    tokenizer = settings.data_dir / "readers" / "tiny-v3" / "tokenizer.json"
    tokenizer.write_bytes(tokenizer.read_bytes() + b" ")
    assert not {check.name: check.ok for check in verify_models(settings)}["tiny-v3"]
    with pytest.raises(ModelError):
        load_reader(settings)
    with pytest.raises(BundleError, match="Something else"):
        bring(settings, reader_bundle())


def test_a_name_belongs_to_one_model(settings: Settings) -> None:
    bring(settings, reader_bundle())
    with pytest.raises(OlderBundleError):
        bring(settings, model_bundle())
    (settings.data_dir / "trust" / "floors.json").write_text('{"format": 1, "floors": []}')
    with pytest.raises(BundleError, match="Something else"):
        bring(settings, model_bundle())


def other_vocabulary() -> bytes:
    """A tokenizer that knows a word more than the model."""
    table = json.loads((FOLDER / "tokenizer.json").read_bytes())
    table["model"]["vocab"]["porter"] = 90_000
    return json.dumps(table).encode()


def embedder() -> bytes:
    folder = bundled_models_dir() / load_catalogue().default_embedder.folder
    return (folder / "model.onnx").read_bytes()


@pytest.mark.parametrize(
    "hostile",
    [
        lambda: content(reader_json=described(format=2)),
        lambda: content(reader_json=described(task="classify")),
        lambda: content(reader_json=described(tokenizer_sha256="0" * 64)),
        lambda: content(reader_json=b"[" * 10_000),
        lambda: content(tokenizer_json=b"{}"),
        lambda: content(tokenizer_json=other_vocabulary()),
        lambda: content(model_onnx=embedder()),
        lambda: content(model_onnx=b"\x08\x07" + bytes(200)),
    ],
    ids=["version", "task", "pin", "nested", "no tokenizer", "vocabulary", "embedder", "no model"],
)
def test_what_does_not_read_is_refused_and_leaves_nothing(
    hostile: Callable[[], Content], settings: Settings
) -> None:
    with pytest.raises(ModelError, match=r"tiny-v3\.bundle can't be run"):
        bring(settings, reader_bundle(hostile()))
    assert left_over(settings) == []
    assert bring(settings, reader_bundle()).already is False  # the version was not used up


@pytest.mark.parametrize(
    "change",
    [
        {"files": files_of({k: v for k, v in content().items() if k != "tokenizer.json"})},
        {"files": files_of({k: v for k, v in content().items() if k != "model.onnx"})},
        {"files": files_of({**content(), "more.json": ("tokenizer", b"{}")})},
        {"files": files_of({"weights.onnx" if k == "model.onnx" else k: v
                            for k, v in content().items()})},
        {"prompt": tiny_manifest().prompt},
        {"base": tiny_manifest().base},
        {"kind": "model", "prompt": tiny_manifest().prompt},
    ],
)  # fmt: skip
def test_a_manifest_of_another_shape_is_refused(change: dict[str, Any], settings: Settings) -> None:
    manifest = tiny_manifest(**{**READER, "files": files_of(content()), **change})
    data = signed_raw(canonical(asdict(manifest)))
    data += b"".join(bytes(file.size) for file in manifest.files)
    with pytest.raises(BundleError, match="manifest is damaged"):
        bring(settings, data)
    assert left_over(settings) == []


def test_a_byte_more_or_less_is_refused(settings: Settings) -> None:
    whole = reader_bundle()
    for data in (whole[:-1], whole + b"\0", whole[:-9] + b"\1" + whole[-8:]):
        with pytest.raises(AssistantError):
            bring(settings, data)
    assert left_over(settings) == []
