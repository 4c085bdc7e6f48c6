"""500 kills of the real command with its real engines: no planted word is on the disk.

The half of the canary scan that `test_soak_canaries.py` can't be: there the engines are fakes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.acceptance.conftest import default_models as default_models  # noqa: PLC0414 - a fixture
from tests.soak.canaries import hits
from tests.soak.planted import plant
from tests.soak.scale import count
from tests.soak.trials import outcome_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.acceptance,
    pytest.mark.skipif(sys.platform != "linux", reason="finds its processes in /proc"),
]

TASKS = ("add to a new library", "ask", "add to a library", "rekey", "feedback", "forget")
ENGINES = {"parsing", "embedding", "answering", "encrypting anew"}


def test_no_planted_word_is_on_the_disk(default_models: Path) -> None:
    trials = count(500, least=18)  # each of the six commands three times
    found = outcome_of("canary_real_trials", trials, 29, str(default_models))
    assert found["hits"] == []
    assert sum(found["outcomes"].values()) == trials
    killed = {name: number for name, number in found["outcomes"].items() if "end" not in name}
    assert set(killed) == set(TASKS)
    assert sum(killed.values()) > 0.6 * trials
    if trials >= 100:
        assert set(found["phases"]) > ENGINES


@pytest.mark.parametrize(("leak", "word"), [("parser", "text"), ("log", "asked")])
def test_a_planted_leak_is_found(default_models: Path, leak: str, word: str) -> None:
    """A parser that keeps its text in a temporary file; a log that was told to hold content.

    Without kills: a command that leaks, to its end.
    """
    found = outcome_of("canary_real_trials", 0, 29, str(default_models), leak)
    planted = found["words"][word]
    assert any(planted in hit for hit in found["hits"]), found


def test_the_search_finds_every_kind_of_paper(tmp_path: Path) -> None:
    """Copies of the documents themselves, of which one is compressed."""
    papers = plant(tmp_path / "papers")
    for path in sorted(papers.new.iterdir()):
        copy = tmp_path / path.suffix / "x"
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
        assert hits(copy.parent, papers.markers), path
        copy.unlink()
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "x").symlink_to(f"/elsewhere/{papers.words.name}")
    assert hits(tmp_path / "link", papers.markers)
