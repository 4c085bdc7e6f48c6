"""The child process that parses hostile files. Started by `sandbox`, never imported by it.

It runs in one of two ways:
- `serve`: a clean process that has imported the parsers waits on a socketpair; for each
  document it is handed two pipes and forks a child that lives for that document only.
- `once`: where there is no fork, a fresh process parses one document from standard input.

What parses has no file but its two pipes, may open none, and is limited in memory and
processor time before it sees the first byte. Where the kernel can, it is held to that from
outside as well: no file at all (Landlock), and only the system calls that computing needs.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import os
import sys
from collections.abc import Callable
from typing import NoReturn

from assistant.documents import charsets
from assistant.documents.file_type import Kind
from assistant.documents.page_picture import page_picture
from assistant.documents.parse import parse_bytes
from assistant.documents.parse_errors import ParseFault
from assistant.documents.parser_protocol import (
    JOB,
    REQUEST,
    RESULT,
    pack_document,
    pack_fault,
    pack_picture,
    unpack_options,
    unpack_request,
    unpack_view,
)
from assistant.documents.sniff import sniff
from assistant.lockdown import child_preamble, compute_only, prepare_compute_only
from assistant.types.documents import ParsedDocument, ReadOptions

Parse = Callable[[bytearray, Kind, ReadOptions], ParsedDocument]
"""The document's bytes, the type that its name says, and how to read it, to its text."""

_MEMORY_EXIT = 77
_PIECE = 1 << 20


def main(arguments: list[str]) -> None:
    """Run as the mode in `arguments[0]` says; the other arguments are numbers."""
    mode, *numbers = arguments
    _warm_up()
    child_preamble(program=False)
    if mode == "serve":
        serve(int(numbers[0]))
    else:
        memory, seconds = map(int, numbers)
        parse_once(memory, seconds)


def _warm_up() -> None:
    """Load now what is loaded lazily: later there is no file to load it from."""
    for module in ("resource", "socket"):
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    prepare_compute_only()
    charsets.load_all()
    gc.collect()
    gc.freeze()


def serve(channel_number: int) -> None:
    """Fork one limited child for each job that comes in; end when the parent is gone."""
    import socket  # loaded by now: there is no file left to load it from

    with socket.socket(fileno=channel_number) as channel:
        while True:
            job, pipes, _, _ = socket.recv_fds(channel, JOB.size, 2)
            if len(job) != JOB.size or len(pipes) != 2:
                return
            child = os.fork()
            if child == 0:
                _become_child(pipes, *JOB.unpack(job))
            for number in pipes:
                os.close(number)
            _, status, usage = os.wait4(child, 0)
            code = os.waitstatus_to_exitcode(status)
            channel.sendall(RESULT.pack(code, usage.ru_maxrss))


def _become_child(pipes: list[int], memory: int, seconds: int) -> NoReturn:
    try:
        os.dup2(pipes[0], 0)
        os.dup2(pipes[1], 1)
        os.closerange(3, 4096)
        parse_once(memory, seconds)
    finally:
        os._exit(1)


def parse_once(memory: int, seconds: int, parse: Parse = parse_bytes) -> NoReturn:
    """Parse the document on standard input to a reply on standard output, and exit."""
    try:
        _limit(memory, seconds)
        compute_only()
        try:
            reply = _reply(parse)
        except MemoryError:
            gc.collect()
            reply = pack_fault(ParseFault("memory"))
        for part in reply:
            _write(part)
    except MemoryError:
        os._exit(_MEMORY_EXIT)
    os._exit(0)


def _reply(parse: Parse) -> list[bytes]:
    request = unpack_request(bytes(_read(REQUEST.size)))
    packed = bytes(_read(request.options_size))
    try:
        data = _read(request.size)
        if request.page:
            kind, view = sniff(data, request.named), unpack_view(packed)
            return pack_picture(page_picture(data, kind, request.page, view))
        return pack_document(parse(data, request.named, unpack_options(packed)))
    except ParseFault as fault:
        return pack_fault(fault)


def _read(size: int) -> bytearray:
    data = bytearray(size)
    at = 0
    with io.FileIO(0, closefd=False) as source, memoryview(data) as view:
        while at < size:
            count = source.readinto(view[at : at + _PIECE])
            if not count:
                raise EOFError
            at += count
    return data


def _write(part: bytes) -> None:
    view, at = memoryview(part), 0
    while at < len(view):
        at += os.write(1, view[at : at + _PIECE])


def _limit(memory: int, seconds: int) -> None:
    """Take away what a parser has no need for. Limits that a platform lacks are skipped."""
    try:
        import resource
    except ImportError:
        return
    limits = {
        "RLIMIT_CORE": (0, 0),
        "RLIMIT_FSIZE": (0, 0),
        "RLIMIT_NOFILE": (3, 3),  # all three are in use: nothing can be opened
        "RLIMIT_NPROC": (0, 0),  # does not bind root
        "RLIMIT_CPU": (seconds, seconds + 1),
        "RLIMIT_AS": (memory, memory),
    }
    for name, values in limits.items():
        if hasattr(resource, name):
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(getattr(resource, name), values)


if __name__ == "__main__":
    main(sys.argv[1:])
