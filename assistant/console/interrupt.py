"""Ctrl-C: the first asks the work to stop cleanly, the second ends the process."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from assistant.errors import Cancelled
from assistant.types import CancelToken


@contextmanager
def cancel_on_interrupt() -> Iterator[CancelToken]:
    """Give a token that Ctrl-C (SIGINT) and SIGTERM cancel while the block runs.

    A second Ctrl-C ends the process at once; the store's transactions make that safe.
    """
    token = CancelToken()

    def on_signal(number: int, frame: FrameType | None) -> None:
        del frame
        if token.is_cancelled:
            os._exit(128 + number)
        token.cancel()

    if threading.current_thread() is not threading.main_thread():
        yield token
        return
    previous = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield token
    except KeyboardInterrupt as error:
        raise Cancelled from error
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


_SIGNALS = (signal.SIGINT, signal.SIGTERM)
