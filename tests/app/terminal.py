"""A program in a pseudo-terminal, which can be taken away from it."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Terminal:
    """A program in its controlling pseudo-terminal. `output` is all it has written.

    Without `controlling` no SIGHUP comes when the terminal goes: only reading and writing fail.
    """

    def __init__(
        self, *command: str, environment: dict[str, str], controlling: bool = True
    ) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_take_terminal if controlling else None,  # noqa: PLW1509 - no threads here
        )
        os.close(slave)
        self.output = b""
        self._open = True

    def send(self, keys: str) -> None:
        os.write(self.master, keys.encode("utf-8", "surrogatepass"))

    def press(self, keys: str, word: str, seconds: float = 30.0) -> None:
        """Send `keys` until `word` is written: an app that has just begun may not hear them."""
        deadline, since = time.monotonic() + seconds, len(self.output)
        while word.encode() not in self.output[since:]:
            assert time.monotonic() < deadline, f"{word} never came: {self.output[-2000:]!r}"
            self.send(keys)
            self.read(0.5)

    def read(self, seconds: float = 0.2) -> bool:
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError as error:
            if error.errno == errno.EIO:
                return False
            raise
        self.output += data
        return bool(data)

    def wait_for(self, word: str, since: int = 0, seconds: float = 30.0) -> int:
        """Read until `word` was written after `since`; return where the output ends."""
        deadline = time.monotonic() + seconds
        while word.encode() not in self.output[since:]:
            assert time.monotonic() < deadline, f"{word} never came: {self.output[-2000:]!r}"
            assert self.read(), f"ended before {word}: {self.output[-2000:]!r}"
        return len(self.output)

    def wait_end(self, seconds: float = 30.0) -> int:
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "the program did not end"
            self.read(0.1)
        while self.read(0.0) and select.select([self.master], [], [], 0.05)[0]:
            pass
        return self.process.returncode

    def take_away(self) -> None:
        """Close the other end of the terminal, as a window does that is closed."""
        os.close(self.master)
        self._open = False

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self._open:
            self.take_away()


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def children_of(process: int) -> list[int]:
    """Return the processes that a process has started and that still run."""
    listed = Path(f"/proc/{process}/task/{process}/children")
    try:
        return [int(child) for child in listed.read_text().split()]
    except OSError:
        return []


def is_alive(process: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
