"""The two seccomp programs, as classic BPF that the kernel runs at every system call.

A program sees `struct seccomp_data`: the number, the calling convention, the instruction
pointer and six arguments (`include/uapi/linux/seccomp.h`); it can't follow pointers.
"""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass

from assistant.lockdown.syscalls import (
    AUDIT_ARCH,
    COMPUTING,
    DENIED,
    NEWEST,
    X32_BIT,
    Machine,
    number,
    numbers,
)

# Codes of `include/uapi/linux/bpf_common.h`.
LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
AND = 0x54  # BPF_ALU | BPF_AND | BPF_K
JUMP_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
JUMP_GREATER = 0x25
JUMP_AT_LEAST = 0x35
JUMP_ANY_BIT = 0x45
RETURN = 0x06

ALLOW = 0x7FFF0000
KILL = 0x80000000  # the whole process, with SIGSYS
DENY = 0x00050000 | errno.EACCES
UNKNOWN = 0x00050000 | errno.ENOSYS

_NUMBER, _ARCH = 0, 4
_AF_UNIX, _SOCK_STREAM, _SOCK_TYPE_MASK = 1, 1, 0xF
_NEW_NAMESPACES = 0x7E020000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET (`linux/sched.h`)."""

_SET_DUMPABLE = 4  # linux/prctl.h
_CORE_LIMIT = 4  # RLIMIT_CORE of asm-generic/resource.h

_OWNER_COMMANDS = (8, 10, 15)
"""F_SETOWN, F_SETSIG and F_SETOWN_EX of fcntl(2): a file that is ready would send a signal to
any process of the same user (`asm-generic/fcntl.h`)."""

_OWNER_REQUESTS = (0x8901, 0x8902)
"""FIOSETOWN and SIOCSPGRP do the same (`asm-generic/sockios.h`)."""

_FOLDER_KINDS = (0x9400, 0xBC00)
"""The second byte of the requests of btrfs and bcachefs. They make, copy and remove folders
(subvolumes) through a descriptor that may only read the one above, and Landlock is not asked
(`linux/btrfs.h`)."""

_TERMINAL_REQUESTS = (0x5412, 0x541C, 0x541D, 0x5423)
"""TIOCSTI and TIOCLINUX type into the terminal as if the person had; TIOCCONS takes over the
console, TIOCSETD loads a line discipline (`asm-generic/ioctls.h`)."""

_FILE_REQUESTS = (0x40086602, 0x40046602, 0x40087602, 0x401C5820, 0x40806685, 0x800C6613)
"""FS_IOC_SETFLAGS, its 32-bit form, SETVERSION, FSSETXATTR, ENABLE_VERITY and
SET_ENCRYPTION_POLICY change a file through a descriptor that may only read it
(`linux/fs.h`, `linux/fsverity.h`, `linux/fscrypt.h`)."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """`struct sock_filter`: `yes` and `no` are how many instructions to skip."""

    code: int
    k: int
    yes: int = 0
    no: int = 0

    def packed(self) -> bytes:
        return struct.pack("=HBBI", self.code, self.yes, self.no, self.k)


def _low(argument: int) -> Instruction:
    """Load the lower half of an argument (both machines are little-endian)."""
    return Instruction(LOAD, 16 + 8 * argument)


def _high(argument: int) -> Instruction:
    return Instruction(LOAD, 20 + 8 * argument)


def _answer(value: int) -> Instruction:
    return Instruction(RETURN, value)


def _entry(machine: Machine) -> list[Instruction]:
    """Kill another calling convention: its numbers mean other calls. Leaves the number loaded."""
    lines = [
        Instruction(LOAD, _ARCH),
        Instruction(JUMP_EQUAL, AUDIT_ARCH[machine], yes=1),
        _answer(KILL),
        Instruction(LOAD, _NUMBER),
    ]
    if machine == "x86_64":
        lines += [Instruction(JUMP_AT_LEAST, X32_BIT, no=1), _answer(KILL)]
    return lines


def _when(call: int | None, body: list[Instruction]) -> list[Instruction]:
    """Run `body`, which must end in an answer on every path, for one system call."""
    if call is None:
        return []
    return [Instruction(JUMP_EQUAL, call, no=len(body)), *body]


_PAIR = [
    # Only streams: a datagram socket of a pair can be sent to any address, the system log's
    # for one, and other families have pairs too.
    _low(0),
    Instruction(JUMP_EQUAL, _AF_UNIX, yes=1),
    _answer(DENY),
    _low(1),
    Instruction(AND, _SOCK_TYPE_MASK),
    Instruction(JUMP_EQUAL, _SOCK_STREAM, yes=1),
    _answer(DENY),
    _low(2),
    Instruction(JUMP_EQUAL, 0, yes=1),
    _answer(DENY),
    _answer(ALLOW),
]
_SEND = [
    # send() is sendto() without an address.
    _low(4),
    Instruction(JUMP_EQUAL, 0, yes=1),
    _answer(DENY),
    _high(4),
    Instruction(JUMP_EQUAL, 0, yes=1),
    _answer(DENY),
    _answer(ALLOW),
]
_OWN_LIMITS = [
    # prlimit64() of another process could end it by a limit of its processor time.
    _low(0),
    Instruction(JUMP_EQUAL, 0, yes=1),
    _answer(DENY),
    # The limit of cores may be asked for and not be set: see `linux._end_core_dumps`.
    _low(1),
    Instruction(JUMP_EQUAL, _CORE_LIMIT, yes=1),
    _answer(ALLOW),
    _low(2),
    Instruction(JUMP_EQUAL, 0, yes=1),
    _answer(DENY),
    _high(2),
    Instruction(JUMP_EQUAL, 0, yes=1),
    _answer(DENY),
    _answer(ALLOW),
]
_OLD_LIMITS = [
    _low(0),
    Instruction(JUMP_EQUAL, _CORE_LIMIT, no=1),
    _answer(DENY),
    _answer(ALLOW),
]
_MEMORY_STAYS_CLOSED = [
    # prctl(PR_SET_DUMPABLE) of anything but 0 would let others look in, and cores be made.
    _low(0),
    Instruction(JUMP_EQUAL, _SET_DUMPABLE, yes=1),
    _answer(ALLOW),
    _low(1),
    Instruction(JUMP_EQUAL, 0, yes=1),
    _answer(DENY),
    _high(1),
    Instruction(JUMP_EQUAL, 0, yes=1),
    _answer(DENY),
    _answer(ALLOW),
]
_CLONE = [
    _low(0),
    Instruction(JUMP_ANY_BIT, _NEW_NAMESPACES, no=1),
    _answer(DENY),
    _answer(ALLOW),
]


def _control() -> list[Instruction]:
    """ioctl: the kernel looks at the lower half of the request only, so do we."""
    lines = [_low(1)]
    for request in _TERMINAL_REQUESTS + _FILE_REQUESTS + _OWNER_REQUESTS:
        lines += [Instruction(JUMP_EQUAL, request, no=1), _answer(DENY)]
    lines.append(Instruction(AND, 0xFF00))
    for kind in _FOLDER_KINDS:
        lines += [Instruction(JUMP_EQUAL, kind, no=1), _answer(DENY)]
    return [*lines, _answer(ALLOW)]


def _file_control() -> list[Instruction]:
    lines = [_low(1)]
    for command in _OWNER_COMMANDS:
        lines += [Instruction(JUMP_EQUAL, command, no=1), _answer(DENY)]
    return [*lines, _answer(ALLOW)]


def deny_program(machine: Machine) -> list[Instruction]:
    """Return the program of the whole process: everything but what lets data out.

    `clone3` is answered with ENOSYS, upon which the C library uses `clone`, whose flags
    can be read here.
    """
    lines = _entry(machine)
    lines += _when(number("socketpair", machine), _PAIR)
    lines += _when(number("sendto", machine), _SEND)
    lines += _when(number("prlimit64", machine), _OWN_LIMITS)
    lines += _when(number("setrlimit", machine), _OLD_LIMITS)
    lines += _when(number("prctl", machine), _MEMORY_STAYS_CLOSED)
    lines += _when(number("fcntl", machine), _file_control())
    lines += _when(number("clone", machine), _CLONE)
    lines += _when(number("clone3", machine), [_answer(UNKNOWN)])
    lines += _when(number("ioctl", machine), _control())
    for call in numbers(DENIED, machine):
        lines += [Instruction(JUMP_EQUAL, call, no=1), _answer(DENY)]
    lines += [Instruction(JUMP_GREATER, NEWEST, no=1), _answer(UNKNOWN)]
    return [*lines, _answer(ALLOW)]


def compute_program(machine: Machine) -> list[Instruction]:
    """Return the program of a parser: memory, time and its open pipes, and nothing else."""
    lines = _entry(machine)
    for call in numbers(COMPUTING, machine):
        lines += [Instruction(JUMP_EQUAL, call, no=1), _answer(ALLOW)]
    return [*lines, _answer(DENY)]


def packed(program: list[Instruction]) -> bytes:
    """Return the program as the kernel takes it (`struct sock_filter[]`)."""
    return b"".join(line.packed() for line in program)
