"""The Windows tier, with stand-ins for kernel32 and advapi32."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.lockdown import Policy, self_test, windows


class FakeLibraries:
    """Every function succeeds, but those in `refused`; calls are kept in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.refused: set[str] = set()

    def __getattr__(self, name: str) -> Callable[..., int]:
        def function(*arguments: Any) -> int:
            self.calls.append((name, arguments))
            inverted = name == "SetNamedSecurityInfoW"  # returns an error number
            return 5 * (name in self.refused) if inverted else int(name not in self.refused)

        return function

    def names(self) -> list[str]:
        return [name for name, _ in self.calls]

    def arguments(self, name: str) -> list[tuple[Any, ...]]:
        return [arguments for called, arguments in self.calls if called == name]


@pytest.fixture
def libraries(monkeypatch: pytest.MonkeyPatch) -> FakeLibraries:
    fake = FakeLibraries()
    monkeypatch.setattr(windows, "_library", lambda name: fake)
    monkeypatch.setattr(self_test, "stopped", lambda action: False)
    return fake


def value(pointer: Any) -> Any:
    return pointer._obj


def test_it_says_plainly_that_sockets_are_open(libraries: FakeLibraries) -> None:
    report = windows.engage(Policy())
    assert report.tier == "reduced"
    assert report.degraded
    assert [facility.name for facility in report.missing] == ["sockets"]
    assert "administrator" in report.missing[0].detail
    assert "Python socket AF_INET" in report.failed


def test_the_job_has_its_limits(libraries: FakeLibraries) -> None:
    windows.engage(Policy())
    (_, kind, limits, size), (_, kind_of_ui, ui, _) = libraries.arguments("SetInformationJobObject")
    assert (kind, kind_of_ui) == (9, 4)
    assert value(limits).flags == 0x8 | 0x400 | 0x2000
    assert value(limits).active_processes == 4
    assert value(ui).value == 0xFF
    if ctypes.sizeof(ctypes.c_void_p) == 8:
        assert size == 144  # sizeof(JOBOBJECT_EXTENDED_LIMIT_INFORMATION) on x64
    assert "AssignProcessToJobObject" in libraries.names()


def test_the_data_folder_is_labelled_before_we_are_lowered(
    libraries: FakeLibraries, tmp_path: Path
) -> None:
    windows.engage(Policy(write=(tmp_path,)))
    names = libraries.names()
    assert names.index("SetNamedSecurityInfoW") < names.index("SetTokenInformation")
    (labelled,) = libraries.arguments("SetNamedSecurityInfoW")
    assert labelled[:3] == (str(tmp_path), 1, 0x10)
    (converted,) = libraries.arguments("ConvertStringSidToSidW")
    assert converted[0] == "S-1-16-4096"
    (lowered,) = libraries.arguments("SetTokenInformation")
    assert lowered[1] == 25
    assert value(lowered[2]).attributes == 0x20


@pytest.mark.parametrize(
    ("function", "facility"),
    [
        ("CreateJobObjectW", "job"),
        ("SetInformationJobObject", "job"),
        ("AssignProcessToJobObject", "job"),
        ("SetProcessMitigationPolicy", "loader"),
        ("SetNamedSecurityInfoW", "integrity"),
        ("OpenProcessToken", "integrity"),
        ("SetTokenInformation", "integrity"),
    ],
)
def test_what_is_refused_is_reported(
    libraries: FakeLibraries, tmp_path: Path, function: str, facility: str
) -> None:
    libraries.refused.add(function)
    report = windows.engage(Policy(write=(tmp_path,)))
    failed = [f for f in report.facilities if f.state == "failed"]
    assert [f.name for f in failed] == [facility]
    if function != "SetProcessMitigationPolicy":
        assert function.removesuffix("W") in failed[0].detail
    # One that is refused does not keep the others from being taken.
    assert sum(f.state == "on" for f in report.facilities) == 2


def test_preview_asks_for_nothing(libraries: FakeLibraries) -> None:
    assert windows.preview().degraded
    assert libraries.calls == []
