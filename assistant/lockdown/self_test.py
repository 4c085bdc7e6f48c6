"""Test the lockdown in the process itself: attempt what it should deny, from several places.

A probe names itself and says whether it was stopped. One that gets through undoes what it
did (closes the socket, removes the file) and is reported; nothing is ever sent.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from assistant.lockdown import descriptors, kernel_calls
from assistant.lockdown.report import Results
from assistant.lockdown.syscalls import X32_BIT, Machine, number

_FAMILIES = 46
_DENIED = (errno.EACCES, errno.EPERM, errno.ENOSYS, errno.EROFS)
_READABLE = ("/etc/hostname", "/etc/hosts", "/etc/fstab", "/etc/profile", "/etc/os-release")
_THREAD_SECONDS = 60.0


def stopped(action: Callable[[], object]) -> bool:
    """Tell whether an action was denied. Any other failure counts as getting through."""
    try:
        made = action()
    except OSError as error:
        return error.errno in _DENIED
    if isinstance(made, socket.socket):
        made.close()
    return False


class EarlyThread:
    """A thread started before the lock, which tries for a socket after it."""

    def __init__(self) -> None:
        self._go = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._go.wait()
        self._stopped = stopped(partial(socket.socket, socket.AF_INET))

    def try_now(self) -> bool:
        """Let it try; True if it was stopped. The thread has ended afterwards."""
        self._go.set()
        self._thread.join(_THREAD_SECONDS)
        return self._stopped


def _raw(name: str, machine: Machine, *arguments: int) -> None:
    call_number = number(name, machine)
    if call_number is None:
        raise OSError(errno.ENOSYS, name)
    made = kernel_calls.call(call_number, *arguments)
    if name in ("socket", "io_uring_setup", "memfd_create", "userfaultfd"):
        os.close(made)


def probe_sockets(results: Results) -> None:
    """Sockets as Python makes them; on any platform."""
    for name in ("AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"):
        family = getattr(socket, name, None)
        if family is not None:
            results.add(f"Python socket {name}", stopped(partial(socket.socket, family)))


def probe_calls(results: Results, machine: Machine) -> None:
    """System calls that must be denied, past Python."""
    for family in range(1, _FAMILIES + 1):
        attempt = partial(_raw, "socket", machine, family, 1, 0)
        results.add(f"socket() of family {family}", stopped(attempt))
    datagrams = partial(socket.socketpair, socket.AF_UNIX, socket.SOCK_DGRAM)
    results.add("datagram pair", stopped(datagrams))
    for name, arguments in (
        ("io_uring_setup", (1, 0)),
        ("io_uring_enter", (-1, 0, 0, 0, 0, 0)),
        ("ptrace", (2, os.getpid(), 0, 0)),  # PTRACE_PEEKDATA of who is not traced: harmless
        ("process_vm_readv", (os.getpid(), 0, 0, 0, 0, 0)),
        ("pidfd_getfd", (-1, 0, 0)),
        ("unshare", (0,)),
        ("memfd_create", (0, 0)),
        ("bpf", (0, 0, 0)),
        ("connect", (-1, 0, 0)),
        ("ioctl", (-1, 0x5412, 0)),  # TIOCSTI
        ("ioctl", (-1, 0x5000940E, 0)),  # BTRFS_IOC_SUBVOL_CREATE
        ("fcntl", (-1, 8, 0)),  # F_SETOWN
        ("sched_setscheduler", (0, -1, 0)),
        ("prctl", (4, 2)),  # PR_SET_DUMPABLE, to a value that the kernel refuses otherwise
        ("clone3", (0, 0)),
    ):
        results.add(name, stopped(partial(_raw, name, machine, *arguments)))


def probe_streams(results: Results, keep: Iterable[int]) -> None:
    """Check open descriptors: nothing inherited, and no connection as a standard stream."""
    results.add("inherited descriptors", not descriptors.unexpected(list(keep)))
    results.add("connections as standard streams", not descriptors.network_streams())


def probe_fork(results: Results) -> None:
    """A forked child tries for a socket as Python makes it."""
    results.add("socket in a child", _in_child(_python_socket) == 0)


def _python_socket() -> int:
    return 0 if stopped(partial(socket.socket, socket.AF_INET)) else 1


def probe_state(results: Results) -> None:
    """The state of the process as the kernel tells it."""
    results.add("no new privileges", kernel_calls.has_no_new_privileges())
    results.add("core dumps", not kernel_calls.is_dumpable())


def readable_outside(allowed: Iterable[Path]) -> Path | None:
    """Return a file that can be read now and is not among what will be allowed."""
    granted = [Path(os.path.realpath(path)) for path in allowed]
    for name in _READABLE:
        path = Path(name)
        inside = any(Path(os.path.realpath(path)).is_relative_to(folder) for folder in granted)
        if not inside and os.access(path, os.R_OK):
            return path
    return None


def probe_files(results: Results, readable: Path | None, writable: Iterable[Path]) -> None:
    """Reading and writing outside of what is allowed, where the user has the right to."""
    if readable is not None:
        results.add(f"reading {readable}", stopped(lambda: _read(readable)))
    granted = [Path(os.path.realpath(path)) for path in writable]
    for folder in _common_folders():
        if any(folder.is_relative_to(inside) for inside in granted):
            continue
        if os.access(folder, os.W_OK):
            results.add(f"writing in {folder}", stopped(partial(_write, folder)))


def _common_folders() -> set[Path]:
    """Return folders that a user can mostly write to."""
    named = [os.path.expanduser("~"), "/tmp", "/var/tmp", "/dev/shm"]  # noqa: S108, PTH111
    with contextlib.suppress(OSError):
        named.append(os.getcwd())  # noqa: PTH109 - the folder may be gone
    return {Path(os.path.realpath(name)) for name in named}


def _read(path: Path) -> None:
    os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC))


def _write(folder: Path) -> None:
    path = folder / f".assistant-probe-{os.getpid()}"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with contextlib.suppress(OSError):
        path.unlink()


def probe_signal(results: Results) -> None:
    """A signal to who started us (number 0: it is only asked whether it may be sent)."""
    if os.getppid() > 1:
        results.add("signal to another process", stopped(lambda: os.kill(os.getppid(), 0)))


def probe_children(results: Results, machine: Machine) -> None:
    """Forked children: a socket is denied to them too, other calling conventions kill them."""
    results.add("socket in a child", _in_child(partial(_child_socket, machine)) == 0)
    if machine == "x86_64":
        results.add("socket by x32", _in_child(_x32_socket) == -signal.SIGSYS)
        status = _in_child(_int80_socket)
        # Without 32-bit support the kernel answers with SIGSEGV: denied all the same.
        results.add("socket by int 0x80", status in (0, -signal.SIGSYS, -signal.SIGSEGV))


def _child_socket(machine: Machine) -> int:
    return 0 if stopped(partial(_raw, "socket", machine, socket.AF_INET, 1, 0)) else 1


def _x32_socket() -> int:
    with contextlib.suppress(OSError):
        kernel_calls.call(X32_BIT | 41, socket.AF_INET, 1, 0)
    return 1


def _int80_socket() -> int:
    """Run `mov eax, 359; mov ebx, 2; mov ecx, 1; xor edx, edx; int 0x80; ret`.

    Where no memory can be made executable (SELinux), the instruction can't be run at all.
    """
    code = (
        b"\x53\xb8\x67\x01\x00\x00\xbb\x02\x00\x00\x00\xb9\x01\x00\x00\x00\x31\xd2\xcd\x80\x5b\xc3"
    )
    try:
        run = kernel_calls.machine_code(code)
    except PermissionError:
        return 0
    with contextlib.suppress(OSError):
        run()
    return 1


def _in_child(action: Callable[[], int]) -> int:
    """Run in a forked child; return its exit status, or minus the signal that ended it."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 2
        try:
            status = action()
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)
