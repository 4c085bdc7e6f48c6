"""Probes by other processes: forked, spawned, executed, and programs of the system."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import multiprocessing.popen_fork
import os
import shutil
import socket
import subprocess
import sys
import webbrowser
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from assistant.prove import native_calls
from assistant.prove.probe import Absent, Arena, Probe, Refused
from assistant.prove.probes_sockets import deliver

_SECONDS = 15
_LOADERS = ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1")
_SEND = """
import socket, sys
try:
    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5)
    s.sendall(sys.argv[2].encode() + b'\\n')
except OSError as error:
    sys.exit(error.errno)
"""


def python() -> str:
    """Return a Python that this user may start. Raises `Absent`."""
    for place in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        if place and os.access(place, os.X_OK) and os.access(os.path.realpath(place), os.X_OK):
            return place
    raise Absent("this user may start no Python")


def program(name: str) -> str:
    found = shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin")
    if found is None:
        raise Absent(f"{name} is not installed")
    return found


def script(arena: Arena) -> list[str]:
    """Return the command line of a Python that sends the token over TCP."""
    return [python(), "-I", "-S", "-c", _SEND, str(arena.port("tcp4")), arena.token]


def run(command: list[str], **options: Any) -> None:
    """Run a program to its end. Raises `Refused` with its status if it failed."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=_SECONDS,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        **options,
    )
    if done.returncode != 0:
        raise Refused(f"{Path(command[0]).name} ended with status {done.returncode}")


def become(place: str, command: list[str], environment: dict[str, str]) -> None:
    """Turn this process into another program. Raises `OSError`."""
    os.execve(place, command, environment)  # noqa: S606 - there is no shell to fear


def in_child(work: Callable[[], object]) -> None:
    """Do the work in a forked child; raise an `OSError` like the child's."""
    child = os.fork()
    if child == 0:
        code = 255
        with contextlib.suppress(BaseException):
            try:
                work()
                code = 0
            except OSError as error:
                code = min(error.errno or 254, 254)
        os._exit(code)
    finished(os.waitpid(child, 0)[1])


def finished(status: int) -> None:
    """Raise what a child's wait status says."""
    if os.WIFSIGNALED(status):
        raise Refused(f"the child was killed by signal {os.WTERMSIG(status)}")
    code = os.waitstatus_to_exitcode(status)
    if code:
        raise OSError(code, os.strerror(code))


def connect(arena: Arena) -> None:
    deliver(socket.socket(socket.AF_INET, socket.SOCK_STREAM), arena, "tcp4")


def _fork_twice(arena: Arena) -> None:
    def daemon() -> None:
        os.setsid()
        in_child(lambda: connect(arena))

    in_child(daemon)


def _exec_self(arena: Arena) -> None:
    """The exec'd program's exit status becomes that of the attempt (see host.py)."""
    command = script(arena)
    become(command[0], command, dict(os.environ))


def _posix_spawn(arena: Arena) -> None:
    command = script(arena)
    child = os.posix_spawn(command[0], command, {"PATH": "/usr/bin:/bin"})
    finished(os.waitpid(child, 0)[1])


def _multiprocessing(arena: Arena) -> None:
    worker = multiprocessing.get_context("fork").Process(target=_worker, args=(arena,))
    worker.start()
    worker.join(_SECONDS)
    if worker.exitcode:
        raise Refused(f"the worker ended with status {worker.exitcode}")


def _worker(arena: Arena) -> None:
    try:
        connect(arena)
    except OSError as error:
        os._exit(error.errno or 1)


def _memory_file(arena: Arena) -> None:
    place = os.path.realpath(python())
    with Path(place).open("rb") as image:
        descriptor = os.memfd_create("python", 0)
        os.sendfile(descriptor, image.fileno(), 0, os.fstat(image.fileno()).st_size)
    command = script(arena)
    environment = {"PYTHONHOME": sys.base_prefix} if place.startswith(sys.base_prefix) else {}
    in_child(lambda: become(f"/proc/self/fd/{descriptor}", command, environment))


def _copied_shell(arena: Arena) -> str:
    """Copy bash into the data folder."""
    copy = arena.data / "shell"
    _write_program(copy, Path(program("bash")).read_bytes())
    return str(copy)


def _by_loader(arena: Arena) -> None:
    loaders = [Path(place) for place in _LOADERS if Path(place).exists()]
    if not loaders:
        raise Absent("no loader is known for this system")
    run([str(loaders[0]), _copied_shell(arena), "-c", _redirection(arena, "tcp", "tcp4")])


def _write_program(path: Path, content: bytes) -> None:
    """Make a file that may be executed, without chmod, which the lock denies by itself."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o700)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _redirection(arena: Arena, protocol: str, listener: str) -> str:
    return f"echo {arena.token} > /dev/{protocol}/127.0.0.1/{arena.port(listener)}"


def _curl(arena: Arena) -> None:
    address = f"http://127.0.0.1:{arena.port('tcp4')}/{arena.token}"
    run([program("curl"), "-sS", "--noproxy", "*", "-m", "5", "-o", "/dev/null", address])


def _netcat(arena: Arena) -> None:
    where = f"127.0.0.1 {arena.port('tcp4')}"
    run([program("bash"), "-c", f"echo {arena.token} | {program('nc')} -w 2 {where}"])


def _perl(arena: Arena) -> None:
    code = (
        "use IO::Socket::INET; my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', "
        'PeerPort => $ARGV[0]) or exit 13; print $s "$ARGV[1]\\n";'
    )
    run([program("perl"), "-e", code, str(arena.port("tcp4")), arena.token])


def _browser(arena: Arena) -> None:
    shell = program("bash")
    helper = arena.data / "browser"
    _write_program(helper, f"#!{shell}\n{_redirection(arena, 'tcp', 'tcp4')}\n".encode())
    address = f"http://127.0.0.1:{arena.port('tcp4')}/"
    if not webbrowser.GenericBrowser([str(helper), "%s"]).open(address):
        raise Refused("the browser could not be started")


def _clone3(_arena: Arena) -> None:
    """A network namespace of its own for the child (CLONE_NEWUSER | CLONE_NEWNET)."""
    arguments = (ctypes.c_uint64 * 11)(0x10000000 | 0x40000000, 0, 0, 0, 17)
    child = native_calls.syscall("clone3", arguments, ctypes.sizeof(arguments))
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


_way_out = partial(Probe, "children", "arrival")
CHILDREN = (
    _way_out("fork", "A forked child", lambda a: in_child(lambda: connect(a))),
    _way_out("fork-twice", "A grandchild in a session of its own (a daemon)", _fork_twice),
    _way_out("exec-python", "Another Python, started with fork and exec",
             lambda a: in_child(lambda: _exec_self(a))),
    _way_out("exec-self", "This process becomes another program", _exec_self),
    _way_out("subprocess", "subprocess.run", lambda a: run(script(a))),
    _way_out("posix-spawn", "posix_spawn", _posix_spawn),
    _way_out("multiprocessing", "multiprocessing: a forked worker", _multiprocessing),
    _way_out("memory-file", "A program in anonymous memory (memfd), executed from there",
             _memory_file),
    _way_out("copied-program", "A program copied into the data folder and started there",
             lambda a: run([_copied_shell(a), "-c", _redirection(a, "tcp", "tcp4")])),
    _way_out("by-loader", "The system's loader, which may be started, is told to run a copied "
             "program", _by_loader),
    _way_out("bash-tcp", "bash: a redirection to /dev/tcp",
             lambda a: run([program("bash"), "-c", _redirection(a, "tcp", "tcp4")])),
    _way_out("bash-udp", "bash: a redirection to /dev/udp",
             lambda a: run([program("bash"), "-c", _redirection(a, "udp", "udp4")])),
    _way_out("curl", "curl", _curl),
    _way_out("netcat", "nc", _netcat),
    _way_out("perl", "perl", _perl),
    _way_out("browser", "Textual's open_url: a web browser is started (webbrowser module)",
             _browser),
    Probe("children", "claim", "clone3-namespace",
          "clone3: a child in a network namespace of its own", _clone3, lacking=True),
)  # fmt: skip
