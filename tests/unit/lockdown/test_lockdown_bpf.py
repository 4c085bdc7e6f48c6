"""Both seccomp programs, run by an interpreter for both machines, whatever runs the test."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from assistant.lockdown import seccomp_bpf, syscalls
from assistant.lockdown.syscalls import AUDIT_ARCH, Machine, number, numbers
from tests.unit.lockdown.bpf_machine import answer, reachable

MACHINES: tuple[Machine, ...] = ("x86_64", "aarch64")
I386, ARM = 0x40000003, 0x40000028
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
LATER_THAN_HEADERS = 450


def ask(machine: Machine, name: str, *arguments: int, program: bytes | None = None) -> int:
    wanted = number(name, machine)
    assert wanted is not None
    code = program or seccomp_bpf.packed(seccomp_bpf.deny_program(machine))
    return answer(code, wanted, AUDIT_ARCH[machine], arguments)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_call_of_the_list_is_denied_and_no_other(machine: Machine) -> None:
    program = seccomp_bpf.packed(seccomp_bpf.deny_program(machine))
    denied = set(numbers(syscalls.DENIED, machine))
    judged = set(
        numbers(
            (
                "socketpair",
                "sendto",
                "clone",
                "clone3",
                "ioctl",
                "prlimit64",
                "setrlimit",
                "prctl",
                "fcntl",
            ),
            machine,
        )
    )
    for call in range(syscalls.NEWEST + 1):
        if call in judged:
            continue
        wanted = seccomp_bpf.DENY if call in denied else seccomp_bpf.ALLOW
        assert answer(program, call, AUDIT_ARCH[machine]) == wanted, call


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", ["socket", "io_uring_setup", "ptrace", "process_vm_writev"])
def test_the_calls_of_the_promise_are_on_the_list(machine: Machine, name: str) -> None:
    assert ask(machine, name) == seccomp_bpf.DENY
    assert ask(machine, name, *[0xFFFFFFFFFFFFFFFF] * 6) == seccomp_bpf.DENY


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_newer_than_the_table_do_not_exist(machine: Machine) -> None:
    program = seccomp_bpf.packed(seccomp_bpf.deny_program(machine))
    for call in (syscalls.NEWEST + 1, 600, 0x3FFFFFFF):
        assert answer(program, call, AUDIT_ARCH[machine]) == seccomp_bpf.UNKNOWN


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("build", [seccomp_bpf.deny_program, seccomp_bpf.compute_program])
def test_another_calling_convention_is_killed(machine: Machine, build: object) -> None:
    program = seccomp_bpf.packed(build(machine))  # type: ignore[operator]
    others = {I386, ARM, *AUDIT_ARCH.values()} - {AUDIT_ARCH[machine]}
    for arch in others:
        for call in (0, 1, 41, 102, 198, 359):
            assert answer(program, call, arch) == seccomp_bpf.KILL


@pytest.mark.parametrize("build", [seccomp_bpf.deny_program, seccomp_bpf.compute_program])
def test_x32_numbers_are_killed(build: object) -> None:
    program = seccomp_bpf.packed(build("x86_64"))  # type: ignore[operator]
    for call in (0, 41, 512, 547, 0x3FFFFFFF):
        assert answer(program, syscalls.X32_BIT | call, AUDIT_ARCH["x86_64"]) == seccomp_bpf.KILL


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("family", "kind", "protocol", "wanted"),
    [
        (socket.AF_UNIX, socket.SOCK_STREAM, 0, seccomp_bpf.ALLOW),
        (socket.AF_UNIX, socket.SOCK_STREAM | 0x80800, 0, seccomp_bpf.ALLOW),  # NONBLOCK, CLOEXEC
        (socket.AF_UNIX, socket.SOCK_DGRAM, 0, seccomp_bpf.DENY),
        (socket.AF_UNIX, socket.SOCK_DGRAM | 0x80000, 0, seccomp_bpf.DENY),
        (socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, seccomp_bpf.DENY),
        (socket.AF_UNIX, socket.SOCK_STREAM, 1, seccomp_bpf.DENY),
        (30, socket.SOCK_STREAM, 0, seccomp_bpf.DENY),  # AF_TIPC has pairs
        (socket.AF_INET, socket.SOCK_STREAM, 0, seccomp_bpf.DENY),
    ],
)
def test_only_unix_stream_pairs(
    machine: Machine, family: int, kind: int, protocol: int, wanted: int
) -> None:
    assert ask(machine, "socketpair", family, kind, protocol) == wanted
    # The kernel takes int: what stands in the upper half changes nothing.
    high = 7 << 32
    assert ask(machine, "socketpair", high | family, high | kind, high | protocol) == wanted


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        (0, seccomp_bpf.ALLOW),
        (1, seccomp_bpf.DENY),
        (1 << 32, seccomp_bpf.DENY),
        (-1, seccomp_bpf.DENY),
    ],
)
def test_sending_to_an_address_is_denied(machine: Machine, address: int, wanted: int) -> None:
    assert ask(machine, "sendto", 3, 0x1000, 5, 0, address, 16) == wanted


@pytest.mark.parametrize("machine", MACHINES)
def test_limits_of_another_process_are_denied(machine: Machine) -> None:
    assert ask(machine, "prlimit64", 0, 7, 0x1000, 0) == seccomp_bpf.ALLOW
    assert ask(machine, "prlimit64", 1, 7, 0x1000, 0) == seccomp_bpf.DENY


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("high", [0, 5 << 32])
def test_the_limit_of_cores_stays_what_the_lock_made_it(machine: Machine, high: int) -> None:
    """Lowered to nothing, the kernel would hand a crash to the system's crash reporter."""
    assert ask(machine, "prlimit64", 0, high | 4, 0x1000, 0) == seccomp_bpf.DENY
    assert ask(machine, "prlimit64", 0, high | 4, 1 << 40, 0) == seccomp_bpf.DENY
    assert ask(machine, "prlimit64", 0, high | 4, 0, 0x1000) == seccomp_bpf.ALLOW  # it only asks
    assert ask(machine, "setrlimit", high | 4, 0x1000) == seccomp_bpf.DENY
    assert ask(machine, "setrlimit", high | 7, 0x1000) == seccomp_bpf.ALLOW


@pytest.mark.parametrize("machine", MACHINES)
def test_memory_that_was_closed_is_not_opened_again(machine: Machine) -> None:
    for value in (1, 2, 1 << 32, -1):
        assert ask(machine, "prctl", 4, value) == seccomp_bpf.DENY
        assert ask(machine, "prctl", 7 << 32 | 4, value) == seccomp_bpf.DENY
    assert ask(machine, "prctl", 4, 0) == seccomp_bpf.ALLOW
    assert ask(machine, "prctl", 3) == seccomp_bpf.ALLOW
    assert ask(machine, "prctl", 38, 1) == seccomp_bpf.ALLOW


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("command", [8, 10, 15])
def test_no_file_sends_signals_to_others(machine: Machine, command: int) -> None:
    """F_SETOWN, F_SETSIG and F_SETOWN_EX: a file that is ready signals any process."""
    assert ask(machine, "fcntl", 3, command, 1) == seccomp_bpf.DENY
    assert ask(machine, "fcntl", 3, 9 << 32 | command, 1) == seccomp_bpf.DENY
    for other in (1, 2, 3, 4, 6, 7, 9, 1030):
        assert ask(machine, "fcntl", 3, other, 1) == seccomp_bpf.ALLOW


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    "request_number", [0x5000940E, 0x50009401, 0x50009417, 0x5000940F, 0x4008941A, 0x4010BC10]
)
def test_no_subvolume_is_made_where_landlock_does_not_look(
    machine: Machine, request_number: int
) -> None:
    """btrfs and bcachefs make and remove folders by ioctl, through a folder that is only read."""
    assert ask(machine, "ioctl", 3, request_number, 0x1000) == seccomp_bpf.DENY
    assert ask(machine, "ioctl", 3, 1 << 32 | request_number, 0x1000) == seccomp_bpf.DENY


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        (0x3D0F00, seccomp_bpf.ALLOW),  # pthread_create
        (0x01200011, seccomp_bpf.ALLOW),  # fork
        (0x4111, seccomp_bpf.ALLOW),  # vfork
        (0x10000000, seccomp_bpf.DENY),
        (0x40000000 | 0x11, seccomp_bpf.DENY),
        (0x00020000, seccomp_bpf.DENY),
    ],
)
def test_no_new_namespaces(machine: Machine, flags: int, wanted: int) -> None:
    assert ask(machine, "clone", flags) == wanted
    assert ask(machine, "clone3", flags) == seccomp_bpf.UNKNOWN


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("control", "wanted"),
    [
        (0x5401, seccomp_bpf.ALLOW),  # TCGETS
        (0x5413, seccomp_bpf.ALLOW),  # TIOCGWINSZ
        (0x5412, seccomp_bpf.DENY),
        (0x5412 | 1 << 32, seccomp_bpf.DENY),  # CVE-2019-10063: the kernel looks at the lower half
        (0x541C, seccomp_bpf.DENY),
        (0x541D, seccomp_bpf.DENY),
        (0x5423, seccomp_bpf.DENY),
        (0x80086601, seccomp_bpf.ALLOW),  # FS_IOC_GETFLAGS
        (0x40086602, seccomp_bpf.DENY),
        (0x401C5820, seccomp_bpf.DENY),
        (0x40806685, seccomp_bpf.DENY),
        (0x800C6613, seccomp_bpf.DENY),
    ],
    ids=hex,
)
def test_nothing_is_typed_into_the_terminal_or_set_on_a_file(
    machine: Machine, control: int, wanted: int
) -> None:
    assert ask(machine, "ioctl", 0, control, 0x1000) == wanted


@pytest.mark.parametrize("machine", MACHINES)
def test_a_parser_has_what_computing_needs_and_nothing_else(machine: Machine) -> None:
    program = seccomp_bpf.packed(seccomp_bpf.compute_program(machine))
    allowed = set(numbers(syscalls.COMPUTING, machine))
    for call in range(700):
        wanted = seccomp_bpf.ALLOW if call in allowed else seccomp_bpf.DENY
        assert answer(program, call, AUDIT_ARCH[machine]) == wanted, call
    for name in ("openat", "execve", "socketpair", "clone", "kill", "ioctl", "sendto"):
        if name in syscalls._NUMBERS:
            assert ask(machine, name, program=program) == seccomp_bpf.DENY
    assert not allowed & set(numbers(syscalls.DENIED, machine))


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("build", [seccomp_bpf.deny_program, seccomp_bpf.compute_program])
def test_programs_are_ones_that_the_kernel_takes(machine: Machine, build: object) -> None:
    lines = build(machine)  # type: ignore[operator]
    assert len(lines) <= 4096
    assert lines[-1].code == seccomp_bpf.RETURN
    # Every instruction can be reached (none is dead), and every jump stays inside.
    assert reachable(seccomp_bpf.packed(lines)) == set(range(len(lines)))


@pytest.mark.parametrize("machine", MACHINES)
def test_numbers_are_the_kernels(machine: Machine) -> None:
    header = HEADERS[machine]
    if not header.exists():
        pytest.skip("the kernel's headers are not installed")
    text = header.read_text(encoding="utf-8")
    found = {
        name: int(value) for name, value in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)
    }
    found.setdefault("newfstatat", found.get("fstatat", 79))
    compared = 0
    for name, pair in syscalls._NUMBERS.items():
        ours = pair[MACHINES.index(machine)]
        if name in found:
            assert ours == found[name], name
            compared += 1
        else:
            # Either this machine does not have it, or it is newer than the headers.
            assert ours is None or ours >= LATER_THAN_HEADERS, name
    assert compared > 140


@pytest.mark.parametrize(
    ("named", "largest", "wanted"),
    [
        ("x86_64", 2**63 - 1, "x86_64"),
        ("AMD64", 2**63 - 1, "x86_64"),
        ("arm64", 2**63 - 1, "aarch64"),
        ("aarch64_be", 2**63 - 1, None),
        ("riscv64", 2**63 - 1, None),
        ("x86_64", 2**31 - 1, None),
    ],
)
def test_the_machine_is_told_by_name_and_width(
    monkeypatch: pytest.MonkeyPatch, named: str, largest: int, wanted: str | None
) -> None:
    monkeypatch.setattr("platform.machine", lambda: named)
    monkeypatch.setattr("sys.maxsize", largest)
    assert syscalls.machine() == wanted
