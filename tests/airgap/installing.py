"""Installing small archives on stand-ins of machines, for the tests of the installer."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from convert.airgap.installer import main as command_line
from convert.airgap.installer.archive import open_archive
from convert.airgap.installer.ed25519 import key_id, spoken
from convert.airgap.installer.prefix import Prefix
from convert.airgap.installer.steps import Installation, InstallOptions
from tests.airgap.small import (
    KEY,
    FakeMachine,
)

WORDS = spoken(key_id(KEY.public))
NO_WISHES = InstallOptions()
INSTALLER = Path(command_line.__file__).parent


def quiet(what: str, done: int, total: int) -> None:
    pass


def install(
    archive: Path, prefix: Path, machine: FakeMachine, wishes: InstallOptions = NO_WISHES
) -> Path:
    with open_archive(archive) as opened:
        return installation(prefix, machine).install(opened, wishes)


def installation(
    prefix: Path, machine: FakeMachine, say: Callable[[str], None] = lambda step: None
) -> Installation:
    return Installation(Prefix(prefix), say, quiet, machine.run, machine.build, lambda: None)


def launched(prefix: Path) -> str:
    """Return what the installed command says."""
    done = subprocess.run(
        [prefix / "bin" / "assistant", "x"], check=False, capture_output=True, text=True
    )
    return done.stdout.strip() if done.returncode == 0 else done.stderr


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
