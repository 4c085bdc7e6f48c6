"""What a locked process attempts: each raises `OSError` if it is denied. Harmless if not."""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assistant.lockdown import kernel_calls
from assistant.lockdown.syscalls import machine, number

Attempt = Callable[[], object]


@dataclass(frozen=True)
class Place:
    """Folders of a trial: `data` is granted for writing, `given` for reading, `other` not at all;
    `stranger` is a process outside, `listener` the port of one on the loopback."""

    data: Path
    given: Path
    other: Path
    stranger: int
    listener: int


def raw(name: str, *arguments: int | bytes | None) -> int:
    on = machine()
    assert on is not None
    wanted = number(name, on)
    assert wanted is not None
    return kernel_calls.call(wanted, *arguments)


def denied(place: Place) -> dict[str, Attempt]:
    """Return what must be denied under the lock, and works without it."""
    return {**_network(place), **_processes(place), **_files(place)}


def _network(place: Place) -> dict[str, Attempt]:
    def connect() -> None:
        with socket.socket() as client:
            client.connect(("127.0.0.1", place.listener))

    def datagram() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.sendto(b"x", ("127.0.0.1", place.listener))

    def in_a_shell() -> None:
        code = "import socket; socket.socket()"
        done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=False)
        if done.returncode:
            raise PermissionError(13, done.stderr.decode()[-200:])

    def to_a_named_socket() -> None:
        one, two = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        with one, two:
            one.sendto(b"x", str(place.other / "datagrams"))

    return {
        "tcp over loopback": connect,
        "udp over loopback": datagram,
        "unix": lambda: socket.socket(socket.AF_UNIX).close(),
        "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close(),
        "ipv6": lambda: socket.socket(socket.AF_INET6).close(),
        "socket past Python": lambda: os.close(raw("socket", 2, 1, 0)),
        "socket in a program": in_a_shell,
        "datagram pair to a named socket": to_a_named_socket,
        "io_uring": lambda: os.close(raw("io_uring_setup", 2, bytes(120))),
    }


def _processes(place: Place) -> dict[str, Attempt]:
    def read_memory() -> None:
        text = ctypes.create_string_buffer(b"own memory", 11)
        into = ctypes.create_string_buffer(11)
        there = struct.pack("=QQ", ctypes.addressof(text), 11)
        here = struct.pack("=QQ", ctypes.addressof(into), 11)
        raw("process_vm_readv", os.getpid(), here, 1, there, 1, 0)

    def take_descriptor() -> None:
        holder = os.pidfd_open(os.getpid())
        os.close(raw("pidfd_getfd", holder, 0, 0))

    return {
        "ptrace": lambda: raw("ptrace", 0, 0, 0, 0),  # PTRACE_TRACEME: in a child of its own
        "memory of a process": read_memory,
        "descriptor of a process": take_descriptor,
        "compare processes": lambda: raw("kcmp", os.getpid(), os.getpid(), 1, 0, 0),
        "limits of a stranger": lambda: raw("prlimit64", place.stranger, 7, None, bytes(16)),
        "priority of a stranger": lambda: raw("setpriority", 0, place.stranger, 19),
        "signal to a stranger": lambda: os.kill(place.stranger, 0),
        "program in memory": lambda: os.close(raw("memfd_create", b"x\0", 0)),
        "shared memory": lambda: raw("shmctl", raw("shmget", 0, 4096, 0o600), 0, None),
        "message queue": lambda: raw("msgctl", raw("msgget", 0, 0o600), 0, None),
        "another program": lambda: subprocess.run(["/bin/true"], check=True),
        "user namespace": lambda: raw("unshare", 0x10000000),
    }


def _files(place: Place) -> dict[str, Attempt]:
    note, folder = place.other / "note.txt", place.other

    def run_own_copy() -> None:
        program = place.data / "program"
        file = os.open(program, os.O_WRONLY | os.O_CREAT, 0o755)
        os.write(file, b"#!/bin/true\n")
        os.close(file)
        subprocess.run([str(program)], check=True)

    def flags_of_what_may_be_read() -> None:
        file = os.open(place.given / "g.txt", os.O_RDONLY)
        try:
            flags = fcntl.ioctl(file, 0x80086601, bytes(8))  # FS_IOC_GETFLAGS
            fcntl.ioctl(file, 0x40086602, flags)
        finally:
            os.close(file)

    def link_out() -> None:
        os.link(note, place.data / "stolen")

    return {
        "read outside": note.read_bytes,
        "list outside": lambda: list(folder.iterdir()),
        "write outside": lambda: (folder / "new").write_text("x"),
        "append outside": lambda: note.open("ab").write(b"x"),
        "empty outside": lambda: os.truncate(note, 0),
        "remove outside": (folder / "victim").unlink,
        "make a folder outside": (folder / "made").mkdir,
        "link into the data folder": link_out,
        "mode of a file outside": lambda: note.chmod(0o666),
        "times of a file outside": lambda: os.utime(note, (0, 0)),
        "attribute of a file outside": lambda: os.setxattr(note, "user.x", b"x"),
        "flags of what was given to read": flags_of_what_may_be_read,
        "write what was given to read": lambda: (place.given / "g.txt").write_text("x"),
        "pipe in the data folder": lambda: os.mkfifo(place.data / "pipe"),
        "program from the data folder": run_own_copy,
        "rename outside": lambda: note.rename(folder / "moved"),
    }


def allowed(place: Place) -> dict[str, Attempt]:
    """Return what must work under the lock."""

    def pair() -> None:
        one, two = socket.socketpair()
        with one, two:
            one.sendall(b"x")
            assert two.recv(1) == b"x"
            socket.send_fds(one, [b"y"], [0])
            assert socket.recv_fds(two, 1, 1)[0] == b"y"

    def event_loop() -> None:
        import asyncio

        asyncio.run(asyncio.sleep(0))

    def write_data() -> None:
        folder = place.data / "folder"
        folder.mkdir()
        (folder / "a").write_text("x")
        (folder / "a").rename(place.data / "b")
        os.link(place.data / "b", place.data / "c")
        (place.data / "b").unlink()
        folder.rmdir()

    def threads() -> None:
        import threading

        worker = threading.Thread(target=os.getpid)
        worker.start()
        worker.join()

    def kill_a_child() -> None:
        child = os.fork()
        if not child:
            signal.pause()
        os.kill(child, 9)
        os.waitpid(child, 0)

    return {
        "pair": pair,
        "event loop": event_loop,
        "read given": (place.given / "g.txt").read_bytes,
        "write data": write_data,
        "threads": threads,
        "kill a child": kill_a_child,
        "random": lambda: Path("/dev/urandom").open("rb").read(1),
        "null": lambda: Path("/dev/null").write_text("x"),
    }


def socket_by_int80() -> None:
    """Ask the kernel for an i386 socket; what comes back negative is an error number."""
    code = (
        b"\x53\xb8\x67\x01\x00\x00\xbb\x02\x00\x00\x00\xb9\x01\x00\x00\x00\x31\xd2\xcd\x80\x5b\xc3"
    )
    page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    made = function()
    if made < 0:
        raise OSError(-made, os.strerror(-made))


@contextmanager
def listening() -> Iterator[int]:
    """Listen on the loopback; give the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def outcome(attempt: Attempt) -> str:
    """Run in a child; return "done", the name of the error, or the signal that ended it."""
    import errno

    child = os.fork()
    if not child:
        status = 0
        try:
            attempt()
        except OSError as error:
            status = error.errno or 255
        except BaseException:  # noqa: BLE001 - it must not come back
            status = 254
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        return signal.Signals(-code).name
    return "done" if code == 0 else errno.errorcode.get(code, str(code))
