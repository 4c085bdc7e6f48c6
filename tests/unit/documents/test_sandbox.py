"""The child process: limits that bite, cancel, isolation, and what it may not do."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import assistant
from assistant.config import Settings
from assistant.documents.parser_process import ForkServer, SpawnEach, command, environment
from assistant.documents.sandboxed_parser import ChildParser
from assistant.errors import Cancelled, DocumentError
from assistant.types import CancelToken
from tests.fakes import pdf_files

ROOT = Path(assistant.__file__).parents[1]


@pytest.fixture(params=[ForkServer, SpawnEach])
def small(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ChildParser]:
    """A parser with little memory and time, in both ways of running children."""
    settings = Settings(data_dir=tmp_path, parse_memory_mb=256, parse_seconds=2)
    with ChildParser(settings, children=request.param()) as parser:
        yield parser


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def running_children() -> list[str]:
    """Command lines of living processes that this test's process has started.

    Those of tests that run beside it, in a process of their own, are none of them.
    """
    parents: dict[int, int] = {}
    lines: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            parents[int(entry.name)] = int(state[1])
            if "assistant.documents.parser_worker" in line and state[0] != "Z":
                lines[int(entry.name)] = line
    return [line for number, line in lines.items() if _descends(number, parents)]


def _descends(number: int, parents: dict[int, int]) -> bool:
    while number in parents and number != os.getpid():
        number = parents[number]
    return number == os.getpid()


def test_a_page_that_inflates_without_end_is_stopped(small: ChildParser, tmp_path: Path) -> None:
    bomb = write(tmp_path, "bomb.pdf", pdf_files.inflating(768 << 20))
    assert bomb.stat().st_size < 50_000
    begun = time.monotonic()
    with pytest.raises(DocumentError, match=r"256 MiB of memory") as caught:
        small.parse(bomb)
    assert "bomb.pdf" in caught.value.message
    assert time.monotonic() - begun < 20
    good = write(tmp_path, "good.pdf", pdf_files.pdf([["Still here."]]))
    assert small.parse(good).document.text == "Still here.\n"


def test_processor_time_is_limited(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, parse_memory_mb=2048, parse_seconds=1)
    with ChildParser(settings) as parser:
        path = write(tmp_path, "laugh.pdf", pdf_files.laughing(7))
        with pytest.raises(DocumentError, match="more than 1 s of processor time") as caught:
            parser.parse(path)
        assert "parse_seconds" in caught.value.hint


@pytest.mark.parametrize("children", [ForkServer, SpawnEach])
def test_wall_clock_is_limited(children: type[ForkServer], tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, parse_memory_mb=2048, parse_seconds=30)
    with ChildParser(settings, children=children(), wall_seconds=0.7) as parser:
        path = write(tmp_path, "laugh.pdf", pdf_files.laughing(7))
        with pytest.raises(DocumentError, match="did not finish in time"):
            parser.parse(path)


@pytest.mark.parametrize("children", [ForkServer, SpawnEach])
def test_cancel_kills_the_child_at_once(children: type[ForkServer], tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, parse_memory_mb=4096, parse_seconds=60)
    before = running_children()
    with ChildParser(settings, children=children()) as parser:
        path = write(tmp_path, "laugh.pdf", pdf_files.laughing(8))
        token = CancelToken()
        cancelled_at: list[float] = []

        def cancel() -> None:
            cancelled_at.append(time.monotonic())
            token.cancel()

        timer = threading.Timer(0.5, cancel)
        timer.start()
        with pytest.raises(Cancelled):
            parser.parse(path, token)
        assert time.monotonic() - cancelled_at[0] < 2
        assert len(running_children()) <= len(before)
        with pytest.raises(Cancelled):
            parser.parse(path, token)
        good = write(tmp_path, "good.txt", b"Still here.")
        assert parser.parse(good).document.text == "Still here."


def test_close_leaves_no_process_behind(tmp_path: Path) -> None:
    before = running_children()
    parser = ChildParser(Settings(data_dir=tmp_path))
    path = write(tmp_path, "a.txt", b"Words.")
    parser.parse(path)
    assert len(running_children()) > len(before)
    parser.close()
    assert len(running_children()) <= len(before)
    assert parser.parse(path).document.text == "Words."
    parser.close()


def test_a_killed_server_costs_one_document_at_most(tmp_path: Path) -> None:
    children = ForkServer()
    with ChildParser(Settings(data_dir=tmp_path), children=children) as parser:
        path = write(tmp_path, "a.txt", b"Words.")
        parser.parse(path)
        assert children._process is not None
        os.kill(children._process.pid, 9)
        children._process.wait()
        assert parser.parse(path).document.text == "Words."


def test_threads_share_one_parser(tmp_path: Path) -> None:
    paths = [write(tmp_path, f"{n}.txt", f"Words {n}.".encode()) for n in range(12)]
    texts: list[str] = []
    with ChildParser(Settings(data_dir=tmp_path)) as parser:
        threads = [
            threading.Thread(target=lambda p=p: texts.append(parser.parse(p).document.text))
            for p in paths
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(texts) == sorted(f"Words {n}." for n in range(12))


def test_it_does_not_matter_where_it_is_run_from(tmp_path: Path) -> None:
    """Nothing in the current folder or the environment can take the place of a module."""
    (tmp_path / "pypdfium2.py").write_text("raise SystemExit('hijacked')")
    (tmp_path / "json.py").write_text("raise SystemExit('hijacked')")
    path = write(tmp_path, "a.pdf", pdf_files.pdf([["Words."]]))
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from pathlib import Path\n"
        "from assistant.config import Settings\n"
        "from assistant.documents.sandboxed_parser import ChildParser\n"
        "with ChildParser(Settings(data_dir=Path('.'))) as p:\n"
        f"    print(p.parse(Path({str(path)!r})).document.text)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONSTARTUP": "x", "PYTHONINSPECT": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "Words."


def in_a_limited_child(action: str) -> str:
    """Run code where a parser runs: in a worker's interpreter, behind its limits."""
    boot = command()
    at = boot.index("-c") + 1
    boot[at] = (
        "import sys, os; sys.path.extend(sys.argv[1:-1]);"
        "from assistant.documents.parser_worker import _limit, _warm_up;"
        "_warm_up(); _limit(1 << 29, 5);"
        f"exec({action!r})"
    )
    done = subprocess.run(
        boot,
        env=environment(),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    "action",
    [
        "open('/etc/hostname')",
        "open('/dev/null', 'w')",
        "os.pipe()",
        "import socket; socket.socketpair()",
        "import socket; socket.socket(socket.AF_INET)",
        "os.listdir('/')",
    ],
)
def test_behind_the_limits_nothing_can_be_opened(action: str) -> None:
    tried = (
        f"import errno\ntry:\n    {action}\n    print('done')\n"
        "except ImportError:\n    print('EMFILE')\n"
        "except OSError as e:\n    print(errno.errorcode[e.errno])"
    )
    assert in_a_limited_child(tried) == "EMFILE"


def test_behind_the_limits_memory_ends() -> None:
    tried = "try:\n    bytearray(1 << 30)\n    print('done')\nexcept MemoryError:\n    print('no')"
    assert in_a_limited_child(tried) == "no"


def test_the_worker_knows_no_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SECRET", "x")
    seen = in_a_limited_child("print(sorted(os.environ))")
    assert "SECRET" not in seen
    assert "HOME" not in seen
