"""Whenever a command is told to end, or loses its reader, the library's log is ended in order."""

from __future__ import annotations

import io
import os
import signal
import sys

import pytest

from assistant import termination
from assistant.audit import AuditedWorkspace, AuditRecorder, LogReader
from assistant.cli.main import cli
from assistant.config import Settings
from assistant.errors import Cancelled
from tests.fakes.workspace import FakeWorkspace
from tests.unit.audit.library import Library, attached, in_child

QUESTION = "How long is the warranty of the pump?"
ASK = ("ask", QUESTION)
BEYOND = 1000
"""More calls than a command makes."""


class Recorder(AuditRecorder):
    """Sends this process a signal before its call number `at` to record or to close."""

    def __init__(self, settings: Settings, at: int, number: signal.Signals) -> None:
        super().__init__(settings)
        self._left, self._number = at, number

    def _count(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), self._number)

    def record(self, action: str, *, pages: bool = False, **fields: object) -> int:
        self._count()
        return super().record(action, pages=pages, **fields)

    def close(self) -> None:
        self._count()
        super().close()
        self._count()


class Stored(FakeWorkspace):
    """A fake workspace that closes a real store with a real log."""

    def __init__(self, library: Library, recorder: AuditRecorder) -> None:
        super().__init__(forbidden=-1)
        self._audited = attached(recorder, library.open_store())

    def close(self) -> None:
        super().close()
        self._audited.close()


class Stdout(io.StringIO):
    """An output whose reader goes away before write number `at`."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self._left = at

    def write(self, text: str) -> int:
        self._left -= 1
        if self._left <= 0:
            raise BrokenPipeError
        return super().write(text)


def status_of(
    arguments: tuple[str, ...],
    library: Library,
    *,
    signal_at: int = BEYOND,
    number: signal.Signals = signal.SIGTERM,
    broken_at: int = BEYOND,
) -> int:
    """Run a command in a child process that watches for its end; return its exit status."""

    def opener(settings: Settings) -> AuditedWorkspace:
        recorder = Recorder(Settings(data_dir=library.folder), signal_at, number)
        return AuditedWorkspace(Stored(library, recorder), recorder)

    def work() -> None:
        sys.stdout, sys.stderr = Stdout(broken_at), io.StringIO()
        try:
            with termination.watching():
                cli(list(arguments), obj=opener, standalone_mode=False)
        except SystemExit as end:
            os._exit(int(end.code or 0))

    return in_child(work)


def actions(library: Library) -> list[str]:
    return [record.action for record in LogReader(library.log, None).records()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_at_each_record_and_at_the_end(library: Library, number: signal.Signals) -> None:
    calls = ["ask", "shown", "cite", "closing", "closed"]
    for at, call in enumerate(calls, start=1):
        before = len(actions(library))
        status = status_of(ASK, library, signal_at=at, number=number)
        # With the record of the citations the answer is whole: it is shown.
        assert status == (0 if call == "cite" else Cancelled.exit_code), call
        written = actions(library)[before:]
        assert written[:2] == ["open", "ask"]
        assert written[-1] == "lock", call
    assert library.verify().verdict == "ok"
    assert status_of(ASK, library, signal_at=len(calls) + 1) == 0  # that was all there is


@pytest.mark.parametrize(
    "arguments",
    [ASK, (*ASK, "--json"), ("add", "new.pdf"), ("search", QUESTION), ("docs",)],
    ids=" ".join,
)
def test_a_reader_that_is_gone_at_each_write(library: Library, arguments: tuple[str, ...]) -> None:
    for at in (1, 2, 3, 4, 6, 9, 20, BEYOND):
        before = len(actions(library))
        assert status_of(arguments, library, broken_at=at) in (0, Cancelled.exit_code), at
        assert actions(library)[before:][-1] == "lock", at
    assert library.verify().verdict == "ok"
