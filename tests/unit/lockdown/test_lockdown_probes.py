"""The lockdown finds its own holes: each planted one makes it refuse, by name."""

from __future__ import annotations

import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from assistant import lockdown
from assistant.lockdown import (
    Policy,
    descriptors,
    kernel_calls,
    landlock,
    linux,
    seccomp_bpf,
    syscalls,
)
from assistant.lockdown.landlock import WRITE, Rule
from tests.unit.lockdown.forked import REFUSED, engaged, forked

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="seccomp and Landlock")


def refused(monkeypatch: pytest.MonkeyPatch, **options: Any) -> str:
    result = forked(lambda keep: engaged(keep, **options))
    assert result.get("exit") == REFUSED, result
    return str(result["refused"])


def test_the_lock_holds_and_says_so() -> None:
    result = forked(engaged)
    assert result["tier"] == "kernel"
    assert result["failed"] == []
    assert result["missing"] == []
    assert not result["degraded"]
    assert result["probes"] >= 70


def test_it_is_remembered_and_can_not_be_done_twice() -> None:
    def twice(keep: int) -> Any:
        before = lockdown.current()
        engaged(keep)
        report = lockdown.current()
        assert report is not None
        return {"before": before, "after": report.tier, "again": engaged(keep)}

    assert "locked down already" in forked(twice)["refused"]
    assert lockdown.current() is None


@pytest.mark.parametrize(
    ("leak", "named"),
    [
        ("socket", "socket() of family 2"),
        ("io_uring_setup", "io_uring_setup"),
        ("ptrace", "ptrace"),
        ("process_vm_readv", "process_vm_readv"),
        ("unshare", "unshare"),
        ("connect", "connect"),
        ("memfd_create", "memfd_create"),
    ],
)
def test_a_call_left_out_of_the_filter_is_found(
    monkeypatch: pytest.MonkeyPatch, leak: str, named: str
) -> None:
    rest = tuple(name for name in syscalls.DENIED if name != leak)
    monkeypatch.setattr(seccomp_bpf, "DENIED", rest)
    said = refused(monkeypatch)
    assert "got through" in said
    assert named in said


def test_a_filter_without_its_checks_of_arguments_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(seccomp_bpf, "_PAIR", [seccomp_bpf._answer(seccomp_bpf.ALLOW)])
    monkeypatch.setattr(seccomp_bpf, "_TERMINAL_REQUESTS", ())
    said = refused(monkeypatch)
    assert "datagram pair" in said
    assert "ioctl" in said


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="x86-64 has other conventions")
def test_another_calling_convention_that_is_not_killed_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def open_entry(machine: syscalls.Machine) -> list[seccomp_bpf.Instruction]:
        return [seccomp_bpf.Instruction(seccomp_bpf.LOAD, 0)]

    monkeypatch.setattr(seccomp_bpf, "_entry", open_entry)
    said = refused(monkeypatch)
    assert "socket by x32" in said


def test_a_folder_that_can_be_written_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rules = linux.rules_of
    leak = Rule(Path("/var/tmp"), WRITE)
    monkeypatch.setattr(linux, "rules_of", lambda policy: [*rules(policy), leak])
    assert "writing in /var/tmp" in refused(monkeypatch)


def test_a_kernel_without_landlock_is_refused_unless_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    said = refused(monkeypatch)
    assert "no Landlock" in said
    accepted = forked(lambda keep: engaged(keep, allow_degraded=True))
    assert accepted["tier"] == "reduced"
    assert accepted["missing"] == ["files"]
    assert any("writing in" in name for name in accepted["failed"])
    assert not any("socket" in name for name in accepted["failed"])


def test_a_kernel_without_filters_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux, "_has_filters", lambda: False)
    said = refused(monkeypatch)
    assert "sockets are not denied" in said
    assert "socket in a child" in said


def test_a_processor_we_have_no_numbers_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux, "machine", lambda: None)
    assert "no filter for this processor" in refused(monkeypatch)


def test_older_landlocks_get_what_they_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: 1)
    result = forked(engaged)
    assert result["tier"] == "kernel"
    assert [len(landlock.ruleset(version)) for version in range(1, 8)] == [8, 8, 8, 16, 16, 24, 24]
    facility = linux._files_facility(1)
    assert facility.state == "partial"
    assert "emptied" in facility.detail


def test_an_open_descriptor_is_found() -> None:
    def leaking(keep: int) -> Any:
        os.open("/dev/null", os.O_RDONLY)
        return engaged(keep)

    assert "inherited descriptors" in forked(leaking)["refused"]


@pytest.mark.parametrize("kind", ["tcp", "unix datagrams"])
def test_a_connection_as_standard_input_is_found(kind: str) -> None:
    def wired(keep: int) -> Any:
        if kind == "tcp":
            made = socket.socket()
        else:
            made, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        os.dup2(made.fileno(), 0)
        descriptors.close_inherited([keep])
        return engaged(keep)

    assert "connections as standard streams" in forked(wired)["refused"]


def test_a_stream_to_who_started_us_is_let_pass() -> None:
    def wired(keep: int) -> Any:
        ours, _ = socket.socketpair()
        os.dup2(ours.fileno(), 0)
        descriptors.close_inherited([keep])
        return engaged(keep)

    assert forked(wired)["tier"] == "kernel"


def test_threads_from_before_are_refused_by_landlock_and_bound_by_the_filter() -> None:
    def threaded(keep: int) -> Any:
        go, tried = threading.Event(), []

        def work() -> None:
            go.wait()
            try:
                socket.socket().close()
            except PermissionError:
                tried.append("denied")

        thread = threading.Thread(target=work)
        thread.start()
        result = engaged(keep, allow_degraded=True)
        go.set()
        thread.join()
        return {**result, "tried": tried}

    result = forked(threaded)
    assert result["missing"] == ["files"]
    assert result["tried"] == ["denied"]


def test_memory_is_closed_and_powers_are_gone() -> None:
    def state(keep: int) -> Any:
        engaged(keep)
        text = Path("/proc/self/status").read_text(encoding="ascii")
        lines = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
        import resource

        return {
            "dumpable": kernel_calls.is_dumpable(),
            "core": resource.getrlimit(resource.RLIMIT_CORE),
            "powers": int(lines["CapEff"], 16) | int(lines["CapBnd"], 16),
            "mode": lines["Seccomp"],
            "privileges": lines["NoNewPrivs"],
        }

    found = forked(state)
    assert found["dumpable"] is False
    assert found["core"] in ([1, 1], [0, 0])  # 0 only where it was 0 before, and no root
    if os.geteuid() == 0:
        assert found["core"] == [1, 1]
    assert found["mode"] == "2"
    assert found["privileges"] == "1"
    if os.geteuid() == 0:
        assert found["powers"] == 0b1110 or found["powers"] == 0


def test_what_was_given_can_be_read_and_listed(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "a.txt").write_text("a")
    (tmp_path / "named").mkdir()
    (tmp_path / "named" / "b.txt").write_text("b")
    policy = Policy(read=(tmp_path / "given", tmp_path / "absent"), names=(tmp_path / "named",))

    def look(keep: int) -> Any:
        engaged(keep, policy=policy)
        listed = [p.name for p in (tmp_path / "named").iterdir()]
        try:
            (tmp_path / "named" / "b.txt").read_text()
        except PermissionError:
            listed.append("denied")
        return [*listed, (tmp_path / "given" / "a.txt").read_text()]

    assert forked(look) == ["b.txt", "denied", "a"]


def test_a_child_of_ours_gets_less(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("x")

    def child(keep: int) -> Any:
        lockdown.prepare_compute_only()
        lockdown.child_preamble(read=[note])
        seen = [note.read_text()]
        for action in (
            lambda: (tmp_path / "new").write_text("x"),
            lambda: os.execv("/bin/true", ["true"]),
            lambda: os.execv(sys.executable, [sys.executable]),
            socket.socket,
        ):
            try:
                action()
            except PermissionError:
                seen.append("denied")
        lockdown.compute_only()
        for more in (note.read_text, os.fork, socket.socketpair):
            try:
                more()
            except PermissionError:
                seen.append("denied too")
        return seen

    assert forked(child) == ["x", *["denied"] * 4, *["denied too"] * 3]


def test_preview_changes_nothing() -> None:
    report = lockdown.preview()
    assert report.tier == "kernel"
    assert lockdown.current() is None
    socket.socket().close()
