"""The macOS sandbox, with a stand-in for the system's library."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from typing import Any

import pytest

from assistant.lockdown import Policy, macos, self_test


class FakeLibrary:
    """Records what it is asked; `refusal` is what it says no with."""

    def __init__(self, refusal: bytes = b"") -> None:
        self.profiles: list[str] = []
        self.traced: list[int] = []
        self.refusal = refusal

    def sandbox_init(self, profile: bytes, flags: Any, said: Any) -> int:
        assert flags.value == 0  # the profile is text, not the name of one
        self.profiles.append(profile.decode())
        if self.refusal:
            ctypes.cast(said, ctypes.POINTER(ctypes.c_char_p))[0] = self.refusal
            return -1
        return 0

    def ptrace(self, request: Any, *rest: object) -> int:
        self.traced.append(request.value)
        return 0


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> FakeLibrary:
    fake = FakeLibrary()
    monkeypatch.setattr(macos, "_library", lambda: fake)
    monkeypatch.setattr("resource.setrlimit", lambda *_: None)  # this process goes on
    # No sandbox holds this process, so that probes would get through: as on a Mac that
    # denies, each is stopped.
    monkeypatch.setattr(self_test, "stopped", lambda action: True)
    monkeypatch.setattr(self_test, "_in_child", lambda action: 0)
    monkeypatch.setattr("assistant.lockdown.descriptors.unexpected", lambda keep=(): [])
    monkeypatch.setattr("assistant.lockdown.descriptors.network_streams", list)
    return fake


def forms(profile: str) -> list[str]:
    """Split a profile into its outermost forms; fails if brackets or quotes do not match."""
    found, depth, quoted, start, at = [], 0, False, 0, 0
    while at < len(profile):
        sign = profile[at]
        if quoted:
            at += sign == "\\"
            quoted = sign != '"'
        elif sign == '"':
            quoted = True
        elif sign == "(":
            start = at if depth == 0 else start
            depth += 1
        elif sign == ")":
            depth -= 1
            if depth == 0:
                found.append(profile[start : at + 1])
        at += 1
    assert depth == 0
    assert not quoted
    return found


def test_the_profile_denies_all_and_names_what_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    policy = Policy(
        read=(tmp_path / "docs",), write=(tmp_path / "data",), names=(tmp_path / "home",)
    )
    rules = forms(macos.profile(policy))
    assert rules[:3] == ["(version 1)", "(deny default)", "(deny network*)"]
    assert not [rule for rule in rules if rule.startswith("(allow network")]
    writing = [rule for rule in rules if rule.startswith("(allow") and "file-write*" in rule]
    assert writing == [f'(allow file-read* file-write* (subpath "{tmp_path}/data"))']
    reading = next(r for r in rules if r.startswith("(allow file-read* (subpath"))
    assert f'(subpath "{tmp_path}/docs")' in reading
    assert str(tmp_path / "home") not in reading
    assert f'(allow file-read-data (literal "{tmp_path}/home"))' in rules
    started = [rule for rule in rules if "process-exec" in rule]
    assert len(started) == 1
    assert started[0].startswith(
        f'(allow process-exec (literal "{Path(sys.executable).resolve()}") (subpath "'
    )
    assert started[0].endswith('/Resources/Python.app"))')


@pytest.mark.parametrize("name", ['a")(allow network*)("', "back\\slash", 'both\\"', "new\nline"])
def test_a_name_can_not_end_its_string(tmp_path: Path, name: str) -> None:
    plain = forms(macos.profile(Policy(read=(tmp_path / "plain",))))
    hostile = forms(macos.profile(Policy(read=(tmp_path / name,))))
    assert len(hostile) == len(plain)


def test_a_child_starts_nothing_and_a_parser_reads_nothing() -> None:
    text = macos.profile(Policy(), program=False, start=False)
    assert "process-exec" not in text
    assert "subpath" not in text


def test_engage_enters_the_sandbox_once(library: FakeLibrary, tmp_path: Path) -> None:
    report = macos.engage(Policy(write=(tmp_path,)))
    assert report.tier == "sandbox"
    assert not report.degraded
    assert len(library.profiles) == 1
    assert library.traced == [31]
    assert report.probes >= 5
    assert any("not tested on a Mac" in facility.detail for facility in report.facilities)


def test_a_refused_sandbox_is_degraded_with_its_reason(library: FakeLibrary) -> None:
    library.refusal = b"profile: line 3: unbound variable"
    report = macos.engage(Policy())
    assert report.tier == "reduced"
    assert [(f.name, f.detail) for f in report.missing] == [
        ("sandbox", "profile: line 3: unbound variable")
    ]


def test_a_probe_that_gets_through_is_degraded(
    library: FakeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_test, "stopped", lambda action: False)
    report = macos.engage(Policy())
    assert report.tier == "reduced"
    assert "Python socket AF_INET" in report.failed


def test_a_child_lives_with_its_parents_sandbox(library: FakeLibrary) -> None:
    library.refusal = b"Operation not permitted"
    macos.restrict_child([Path("/models/a.gguf")], program=True)
    assert '(subpath "/models/a.gguf")' in library.profiles[0]
    assert "process-exec" not in library.profiles[0]
