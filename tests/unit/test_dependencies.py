"""What the laptop's code imports is what it declares, and what its lock file pins."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOADED_BY_SQLITE = {"sqlite-vec"}
"""An extension: its library is found in the package, which is never imported."""


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[<>=!~\[ ;]", name, maxsplit=1)[0]).lower()


def imported() -> set[str]:
    """Return the distributions of all that `assistant` imports, wherever it does."""
    names: set[str] = set()
    for path in (ROOT / "assistant").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module)
    tops = {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names)
    found = packages_distributions()
    return {plain(found.get(top, [top])[0]) for top in tops - {"assistant"}}


def test_every_library_that_is_imported_is_declared_and_no_other() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = {plain(line) for line in table["project"]["dependencies"]}
    assert imported() | LOADED_BY_SQLITE == declared


def test_every_library_that_is_declared_is_pinned() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lock = (ROOT / "requirements" / "laptop.txt").read_text(encoding="utf-8")
    pinned = {plain(line) for line in lock.splitlines() if re.match(r"[a-z0-9]", line)}
    assert {plain(line) for line in table["project"]["dependencies"]} <= pinned
