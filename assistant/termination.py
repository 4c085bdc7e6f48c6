"""Shut down cleanly on SIGTERM, on SIGHUP, and when the terminal is gone.

SIGTERM, SIGHUP, a terminal that has gone and a pipe without a reader all come to one end:
the work is cancelled, whoever holds a library closes it, and `END_SECONDS` later the process is
ended whatever it does. A thread of its own sees to that: Python runs a signal handler only
between two instructions of the main thread, which may be in llama.cpp, in SQLite or in a
write to a terminal that takes nothing any more.
"""

from __future__ import annotations

import os
import select
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

END_SECONDS = 1.5
"""How long the process may take to end in order before it is ended all the same."""

GRACE_SECONDS = 0.3
"""How long a process whose reader has gone may go on: mostly it is about to end anyway."""


class Watch:
    """Waits for the wish to end. `stops` are called, the last one only, from its thread.

    Without any, the wish is a `KeyboardInterrupt` in the main thread.
    """

    def __init__(self, descriptors: Sequence[int], hard_exit: Callable[[int], object]) -> None:
        self.stops: list[Callable[[], object]] = []
        self._descriptors = descriptors
        self._hard_exit = hard_exit
        self._main = threading.get_ident()
        self._guard = threading.Lock()
        self._over = False
        self.wake, self.waker = os.pipe()
        os.set_blocking(self.waker, False)
        self._thread = threading.Thread(target=self._run, name="termination", daemon=True)
        self._thread.start()

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal in the main thread; the waking byte reaches this thread as well."""
        del frame
        _asked.append(number)
        if len(_asked) == 1 and not self.stops:
            raise KeyboardInterrupt

    def end_signals(self) -> None:
        """Send no signals of its own from now on: soon nobody handles them."""
        with self._guard:
            self._over = True

    def close(self) -> None:
        """End the watch; but once the process was told to end, that stays."""
        os.close(self.waker)
        if not _asked:
            self._thread.join()

    def _run(self) -> None:
        number = self._wait()
        if number:  # the pipe stays open: other signals may follow
            time.sleep(END_SECONDS)
            self._hard_exit(128 + number)
        else:
            os.close(self.wake)

    def _wait(self) -> int:
        """Return the signal to end by, or 0 when the watch is over."""
        poll = select.poll()
        poll.register(self.wake, select.POLLIN)
        for descriptor in self._descriptors:
            poll.register(descriptor, 0)  # hang-ups and errors are always told
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == self.wake:
                    numbers = os.read(self.wake, 64)
                    if self.stops and {*_SIGNALS, signal.SIGINT} & {*numbers}:
                        self.stops[-1]()
                    if not numbers or {*_SIGNALS} & {*numbers}:
                        return next((number for number in numbers if number in _SIGNALS), 0)
                else:
                    poll.unregister(descriptor)
                    if not is_terminal(descriptor):
                        time.sleep(GRACE_SECONDS)
                    with self._guard:
                        if not self._over:
                            signal.pthread_kill(self._main, signal.SIGHUP)


_SIGNALS: tuple[int, ...] = () if sys.platform == "win32" else (signal.SIGTERM, signal.SIGHUP)
_watches: list[Watch] = []
_asked: list[int] = []
"""The signals by which the process was told to end."""


@contextmanager
def watching(
    *descriptors: int, hard_exit: Callable[[int], object] = os._exit, always: bool = False
) -> Iterator[None]:
    """Watch the signals and `descriptors` (outputs; a terminal's input) while the block runs.

    A process that was started to ignore SIGHUP (nohup) goes on without a reader, unless
    `always` is set. Does nothing outside of the main thread and on Windows.
    """
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield
        return
    ignored = not always and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    watch = Watch(() if ignored else descriptors, hard_exit)
    previous = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in _SIGNALS:
        if number != signal.SIGHUP or not ignored:
            signal.signal(number, watch.on_signal)
    waker = signal.set_wakeup_fd(watch.waker, warn_on_full_buffer=False)
    _watches.append(watch)
    try:
        yield
    finally:
        _watches.remove(watch)
        watch.end_signals()
        signal.set_wakeup_fd(waker)
        for number, handler in previous.items():
            signal.signal(number, signal.SIG_IGN if _asked else handler)
        watch.close()


@contextmanager
def stopping(stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` from another thread when the process is to end while the block runs."""
    if not _watches:
        yield
        return
    stops = _watches[-1].stops
    stops.append(stop)
    try:
        yield
    finally:
        stops.remove(stop)


def hang_up() -> None:
    """Say that the terminal can't be used any more: as if SIGHUP had come."""
    if _watches and sys.platform != "win32":
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGHUP)


def is_watching() -> bool:
    return bool(_watches)


def is_ending() -> bool:
    """Tell whether the process was told to end."""
    return bool(_asked)


def is_gone(descriptor: int) -> bool:
    """Tell whether nobody is at the other end of a descriptor any more."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return bool(poll.poll(0))


def is_terminal(descriptor: int) -> bool:
    """Tell whether it is a terminal, or was one before it was hung up (then isatty says no)."""
    with suppress(OSError):
        return stat.S_ISCHR(os.fstat(descriptor).st_mode)
    return False
