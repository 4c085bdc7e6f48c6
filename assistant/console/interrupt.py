"""Handle Ctrl-C: the first asks the work to stop cleanly, the second ends the process."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from assistant import termination
from assistant.errors import Cancelled
from assistant.types import CancelToken


@contextmanager
def pausing() -> Iterator[Callable[[], None]]:
    """Give a function that stops the process where it is called, if Ctrl-Z asked for that.

    Otherwise it would stop anywhere, also where it keeps other processes out of the library.
    """
    asked: list[int] = []

    def pause() -> None:
        if asked:
            asked.clear()
            signal.raise_signal(signal.SIGSTOP)  # the shell's `fg` goes on from here

    if os.name != "posix" or threading.current_thread() is not threading.main_thread():
        yield pause
        return
    before = signal.signal(signal.SIGTSTP, lambda number, _: asked.append(number))
    try:
        yield pause
    finally:
        signal.signal(signal.SIGTSTP, before)


@contextmanager
def cancel_on_interrupt() -> Iterator[CancelToken]:
    """Give a token that Ctrl-C (SIGINT) and SIGTERM cancel while the block runs.

    In a process that is watched (`termination`), so do SIGHUP, a terminal that has gone and a
    pipe without a reader. A second Ctrl-C ends the process at once; the store's transactions
    make that safe. Raises `Cancelled` when a message has lost its reader.
    """
    token = CancelToken()
    try:
        with _calling(token.cancel):
            yield token
    except (KeyboardInterrupt, BrokenPipeError) as error:
        raise Cancelled from error


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let the block finish, whatever asks for an end; then raise `KeyboardInterrupt` for it.

    So what closes a library closes all of it. A second Ctrl-C ends the process at once, and
    `termination` ends one that was told to end and hangs.
    """
    ending = termination.is_ending()
    with _calling(lambda: None) as signals:
        yield
    if signals or (termination.is_ending() and not ending):
        raise KeyboardInterrupt


@contextmanager
def _calling(stop: Callable[[], object]) -> Iterator[list[int]]:
    """Call `stop` for what would interrupt the block; give the signals that came to this."""
    asked: list[int] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        del frame
        if number in asked:
            os._exit(128 + number)
        asked.append(number)
        stop()

    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    signals = [signal.SIGINT] if termination.is_watching() else [signal.SIGINT, signal.SIGTERM]
    previous = {number: signal.signal(number, on_signal) for number in signals}
    try:
        with termination.stopping(stop):
            yield asked
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
