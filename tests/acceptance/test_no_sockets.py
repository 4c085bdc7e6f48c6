"""The whole journey (add, ask with the tuned adapter, export) makes no network system call.

`strace -f` watches the real command line with the real models; what counts is
`tests/bench/bench_strace.py`, whose reading of a trace is tested here as well.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.bench_strace import (
    Calls,
    Traced,
    fresh_data_dir,
    parse_trace,
    strace_works,
    trace_command,
    trace_journey,
)

needs_strace = pytest.mark.skipif(not strace_works(), reason="strace is not here or may not trace")


@needs_strace
@pytest.mark.acceptance
@pytest.mark.slow
def test_the_journey_opens_no_socket(default_models: Path, tmp_path: Path) -> None:
    traced = trace_journey(fresh_data_dir(tmp_path, default_models))
    for name, run in traced.items():
        assert run.returncode == 0, f"{name}: {run.output}"
        assert run.forbidden == {}, f"{name}: {run.network.lines}"
        # What a process tries against its own lock, and not one call more.
        assert run.network.denied == traced["docs"].network.denied, name
    assert "24 months" in traced["ask"].output


LOADED_LIBRARIES = """
import sqlite_vec, apsw, llama_cpp, msgspec, nacl.signing, numpy, onnxruntime, pypdfium2
import python_calamine, selectolax.lexbor, Stemmer, tokenizers
maps = open("/proc/self/maps").read().split()
print(*{p for p in maps if "/site-packages/" in p and ".so" in p}, sep="\\n")
print(sqlite_vec.loadable_path() + ".so")
"""


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="Linux tells what is loaded")
def test_no_native_library_that_we_load_can_open_a_connection() -> None:
    """ONNX Runtime 1.29 and later carry a telemetry client with its own HTTP stack.

    A trace sees it only when its timer fires; the names that a library imports from the
    C library are there always.
    """
    listed = subprocess.run(
        [sys.executable, "-c", LOADED_LIBRARIES], capture_output=True, text=True, check=True
    )
    libraries = [Path(line) for line in listed.stdout.splitlines()]
    assert any("onnxruntime" in p.name for p in libraries)
    assert any("llama" in p.name for p in libraries)
    able = {
        f"{path.name}: {name}"
        for path in libraries
        for name in ("socket", "connect", "getaddrinfo", "gethostbyname")
        if b"\0" + name.encode() + b"\0" in path.read_bytes()
    }
    assert able == set()


@needs_strace
@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import socket; socket.socket()", {"socket": 1}),
        ("import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)", {"socket": 1}),
        ("import threading, socket; threading.Thread(target=socket.socket).start()", {"socket": 1}),
        ("import os, socket; os.fork() or socket.socket()", {"socket": 1}),
        ("import socket; a, b = socket.socketpair(); a.send(b'x'); b.recv(1)", {}),
        ("import asyncio; asyncio.run(asyncio.sleep(0))", {}),
    ],
)
def test_a_socket_made_by_thread_or_child_is_seen(code: str, found: dict[str, int]) -> None:
    run = trace_command([sys.executable, "-c", code])
    assert run.returncode == 0, run.output
    assert run.forbidden == found


def test_trace_lines_are_counted_once_and_signals_left_out() -> None:
    calls = parse_trace(
        "17 socketpair(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0, [3, 4]) = 0\n"
        '17 sendto(3, "\\n19 socket(", 3, 0, NULL, 0) = 3\n'
        "18 connect(5, {sa_family=AF_UNIX}, 110 <unfinished ...>\n"
        "17 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=18} ---\n"
        "18 <... connect resumed>) = -1 ENOENT (No such file or directory)\n"
        "18 +++ exited with 0 +++\n"
    )
    assert calls.made == {"socketpair": 1, "sendto": 1, "connect": 1}
    assert calls.denied == {}
    assert len(calls.lines) == 3
    assert Traced(0, "", calls).forbidden == {"connect": 1}


def test_what_the_lock_denies_is_counted_apart() -> None:
    calls = parse_trace(
        "17 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = -1 EACCES (Permission denied)\n"
        "18 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 359\n"
        "18 +++ killed by SIGSYS +++\n"
        "19 socket(AF_INET, SOCK_DGRAM, IPPROTO_IP <unfinished ...>\n"
        "19 <... socket resumed>) = -1 EACCES (Permission denied)\n"
        "20 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3\n"
        "20 connect(3, {sa_family=AF_INET}, 16) = -1 ECONNREFUSED (Connection refused)\n"
    )
    assert calls.made == {"socket": 1, "connect": 1}
    assert calls.denied == {"socket": 3}


def test_a_socket_of_a_process_that_is_killed_later_is_still_a_socket() -> None:
    calls = parse_trace(
        "18 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3\n18 +++ killed by SIGSYS +++\n"
    )
    assert calls.made == {"socket": 1}


def test_a_denial_quoted_in_sent_data_does_not_hide_a_call() -> None:
    line = '17 sendto(3, "= -1 EACCES (Permission denied)", 31, 0, NULL, 0) = 31\n'
    assert parse_trace(line).made == {"sendto": 1}


def test_a_send_without_any_pair_is_forbidden() -> None:
    """It can only go over a socket that was open before."""
    assert Traced(0, "", Calls({"sendto": 2}, {}, ())).forbidden == {"sendto": 2}


@pytest.mark.parametrize(
    "line", ["17 ???( <unfinished ...>", "[ Process PID=9 runs in 32 bit mode"]
)
def test_a_line_that_is_not_understood_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="not understood"):
        parse_trace(line)
