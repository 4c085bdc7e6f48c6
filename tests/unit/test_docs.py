"""The documentation is made from the program and stays equal to it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from tests.bench.results_page import PAGE, mark_older

ROOT = Path(__file__).parents[2]
PROSE = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *ROOT.glob("docs/*.md"),
    *ROOT.glob("tests/*/README.md"),
]


def _reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "make_reference", ROOT / "docs" / "make_reference.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REFERENCE = _reference()


@pytest.mark.parametrize("page", list(REFERENCE.PAGES))
def test_committed_page_is_what_the_program_makes(page: str) -> None:
    committed = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert committed == REFERENCE.PAGES[page](), "remake it: python docs/make_reference.py"


def test_every_command_has_an_example_and_a_json_shape() -> None:
    for path, command in REFERENCE.walk(REFERENCE.cli, "assistant"):
        name = path.removeprefix("assistant").strip()
        if not hasattr(command, "commands"):
            assert "Example" in (command.help or ""), path
            if name not in ("app", "completion"):  # a screen, and a script for a shell
                assert name in REFERENCE.OUTPUTS, path


NAMED = re.compile(r"`((?:assistant|convert|docs|models|requirements|tests)/[\w./-]+)`")


@pytest.mark.parametrize("page", PROSE, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_and_links_that_a_page_names_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (page.parent / target).exists(), target
    for named in NAMED.findall(text):
        assert (ROOT / named).exists() or "NAME" in named or "NNNN" in named, named


def test_file_map_names_what_is_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rooms = sorted(p.name for p in (ROOT / "assistant").iterdir() if (p / "__init__.py").exists())
    for room in rooms:
        assert f"  {room}/" in text
        assert (ROOT / "assistant" / room).is_dir()


def test_no_figure_older_than_its_code_stands_unmarked() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == mark_older(page), "mark them: python -m tests.bench.run_all --mark"
