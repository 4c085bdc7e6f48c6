"""Files under 300 lines and functions under 60, in the product, its tests and its tools."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE_LINES = 300
FUNCTION_LINES = 60
"""Without the decorators: a command's options are a table."""


def too_long(path: Path) -> Iterator[str]:
    """Name the file if it is too long, and each of its functions that is."""
    text = path.read_text(encoding="utf-8")
    if (lines := text.count("\n")) >= FILE_LINES:
        yield f"{path.name}: {lines} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines >= FUNCTION_LINES:
                yield f"{path.name}: {node.name} has {lines} lines"


@pytest.mark.parametrize("room", ["assistant", "convert", "docs", "tests"])
def test_files_and_functions_are_short(room: str) -> None:
    assert [said for path in (ROOT / room).rglob("*.py") for said in too_long(path)] == []


def test_what_is_too_long_is_named(tmp_path: Path) -> None:
    file = tmp_path / "long.py"
    file.write_text("def brief():\n    pass\n" + "\n" * 297)
    assert list(too_long(file)) == []
    file.write_text("async def lengthy():\n" + "    pass\n" * 299)
    assert list(too_long(file)) == ["long.py: 300 lines", "long.py: lengthy has 300 lines"]
