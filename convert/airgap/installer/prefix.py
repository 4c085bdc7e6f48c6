"""The folder that the program is installed into, and the switch from one version to another.

    PREFIX/airgap-assistant.json   the trusted key, the newest version ever, the data folder
    PREFIX/versions/ID/            a version, whole: Python environment, licences, SBOM
    PREFIX/current                 link to the version in use; replacing it is the one switch
    PREFIX/bin/                    launchers, which follow `current`

A version is built under its final name, because a Python environment can't be moved, and is
complete when `current` names it. Whatever else lies in `versions` is a leftover.
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .problems import AskedError, InstallError

STATE_FILE = "airgap-assistant.json"
LOCK_FILE = ".lock"
CURRENT = "current"
LAUNCHERS = ("assistant", "assistant-install")
_OURS = {STATE_FILE, LOCK_FILE, CURRENT, "versions", "bin"}
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class State:
    """What is remembered between installations.

    `public` is the key that is trusted ("" before the first installation), `order` the
    newest version and release ever installed, `digest` its manifest's SHA-256, `data_dir`
    the folder for data ("" is the program's own choice), `previous` the version before.
    """

    public: str = ""
    order: list[int] = field(default_factory=list)
    digest: str = ""
    data_dir: str = ""
    previous: str = ""


class Prefix:
    """The installation folder. Every method raises `InstallError` or `OSError`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.versions = root / "versions"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Make the folder ours and keep other installers out. Undone if nothing got in."""
        there = self.root.exists()
        self._require_ours()
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.root / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._take(lock)
            try:
                if not (self.root / STATE_FILE).exists():
                    self.write_state(State())
                self.clean()
                yield
            finally:
                if self.current is None:
                    self._forget(there=there)
        finally:
            os.close(lock)

    def _take(self, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AskedError(
                f"Another installer is at work in {self.root}.", "Wait until it is done."
            ) from error

    @property
    def state(self) -> State:
        """What is remembered; empty if nothing was ever installed here."""
        path = self.root / STATE_FILE
        try:
            table: Any = json.loads(path.read_text(encoding="utf-8"))
            known = table.pop("format") == _FORMAT
            state = State(**table)
            bytes.fromhex(state.public)
        except FileNotFoundError:
            return State()
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            known = False
        if not known:
            raise InstallError(
                f"{path} can't be read.",
                "It is damaged, or of a newer installer. Your data is elsewhere: uninstall, or "
                "choose another folder with --prefix.",
            )
        return state

    def write_state(self, state: State) -> None:
        text = json.dumps({"format": _FORMAT, **asdict(state)}, sort_keys=True) + "\n"
        write_whole(self.root / STATE_FILE, text, 0o600)

    @property
    def current(self) -> Path | None:
        """The folder of the version in use, None if there is none."""
        try:
            name = (self.root / CURRENT).readlink().name
        except OSError:
            return None
        folder = self.versions / name
        return folder if folder.is_dir() else None

    def new_version(self, title: str) -> Path:
        """Make an empty folder under a name that was never used."""
        self.versions.mkdir(mode=0o700, exist_ok=True)
        for number in range(1, 10_000):
            folder = self.versions / f"{title}-{number}"
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700)
                return folder
        raise InstallError(f"{self.versions} is full of old versions.", "Uninstall first.")

    def switch(self, folder: Path) -> None:
        """Let `current` name another version, in one step."""
        draft = self.root / f"{CURRENT}.new"
        draft.unlink(missing_ok=True)
        draft.symlink_to(Path("versions") / folder.name, target_is_directory=True)
        draft.replace(self.root / CURRENT)
        sync_folder(self.root)

    def write_launchers(self, data_dir: str) -> None:
        """Write the commands that a person calls; they are the same for every version."""
        folder = self.root / "bin"
        folder.mkdir(mode=0o755, exist_ok=True)
        write_whole(folder / "assistant", _launcher(self.root, "-m assistant", data_dir), 0o755)
        run = f'"$here/installer" --prefix {shlex.quote(str(self.root))}'
        write_whole(folder / "assistant-install", _launcher(self.root, run, ""), 0o755)

    def clean(self) -> None:
        """Remove what an interrupted installation left, and versions that are too old."""
        keep = {self.current.name if self.current else "", self.state.previous}
        for folder in self.versions.iterdir() if self.versions.is_dir() else ():
            if folder.name not in keep:
                shutil.rmtree(folder)
        for draft in self.root.glob("*.new"):
            draft.unlink()

    def remove(self) -> None:
        """Delete the program; the launchers and `current` first, so that none is half there."""
        self.require_installed()
        (self.root / CURRENT).unlink(missing_ok=True)
        self._forget(there=False)

    def require_installed(self) -> None:
        """Raise `AskedError` if nothing of this program is here."""
        if not (self.root / STATE_FILE).is_file():
            raise AskedError(
                f"Nothing of this program is installed in {self.root}.",
                "Name the folder: --prefix FOLDER --uninstall",
            )
        self._require_ours()

    def _forget(self, *, there: bool) -> None:
        for name in LAUNCHERS:
            (self.root / "bin" / name).unlink(missing_ok=True)
        with suppress(OSError):
            (self.root / "bin").rmdir()
        if self.versions.is_dir():
            shutil.rmtree(self.versions)
        for name in (STATE_FILE, LOCK_FILE):
            (self.root / name).unlink(missing_ok=True)
        if not there:
            with suppress(OSError):
                self.root.rmdir()

    def _require_ours(self) -> None:
        if self.root.exists() and not self.root.is_dir():
            raise AskedError(f"{self.root} is no folder.", "Choose another: --prefix FOLDER")
        if not self.root.is_dir() or (self.root / STATE_FILE).is_file():
            return
        odd = sorted(path.name for path in self.root.iterdir() if path.name not in _OURS)
        if odd or (self.root / CURRENT).is_symlink():
            raise AskedError(
                f"{self.root} holds something else already.",
                "Choose a new or empty folder: --prefix FOLDER",
            )


def write_whole(path: Path, text: str, mode: int) -> None:
    """Write a small file so that it appears complete or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.chmod(mode)
    draft.replace(path)


def sync_folder(folder: Path) -> None:
    """Bring a folder's entries to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _launcher(root: Path, run: str, data_dir: str) -> str:
    """Return a script for any POSIX shell. `-I`: no PYTHONPATH, no folder of the caller."""
    lines = [
        "#!/bin/sh",
        "# Made by the installer of airgap-assistant; a new installation writes it anew.",
        f"prefix={shlex.quote(str(root))}",
        'here=$(cd -P -- "$prefix/current" 2>/dev/null && pwd -P)',
        'if [ ! -x "$here/venv/bin/python" ]; then',
        '    echo "The program or the Python that it was installed with is gone from $prefix." >&2',
        '    echo "What to do: run the installer again: python3 ARCHIVE" >&2',
        "    exit 1",
        "fi",
    ]
    if data_dir:
        named = shlex.quote(data_dir)
        lines.append(f'[ -n "$ASSISTANT_DATA_DIR" ] || ASSISTANT_DATA_DIR={named}')
        lines.append("export ASSISTANT_DATA_DIR")
    lines.append(f'exec "$here/venv/bin/python" -I {run} "$@"')
    return "\n".join(lines) + "\n"
