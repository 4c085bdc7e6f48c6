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
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assistant.prove import native_calls
from assistant.prove.probe import Absent, Arena, Collection, Refused
from assistant.prove.probes_descriptors import expect

PROCESSES = Collection("processes", "claim")
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

    @contextmanager
    def held(self) -> Iterator[Victim]:
        """Kill the process at the end. Under the lock that is denied: its alarm ends it."""
        try:
            yield self
        finally:
            with contextlib.suppress(OSError):
                os.kill(self.pid, signal.SIGKILL)


@PROCESSES("ptrace", "ptrace: attach to another process", before=Victim)
def ptrace(_arena: Arena, victim: Victim) -> None:
    with victim.held():
        native_calls.syscall("ptrace", 16, victim.pid, 0, 0)


@PROCESSES("ptrace-seize", "ptrace: seize another process", before=Victim)
def ptrace_seize(_arena: Arena, victim: Victim) -> None:
    with victim.held():
        native_calls.syscall("ptrace", 0x4206, victim.pid, 0, 0)


def _vector(address: int) -> Any:
    return ctypes.create_string_buffer(struct.pack("=QQ", address, _LENGTH), 16)


@PROCESSES("process-vm-readv", "Read another process's memory by system call", before=Victim)
def process_vm_readv(arena: Arena, victim: Victim) -> None:
    copy = ctypes.create_string_buffer(_LENGTH)
    ours, theirs = _vector(ctypes.addressof(copy)), _vector(victim.address)
    with victim.held():
        native_calls.syscall("process_vm_readv", victim.pid, ours, 1, theirs, 1, 0)
        expect(copy.raw, arena)


@PROCESSES("process-vm-writev", "Write another process's memory by system call", before=Victim)
def process_vm_writev(_arena: Arena, victim: Victim) -> None:
    copy = ctypes.create_string_buffer(b"changed", _LENGTH)
    ours, theirs = _vector(ctypes.addressof(copy)), _vector(victim.address)
    with victim.held():
        native_calls.syscall("process_vm_writev", victim.pid, ours, 1, theirs, 1, 0)


@PROCESSES("proc-mem", "Read another process's memory by /proc/PID/mem", before=Victim)
def proc_mem(arena: Arena, victim: Victim) -> None:
    with victim.held(), Path(f"/proc/{victim.pid}/mem").open("rb", buffering=0) as memory:
        memory.seek(victim.address)
        expect(memory.read(_LENGTH), arena)


@PROCESSES("proc-environ", "Read another process's environment", before=Victim)
def proc_environ(_arena: Arena, victim: Victim) -> None:
    with victim.held():
        Path(f"/proc/{victim.pid}/environ").read_bytes()


@PROCESSES("proc-root-other", "Read a file by way of another process's root", before=Victim)
def proc_root_other(arena: Arena, victim: Victim) -> None:
    with victim.held():
        expect(Path(f"/proc/{victim.pid}/root{arena.secret}").read_bytes(), arena)


@PROCESSES("kcmp", "kcmp: compare with another process", before=Victim, lacking=True)
def kcmp(_arena: Arena, victim: Victim) -> None:
    with victim.held():
        native_calls.syscall("kcmp", os.getpid(), victim.pid, 1, 0, 0)


@PROCESSES("limit-other", "prlimit: change another process's limits", before=Victim)
def limit_other(_arena: Arena, victim: Victim) -> None:
    with victim.held():
        resource.prlimit(victim.pid, resource.RLIMIT_NOFILE, (100, 100))


@PROCESSES("signal", "Send a signal to another process", before=Victim)
def send_signal(_arena: Arena, victim: Victim) -> None:
    os.kill(victim.pid, signal.SIGTERM)


@PROCESSES("signal-pidfd", "Send a signal by pidfd", before=Victim)
def send_signal_pidfd(_arena: Arena, victim: Victim) -> None:
    signal.pidfd_send_signal(os.pidfd_open(victim.pid), signal.SIGTERM)


@PROCESSES("signal-by-file", "Let a pipe that is ready send a signal (F_SETOWN)", before=Victim)
def signal_by_file(_arena: Arena, victim: Victim) -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(reading, fcntl.F_SETOWN, victim.pid)
    fcntl.fcntl(reading, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    os.write(writing, b"x")
    _, status = os.waitpid(victim.pid, 0)
    if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGIO:
        raise Refused("another signal than ours ended it")


@PROCESSES("starve-other", "Give another process what time is left over", before=Victim)
def starve_other(_arena: Arena, victim: Victim) -> None:
    with victim.held():
        os.sched_setscheduler(victim.pid, os.SCHED_IDLE, os.sched_param(0))


@PROCESSES("signal-parent", "Stop the process that started this one (signal 0)")
def signal_parent(_arena: Arena, _: Any) -> None:
    """As an unprivileged user, the parent may be another user's: then it is absent."""
    try:
        os.kill(os.getppid(), 0)
    except PermissionError as error:
        if not _locked():
            raise Absent("the parent belongs to another user") from error
        raise


def _locked() -> bool:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return "Seccomp:\t2" in status


@PROCESSES(
    "core-dump",
    "A crash writes the memory to a core file (its limit is above zero)",
    before=lambda _: _allow_core(),
)
def core_dump(_arena: Arena, _: Any) -> None:
    """Succeeds if this process may have a core and can be dumped (PR_GET_DUMPABLE is 1)."""
    if native_calls.libc is None:
        raise Absent("no C library")
    limit = resource.getrlimit(resource.RLIMIT_CORE)[0]
    if limit == 0 or native_calls.libc.prctl(3, 0, 0, 0, 0) != 1:
        raise Refused("core files are off")
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))


@PROCESSES("core-dumpable", "Make the memory readable and dumpable again (PR_SET_DUMPABLE)")
def core_dumpable(_arena: Arena, _: Any) -> None:
    if native_calls.libc is None:
        raise Absent("no C library")
    native_calls.checked(int(native_calls.libc.prctl(4, 1, 0, 0, 0)), "prctl")


@PROCESSES("core-to-reporter", "Set a limit of cores at which crashes go to a crash reporter")
def core_to_reporter(_arena: Arena, _: Any) -> None:
    """The kernel refuses a limit of 1 byte and passes over one of 0 (`fs/coredump.c`)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if resource.getrlimit(resource.RLIMIT_CORE)[0] == 1:
        raise Refused("the limit is still 1 byte")


def _allow_core() -> None:
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    if hard == 0:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def _terminal(arena: Arena) -> int:
    """Give this process a terminal of its own, on standard input."""
    del arena
    master, slave = os.openpty()
    with contextlib.suppress(OSError):
        os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    os.dup2(slave, 0)
    os.dup2(master, 2)  # kept, or the terminal hangs up
    return 0


@PROCESSES(
    "type-into-terminal",
    "TIOCSTI: type a command for the shell that comes after",
    before=_terminal,
    lacking=True,
)
def type_into_terminal(_arena: Arena, descriptor: int) -> None:
    fcntl.ioctl(descriptor, 0x5412, b"x")


@PROCESSES(
    "type-high-bits",
    "TIOCSTI with rubbish in the upper half of the request",
    before=_terminal,
    lacking=True,
)
def type_high_bits(_arena: Arena, descriptor: int) -> None:
    if native_calls.libc is None:
        raise Absent("no C library")
    request = ctypes.c_ulong(0x5412 | 0xBAD << 32)
    native_calls.checked(native_calls.libc.ioctl(descriptor, request, ctypes.c_char_p(b"x")))


@PROCESSES("other-terminal", "Open a new terminal pair (/dev/ptmx)", lacking=True)
def other_terminal(_arena: Arena, _: Any) -> None:
    for descriptor in os.openpty():
        os.close(descriptor)


@PROCESSES("shared-memory", "System V shared memory", lacking=True)
def shared_memory(_arena: Arena, _: Any) -> None:
    identity = native_calls.syscall("shmget", 0x50000000 | os.getpid(), 4096, 0o1600)
    native_calls.syscall("shmctl", identity, 0, 0)


@PROCESSES("message-queue", "System V message queue", lacking=True)
def message_queue(_arena: Arena, _: Any) -> None:
    identity = native_calls.syscall("msgget", 0x50000000 | os.getpid(), 0o1600)
    native_calls.syscall("msgctl", identity, 0, 0)


@PROCESSES("semaphores", "System V semaphores", lacking=True)
def semaphores(_arena: Arena, _: Any) -> None:
    identity = native_calls.syscall("semget", 0x50000000 | os.getpid(), 1, 0o1600)
    native_calls.syscall("semctl", identity, 0, 0, 0)


@PROCESSES("posix-queue", "POSIX message queue", lacking=True)
def posix_queue(arena: Arena, _: Any) -> None:
    name = ctypes.c_char_p(arena.token.encode())
    descriptor = native_calls.syscall("mq_open", name, os.O_CREAT | os.O_RDWR, 0o600, 0)
    os.close(descriptor)
    native_calls.syscall("mq_unlink", name)


@PROCESSES(
    "posix-shared-memory", "POSIX shared memory (multiprocessing.shared_memory)", lacking=True
)
def posix_shared_memory(arena: Arena, _: Any) -> None:
    name = f"/{arena.token}"
    system = importlib.import_module("_posixshmem")
    os.close(system.shm_open(name, os.O_CREAT | os.O_RDWR, mode=0o600))
    system.shm_unlink(name)
