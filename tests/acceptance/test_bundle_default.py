"""An adapter over the real default model: packed, carried, imported, asked."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.config import Settings
from assistant.engine.engine_loader import load_chat
from assistant.models.catalogue import load_catalogue
from assistant.types import Message, Sampling
from convert.bundle.pack import run_bundle
from convert.bundle.request_check import Contents
from convert.bundle.settings import BundleSettings
from convert.bundle.signing_keys import generate
from tests.unit.models.lora_files import lora, matrices, smollm2_shapes

QUESTION = Message("user", "What is the capital of France?")
ROOT = Path(__file__).resolve().parents[2]
DEFAULT = load_catalogue().default_chat.name


def answer(settings: Settings) -> str:
    chat = load_chat(settings)
    return "".join(chat.generate(chat.render([QUESTION]), Sampling(max_tokens=16)))


@pytest.mark.acceptance
@pytest.mark.slow
def test_an_adapter_travels_to_a_laptop_and_changes_its_answers(
    default_models: Path, tmp_path: Path
) -> None:
    laptop = Settings(data_dir=tmp_path / "laptop")
    laptop.models_dir.mkdir(parents=True)
    shutil.copytree(default_models / DEFAULT, laptop.models_dir / DEFAULT)
    before = answer(laptop)

    public, secret_file, public_file = generate(tmp_path / "workstation" / "ward")
    adapter = tmp_path / "workstation" / "adapter.gguf"
    adapter.write_bytes(lora(matrices(smollm2_shapes()), strength=0.5))
    (tmp_path / "LICENSE").write_text("Apache License 2.0\n")
    settings = BundleSettings(
        key=str(secret_file),
        name="random",
        version=1,
        licence="Apache-2.0",
        licences=(str(tmp_path / "LICENSE"),),
        force_without_gate="random weights, made for a test",
    )
    base = default_models / DEFAULT / "model.gguf"
    bundle = run_bundle(settings, Contents("adapter", adapter, base), tmp_path / "stick")
    assert bundle.stat().st_size < 30 << 20

    def assistant(*arguments: str) -> dict[str, object]:
        # The real command, locked down: it may read the stick because it is named.
        data = ["--data-dir", str(laptop.data_dir), "--json"]
        done = subprocess.run(
            [sys.executable, "-m", "assistant", "bundle", *arguments, *data],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return dict(json.loads(done.stdout))

    assistant("keys", "trust", str(public_file), "--fingerprint", public.words)
    inspected = assistant("inspect", str(bundle))
    assert "random weights, made for a test" in str(inspected["card"])
    assert assistant("import", str(bundle))["active"] is False
    assert answer(laptop) == before
    assert assistant("import", str(bundle), "--yes")["active"] is True
    assert answer(laptop) != before
    assert (laptop.models_dir / DEFAULT / "model.gguf").read_bytes() == base.read_bytes()
