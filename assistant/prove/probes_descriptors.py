"""Probes with descriptors: sockets that were open before the lock, or come in by a side door."""

from __future__ import annotations

import array
import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.prove import native_calls
from assistant.prove.probe import Arena, Collection
from assistant.prove.probes_children import run, script
from assistant.prove.probes_native import in_thread

DESCRIPTORS = Collection("descriptors", "arrival")


def _connected(arena: Arena) -> socket.socket:
    channel = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    channel.connect(arena.address("tcp4"))
    return channel


@DESCRIPTORS("inherited-tcp", "A connected TCP socket that was handed in", before=_connected)
def inherited_tcp(arena: Arena, channel: socket.socket) -> None:
    channel.sendall(arena.message)


@DESCRIPTORS("inherited-write", "The same, by write() on its number", before=_connected)
def inherited_write(arena: Arena, channel: socket.socket) -> None:
    os.write(channel.fileno(), arena.message)


@DESCRIPTORS("inherited-sendfile", "The same, by sendfile()", before=_connected)
def inherited_sendfile(arena: Arena, channel: socket.socket) -> None:
    note = arena.data / "note"
    note.write_bytes(arena.message)
    with note.open("rb") as file:
        os.sendfile(channel.fileno(), file.fileno(), 0, len(arena.message))


@DESCRIPTORS(
    "inherited-udp",
    "A UDP socket that was handed in",
    before=lambda _: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
)
def inherited_udp(arena: Arena, channel: socket.socket) -> None:
    channel.sendto(arena.message, arena.address("udp4"))


def _high(arena: Arena) -> int:
    number = 900
    with _connected(arena) as channel:
        os.dup2(channel.fileno(), number)
    return number


@DESCRIPTORS("inherited-high", "A socket that was handed in under a high number", before=_high)
def inherited_high(arena: Arena, number: int) -> None:
    os.write(number, arena.message)


def _inheritable(arena: Arena) -> socket.socket:
    channel = _connected(arena)
    channel.set_inheritable(True)
    return channel


@DESCRIPTORS(
    "inherited-by-child",
    "A socket from before, used by a program that is started with close_fds=False",
    before=_inheritable,
)
def inherited_by_child(arena: Arena, channel: socket.socket) -> None:
    code = "import os, sys; os.write(int(sys.argv[1]), sys.argv[2].encode())"
    start = script(arena)[:4]
    run([*start, code, str(channel.fileno()), arena.token], close_fds=False)


def _as_stdin(arena: Arena) -> None:
    with _connected(arena) as channel:
        os.dup2(channel.fileno(), 0)


@DESCRIPTORS("standard-input", "Standard input is a TCP connection", before=_as_stdin)
def standard_input(arena: Arena, _: Any) -> None:
    os.write(0, arena.message)


def _accomplice(arena: Arena) -> socket.socket:
    """Start a process, outside the lock, that hands a TCP socket over a UNIX pair."""
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        with contextlib.suppress(BaseException):
            ours.close()
            if theirs.recv(1):  # until the other side is locked, or has gone
                channel = _connected(arena)
                socket.send_fds(theirs, [b"x"], [channel.fileno()])
        os._exit(0)
    theirs.close()
    return ours


def _take(arena: Arena, pair: socket.socket) -> None:
    pair.settimeout(5)
    pair.send(b"x")
    room = socket.CMSG_SPACE(4)
    _, ancillary, _, _ = pair.recvmsg(1, room)
    numbers = array.array("i")
    for _level, _kind, data in ancillary:
        numbers.frombytes(data[:4])
    if not numbers:
        raise OSError("no descriptor came")
    os.write(numbers[0], arena.message)


@DESCRIPTORS(
    "passed-in",
    "A socket that another process passes in (SCM_RIGHTS) over a pair from before",
    before=_accomplice,
)
def passed_in(arena: Arena, pair: socket.socket) -> None:
    _take(arena, pair)


class Holder:
    """A process outside the lock that holds a connection; `pid` and the socket's number."""

    def __init__(self, arena: Arena) -> None:
        channel = _connected(arena)
        self.number = channel.fileno()
        self.pid = os.fork()
        if self.pid == 0:
            signal.pause()
            os._exit(0)
        channel.close()

    def used(self, way: Callable[[Holder], int], arena: Arena) -> None:
        """Get the socket the given way and send over it; end the process in any case."""
        try:
            os.write(way(self), arena.message)
        finally:
            with contextlib.suppress(OSError):
                os.kill(self.pid, signal.SIGKILL)


@DESCRIPTORS("pidfd-getfd", "pidfd_getfd: fetch a socket out of another process", before=Holder)
def pidfd_getfd(arena: Arena, holder: Holder) -> None:
    holder.used(
        lambda h: native_calls.syscall("pidfd_getfd", os.pidfd_open(h.pid), h.number, 0), arena
    )


def _held_file(arena: Arena) -> tuple[int, int]:
    descriptor = os.open(arena.secret, os.O_RDONLY)
    pid = os.fork()
    if pid == 0:
        signal.pause()
        os._exit(0)
    os.close(descriptor)
    return pid, descriptor


@DESCRIPTORS(
    "proc-fd",
    "/proc/PID/fd: open a file that another process holds",
    before=_held_file,
    evidence="claim",
)
def proc_fd(arena: Arena, held: tuple[int, int]) -> None:
    pid, number = held
    with Path(f"/proc/{pid}/fd/{number}").open("rb") as file:
        expect(file.read(), arena)


def expect(content: bytes, arena: Arena) -> None:
    """Raise `OSError` unless the content holds the arena's token."""
    if arena.token.encode() not in content:
        raise OSError("something else was read")


@DESCRIPTORS("asyncio", "asyncio.open_connection (what Textual runs on)")
def by_asyncio(arena: Arena, _: Any) -> None:
    async def work() -> None:
        _reader, writer = await asyncio.open_connection("127.0.0.1", arena.port("tcp4"))
        writer.write(arena.message)
        await writer.drain()
        writer.close()

    in_thread(lambda: asyncio.run(work()))


@DESCRIPTORS("asyncio-udp", "asyncio datagram endpoint")
def by_asyncio_udp(arena: Arena, _: Any) -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        address = ("127.0.0.1", arena.port("udp4"))
        transport, _protocol = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=address
        )
        transport.sendto(arena.message)
        await asyncio.sleep(0)
        transport.close()

    in_thread(lambda: asyncio.run(work()))
