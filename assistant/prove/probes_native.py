"""Probes that ask for a socket past Python: C library, system call numbers, machine code,
threads, io_uring.
"""

from __future__ import annotations

import ctypes
import os
import socket
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from assistant.prove import io_uring, native_calls
from assistant.prove.probe import Arena, Probe
from assistant.prove.probes_sockets import MPTCP, deliver, stream

INET_STREAM = (socket.AF_INET, socket.SOCK_STREAM, 0)


def deliver_by(descriptor: int, arena: Arena) -> None:
    """Use a descriptor that was come by somehow as a TCP socket."""
    deliver(socket.socket(*INET_STREAM, fileno=descriptor), arena, "tcp4")


def _address_in_memory(arena: Arena) -> ctypes.Array[ctypes.c_char]:
    """Return a `struct sockaddr_in` for the UDP listener."""
    port = arena.port("udp4").to_bytes(2, "big")
    family = socket.AF_INET.to_bytes(2, "little")
    return ctypes.create_string_buffer(family + port + bytes((127, 0, 0, 1)) + b"\0" * 8, 16)


def _c_library_sendto(arena: Arena) -> None:
    libc = native_calls.c_library()
    descriptor = native_calls.checked(libc.socket(socket.AF_INET, socket.SOCK_DGRAM, 0))
    text, address = arena.message, _address_in_memory(arena)
    try:
        native_calls.checked(libc.sendto(descriptor, text, len(text), 0, address, 16))
    finally:
        os.close(descriptor)


def _high_bits(*arguments: int) -> Iterator[int]:
    """Give arguments with rubbish in the upper half."""
    return (0x7EAD << 32 | argument for argument in arguments)


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


def _own_table_with_socket(arena: Arena) -> Sleeper:
    """Start a thread with a descriptor table of its own (CLONE_FILES), and a socket in it."""

    def prepare() -> socket.socket:
        channel = socket.socket(*INET_STREAM)
        channel.connect(arena.address("tcp4"))
        native_calls.syscall("unshare", 0x400)
        return channel

    return Sleeper(prepare)


def _c_thread(arena: Arena) -> None:
    libc = native_calls.c_library()
    results: list[int] = []

    def body(_argument: int | None) -> None:
        results.append(libc.socket(*INET_STREAM))
        results.append(ctypes.get_errno())

    start = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(body)
    thread = ctypes.c_ulong()
    if libc.pthread_create(ctypes.byref(thread), None, start, None):
        raise OSError("pthread_create failed")
    libc.pthread_join(thread, None)
    descriptor, code = results
    if descriptor < 0:
        raise OSError(code, os.strerror(code))
    deliver_by(descriptor, arena)


_way_out = partial(Probe, "native", "arrival")


def _socket_by(
    identity: str, what: str, make: Callable[[], int], *, lacking: bool = False
) -> Probe:
    """Return a probe that makes a TCP socket in some way."""
    return _way_out(identity, what, lambda a: deliver_by(make(), a), lacking=lacking)


NATIVE = (
    _socket_by("c-library", "socket() of the C library, by ctypes",
               lambda: native_calls.checked(native_calls.c_library().socket(*INET_STREAM))),
    _way_out("c-library-sendto", "socket() and sendto() of the C library: a UDP datagram",
             _c_library_sendto),
    _socket_by("syscall-number", "The socket system call by its number",
               lambda: native_calls.syscall("socket", *INET_STREAM)),
    _socket_by("syscall-high-bits", "The same with rubbish in the upper half of the arguments",
               lambda: native_calls.syscall("socket", *_high_bits(*INET_STREAM))),
    _socket_by("syscall-mptcp", "Multipath TCP by system call number",
               lambda: native_calls.syscall("socket", socket.AF_INET, socket.SOCK_STREAM, MPTCP)),
    _socket_by("machine-code", "The system call by machine code of our own, past the C library",
               lambda: native_calls.direct_socket()(*INET_STREAM)),
    _socket_by("i386-socket", "32-bit system call: socket by int 0x80",
               lambda: native_calls.i386_socket()(*INET_STREAM), lacking=True),
    _socket_by("i386-socketcall", "32-bit system call: socketcall by int 0x80",
               lambda: native_calls.i386_socketcall()(*INET_STREAM), lacking=True),
    _socket_by("x32", "The socket call of the x32 interface",
               lambda: native_calls.x32_socket(*INET_STREAM), lacking=True),
    _way_out("thread-after", "A thread that is started after the lock",
             lambda a: in_thread(lambda: deliver(stream(), a, "tcp4"))),
    _way_out("thread-before", "A thread that was started before the lock",
             lambda a, sleeper: sleeper.do(lambda _: deliver(stream(), a, "tcp4")),
             before=lambda _: Sleeper()),
    _way_out("thread-own-descriptors",
             "A thread from before with its own table of descriptors and an open connection in it",
             lambda a, sleeper: sleeper.do(lambda channel: channel.sendall(a.message)),
             before=_own_table_with_socket),
    Probe("native", "landed", "thread-before-writes",
          "A thread that was started before the lock writes outside the data folder",
          lambda a, s: s.do(lambda _: (a.outside / "by-thread").write_bytes(a.message)),
          before=lambda _: Sleeper()),
    _way_out("c-thread", "A thread made by the C library (pthread_create)", _c_thread),
    Probe("native", "claim", "io-uring-setup", "Make an io_uring",
          lambda _: io_uring.Ring().close(), lacking=True),
    _socket_by("io-uring-socket", "io_uring: IORING_OP_SOCKET, no socket call at all",
               lambda: io_uring.Ring().socket(*INET_STREAM), lacking=True),
    _way_out("io-uring-before", "An io_uring that was made before the lock, its ring still mapped",
             lambda a, ring: deliver_by(ring.socket(*INET_STREAM), a),
             before=lambda _: io_uring.Ring(), lacking=True),
    _way_out("io-uring-polled",
             "An io_uring from before that a kernel thread polls: no system call needed",
             lambda a, ring: deliver_by(ring.socket(*INET_STREAM), a),
             before=lambda _: io_uring.Ring(polled=True), lacking=True),
)  # fmt: skip
