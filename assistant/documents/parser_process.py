"""Start, feed, time and end the child processes that parse files."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from assistant.documents.parse_errors import ParseFault
from assistant.documents.parser_protocol import JOB, RESULT
from assistant.documents.pipe_exchange import exchange
from assistant.types import CancelToken

_BOOT = (
    "import sys; i = sys.argv.index('--'); sys.path.extend(sys.argv[1:i]);"
    "from assistant.documents.parser_worker import main; main(sys.argv[i + 1:])"
)
_PACKAGES = (
    "assistant",
    "pypdfium2",
    "pypdfium2_raw",
    "pypdfium2_cfg",
    "compressed_rtf",
    "olefile",
    "python_calamine",
    "selectolax",
)
_KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
"""What an interpreter may need to start at all; nothing else of the environment goes along."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for one document: bytes of address space, and seconds."""

    memory: int
    processor_seconds: int
    wall_seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a child process. A negative `status` is the signal that ended it."""

    reply: bytes
    status: int
    peak_bytes: int


class Children(Protocol):
    """A way of running children, one document each."""

    def run(self, request: list[bytes], limits: Limits, cancel: CancelToken | None) -> Outcome:
        """Feed a child and take its reply. Raises `ParseFault`, `Cancelled`."""
        ...

    def close(self) -> None: ...


def command(*arguments: str) -> list[str]:
    """Return the command line of a worker.

    `-I -S`: only the standard library is on the path, no environment variable, current
    folder, user site or .pth file has a say; then come the folders of what is needed.
    """
    folders: dict[str, None] = {}
    for package in _PACKAGES:
        found = importlib.util.find_spec(package)
        if found is not None and found.submodule_search_locations:
            folders[str(Path(next(iter(found.submodule_search_locations))).parent)] = None
    return [sys.executable, "-I", "-S", "-c", _BOOT, *folders, "--", *arguments]


def environment() -> dict[str, str]:
    return {name: os.environ[name] for name in _KEPT if name in os.environ}


class ForkServer:
    """One clean process that forks a child for each document: about 2 ms a document.

    It is started at the first document and again after it was killed, because a child
    had to be stopped or the server itself has died.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None

    def run(self, request: list[bytes], limits: Limits, cancel: CancelToken | None) -> Outcome:
        channel = self._started()
        request_in, request_out = os.pipe()
        reply_in, reply_out = os.pipe()
        try:
            job = JOB.pack(limits.memory, limits.processor_seconds)
            try:
                socket.send_fds(channel, [job], [request_in, reply_out])
            finally:
                os.close(request_in)
                os.close(reply_out)
            reply = exchange(request_out, reply_in, request, limits.wall_seconds, cancel)
            return Outcome(reply, *self._result(channel))
        except OSError as error:
            self.close()
            raise ParseFault("stopped") from error
        except BaseException:
            self.close()  # the child may still be at work: end it
            raise
        finally:
            os.close(request_out)
            os.close(reply_in)

    def close(self) -> None:
        """Kill the server and its child, if they run."""
        channel, process = self._channel, self._process
        self._channel = self._process = None
        if channel is not None:
            channel.close()
        if process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, 9)
            process.wait()

    def _started(self) -> socket.socket:
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._channel is None:
            ours, theirs = socket.socketpair()
            with theirs:
                self._process = subprocess.Popen(
                    command("serve", str(theirs.fileno())),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    env=environment(),
                    cwd="/",
                    start_new_session=True,
                )
            ours.settimeout(10.0)
            self._channel = ours
        return self._channel

    @staticmethod
    def _result(channel: socket.socket) -> tuple[int, int]:
        result = channel.recv(RESULT.size, socket.MSG_WAITALL)
        if len(result) != RESULT.size:
            raise ParseFault("stopped")
        status, peak_kib = RESULT.unpack(result)
        return status, peak_kib * 1024


class SpawnEach:
    """A fresh interpreter for each document, where there is no fork: about 100 ms each."""

    def run(self, request: list[bytes], limits: Limits, cancel: CancelToken | None) -> Outcome:
        numbers = (str(limits.memory), str(limits.processor_seconds))
        process = subprocess.Popen(
            command("once", *numbers),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
        )
        token = cancel or CancelToken()
        with process, token.calling(process.kill):
            try:
                reply, _ = process.communicate(b"".join(request), limits.wall_seconds)
            except subprocess.TimeoutExpired as error:
                raise ParseFault("wall_clock") from error
            finally:
                process.kill()  # the context waits for it, whatever happened
        token.raise_if_cancelled()
        return Outcome(reply, process.returncode, 0)

    def close(self) -> None:
        """Nothing stays behind between documents."""


def best_children() -> Children:
    """Return the faster way where the platform has it."""
    return ForkServer() if hasattr(os, "fork") and hasattr(socket, "send_fds") else SpawnEach()
