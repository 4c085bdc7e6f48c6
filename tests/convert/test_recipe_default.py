"""A whole recipe on the real default model; a file of its own, for a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from convert.recipe import read_recipe, run_recipe
from tests.convert.test_recipe import write_recipe


@pytest.mark.slow
def test_a_whole_recipe_on_the_default_model(default_gguf: Path, tmp_path: Path) -> None:
    forced = 'force_without_gate = "Two steps on eight questions."'
    path = write_recipe(tmp_path, default_gguf, steps=2, bundle=forced)
    outcome = run_recipe(read_recipe(path), tmp_path / "out")
    assert outcome.bundle is not None
    agreement = outcome.report["fidelity"]
    assert agreement, "F16 was compared with the merged weights"
