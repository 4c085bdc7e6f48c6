"""The threat model and the guide name tests, probes and pages that are there."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from assistant.prove.probes import all_probes

ROOT = Path(__file__).parents[3]
PAGES = ("threat-model.md", "security-guide.md")


def text(page: str) -> str:
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_paths_that_are_named_exist(page: str) -> None:
    named = set(re.findall(r"`((?:tests|docs|assistant|requirements)/[\w./*-]+)`", text(page)))
    named |= {f"tests/acceptance/{n}" for n in re.findall(r"`(test_no_[a-z]+\.py)`", text(page))}
    assert named
    assert [path for path in sorted(named) if not list(ROOT.glob(path.rstrip("/")))] == []


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", text(page)):
        assert (ROOT / "docs" / target).exists(), target


@pytest.mark.skipif(sys.platform != "linux", reason="the probes are for Linux")
def test_groups_and_probes_that_are_named_exist() -> None:
    groups = {probe.group for probe in all_probes().values()}
    said = set(re.findall(r"\*(files|libraries|processes|kernel|descriptors)\*", text(PAGES[0])))
    assert said
    assert said <= groups
    assert "type-into-terminal" in all_probes()
    assert "`type-into-terminal`" in text(PAGES[0])
