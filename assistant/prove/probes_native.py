"""Probes that ask for a socket past Python: C library, system call numbers, machine code,
threads, io_uring.
"""

from __future__ import annotations

import ctypes
import os
import socket
import threading
from collections.abc import Callable
from typing import Any

from assistant.prove import io_uring, native_calls
from assistant.prove.probe import Absent, Arena, Collection
from assistant.prove.probes_sockets import MPTCP, deliver

NATIVE = Collection("native", "arrival")
INET_STREAM = (socket.AF_INET, socket.SOCK_STREAM, 0)


def deliver_by(descriptor: int, arena: Arena) -> None:
    """Use a descriptor that was come by somehow as a TCP socket."""
    deliver(socket.socket(*INET_STREAM, fileno=descriptor), arena, "tcp4")


def _address_in_memory(arena: Arena) -> ctypes.Array[ctypes.c_char]:
    """Return a `struct sockaddr_in` for the UDP listener."""
    port = arena.port("udp4").to_bytes(2, "big")
    family = socket.AF_INET.to_bytes(2, "little")
    return ctypes.create_string_buffer(family + port + bytes((127, 0, 0, 1)) + b"\0" * 8, 16)


@NATIVE("c-library", "socket() of the C library, by ctypes")
def c_library(arena: Arena, _: Any) -> None:
    if native_calls.libc is None:
        raise Absent("no C library")
    deliver_by(native_calls.checked(native_calls.libc.socket(*INET_STREAM)), arena)


@NATIVE("c-library-sendto", "socket() and sendto() of the C library: a UDP datagram")
def c_library_sendto(arena: Arena, _: Any) -> None:
    if native_calls.libc is None:
        raise Absent("no C library")
    descriptor = native_calls.checked(
        native_calls.libc.socket(socket.AF_INET, socket.SOCK_DGRAM, 0)
    )
    text, address = arena.message, _address_in_memory(arena)
    try:
        native_calls.checked(native_calls.libc.sendto(descriptor, text, len(text), 0, address, 16))
    finally:
        os.close(descriptor)


@NATIVE("syscall-number", "The socket system call by its number")
def syscall_number(arena: Arena, _: Any) -> None:
    deliver_by(native_calls.syscall("socket", *INET_STREAM), arena)


@NATIVE("syscall-high-bits", "The same with rubbish in the upper half of the arguments")
def syscall_high_bits(arena: Arena, _: Any) -> None:
    family, kind, protocol = INET_STREAM
    high = 0x7EAD << 32
    deliver_by(native_calls.syscall("socket", family | high, kind | high, protocol | high), arena)


@NATIVE("syscall-mptcp", "Multipath TCP by system call number")
def syscall_mptcp(arena: Arena, _: Any) -> None:
    deliver_by(native_calls.syscall("socket", socket.AF_INET, socket.SOCK_STREAM, MPTCP), arena)


@NATIVE("machine-code", "The system call by machine code of our own, past the C library")
def machine_code(arena: Arena, _: Any) -> None:
    deliver_by(native_calls.direct_socket()(*INET_STREAM), arena)


@NATIVE("i386-socket", "32-bit system call: socket by int 0x80", lacking=True)
def i386(arena: Arena, _: Any) -> None:
    deliver_by(native_calls.i386_socket()(*INET_STREAM), arena)


@NATIVE("i386-socketcall", "32-bit system call: socketcall by int 0x80", lacking=True)
def i386_socketcall(arena: Arena, _: Any) -> None:
    deliver_by(native_calls.i386_socketcall()(*INET_STREAM), arena)


@NATIVE("x32", "The socket call of the x32 interface", lacking=True)
def x32(arena: Arena, _: Any) -> None:
    deliver_by(native_calls.x32_socket(*INET_STREAM), arena)


def in_thread(work: Callable[[], object]) -> None:
    """Do the work in another thread and raise here what it raised there."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as failure:  # noqa: BLE001 - handed to the caller
            failures.append(failure)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


@NATIVE("thread-after", "A thread that is started after the lock")
def thread_after(arena: Arena, _: Any) -> None:
    in_thread(lambda: deliver(socket.socket(*INET_STREAM), arena, "tcp4"))


class Sleeper:
    """A thread that waits, started before the lock, and then does what it is told."""

    def __init__(self, prepare: Callable[[], Any] = lambda: None) -> None:
        self._told, self._done, self._ready = (threading.Event() for _ in range(3))
        self._work: Callable[[Any], object] = lambda _: None
        self._failure: BaseException | None = None
        self._prepare = prepare
        threading.Thread(target=self._run, daemon=True).start()
        self._ready.wait()

    def _run(self) -> None:
        try:
            held = self._prepare()
            self._ready.set()
            self._told.wait()
            self._work(held)
        except BaseException as failure:  # noqa: BLE001 - handed to `do`
            self._failure = failure
        self._ready.set()
        self._done.set()

    def do(self, work: Callable[[Any], object]) -> None:
        self._work = work
        self._told.set()
        self._done.wait()
        if self._failure is not None:
            raise self._failure


@NATIVE("thread-before", "A thread that was started before the lock", before=lambda _: Sleeper())
def thread_before(arena: Arena, sleeper: Sleeper) -> None:
    sleeper.do(lambda _: deliver(socket.socket(*INET_STREAM), arena, "tcp4"))


def _own_table_with_socket(arena: Arena) -> Sleeper:
    """Start a thread with a descriptor table of its own (CLONE_FILES), and a socket in it."""

    def prepare() -> socket.socket:
        channel = socket.socket(*INET_STREAM)
        channel.connect(arena.address("tcp4"))
        native_calls.syscall("unshare", 0x400)
        return channel

    return Sleeper(prepare)


@NATIVE(
    "thread-own-descriptors",
    "A thread from before with its own table of descriptors and an open connection in it",
    before=_own_table_with_socket,
)
def thread_own_descriptors(arena: Arena, sleeper: Sleeper) -> None:
    sleeper.do(lambda channel: channel.sendall(arena.message))


@NATIVE(
    "thread-before-writes",
    "A thread that was started before the lock writes outside the data folder",
    before=lambda _: Sleeper(),
    evidence="landed",
)
def thread_before_writes(arena: Arena, sleeper: Sleeper) -> None:
    sleeper.do(lambda _: (arena.outside / "by-thread").write_bytes(arena.message))


@NATIVE("c-thread", "A thread made by the C library (pthread_create)")
def c_thread(arena: Arena, _: Any) -> None:
    if native_calls.libc is None:
        raise Absent("no C library")
    results: list[int] = []

    def body(_argument: int | None) -> None:
        results.append(native_calls.libc.socket(*INET_STREAM) if native_calls.libc else -1)
        results.append(ctypes.get_errno())

    start = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(body)
    thread = ctypes.c_ulong()
    if native_calls.libc.pthread_create(ctypes.byref(thread), None, start, None):
        raise OSError("pthread_create failed")
    native_calls.libc.pthread_join(thread, None)
    descriptor, code = results
    if descriptor < 0:
        raise OSError(code, os.strerror(code))
    deliver_by(descriptor, arena)


@NATIVE("io-uring-setup", "Make an io_uring", evidence="claim", lacking=True)
def uring_setup(_arena: Arena, _: Any) -> None:
    io_uring.Ring().close()


@NATIVE("io-uring-socket", "io_uring: IORING_OP_SOCKET, no socket call at all", lacking=True)
def uring_socket(arena: Arena, _: Any) -> None:
    ring = io_uring.Ring()
    deliver_by(ring.socket(*INET_STREAM), arena)


@NATIVE(
    "io-uring-before",
    "An io_uring that was made before the lock, its ring still mapped",
    before=lambda _: io_uring.Ring(),
    lacking=True,
)
def uring_before(arena: Arena, ring: io_uring.Ring) -> None:
    deliver_by(ring.socket(*INET_STREAM), arena)


@NATIVE(
    "io-uring-polled",
    "An io_uring from before that a kernel thread polls: no system call needed",
    before=lambda _: io_uring.Ring(polled=True),
    lacking=True,
)
def uring_polled(arena: Arena, ring: io_uring.Ring) -> None:
    deliver_by(ring.socket(*INET_STREAM), arena)
