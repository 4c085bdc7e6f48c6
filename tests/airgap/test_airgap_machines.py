"""Which machines the installer takes, and what they are told."""

from __future__ import annotations

import ast
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from convert.airgap.installer import main as command_line
from convert.airgap.installer.machine import Machine, numbers, require_fit, require_library
from convert.airgap.installer.problems import MachineError
from tests.airgap.installing import INSTALLER, WORDS
from tests.airgap.small import (
    HERE,
    small_archive,
    with_python,
)


@pytest.mark.parametrize(
    ("wanted", "here", "named"),
    [
        ({"system": "plan9"}, {}, "plan9"),
        ({"machine": "vax"}, {}, "vax"),
        ({"pythons": ("3.99",)}, {}, "3.99"),
        ({}, {"implementation": "pypy"}, "pypy"),
        ({}, {"free_threaded": True}, "free-threaded"),
        ({"glibc": "2.34"}, {"glibc": "2.31"}, "2.31"),
        ({"glibc": "2.9"}, {"glibc": ""}, "musl"),
        ({"cpu_flags": ("avx2",)}, {"cpu_flags": frozenset({"sse2"})}, "avx2"),
        ({"libraries": {"libnothere.so.7": ""}}, {}, "libnothere.so.7"),
    ],
)
def test_an_unfit_machine_is_told_what_is_missing(
    wanted: dict[str, object], here: dict[str, object], named: str
) -> None:
    this = replace(Machine.this(), **{"cpu_flags": frozenset(), **here})
    require_fit(HERE, replace(Machine.this(), cpu_flags=frozenset()))
    with pytest.raises(MachineError) as caught:
        require_fit(replace(HERE, **wanted), this)
    assert named in caught.value.message + caught.value.hint


def test_versions_are_compared_as_numbers() -> None:
    assert numbers("2.9") < numbers("2.31")


@pytest.mark.skipif(not Machine.this().glibc, reason="symbol versions are those of glibc")
def test_a_library_that_is_too_old_is_noticed() -> None:
    require_library("libstdc++.so.6", "GLIBCXX_3.4")
    with pytest.raises(MachineError, match="too old"):
        require_library("libstdc++.so.6", "GLIBCXX_9.9.9")


def test_an_archive_for_another_python_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = small_archive(tmp_path, machine=with_python(["3.98", "3.99"]))
    given = [str(archive), "--prefix", str(tmp_path / "p"), "--yes", "--fingerprint", WORDS]
    assert command_line.main(given) == 3
    assert "3.98, 3.99" in capsys.readouterr().err
    assert not (tmp_path / "p").exists()


def test_the_installer_imports_the_standard_library_alone() -> None:
    files = sorted(INSTALLER.glob("*.py"))
    assert len(files) > 8
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in names:
                top = name.partition(".")[0]
                known = top in sys.stdlib_module_names or name == "airgap_installer.main"
                assert known, f"{path.name} imports {name}"


def test_the_start_says_what_is_wrong_on_any_python(tmp_path: Path) -> None:
    """It holds nothing newer than Python 3.4's grammar, and no newer function before its word."""
    source = (INSTALLER / "start.py").read_text(encoding="ascii")
    ast.parse(source, feature_version=(3, 4))
    assert 'f"' not in source
    assert ":=" not in source
    said: list[str] = []
    scope = {"__name__": "start", "__doc__": ""}
    exec(compile(source, "start.py", "exec"), scope)

    class Old:
        version_info = (3, 8, 1)
        stderr = type("Stream", (), {"write": staticmethod(said.append)})

    scope["sys"] = Old
    assert scope["start"]() == 1  # type: ignore[operator]
    assert "Python 3.8; Python 3.11 or newer" in said[0]
