"""Adapters for the tests of merge and export, and where the converter is kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import AssistantError
from convert.base_model import load_model
from convert.export import obtain
from convert.export.converter_source import CACHE_VARIABLE, Source

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
CACHE = Path(os.environ.get(CACHE_VARIABLE) or ROOT / ".build" / "converter")


def random_adapter(base: Path, out: Path, *, size: float = 0.05, **options: Any) -> Path:
    """Save a LoRA as peft does, B random instead of zero: an adapter that changes things."""
    import torch
    from peft import LoraConfig, get_peft_model

    chosen = {"r": 4, "lora_alpha": 8, "target_modules": list(LAYERS), **options}
    torch.manual_seed(1)
    model = get_peft_model(load_model(base), LoraConfig(**chosen))
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=size)
    model.save_pretrained(str(out))
    return out


@pytest.fixture(scope="module")
def small_adapter(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random adapter of the tiny base: shared, so never write into it."""
    return random_adapter(tiny_base, tmp_path_factory.mktemp("adapters") / "plain")


def have_converter(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the converter's folder, fetched once; skip where it can't be had."""
    monkeypatch.setenv(CACHE_VARIABLE, str(CACHE))
    try:
        return obtain(Source(fetch=True))
    except AssistantError as error:
        if os.environ.get("ASSISTANT_REQUIRE_MODELS") == "1":
            raise
        pytest.skip(f"no converter: {error}")
