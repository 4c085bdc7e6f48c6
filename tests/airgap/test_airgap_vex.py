"""CVE-2025-69872 (diskcache unpickles its cache folder) can't be reached: what the VEX says."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.airgap.conftest import ROOT

JOURNEY = """
import sys
import diskcache

touched = []

def poisoned(kind):
    def fail(self, *arguments, **named):
        touched.append(kind.__name__)
        raise AssertionError(f"diskcache.{kind.__name__} was made")
    return fail

KINDS = [value for value in vars(diskcache).values() if isinstance(value, type)
         and not issubclass(value, BaseException)]
for kind in KINDS:
    try:
        kind.__init__ = poisoned(kind)
    except TypeError:
        pass
assert diskcache.Cache in KINDS and diskcache.Disk in KINDS

import pickle
for name in ("load", "loads"):
    original = getattr(pickle, name)
    def watch(*arguments, _original=original, **named):
        if "diskcache" in sys._getframe(1).f_globals.get("__name__", ""):
            touched.append("pickle")
        return _original(*arguments, **named)
    setattr(pickle, name, watch)

if sys.argv[1] == "control":
    from llama_cpp.llama_cache import LlamaDiskCache
    try:
        LlamaDiskCache(sys.argv[2])
    except AssertionError:
        pass
else:
    from assistant.cli.main import cli
    try:
        cli.main(["sample", "--json", "--data-dir", sys.argv[2]], standalone_mode=False)
    except SystemExit as end:
        assert not end.code, end.code
    assert "llama_cpp" in sys.modules and "diskcache" in sys.modules
print("touched:", sorted(set(touched)), file=sys.stderr)
"""


def names_in(path: Path) -> set[str]:
    """Return every module and name that a file imports or refers to."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(alias.name for alias in node.names)}
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


FORBIDDEN = ("diskcache", "LlamaDiskCache", "llama_cache", "set_cache")


def test_nothing_of_ours_names_diskcache() -> None:
    files = sorted((ROOT / "assistant").rglob("*.py"))
    assert len(files) > 100
    seen: set[str] = set()
    for path in files:
        names = names_in(path)
        seen |= names
        for word in FORBIDDEN:
            assert not any(word == n or n.startswith(f"{word}.") for n in names), f"{path}: {word}"
    assert "llama_cpp" in seen  # the control: what is imported is found


def test_the_reading_of_imports_finds_what_it_looks_for(tmp_path: Path) -> None:
    for text in (
        "import diskcache",
        "from diskcache import Cache",
        "x = __import__('diskcache')",
        "llm.set_cache(1)",
        "from llama_cpp.llama_cache import LlamaDiskCache",
    ):
        (tmp_path / "a.py").write_text(text)
        assert any(word in names_in(tmp_path / "a.py") for word in FORBIDDEN), text


def run(what: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", JOURNEY, what, str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.acceptance
def test_the_whole_journey_makes_no_object_of_diskcache(
    airgap_models: Path, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "models").symlink_to(airgap_models, target_is_directory=True)
    config = tmp_path / "data" / "config.toml"
    config.write_text('reading = "together"\n', encoding="utf-8")  # the chat model answers too
    done = run("journey", tmp_path / "data")
    assert done.returncode == 0, done.stderr
    assert "24 months" in done.stdout
    assert "touched: []" in done.stderr


def test_an_object_of_diskcache_would_be_noticed(tmp_path: Path) -> None:
    """The control of the test above: the same watch, and one who does use it."""
    done = run("control", tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    assert "touched: ['Cache']" in done.stderr
