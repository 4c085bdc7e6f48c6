"""What importing the core may bring along, and that no modules import each other in a circle."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

FORBIDDEN = {
    "assistant.answering": ("textual", "torch", "transformers", "llama_cpp", "onnxruntime", "apsw"),
    "assistant.ingest": ("textual", "torch", "llama_cpp", "onnxruntime", "apsw"),
    "assistant.cli.main": ("torch", "transformers", "llama_cpp", "onnxruntime", "textual"),
    "assistant.engine.engine_loader": ("torch", "llama_cpp", "onnxruntime", "tokenizers", "numpy"),
    "assistant.engine.chat_model": (
        "torch",
        "transformers",
        "huggingface_hub",
        "requests",
        "httpx",
    ),
}


@pytest.mark.parametrize(("module", "absent"), FORBIDDEN.items())
def test_importing_the_core_stays_light(module: str, absent: tuple[str, ...]) -> None:
    script = f"import {module}, sys; print([m for m in {absent!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_engines_bring_no_network_client() -> None:
    script = (
        "import onnxruntime, tokenizers, llama_cpp, sys;"
        "names = ('huggingface_hub', 'requests', 'httpx', 'urllib3', 'torch', 'google.protobuf');"
        "print([m for m in names if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("package", ["assistant", "convert"])
def test_no_modules_import_each_other_in_a_circle(package: str) -> None:
    """Imports in functions and under TYPE_CHECKING count as well."""
    assert circles(imports(ROOT / package)) == []


def test_a_circle_is_found(tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    (room / "__init__.py").write_text("from room.first import thing\n")
    (room / "first.py").write_text("if TYPE_CHECKING:\n    from room import second\n")
    (room / "second.py").write_text("def do() -> None:\n    import room.third\n")
    (room / "third.py").write_text("from room.first import thing\n")
    (room / "apart.py").write_text("from room.third import thing\n")
    assert circles(imports(room)) == [{"room.first", "room.second", "room.third"}]


def imports(package: Path) -> dict[str, set[str]]:
    """Return the modules of a package, each with those of the package that it imports."""
    files = {_module(path, package.parent): path for path in sorted(package.rglob("*.py"))}
    return {name: _imported(path, files) - {name} for name, path in files.items()}


def _module(path: Path, root: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def _imported(path: Path, known: Mapping[str, Path]) -> set[str]:
    named: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            full = {f"{node.module}.{alias.name}" for alias in node.names}
            named |= {name if name in known else node.module for name in full}
    return named & known.keys()


def circles(graph: Mapping[str, set[str]]) -> list[set[str]]:
    """Return the sets of modules that reach each other."""
    reach = {name: _reached(name, graph) for name in graph}
    found: list[set[str]] = []
    for name in graph:
        circle = {other for other in reach[name] if name in reach[other]}
        if name in circle and circle not in found:
            found.append(circle)
    return found


def _reached(start: str, graph: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += graph[name]
    return reached
