"""Listeners on loopback and on UNIX names, which record what reaches them.

They belong to the parent, which is not locked and opens no document and no model.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import socket
import threading
from pathlib import Path
from typing import Any

TOKEN = re.compile(rb"prv[0-9a-f]{24}")
_LONGEST = 65536
_REPLY = b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"


class Listeners:
    """All listeners, and the tokens that came. Use as a context; `folder` is for UNIX names."""

    def __init__(self, folder: Path) -> None:
        self.addresses: dict[str, Any] = {}
        self._arrived: set[str] = set()
        self._buffers: dict[socket.socket, bytes] = {}
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._wake, self._waker = socket.socketpair()
        self._open(folder)
        self._selector.register(self._wake, selectors.EVENT_READ, self._stop)
        self._running = True
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Listeners:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._waker.send(b"x")
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            with contextlib.suppress(AttributeError, OSError):
                key.fileobj.close()  # type: ignore[union-attr]
        self._waker.close()
        self._selector.close()

    def arrived(self) -> frozenset[str]:
        """Return the tokens that have come, all that was sent before this call included.

        Loopback delivers within the sender's system call. So what was sent before lies in
        the queues of the listeners, and these are emptied here.
        """
        for _ in range(2):  # the first round may only accept a connection
            self._round()
        with self._lock:
            return frozenset(self._arrived)

    def _round(self) -> None:
        with self._lock:
            while ready := self._selector.select(0):
                keys = [key for key, _ in ready if key.fileobj is not self._wake]
                if not keys:
                    return
                for key in keys:
                    key.data(key.fileobj)

    def _open(self, folder: Path) -> None:
        loopback = {
            "tcp4": (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "tcp6": (socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0)),
            "udp4": (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "udp6": (socket.AF_INET6, socket.SOCK_DGRAM, ("::1", 0)),
        }
        for name, (family, kind, address) in loopback.items():
            with contextlib.suppress(OSError):  # a machine without IPv6
                self.addresses[name] = self._listen(family, kind, address)[:2]
        stream, datagram = str(folder / "stream"), str(folder / "datagram")
        self.addresses["unix"] = self._listen(socket.AF_UNIX, socket.SOCK_STREAM, stream)
        self.addresses["unix_datagram"] = self._listen(socket.AF_UNIX, socket.SOCK_DGRAM, datagram)
        for path in (stream, datagram):
            Path(path).chmod(0o666)
        if os.uname().sysname == "Linux":
            name = f"prove-{os.getpid()}-{os.urandom(4).hex()}"
            self._listen(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + name)
            self.addresses["abstract"] = name

    def _listen(self, family: int, kind: int, address: Any) -> Any:
        listener = socket.socket(family, kind)
        listener.setblocking(False)
        listener.bind(address)
        if kind == socket.SOCK_STREAM:
            listener.listen(64)
        reaction = self._accept if kind == socket.SOCK_STREAM else self._datagram
        self._selector.register(listener, selectors.EVENT_READ, reaction)
        return listener.getsockname()

    def _serve(self) -> None:
        while self._running:
            ready = self._selector.select()
            with self._lock:
                for key, _ in ready:
                    with contextlib.suppress(KeyError):
                        key.data(key.fileobj)

    def _stop(self, _: socket.socket) -> None:
        self._running = False

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            channel, _ = listener.accept()
            channel.setblocking(False)
            self._buffers[channel] = b""
            self._selector.register(channel, selectors.EVENT_READ, self._stream)

    def _stream(self, channel: socket.socket) -> None:
        if channel not in self._buffers:
            return  # closed by the other thread in the meantime
        try:
            data = channel.recv(_LONGEST)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        held = (self._buffers[channel] + data)[-_LONGEST:]
        self._buffers[channel] = held
        if self._note(held):
            # A client of HTTP waits for an answer; for the others it is noise.
            with contextlib.suppress(OSError):
                channel.send(_REPLY)
        elif data:
            return
        del self._buffers[channel]
        self._selector.unregister(channel)
        channel.close()

    def _datagram(self, listener: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionError):
            data, sender = listener.recvfrom(_LONGEST)
            self._note(data)
            if len(data) > 12 and data[4:6] == b"\0\1":
                # A question of DNS (RFC 1035): the answer is that there is no such name.
                listener.sendto(data[:2] + b"\x81\x83" + data[4:], sender)

    def _note(self, data: bytes) -> bool:
        found = TOKEN.findall(data)
        self._arrived.update(token.decode() for token in found)
        return bool(found)
