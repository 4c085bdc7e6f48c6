"""Positive controls under the lock: what the program needs still works in the locked child."""

from __future__ import annotations

import os
import socket
import sys
from typing import Any

from assistant.prove.probe import Absent, Arena, Collection
from assistant.prove.probes_children import in_child, python, run
from assistant.prove.probes_native import in_thread

ALLOWED = Collection("allowed", "allowed")


@ALLOWED("allowed-write", "Write, rename and read in the data folder")
def allowed_write(arena: Arena, _: Any) -> None:
    draft = arena.data / "draft"
    draft.write_bytes(arena.message)
    draft.rename(arena.data / "whole")
    if (arena.data / "whole").read_bytes() != arena.message:
        raise OSError("something else was read")


@ALLOWED("allowed-thread", "Start a thread")
def allowed_thread(_arena: Arena, _: Any) -> None:
    in_thread(lambda: None)


@ALLOWED("allowed-fork", "Fork a child, talk to it by a pipe")
def allowed_fork(arena: Arena, _: Any) -> None:
    reading, writing = os.pipe()
    in_child(lambda: os.write(writing, arena.message))
    if os.read(reading, 100) != arena.message:
        raise OSError("the child sent something else")


@ALLOWED("allowed-pair", "A pair of joined sockets, which lead nowhere (asyncio needs one)")
def allowed_pair(arena: Arena, _: Any) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(arena.message)
        if theirs.recv(100) != arena.message:
            raise OSError("something else came")


@ALLOWED("allowed-python", "Start the parser's interpreter")
def allowed_python(_arena: Arena, _: Any) -> None:
    if python() != sys.executable:
        raise Absent("this user may not start the program's own Python")
    run([sys.executable, "-I", "-S", "-c", "pass"])
