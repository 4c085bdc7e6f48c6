"""Small archives for the installer's tests: real format, real signature, tiny contents."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from convert.airgap.archive_build import installer_files
from convert.airgap.archive_writer import measured, write_archive
from convert.airgap.installer.machine import machine_name
from convert.airgap.installer.manifest import Manifest, Platform
from convert.bundle.signing_keys import SigningKey

KEY = SigningKey("clinic", "2026-01-01T00:00:00Z", bytes(range(32)))
OTHER_KEY = SigningKey("stranger", "2026-01-01T00:00:00Z", bytes(range(1, 33)))

HERE = Platform(
    system=platform.system().lower(),
    machine=machine_name(platform.machine()),
    pythons=(f"{sys.version_info.major}.{sys.version_info.minor}",),
    glibc="",
    libraries={},
    cpu_flags=(),
)


def small_contents(version: str = "1.0.0") -> dict[str, Path | bytes]:
    """Return the files of a small archive; its wheels are none, the installer is real."""
    return {
        **installer_files(),
        "README.txt": b"read me",
        "SHA256SUMS": b"",
        "licences/thing/LICENSE": b"do what you like",
        "models/model-1-py3-none-any.whl": b"a model" * 1000,
        "requirements.txt": b"thing==1 --hash=sha256:00",
        "sbom.cdx.json": b"{}",
        "tools/pip-1-py3-none-any.whl": b"pip",
        "wheels/thing-1-py3-none-any.whl": version.encode(),
    }


def small_archive(
    folder: Path,
    version: str = "1.0.0",
    *,
    release: int = 1,
    key: SigningKey = KEY,
    contents: Mapping[str, Path | bytes] | None = None,
    machine: Platform = HERE,
    room: int = 0,
) -> Path:
    """Write a small archive and return its path."""
    given = contents if contents is not None else small_contents(version)
    manifest = Manifest(version, release, room, machine, measured(given))
    path = folder / f"archive-{version}-{release}.zip"
    write_archive(manifest, given, key, path)
    return path


def rewritten(
    archive: Path, target: Path, changes: Mapping[str, bytes | None], renames: Mapping[str, str]
) -> Path:
    """Write an archive again with files changed (None: left out), added or renamed.

    Names stay sorted, so that nothing but the change itself tells.
    """
    with zipfile.ZipFile(archive) as source:
        members = {renames.get(name, name): source.read(name) for name in source.namelist()}
    members |= {name: content for name, content in changes.items() if content is not None}
    for name in (name for name, content in changes.items() if content is None):
        del members[name]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as out:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            out.writestr(entry, members[name])
    return target


class FakeMachine:
    """Stands in for Python environments and their commands: files instead of programs.

    The environment's "python" is a shell script that says which version it is. `fail` names
    the step (a word of its command) that fails, with what it prints.
    """

    def __init__(self, data: Path, fail: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.fail = dict(fail or {})
        self.calls: list[list[str]] = []
        self.environments: list[Mapping[str, str]] = []

    def build(self, folder: Path) -> None:
        wheel = folder.parent / "parcel" / "wheels" / "thing-1-py3-none-any.whl"
        program = folder / "bin" / "python"
        program.parent.mkdir(parents=True)
        program.write_text(f'#!/bin/sh\necho "{wheel.read_text()} $*"\n')
        program.chmod(0o755)

    def run(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> subprocess.CompletedProcess[str]:
        self.calls.append(list(command))
        self.environments.append(environment)
        for word, said in self.fail.items():
            if word in command:
                return subprocess.CompletedProcess(command, 2, said, said)
        return subprocess.CompletedProcess(command, 0, self._answer(list(command)), "")

    def _answer(self, command: list[str]) -> str:
        if "setup" in command:
            models = Path(command[command.index("--data-dir") + 1], "models")
            models.mkdir(exist_ok=True)
            (models / "model.gguf").write_bytes(b"weights")
        if "-c" in command:
            return str(self.data)
        return json.dumps({"checks": [], "answer": "24 months", "abstained": False})


def with_python(versions: Sequence[str]) -> Platform:
    return replace(HERE, pythons=tuple(versions))
