"""The real archive, made once for all tests: from the wheels of `.build/airgap`."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.errors import UsageError
from convert.airgap.archive_build import BuiltArchive, make_archive
from tests.airgap.small import KEY, FakeMachine

ROOT = Path(__file__).resolve().parents[2]
REQUIRE_VARIABLE = "ASSISTANT_REQUIRE_MODELS"
CACHE = ROOT / ".build" / "airgap"


@pytest.fixture(scope="session")
def real_archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuiltArchive]:
    """The archive of this checkout for the Python that runs the tests.

    The first run fetches wheels (and builds llama.cpp if pip has no build of it); without a
    network and without `.build/airgap` the test is skipped, or fails if
    `ASSISTANT_REQUIRE_MODELS` is 1.
    """
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    out = tmp_path_factory.mktemp("dist")
    try:
        made = make_archive(ROOT, CACHE, out, KEY, pythons=(python,))
    except UsageError as error:
        if os.environ.get(REQUIRE_VARIABLE) == "1" or (CACHE / "wheels" / python).is_dir():
            raise
        pytest.skip(f"the wheels are not here ({error}): run `make airgap-bundle`")
    yield made
    shutil.rmtree(out)  # pytest would keep 200 MB of each run


@pytest.fixture(scope="session")
def airgap_models() -> Path:
    """The installed default models of the checkout; never written by a test."""
    named = os.environ.get("ASSISTANT_TEST_MODELS")
    place = Path(named) if named else ROOT / ".run" / "models"
    if not place.is_dir():
        if os.environ.get(REQUIRE_VARIABLE) == "1":
            pytest.fail(f"{place} is missing; run: make models")
        pytest.skip(f"{place} is missing; run: make models")
    return place


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    return FakeMachine(tmp_path / "data")
