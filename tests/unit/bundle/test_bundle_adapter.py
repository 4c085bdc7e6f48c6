"""Adapters: over the base that the manifest names, and over no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assistant.bundle.manifest import Base
from assistant.bundle.rollback_guard import MinimumVersions
from assistant.config import Settings
from assistant.engine.engine_loader import load_chat
from assistant.errors import BundleError, ModelError
from assistant.models.add_model import add_model
from assistant.models.installed_models import list_models, use_model, verify_models
from assistant.models.model_record import read_record
from assistant.types import Calibration
from tests.unit.bundle.bundle_files import CONTENT, tiny_bundle, trusting
from tests.unit.bundle.test_bundle_import import PROMPT, bring, left_over
from tests.unit.models.gguf_files import toy_model
from tests.unit.models.lora_files import TOY, lora, matrices, smollm2_shapes


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings(data_dir=tmp_path / "data")
    trusting(found.data_dir)
    (tmp_path / "base.gguf").write_bytes(toy_model())
    add_model(tmp_path / "base.gguf", found)
    return found


def adapter_bundle(settings: Settings, content: bytes = b"", **changes: Any) -> bytes:
    data = content or lora(matrices(TOY))
    parts = {
        "card.md": CONTENT["card.md"],
        "licence-1.txt": CONTENT["licence-1.txt"],
        "adapter.gguf": ("adapter", data),
    }
    base = Base("base", read_record(settings.models_dir / "base").sha256)
    return tiny_bundle(parts, **{"kind": "adapter", "base": base, "prompt": PROMPT, **changes})


def test_an_adapter_is_installed_over_its_base(settings: Settings) -> None:
    done = bring(settings, adapter_bundle(settings))
    record = read_record(settings.models_dir / done.name)
    assert (record.base, record.prompt_version) == ("base", 1)
    assert record.calibration == Calibration(refusal_threshold=-0.25)
    assert (record.title, record.licence) == ("Tiny", "Apache-2.0")
    assert all(check.ok for check in verify_models(settings))
    use_model(done.name, settings)
    assert load_chat(settings).name == "tiny-v3"
    assert bring(settings, adapter_bundle(settings)).already


def test_another_base_is_refused(settings: Settings) -> None:
    before = left_over(settings)
    for base in (Base("base", "e" * 64), Base("base", "e" * 64, "f" * 64)):
        with pytest.raises(BundleError, match="not installed"):
            bring(settings, adapter_bundle(settings, base=base))
    # A lie of the manifest: the base is there, the matrices are those of another.
    wrong = lora(matrices(smollm2_shapes(1)))
    with pytest.raises(ModelError, match=r"tiny-v3\.bundle does not fit over base"):
        bring(settings, adapter_bundle(settings, wrong))
    with pytest.raises(ModelError, match=r"tiny-v3\.bundle can't be used as an adapter"):
        bring(settings, adapter_bundle(settings, toy_model()))
    assert left_over(settings) == before
    assert MinimumVersions(settings.data_dir / "trust").find("tiny") is None


def test_a_base_that_was_made_from_the_same_file_will_do(settings: Settings) -> None:
    """As the default model, which each machine quantizes for itself."""
    source = read_record(settings.models_dir / "base").source_sha256
    done = bring(settings, adapter_bundle(settings, base=Base("base", "e" * 64, source)))
    [info] = [m for m in list_models(settings) if m.name == done.name]
    assert (info.base, info.problem) == ("base", "")
