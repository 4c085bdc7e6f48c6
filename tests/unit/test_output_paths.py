"""No way to a terminal but through `safe_text`: read out of the source, and tried in a process.

The rules are about the source, so that a new widget or command is found the day it is
written. `Content` and `Text` are made in `tui/safe_content.py` only (see
`tests/app/test_app_parts.py`), and everything there passes the gate; so a widget is safe
if what it is given is a constant, comes from that module, or from a function that is annotated
to return what only that module can make.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import pytest

import assistant
from tests.app.hostile import POISON
from tests.app.test_app_terminal import leaks

ROOT = Path(assistant.__path__[0])
BUILDERS = {"block", "line", "join", "lines", "cell", "link", "highlighted", "plain", "plain_line"}
STRING_BUILDERS = {"plain", "plain_line"}
GATED_TYPES = {"Content", "Text"}
SHOWN_FIRST = {"Static", "Label", "Button", "Option", "Tree", "Link", "Digits", "Collapsible"}
SHOWN_ALL = {"add_row", "add_column", "add_columns"}
SHOWN_METHODS = {
    "notify",
    "write",
    "write_line",
    "set_title",
    "add_leaf",
    "set_label",
    "replace_option_prompt",
}
SHOWN_KEYWORDS = {"placeholder", "tooltip", "title", "label", "prompt", "border_title"}
SHOWN_ATTRIBUTES = {
    "title", "sub_title", "border_title", "border_subtitle", "tooltip", "placeholder", "label",
}  # fmt: skip

# Who may write to a stream, and why that is no way around the gate.
WRITERS = {
    "console/output.py": "the gate itself",
    "cli/excepthook.py": "types and places only, through the gate",
    "console/terminal.py": "through the gate",
    "engine/build_check.py": "a constant, read by make",
    "engine/model_trial.py": "JSON for the parent process",
    "cli/prove/journey.py": "JSON for the parent process",
}
FORBIDDEN_CALLS = {"print", "pprint", "input"}
FORBIDDEN_CLICK = {"echo", "secho", "style", "pause", "echo_via_pager", "prompt"}


def sources(folder: Path) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(folder.rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Scope:
    """What a function hands to widgets, and whether it came through the gate.

    `gated` are the functions of the module that return what only the gate can make.
    """

    def __init__(self, tree: ast.AST, gated: set[str]) -> None:
        self.gated = gated
        self.names = {
            argument.arg
            for node in ast.walk(tree)
            if isinstance(node, FUNCTIONS)
            for argument in node.args.args + node.args.kwonlyargs
            if argument.annotation is not None and ast.unparse(argument.annotation) in GATED_TYPES
        }
        given = [node for node in ast.walk(tree) if isinstance(node, ast.Assign)]
        for node in given:
            if self.is_safe(node.value):
                self.names |= {t.id for t in node.targets if isinstance(t, ast.Name)}
        for node in given:  # a name that is ever given something else is not safe
            if not self.is_safe(node.value):
                self.names -= {t.id for t in node.targets if isinstance(t, ast.Name)}

    def is_safe(self, node: ast.expr) -> bool:
        if isinstance(node, ast.IfExp):
            return self.is_safe(node.body) and self.is_safe(node.orelse)
        if isinstance(node, ast.Starred):
            return self.is_safe(node.value)
        if isinstance(node, ast.GeneratorExp | ast.ListComp):
            return self.is_safe(node.elt)
        if isinstance(node, ast.Name):
            return node.id in self.names or node.id.isupper()
        return isinstance(node, ast.Constant) or self.is_gated_call(node)

    def is_gated_call(self, node: ast.expr) -> bool:
        if not isinstance(node, ast.Call):
            return False
        callee = node.func
        if isinstance(callee, ast.Attribute) and ast.unparse(callee.value) == "safe_content":
            return callee.attr in BUILDERS
        return getattr(callee, "attr", getattr(callee, "id", "")) in self.gated

    def shown(self, node: ast.Call) -> Iterator[ast.expr]:
        """Give the arguments of a call that a widget shows."""
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        for keyword in node.keywords:
            if keyword.arg in SHOWN_KEYWORDS:
                yield keyword.value
        if name in SHOWN_ALL:
            yield from node.args
        elif name in SHOWN_FIRST | SHOWN_METHODS | {"update", "_append"} and node.args:
            yield node.args[0]


def gated_functions(trees: Iterable[ast.Module]) -> set[str]:
    """Return the names of functions of which each of that name gives text that passed the gate."""
    found: dict[str, bool] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, FUNCTIONS):
                returns = ast.unparse(node.returns) if node.returns is not None else ""
                safe = returns.split("[")[-1].rstrip("]") in GATED_TYPES
                found[node.name] = safe and found.get(node.name, True)
    return {name for name, safe in found.items() if safe}


def bypasses(tree: ast.Module, elsewhere: Collection[str] = ()) -> list[str]:
    functions = [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]
    gated = gated_functions([tree]).union(elsewhere)
    inside = {id(node) for function in functions for node in ast.walk(function)}
    found: list[str] = []
    for scope_tree in (*functions, tree):
        scope = Scope(scope_tree, gated)
        for node in ast.walk(scope_tree):
            if scope_tree is not tree or id(node) not in inside:
                found += unsafe(node, scope)
    return sorted(set(found))


def unsafe(node: ast.AST, scope: Scope) -> Iterator[str]:
    if isinstance(node, ast.Call):
        for value in scope.shown(node):
            if not scope.is_safe(value):
                yield f"{node.lineno}: {ast.unparse(value)}"
    elif isinstance(node, ast.Assign) and not scope.is_safe(node.value):
        for target in node.targets:
            if isinstance(target, ast.Attribute) and target.attr in SHOWN_ATTRIBUTES:
                yield f"{node.lineno}: {ast.unparse(node)}"


def test_no_widget_is_given_text_that_did_not_pass_the_gate() -> None:
    trees = list(sources(ROOT / "tui"))
    gated = gated_functions(tree for _, tree in trees)
    found = [
        f"{name}:{place}"
        for name, tree in trees
        if name != "tui/safe_content.py"
        for place in bypasses(tree, gated)
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "Static(name)",
        "self.query_one('#x', Static).update(f'{name}')",
        "table.add_row(safe_content.cell(a), b)",
        "self.notify(error.message, markup=False)",
        "self.border_title = document.name",
        "Input(placeholder=name)",
        "Static(safe_content.shortened(name, 20))",
        "Option(_row(x))",
    ],
)
def test_the_check_finds_a_bypass(line: str) -> None:
    assert bypasses(ast.parse(f"def _row(x) -> str:\n    return x\n{line}\n"))


def test_nothing_else_writes_to_the_terminal() -> None:
    found: list[str] = []
    for name, tree in sources(ROOT):
        if name in WRITERS or name.startswith(("prove/", "lockdown/")):
            continue  # those two talk to their own children; their reports go through Output
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                last = called.rpartition(".")[2]
                if (
                    called in FORBIDDEN_CALLS
                    or called.startswith(
                        ("sys.stdout.write", "sys.stderr.write", "warnings.warn", "logging.")
                    )
                    or (called.startswith("click.") and last in FORBIDDEN_CLICK)
                    or last in {"Console", "print_exc", "print_exception"}
                ):
                    found.append(f"{name}:{node.lineno} {called}")
    assert found == []


def test_questions_hold_no_text_that_did_not_pass_the_gate() -> None:
    """`click.confirm` writes its question as it is."""
    found: list[str] = []
    for name, tree in sources(ROOT / "cli"):
        safe = {
            target.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and _passes(node.value, set())
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "click.confirm":
                question = node.args[0]
                values = [v.value for v in ast.walk(question) if isinstance(v, ast.FormattedValue)]
                if not isinstance(question, ast.Constant | ast.JoinedStr):
                    values = [question]
                found += [
                    f"{name}:{node.lineno} {ast.unparse(v)}" for v in values if not _passes(v, safe)
                ]
    assert found == []


def _passes(node: ast.expr, safe: set[str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id in safe
    called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
    return called in ("safe_text", "_line") or ast.unparse(node) == "record.pages"


HOSTILE = POISON.replace("\x00", "")
COMMANDS = {
    "unknown command": [f"WORD{HOSTILE}"],
    "unknown option": ["ask", f"--WORD{HOSTILE}", "x"],
    "value of an option": ["search", "x", "--limit", f"WORD{HOSTILE}"],
    "file name": ["add", f"WORD{HOSTILE}.pdf"],
    "model file": ["models", "add", f"WORD{HOSTILE}.gguf"],
    "bundle": ["bundle", "inspect", f"WORD{HOSTILE}.bundle"],
    "key": ["bundle", "keys", "trust", f"WORD{HOSTILE}.pub"],
    "library": ["docs", "--library", f"WORD{HOSTILE}"],
    "data folder": ["docs", "--data-dir", f"WORD{HOSTILE}"],
    "model name": ["models", "use", f"WORD{HOSTILE}"],
}


@pytest.mark.parametrize("case", COMMANDS)
def test_hostile_arguments_reach_no_stream(case: str, tmp_path: Path) -> None:
    as_json = list(COMMANDS).index(case) % 3 == 2
    command = [*COMMANDS[case], *(["--json"] if as_json else [])]
    environment = {
        **os.environ,
        "ASSISTANT_DATA_DIR": str(tmp_path / "data"),
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-m", "assistant", *command],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(ROOT.parent)},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert leaks(done.stdout + done.stderr) == []
    assert done.returncode not in (0, 1) or case in ("library", "data folder", "file name")


def test_what_nobody_caught_is_shown_without_its_message() -> None:
    script = (
        "import sys, threading, warnings; from assistant.cli.excepthook import install; install();"
        f"poison = {HOSTILE!a} + 'SECRETWORD';"
        "\ndef fail(): raise ValueError(poison)\n"
        "class Last:\n    def __del__(self): raise KeyError(poison)\n"
        "t = threading.Thread(target=fail); t.start(); t.join(); x = Last(); del x\n"
        "warnings.warn(poison)\n"
        "raise OSError(poison)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        timeout=60,
        check=False,
        cwd=ROOT.parent,
    )
    assert done.returncode == 1
    assert leaks(done.stdout + done.stderr) == []
    said = done.stderr.decode()
    assert "SECRETWORD" not in said
    for kind in ("ValueError at", "KeyError at", "UserWarning at", "OSError at"):
        assert kind in said
