"""The parser's child is held by the kernel: no file, no socket, no process, while it parses."""

from __future__ import annotations

import errno
import mmap
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.config import Settings
from assistant.documents import parser_protocol, parser_worker
from assistant.documents.parser_process import ForkServer
from assistant.documents.sandboxed_parser import ChildParser
from assistant.types import ParsedDocument, ReadOptions
from tests.unit.lockdown.forked import forked

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="seccomp and Landlock")

MEMORY, SECONDS = 1 << 34, 60


def outcome(action: Callable[[], object]) -> str:
    try:
        action()
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return "done"


def hostile(seen: list[str]) -> Callable[..., ParsedDocument]:
    """A parser that was taken over: it tries to get out, and reports in its text."""

    def parse(data: bytearray, named: str, options: ReadOptions) -> ParsedDocument:
        os.close(2)  # makes room under the limit of descriptors: it is not that which denies
        seen.extend(
            [
                outcome(lambda: os.open("/etc/passwd", os.O_RDONLY)),
                outcome(lambda: os.open("/dev/null", os.O_WRONLY)),
                outcome(socket.socket),
                outcome(socket.socketpair),
                outcome(os.fork),
                outcome(lambda: os.execv(sys.executable, ["python"])),
                outcome(lambda: os.kill(os.getppid(), 0)),
                outcome(Path("/var/tmp/made-by-a-parser").mkdir),
                outcome(lambda: mmap.mmap(-1, 4096)),
            ]
        )
        return ParsedDocument(" ".join(seen), (0,), "text/plain")

    return parse


def test_what_was_taken_over_can_only_compute() -> None:
    def child(keep: int) -> Any:
        request_in, request_out = os.pipe()
        os.write(request_out, parser_protocol.pack_request("text", 4) + b"text")
        os.dup2(request_in, 0)
        os.dup2(keep, 1)
        parser_worker._warm_up()
        parser_worker.child_preamble(program=False)
        parser_worker.parse_once(MEMORY, SECONDS, hostile([]))

    text = parser_protocol.unpack_reply(forked(child, raw=True)).text
    denied = ["EACCES"] * 8
    assert text.split() == [*denied, "done"]


def test_the_server_is_locked_before_its_first_document(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("One sentence.", encoding="utf-8")
    children = ForkServer()
    with ChildParser(Settings(tmp_path), children=children) as parser:
        parser.parse(note)
        assert children._process is not None
        status = Path(f"/proc/{children._process.pid}/status").read_text(encoding="ascii")
    assert "Seccomp:\t2" in status
    assert "NoNewPrivs:\t1" in status
