"""Probes against other processes: their memory, their signals, their terminal, shared memory."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import importlib
import multiprocessing.shared_memory  # noqa: F401 - read before the user changes
import os
import resource
import signal
import termios
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from assistant.prove import native_calls
from assistant.prove.native_calls import syscall
from assistant.prove.probe import Absent, Arena, Probe, Refused
from assistant.prove.probes_descriptors import expect

_LENGTH = 64


class Victim:
    """A process outside the lock with the token in its memory, at an address that we know."""

    def __init__(self, arena: Arena) -> None:
        self._text = ctypes.create_string_buffer(arena.message, _LENGTH)
        self.address = ctypes.addressof(self._text)
        self.pid = os.fork()
        if self.pid == 0:
            signal.alarm(20)
            while True:
                signal.pause()
        # What is read must come from the other process, not from this one.
        ctypes.memset(self.address, 0, _LENGTH)


Attack = Callable[[Arena, Victim], object]


def _killed_after(attack: Attack) -> Attack:
    """Kill the victim at the end. Under the lock that is denied: its alarm ends it."""

    def attempt(arena: Arena, victim: Victim) -> None:
        try:
            attack(arena, victim)
        finally:
            with contextlib.suppress(OSError):
                os.kill(victim.pid, signal.SIGKILL)

    return attempt


def _memory_call(name: str, victim: Victim, copy: Any) -> None:
    """Copy between this process and the other: the same length, at both addresses."""
    ours = native_calls.packed("=QQ", ctypes.addressof(copy), _LENGTH)
    theirs = native_calls.packed("=QQ", victim.address, _LENGTH)
    syscall(name, victim.pid, ours, 1, theirs, 1, 0)


def _process_vm_readv(arena: Arena, victim: Victim) -> None:
    copy = ctypes.create_string_buffer(_LENGTH)
    _memory_call("process_vm_readv", victim, copy)
    expect(copy.raw, arena)


def _proc_mem(arena: Arena, victim: Victim) -> None:
    with Path(f"/proc/{victim.pid}/mem").open("rb", buffering=0) as memory:
        memory.seek(victim.address)
        expect(memory.read(_LENGTH), arena)


def _signal_by_file(_arena: Arena, victim: Victim) -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(reading, fcntl.F_SETOWN, victim.pid)
    fcntl.fcntl(reading, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    os.write(writing, b"x")
    _, status = os.waitpid(victim.pid, 0)
    if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGIO:
        raise Refused("another signal than ours ended it")


def _signal_parent(_arena: Arena) -> None:
    """As an unprivileged user, the parent may be another user's: then it is absent."""
    try:
        os.kill(os.getppid(), 0)
    except PermissionError as error:
        if "Seccomp:\t2" not in Path("/proc/self/status").read_text(encoding="ascii"):
            raise Absent("the parent belongs to another user") from error
        raise


def _allow_core(_arena: Arena) -> None:
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    if hard != 0:
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def _core_dump(_arena: Arena, _: None) -> None:
    """Succeeds if this process may have a core and can be dumped (PR_GET_DUMPABLE is 1)."""
    limit = resource.getrlimit(resource.RLIMIT_CORE)[0]
    if limit == 0 or native_calls.c_library().prctl(3, 0, 0, 0, 0) != 1:
        raise Refused("core files are off")
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))


def _core_to_reporter(_arena: Arena) -> None:
    """The kernel refuses a limit of 1 byte and passes over one of 0 (`fs/coredump.c`)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if resource.getrlimit(resource.RLIMIT_CORE)[0] == 1:
        raise Refused("the limit is still 1 byte")


def _terminal(_arena: Arena) -> int:
    """Give this process a terminal of its own, on standard input."""
    master, slave = os.openpty()
    with contextlib.suppress(OSError):
        os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    os.dup2(slave, 0)
    os.dup2(master, 2)  # kept, or the terminal hangs up
    return 0


def _type_high_bits(_arena: Arena, descriptor: int) -> None:
    request = ctypes.c_ulong(0x5412 | 0xBAD << 32)
    native_calls.checked(native_calls.c_library().ioctl(descriptor, request, ctypes.c_char_p(b"x")))


def _other_terminal(_arena: Arena) -> None:
    for descriptor in os.openpty():
        os.close(descriptor)


def _system_v(get: str, size: tuple[int, ...], control: str, *command: int) -> None:
    """Make an object of System V that others can open, and remove it again."""
    identity = syscall(get, 0x50000000 | os.getpid(), *size, 0o1600)
    syscall(control, identity, *command)


def _posix_queue(arena: Arena) -> None:
    name = native_calls.text(arena.token)
    os.close(syscall("mq_open", name, os.O_CREAT | os.O_RDWR, 0o600, 0))
    syscall("mq_unlink", name)


def _posix_shared_memory(arena: Arena) -> None:
    name = f"/{arena.token}"
    system = importlib.import_module("_posixshmem")
    os.close(system.shm_open(name, os.O_CREAT | os.O_RDWR, mode=0o600))
    system.shm_unlink(name)


_claim = partial(Probe, "processes", "claim")
_victim = partial(_claim, before=Victim)


def _against(identity: str, what: str, attack: Attack, *, lacking: bool = False) -> Probe:
    return _victim(identity, what, _killed_after(attack), lacking=lacking)


PROCESSES = (
    _against("ptrace", "ptrace: attach to another process",
             lambda _, v: syscall("ptrace", 16, v.pid, 0, 0)),
    _against("ptrace-seize", "ptrace: seize another process",
             lambda _, v: syscall("ptrace", 0x4206, v.pid, 0, 0)),
    _against("process-vm-readv", "Read another process's memory by system call",
             _process_vm_readv),
    _against("process-vm-writev", "Write another process's memory by system call",
             lambda _, v: _memory_call(
                 "process_vm_writev", v, ctypes.create_string_buffer(b"changed", _LENGTH))),
    _against("proc-mem", "Read another process's memory by /proc/PID/mem", _proc_mem),
    _against("proc-environ", "Read another process's environment",
             lambda _, v: Path(f"/proc/{v.pid}/environ").read_bytes()),
    _against("proc-root-other", "Read a file by way of another process's root",
             lambda a, v: expect(Path(f"/proc/{v.pid}/root{a.secret}").read_bytes(), a)),
    _against("kcmp", "kcmp: compare with another process",
             lambda _, v: syscall("kcmp", os.getpid(), v.pid, 1, 0, 0), lacking=True),
    _against("limit-other", "prlimit: change another process's limits",
             lambda _, v: resource.prlimit(v.pid, resource.RLIMIT_NOFILE, (100, 100))),
    _victim("signal", "Send a signal to another process",
            lambda _, v: os.kill(v.pid, signal.SIGTERM)),
    _victim("signal-pidfd", "Send a signal by pidfd",
            lambda _, v: signal.pidfd_send_signal(os.pidfd_open(v.pid), signal.SIGTERM)),
    _victim("signal-by-file", "Let a pipe that is ready send a signal (F_SETOWN)",
            _signal_by_file),
    _against("starve-other", "Give another process what time is left over",
             lambda _, v: os.sched_setscheduler(v.pid, os.SCHED_IDLE, os.sched_param(0))),
    _claim("signal-parent", "Stop the process that started this one (signal 0)", _signal_parent),
    _claim("core-dump", "A crash writes the memory to a core file (its limit is above zero)",
           _core_dump, before=_allow_core),
    _claim("core-dumpable", "Make the memory readable and dumpable again (PR_SET_DUMPABLE)",
           lambda _: native_calls.checked(native_calls.c_library().prctl(4, 1, 0, 0, 0), "prctl")),
    _claim("core-to-reporter", "Set a limit of cores at which crashes go to a crash reporter",
           _core_to_reporter),
    _claim("type-into-terminal", "TIOCSTI: type a command for the shell that comes after",
           lambda _, terminal: fcntl.ioctl(terminal, 0x5412, b"x"), before=_terminal, lacking=True),
    _claim("type-high-bits", "TIOCSTI with rubbish in the upper half of the request",
           _type_high_bits, before=_terminal, lacking=True),
    _claim("other-terminal", "Open a new terminal pair (/dev/ptmx)", _other_terminal, lacking=True),
    _claim("shared-memory", "System V shared memory",
           lambda _: _system_v("shmget", (4096,), "shmctl", 0, 0), lacking=True),
    _claim("message-queue", "System V message queue",
           lambda _: _system_v("msgget", (), "msgctl", 0, 0), lacking=True),
    _claim("semaphores", "System V semaphores",
           lambda _: _system_v("semget", (1,), "semctl", 0, 0, 0), lacking=True),
    _claim("posix-queue", "POSIX message queue", _posix_queue, lacking=True),
    _claim("posix-shared-memory", "POSIX shared memory (multiprocessing.shared_memory)",
           _posix_shared_memory, lacking=True),
)  # fmt: skip
