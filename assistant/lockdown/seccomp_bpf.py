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


def _only(value: int) -> list[Instruction]:
    """Go on if what is loaded is `value`, else deny."""
    return [Instruction(JUMP_EQUAL, value, yes=1), _answer(DENY)]


def _zero(argument: int) -> list[Instruction]:
    """Go on if all 64 bits of an argument are 0, else deny."""
    return [_low(argument), *_only(0), _high(argument), *_only(0)]


def _none_of(*values: int) -> list[Instruction]:
    """Deny if what is loaded is one of `values`, else go on."""
    return [line for v in values for line in (Instruction(JUMP_EQUAL, v, no=1), _answer(DENY))]


def _if_else_allow(value: int) -> list[Instruction]:
    """Go on if what is loaded is `value`, else allow."""
    return [Instruction(JUMP_EQUAL, value, yes=1), _answer(ALLOW)]


_PAIR = [
    # Only streams: a datagram socket of a pair can be sent to any address, the system log's
    # for one, and other families have pairs too.
    *(_low(0), *_only(_AF_UNIX)),
    *(_low(1), Instruction(AND, _SOCK_TYPE_MASK), *_only(_SOCK_STREAM)),
    *(_low(2), *_only(0)),
    _answer(ALLOW),
]
_SEND = [*_zero(4), _answer(ALLOW)]
"""send() is sendto() without an address."""

_OWN_LIMITS = [
    # prlimit64() of another process could end it by a limit of its processor time.
    *(_low(0), *_only(0)),
    # The limit of cores may be asked for and not be set: see `linux._end_core_dumps`.
    *(_low(1), *_if_else_allow(_CORE_LIMIT)),
    *_zero(2),
    _answer(ALLOW),
]
_OLD_LIMITS = [_low(0), *_none_of(_CORE_LIMIT), _answer(ALLOW)]
_MEMORY_STAYS_CLOSED = [
    # prctl(PR_SET_DUMPABLE) of anything but 0 would let others look in, and cores be made.
    *(_low(0), *_if_else_allow(_SET_DUMPABLE)),
    *_zero(1),
    _answer(ALLOW),
]
_CLONE = [
    _low(0),
    Instruction(JUMP_ANY_BIT, _NEW_NAMESPACES, no=1),
    _answer(DENY),
    _answer(ALLOW),
]
_FILE_CONTROL = [_low(1), *_none_of(*_OWNER_COMMANDS), _answer(ALLOW)]


def _control() -> list[Instruction]:
    """ioctl: the kernel looks at the lower half of the request only, so do we."""
    return [
        *(_low(1), *_none_of(*_TERMINAL_REQUESTS, *_FILE_REQUESTS, *_OWNER_REQUESTS)),
        *(Instruction(AND, 0xFF00), *_none_of(*_FOLDER_KINDS)),
        _answer(ALLOW),
    ]


def deny_program(machine: Machine) -> list[Instruction]:
    """Return the program of the whole process: everything but what lets data out.

    `clone3` is answered with ENOSYS, upon which the C library uses `clone`, whose flags
    can be read here.
    """
    judged = {
        "socketpair": _PAIR,
        "sendto": _SEND,
        "prlimit64": _OWN_LIMITS,
        "setrlimit": _OLD_LIMITS,
        "prctl": _MEMORY_STAYS_CLOSED,
        "fcntl": _FILE_CONTROL,
        "clone": _CLONE,
        "clone3": [_answer(UNKNOWN)],
        "ioctl": _control(),
    }
    return [
        *_entry(machine),
        *(line for name, body in judged.items() for line in _when(number(name, machine), body)),
        *_none_of(*numbers(DENIED, machine)),
        Instruction(JUMP_GREATER, NEWEST, no=1),
        _answer(UNKNOWN),
        _answer(ALLOW),
    ]


def compute_program(machine: Machine) -> list[Instruction]:
    """Return the program of a parser: memory, time and its open pipes, and nothing else."""
    lines = _entry(machine)
    for call in numbers(COMPUTING, machine):
        lines += [Instruction(JUMP_EQUAL, call, no=1), _answer(ALLOW)]
    return [*lines, _answer(DENY)]


def packed(program: list[Instruction]) -> bytes:
    """Return the program as the kernel takes it (`struct sock_filter[]`)."""
    return b"".join(line.packed() for line in program)
