"""A small interpreter of classic BPF as seccomp uses it, to read a program's answers here.

Semantics: Linux, `kernel/bpf/core.c` of the subset that `seccomp_check_filter` admits.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from assistant.lockdown import seccomp_bpf

_MASK = 0xFFFFFFFF


def answer(
    program: bytes, number: int, arch: int, arguments: Sequence[int] = (), pointer: int = 0
) -> int:
    """Return what a packed program answers to one system call."""
    wide = [value & 0xFFFFFFFFFFFFFFFF for value in (*arguments, 0, 0, 0, 0, 0, 0)[:6]]
    data = struct.pack("<IIQ6Q", number & _MASK, arch, pointer, *wide)
    lines = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    accumulator, at = 0, 0
    for _ in range(len(lines)):
        code, yes, no, k = lines[at]
        at += 1
        if code == seccomp_bpf.RETURN:
            return int(k)
        if code == seccomp_bpf.LOAD:
            assert k % 4 == 0
            assert k + 4 <= len(data), "the kernel would refuse this load"
            accumulator = struct.unpack_from("<I", data, k)[0]
        elif code == seccomp_bpf.AND:
            accumulator &= k
        else:
            at += yes if _holds(code, accumulator, k) else no
    raise AssertionError("the program ran past its end")


def _holds(code: int, accumulator: int, k: int) -> bool:
    if code == seccomp_bpf.JUMP_EQUAL:
        return accumulator == k
    if code == seccomp_bpf.JUMP_GREATER:
        return accumulator > k
    if code == seccomp_bpf.JUMP_AT_LEAST:
        return accumulator >= k
    if code == seccomp_bpf.JUMP_ANY_BIT:
        return bool(accumulator & k)
    raise AssertionError(f"no such instruction: {code:#x}")


def reachable(program: bytes) -> set[int]:
    """Return the instructions that some input may reach; checks that every jump lands inside."""
    lines = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    seen: set[int] = set()
    todo = [0]
    while todo:
        at = todo.pop()
        if at in seen:
            continue
        assert 0 <= at < len(lines), "a jump leaves the program"
        seen.add(at)
        code, yes, no, _ = lines[at]
        if code == seccomp_bpf.RETURN:
            continue
        jumps = (yes, no) if code in _JUMPS else (0,)
        todo += [at + 1 + step for step in jumps]
    return seen


_JUMPS = (
    seccomp_bpf.JUMP_EQUAL,
    seccomp_bpf.JUMP_GREATER,
    seccomp_bpf.JUMP_AT_LEAST,
    seccomp_bpf.JUMP_ANY_BIT,
)
