"""Exchange a request and a reply with a child process, within a time limit."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from assistant.documents.parse_errors import ParseFault
from assistant.documents.size_limits import MAX_REPLY
from assistant.types import CancelToken

_PIECE = 1 << 20


def exchange(
    request_out: int,
    reply_in: int,
    request: list[bytes],
    wall_seconds: float,
    cancel: CancelToken | None,
) -> bytes:
    """Write `request` to one pipe and read the other to its end; return what was read.

    A child that stops reading is no error here: its reply or its end will say why.
    Raises `ParseFault` ("wall_clock", "bad_reply" for a reply without end), `Cancelled`.
    """
    token = cancel or CancelToken()
    deadline = time.monotonic() + wall_seconds
    os.set_blocking(request_out, False)
    os.set_blocking(reply_in, False)
    feed = _feeder(request_out, request)
    reply = bytearray()
    with _woken_by(token) as alarm:
        poll = select.poll()
        poll.register(alarm, select.POLLIN)
        poll.register(reply_in, select.POLLIN)
        poll.register(request_out, select.POLLOUT)
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise ParseFault("wall_clock")
            ready = dict(poll.poll(left * 1000))
            token.raise_if_cancelled()
            if request_out in ready and not feed():
                poll.unregister(request_out)
                _hang_up(request_out)
            if reply_in in ready and not _take(reply_in, reply):
                return bytes(reply)
            if len(reply) > MAX_REPLY:
                raise ParseFault("bad_reply")


def _feeder(descriptor: int, parts: list[bytes]) -> Callable[[], bool]:
    """Return a function that writes what fits; False when nothing is left to write."""
    views = [memoryview(part) for part in reversed(parts)]

    def feed() -> bool:
        try:
            while views:
                count = os.write(descriptor, views[-1][:_PIECE])
                views[-1] = views[-1][count:]
                if not views[-1]:
                    views.pop()
        except BlockingIOError:
            return True
        except BrokenPipeError:
            return False
        return False

    return feed


def _hang_up(descriptor: int) -> None:
    """End the stream without giving up the number, which the caller closes."""
    null = os.open(os.devnull, os.O_WRONLY | getattr(os, "O_CLOEXEC", 0))
    try:
        os.dup2(null, descriptor, inheritable=False)
    finally:
        os.close(null)


def _take(descriptor: int, reply: bytearray) -> bool:
    try:
        piece = os.read(descriptor, _PIECE)
    except BlockingIOError:
        return True
    reply += piece
    return bool(piece)


@contextmanager
def _woken_by(token: CancelToken) -> Iterator[int]:
    """Yield a descriptor that becomes readable when the token is cancelled."""
    alarm, bell = os.pipe()

    def ring() -> None:
        os.write(bell, b"!")

    try:
        with token.calling(ring):
            yield alarm
    finally:
        os.close(alarm)
        os.close(bell)
