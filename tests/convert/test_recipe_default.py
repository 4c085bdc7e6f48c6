"""A whole recipe on the real default model, and what comes out of it.

One run serves all of these tests: a model of this size takes its time at every step.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.types import CancelToken
from convert.base_model import load_model, load_tokenizer
from convert.export.reference_logits import logits_of, token_ids_of
from convert.export.verify_gguf import observe
from convert.recipe import read_recipe, run_recipe
from convert.recipe.recipe_runner import Outcome
from convert.step_record import read_record
from tests.convert.export_data import ROOT, have_converter
from tests.convert.test_recipe import write_recipe
from tests.soak.scale import count

pytestmark = [pytest.mark.slow, pytest.mark.acceptance]
POSITIONS = count(2000, least=500)
"""All 2,000 of the issue's figure in `make soak`."""
TEXTS = ("README.md", "docs/architecture.md", "assistant/sample_library/data-protection-policy.md")


@pytest.fixture(scope="module")
def outcome(
    default_gguf: Path, default_base: Path, tmp_path_factory: pytest.TempPathFactory
) -> Outcome:
    """A run from the laptop's GGUF to a bundle, without canaries (`test_recipe` plants them).

    It finds its first step done: the base that the other tests use.
    """
    folder = tmp_path_factory.mktemp("recipe")
    (folder / "out").mkdir()
    (folder / "out" / "base").symlink_to(default_base, target_is_directory=True)
    forced = 'force_without_gate = "Two steps on eight questions."'
    path = write_recipe(folder, default_gguf, canaries=0, count=1, bundle=forced)
    with pytest.MonkeyPatch.context() as patch:
        have_converter(patch)
        return run_recipe(read_recipe(path), folder / "out")


def test_a_whole_recipe_ends_in_a_bundle(outcome: Outcome) -> None:
    assert outcome.bundle is not None
    assert outcome.bundle.is_file()
    assert outcome.skipped == ["base"]
    assert outcome.report["fidelity"], "F16 was compared with the merged weights"


def test_the_merge_changes_every_layer(outcome: Outcome) -> None:
    record = read_record(outcome.folders["merge"])
    assert record is not None
    assert record.figures["changed"] == 210
    assert record.figures["rounding_to_change"] < 0.05


@pytest.mark.parametrize(
    ("quantization", "least", "most"), [("F16", 0.99, 0.005), ("Q8_0", 0.93, 0.03)]
)
def test_the_gguf_is_the_merged_model(
    outcome: Outcome, quantization: str, least: float, most: float, tmp_path: Path
) -> None:
    """The issue's figure: F16's likeliest token is the merged weights' at 99% of 2,000."""
    gguf = outcome.folders["export"] / f"tiny-{quantization}.gguf"
    same, nll = _compare(outcome.folders["merge"], gguf, tmp_path)
    print(f"{quantization}: same token at {same:.2%} of {POSITIONS}, nll differs by {nll:.5f} nats")
    assert same >= least
    assert abs(nll) < most


def test_the_adapter_over_the_base_does_what_the_merge_does(outcome: Outcome) -> None:
    record = read_record(outcome.folders["adapter"])
    assert record is not None
    assert record.figures["effect_cosine"] > 0.99
    (file,) = outcome.folders["adapter"].glob("*.gguf")
    assert file.stat().st_size < 8 << 20


def _compare(folder: Path, gguf: Path, scratch: Path) -> tuple[float, float]:
    """Return the share of `POSITIONS` with the same likeliest token, and the difference of
    the mean negative log-likelihoods (nats), over running English text."""
    tokenizer, model = load_tokenizer(folder), load_model(folder)
    text = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in TEXTS)
    tokens = token_ids_of(tokenizer, text)[:POSITIONS]
    assert len(tokens) == POSITIONS
    sequences = [tokens[start : start + 500] for start in range(0, POSITIONS, 500)]
    seen = observe(gguf, [text], sequences, scratch=scratch, cancel=CancelToken())
    assert seen.token_ids[0][:POSITIONS] == tokens
    same, differences = [], []
    for sequence, found in zip(sequences, seen.logits, strict=True):
        rows = logits_of(model, sequence)
        same.append(rows.argmax(axis=1) == found.argmax(axis=1))
        differences.append(_surprise(found, sequence) - _surprise(rows, sequence))
    return float(np.concatenate(same).mean()), float(np.concatenate(differences).mean())


def _surprise(logits: NDArray[np.float32], tokens: list[int]) -> NDArray[np.float64]:
    """Return -ln p of each token after the first."""
    rows = logits[:-1].astype(np.float64)
    rows -= rows.max(axis=1, keepdims=True)
    return np.log(np.exp(rows).sum(axis=1)) - rows[np.arange(len(rows)), tokens[1:]]
