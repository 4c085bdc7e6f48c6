"""The commands in docs/security-guide.md do what the guide says, as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "security-guide.md"
MARKED = re.compile(
    r"^<!-- tested: (?P<name>[\w-]+)(?:; needs: (?P<needs>[\w ]+?))?"
    r"(?:; prints(?::? (?P<prints>.+?)))? -->\n```sh\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
DONE = "block-is-done"

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(sys.platform != "linux", reason="the guide is written for Linux"),
]


@dataclass(frozen=True)
class Block:
    """A block of the guide. `prints`: a regular expression, "" for anything."""

    name: str
    needs: tuple[str, ...]
    prints: str
    code: str


def blocks() -> list[Block]:
    text = GUIDE.read_text(encoding="utf-8")
    return [
        Block(m["name"], tuple((m["needs"] or "").split()), m["prints"] or "", m["code"])
        for m in MARKED.finditer(text)
    ]


class Shell:
    """One bash for the whole guide, as a reader has it: variables and jobs stay."""

    def __init__(self, folder: Path, models: Path) -> None:
        programs = str(Path(sys.executable).parent)
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("ASSISTANT_")},
            "PATH": f"{programs}:{os.environ['PATH']}",
            "MODELS": str(models),
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
        }
        self._bash = subprocess.Popen(
            ["bash", "--norc"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, code: str) -> tuple[str, int]:
        """Run a block; return what it printed and the status of its last command."""
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.write(f"{code}\necho; echo {DONE} $?\n")
        self._bash.stdin.flush()
        lines: list[str] = []
        for line in self._bash.stdout:
            if line.startswith(DONE):
                return "".join(lines).rstrip("\n"), int(line.split()[1])
            lines.append(line)
        raise AssertionError(f"the shell ended: {''.join(lines)}")

    def close(self) -> None:
        self._bash.kill()
        self._bash.wait()


@pytest.fixture(scope="module")
def shell(default_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    opened = Shell(tmp_path_factory.mktemp("guide"), default_models)
    yield opened
    opened.close()


def _namespaces() -> bool:
    return subprocess.run(["unshare", "--net", "true"], check=False).returncode == 0


def lacking(needs: tuple[str, ...]) -> list[str]:
    """Return what a block needs and this machine does not have."""
    gone = [name for name in needs if name != "root" and shutil.which(name) is None]
    if os.geteuid() != 0 and {"root", "unshare", "tcpdump", "nft"} & set(needs):
        gone.append("root")
    if "unshare" in needs and not gone and not _namespaces():
        gone.append("network namespaces")
    return gone


@pytest.mark.parametrize("block", blocks(), ids=lambda block: block.name)
def test_a_block_of_the_guide(shell: Shell, block: Block) -> None:
    if gone := lacking(block.needs):
        pytest.skip(f"not here: {', '.join(gone)}")
    printed, status = shell.run(block.code)
    assert status == 0, printed
    if block.prints == "nothing":
        assert printed == ""
    else:
        assert re.search(block.prints, printed, re.MULTILINE), printed


def test_the_guide_has_its_tested_blocks() -> None:
    names = [block.name for block in blocks()]
    assert len(names) == GUIDE.read_text(encoding="utf-8").count("<!-- tested:")
    assert len(names) == len(set(names))
    assert {"strace", "packets", "proc", "landlock", "header", "models"} <= set(names)
