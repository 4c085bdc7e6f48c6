"""Play scripts of events, wait at named gates, and note who called what on which thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

from assistant.types import CancelToken
from tests.fakes.workspace_scripts import Forever, Hold, Step


class ScriptPlayer:
    """`calls` are (method, thread id); `ui_calls` those made on `forbidden` threads, which
    also raise. `stopped` names the producers that saw their cancel.
    """

    def __init__(self, forbidden: int | None = None) -> None:
        self._gates: dict[str, threading.Event] = {}
        self._open_gates = False
        self._lock = threading.Lock()
        self.forbidden = threading.get_ident() if forbidden is None else forbidden
        self.calls: list[tuple[str, int]] = []
        self.ui_calls: list[str] = []
        self.stopped: list[str] = []
        self.produced = 0

    def release(self, name: str = "hold") -> None:
        self._gate(name).set()

    def hold(self, name: str = "hold") -> None:
        """Make `name` wait again after a release."""
        self._gate(name).clear()

    def release_all(self) -> None:
        """Let go of everything that waits now or will."""
        self._open_gates = True
        with self._lock:
            for gate in self._gates.values():
                gate.set()

    def _play(self, script: Sequence[Step], cancel: CancelToken | None, name: str) -> Iterator[Any]:
        for step in script:
            for event in self._step(step, cancel):
                self._note(name)
                if cancel is not None and cancel.is_cancelled:
                    break
                self.produced += 1
                yield event
            if cancel is not None and cancel.is_cancelled:
                self.stopped.append(name)
                return

    def _step(self, step: Step, cancel: CancelToken | None) -> Iterator[Any]:
        if isinstance(step, BaseException):
            raise step
        if isinstance(step, Hold):
            self._wait(self._gate(step.name), cancel)
        elif isinstance(step, Forever):
            never = threading.Event()
            while cancel is None or not cancel.is_cancelled:
                yield step.event
                self._wait(never, cancel, step.delay)
        else:
            yield step

    def _wait(self, gate: threading.Event, cancel: CancelToken | None, limit: float = 30.0) -> None:
        if cancel is None:
            gate.wait(limit)
            return
        go = threading.Event()
        with cancel.calling(go.set):
            step = min(limit, 0.01)
            waited = 0.0
            while waited < limit and not gate.is_set() and not go.wait(step):
                waited += step

    def _gate(self, name: str) -> threading.Event:
        with self._lock:
            gate = self._gates.setdefault(name, threading.Event())
            if self._open_gates:
                gate.set()
            return gate

    def _note(self, method: str) -> None:
        ident = threading.get_ident()
        with self._lock:
            self.calls.append((method, ident))
        if ident == self.forbidden:
            self.ui_calls.append(method)
            raise AssertionError(f"{method} was called on the app's thread")
