"""The real host with a hole planted in the real lock: one family is left out of the filter.

    python -m tests.fakes.prove_leak < plan.json

The filter is the program's own, but for two rules before it: IPv6 sockets may be made, and
sockets may be connected. `engage` notices by itself and would refuse; here it may go on.
"""

from __future__ import annotations

import socket
from pathlib import Path

from assistant import lockdown
from assistant.lockdown import seccomp_bpf
from assistant.lockdown.seccomp_bpf import ALLOW, DENY, JUMP_EQUAL, LOAD, RETURN, Instruction
from assistant.lockdown.syscalls import Machine, number
from assistant.prove.probe_host import main

whole = seccomp_bpf.deny_program


def with_a_hole(machine: Machine) -> list[Instruction]:
    calls = number("socket", machine), number("connect", machine)
    assert None not in calls
    return [
        Instruction(LOAD, 0),
        Instruction(JUMP_EQUAL, calls[0] or 0, no=4),
        Instruction(LOAD, 16),
        Instruction(JUMP_EQUAL, socket.AF_INET6, no=1),
        Instruction(RETURN, ALLOW),
        Instruction(RETURN, DENY),
        Instruction(JUMP_EQUAL, calls[1] or 0, no=1),
        Instruction(RETURN, ALLOW),
        *whole(machine),
    ]


def leaky_lock(read: tuple[Path, ...], data: Path) -> object:
    lockdown.close_inherited()
    return lockdown.engage(lockdown.Policy(read=read, write=(data,)), allow_degraded=True)


if __name__ == "__main__":
    seccomp_bpf.deny_program = with_a_hole
    main(lock=leaky_lock)
