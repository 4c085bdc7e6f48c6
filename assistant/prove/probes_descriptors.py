"""Probes with descriptors: sockets that were open before the lock, or come in by a side door."""

from __future__ import annotations

import array
import asyncio
import contextlib
import os
import signal
import socket
from functools import partial
from pathlib import Path

from assistant.prove import native_calls
from assistant.prove.probe import Arena, Probe
from assistant.prove.probes_children import run, script
from assistant.prove.probes_native import in_thread


def _connected(arena: Arena) -> socket.socket:
    channel = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    channel.connect(arena.address("tcp4"))
    return channel


def _sendfile(arena: Arena, channel: socket.socket) -> None:
    note = arena.data / "note"
    note.write_bytes(arena.message)
    with note.open("rb") as file:
        os.sendfile(channel.fileno(), file.fileno(), 0, len(arena.message))


def _high(arena: Arena) -> int:
    number = 900
    with _connected(arena) as channel:
        os.dup2(channel.fileno(), number)
    return number


def _inheritable(arena: Arena) -> socket.socket:
    channel = _connected(arena)
    channel.set_inheritable(True)
    return channel


def _by_child(arena: Arena, channel: socket.socket) -> None:
    code = "import os, sys; os.write(int(sys.argv[1]), sys.argv[2].encode())"
    start = script(arena)[:4]
    run([*start, code, str(channel.fileno()), arena.token], close_fds=False)


def _as_stdin(arena: Arena) -> None:
    with _connected(arena) as channel:
        os.dup2(channel.fileno(), 0)


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


def _held(descriptor: int) -> tuple[int, int]:
    """Leave a descriptor to a process outside the lock; return its id, and the number there."""
    pid = os.fork()
    if pid == 0:
        signal.pause()
        os._exit(0)
    os.close(descriptor)
    return pid, descriptor


def _pidfd_getfd(arena: Arena, held: tuple[int, int]) -> None:
    pid, number = held
    try:
        fetched = native_calls.syscall("pidfd_getfd", os.pidfd_open(pid), number, 0)
        os.write(fetched, arena.message)
    finally:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def _proc_fd(arena: Arena, held: tuple[int, int]) -> None:
    pid, number = held
    with Path(f"/proc/{pid}/fd/{number}").open("rb") as file:
        expect(file.read(), arena)


def expect(content: bytes, arena: Arena) -> None:
    """Raise `OSError` unless the content holds the arena's token."""
    if arena.token.encode() not in content:
        raise OSError("something else was read")


def _asyncio(arena: Arena) -> None:
    async def work() -> None:
        _reader, writer = await asyncio.open_connection("127.0.0.1", arena.port("tcp4"))
        writer.write(arena.message)
        await writer.drain()
        writer.close()

    in_thread(lambda: asyncio.run(work()))


def _asyncio_udp(arena: Arena) -> None:
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


_way_out = partial(Probe, "descriptors", "arrival")
_inherited = partial(_way_out, before=_connected)
DESCRIPTORS = (
    _inherited("inherited-tcp", "A connected TCP socket that was handed in",
               lambda a, channel: channel.sendall(a.message)),
    _inherited("inherited-write", "The same, by write() on its number",
               lambda a, channel: os.write(channel.fileno(), a.message)),
    _inherited("inherited-sendfile", "The same, by sendfile()", _sendfile),
    _way_out("inherited-udp", "A UDP socket that was handed in",
             lambda a, channel: channel.sendto(a.message, a.address("udp4")),
             before=lambda _: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)),
    _way_out("inherited-high", "A socket that was handed in under a high number",
             lambda a, number: os.write(number, a.message), before=_high),
    _way_out("inherited-by-child",
             "A socket from before, used by a program that is started with close_fds=False",
             _by_child, before=_inheritable),
    _way_out("standard-input", "Standard input is a TCP connection",
             lambda a, _: os.write(0, a.message), before=_as_stdin),
    _way_out("passed-in",
             "A socket that another process passes in (SCM_RIGHTS) over a pair from before",
             _take, before=_accomplice),
    _way_out("pidfd-getfd", "pidfd_getfd: fetch a socket out of another process", _pidfd_getfd,
             before=lambda a: _held(_connected(a).detach())),
    Probe("descriptors", "claim", "proc-fd",
          "/proc/PID/fd: open a file that another process holds", _proc_fd,
          before=lambda a: _held(os.open(a.secret, os.O_RDONLY))),
    _way_out("asyncio", "asyncio.open_connection (what Textual runs on)", _asyncio),
    _way_out("asyncio-udp", "asyncio datagram endpoint", _asyncio_udp),
)  # fmt: skip
