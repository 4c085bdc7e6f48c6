"""Positive controls under the lock: what the program needs still works in the locked child."""

from __future__ import annotations

import os
import socket
import sys
from functools import partial

from assistant.prove.probe import Absent, Arena, Probe
from assistant.prove.probes_children import in_child, python, run
from assistant.prove.probes_native import in_thread


def _write(arena: Arena) -> None:
    draft = arena.data / "draft"
    draft.write_bytes(arena.message)
    draft.rename(arena.data / "whole")
    if (arena.data / "whole").read_bytes() != arena.message:
        raise OSError("something else was read")


def _fork(arena: Arena) -> None:
    reading, writing = os.pipe()
    in_child(lambda: os.write(writing, arena.message))
    if os.read(reading, 100) != arena.message:
        raise OSError("the child sent something else")


def _pair(arena: Arena) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(arena.message)
        if theirs.recv(100) != arena.message:
            raise OSError("something else came")


def _python(_arena: Arena) -> None:
    if python() != sys.executable:
        raise Absent("this user may not start the program's own Python")
    run([sys.executable, "-I", "-S", "-c", "pass"])


_allowed = partial(Probe, "allowed", "allowed")
ALLOWED = (
    _allowed("allowed-write", "Write, rename and read in the data folder", _write),
    _allowed("allowed-thread", "Start a thread", lambda _: in_thread(lambda: None)),
    _allowed("allowed-fork", "Fork a child, talk to it by a pipe", _fork),
    _allowed("allowed-pair", "A pair of joined sockets, which lead nowhere (asyncio needs one)",
             _pair),
    _allowed("allowed-python", "Start the parser's interpreter", _python),
)  # fmt: skip
