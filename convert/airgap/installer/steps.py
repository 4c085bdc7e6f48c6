"""Install: build and try everything beside the version in use, then switch to it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .archive import Archive, Progress
from .manifest import MANIFEST_NAME, SIGNATURE_NAME
from .prefix import Prefix, State, write_whole
from .problems import InstallError, MachineError, RefusedError, shown, system_errors

Run = Callable[[Sequence[str], Mapping[str, str], Path], "subprocess.CompletedProcess[str]"]
"""Runs a command with just this environment in this folder, and returns what it printed."""
Build = Callable[[Path], None]
"""Makes an empty Python environment in a folder."""

REQUIREMENTS = "requirements.txt"
_TOOL, _WHEELS, _MODELS = "tools/", "wheels/", "models/"
_KEPT = ("licences/", "sbom.cdx.json", "README.txt")
_INSTALLER = ("__main__.py", "airgap_installer/")
_LONGEST_OUTPUT = 2000
_PIP_INSTALL = (
    *("install", "--isolated", "--quiet", "--no-input", "--no-index", "--no-deps"),
    *("--require-hashes", "--only-binary", ":all:", "--no-cache-dir"),
    *("--disable-pip-version-check", "--no-warn-script-location"),
)


@dataclass(frozen=True, slots=True)
class InstallOptions:
    """Options of an installation, beside the archive and the folder.

    `degraded` are the words by which a person accepts a system that can't lock the program
    down in full; they are handed on to the program, which judges them.
    """

    data_dir: str = ""
    allow_downgrade: bool = False
    degraded: str = ""


class Installation:
    """One run of the installer. `run`, `build` and `sync` are replaced in tests."""

    def __init__(
        self,
        prefix: Prefix,
        say: Callable[[str], None],
        progress: Progress,
        run: Run | None = None,
        build: Build | None = None,
        sync: Callable[[], None] = os.sync,
    ) -> None:
        self._prefix = prefix
        self._say = say
        self._progress = progress
        self._run = run or run_child
        self._build = build or build_environment
        self._sync = sync
        self._more: tuple[str, ...] = ()

    def install(self, archive: Archive, wishes: InstallOptions) -> Path:
        """Install a trusted archive; return the folder of the data.

        Until the last step the version in use stays as it is; on any failure what was built
        is removed. Raises `InstallError`, or `KeyboardInterrupt` likewise.
        """
        prefix = self._prefix
        with system_errors("Installing", prefix.root), prefix.locked():
            state = prefix.state
            require_newer(archive, state, allow=wishes.allow_downgrade)
            require_room(prefix.root, archive.manifest.room)
            self._more = ("--allow-degraded", wishes.degraded) if wishes.degraded else ()
            manifest = archive.manifest
            folder = prefix.new_version(f"{manifest.version}-{manifest.release}")
            try:
                self._make(archive, folder)
                self._try(folder)
                self._commit(archive, folder, state, wishes)
            except BaseException:
                if prefix.current != folder:
                    shutil.rmtree(folder, ignore_errors=True)
                raise
            data = self._give_models(folder, prefix.state.data_dir)
            prefix.clean()
            return data

    def _make(self, archive: Archive, folder: Path) -> None:
        self._say("Verifying and unpacking")
        archive.extract(folder / "parcel", self._progress)
        self._keep(archive, folder)
        self._say("Making a Python environment")
        self._build(folder / "venv")
        self._say("Installing the program (about half a minute)")
        parcel = folder / "parcel"
        pip = next((parcel / _TOOL).glob("pip-*.whl"))
        files = ["--find-links", str(parcel / _WHEELS), "-r", str(parcel / REQUIREMENTS)]
        self._call(folder, [str(pip / "pip"), *_PIP_INSTALL, *files], "Installing the wheels")

    def _keep(self, archive: Archive, folder: Path) -> None:
        """Put aside what stays with the version: its papers and its installer."""
        parcel = folder / "parcel"
        for name in (file.name for file in archive.manifest.files):
            home = folder / "installer" if name.startswith(_INSTALLER) else folder
            if name.startswith((*_KEPT, *_INSTALLER)):
                target = home / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(parcel / name, target)
        (folder / MANIFEST_NAME).write_bytes(archive.raw)
        (folder / SIGNATURE_NAME).write_bytes(archive.signature)

    def _try(self, folder: Path) -> None:
        """Set the models up in a folder of its own, check everything, ask a question."""
        self._say("Setting the models up")
        trial = folder / "trial"
        trial.mkdir(mode=0o700)
        write_whole(trial / "passphrase", secrets.token_hex(16) + "\n", 0o600)
        self._setup(folder, trial)
        self._say("Checking (assistant doctor)")
        report = self._json(folder, trial, ["doctor"])
        for check in report.get("checks", []):
            if check.get("status") == "fail":
                raise InstallError(
                    f"The check '{shown(str(check.get('name')))}' failed: "
                    f"{shown(str(check.get('detail')))}",
                    shown(str(check.get("remedy", ""))),
                )
        self._say("Asking a sample question")
        answer = self._json(folder, trial, ["sample"])
        if not answer.get("answer") or answer.get("abstained") is not False:
            raise InstallError("The sample question got no answer.", "Report this: it is a fault.")

    def _commit(self, archive: Archive, folder: Path, state: State, wishes: InstallOptions) -> None:
        prefix, manifest = self._prefix, archive.manifest
        before = prefix.current
        order, digest = list(manifest.order), archive.digest
        if state.order > order:  # an allowed downgrade: the floor stays
            order, digest = state.order, state.digest
        new = State(
            public=archive.public.hex(),
            order=order,
            digest=digest,
            data_dir=wishes.data_dir or state.data_dir,
            previous=before.name if before else "",
        )
        self._sync()
        # The floor first: a version that was ever in use is remembered in any case.
        prefix.write_state(new)
        prefix.write_launchers(new.data_dir)
        try:
            prefix.switch(folder)
        except BaseException:
            if prefix.current != folder:
                prefix.write_state(state)
            raise

    def _give_models(self, folder: Path, data_dir: str) -> Path:
        """Bring the models into the person's data folder; return it."""
        self._say("Putting the models into the data folder")
        code = "from assistant.config import default_data_dir; print(default_data_dir())"
        data = Path(data_dir or self._call(folder, ["-c", code], "Asking for the data folder"))
        tried = folder / "trial" / "models"
        try:
            with system_errors("Writing the models", data):
                if not (data / "models").exists():
                    data.mkdir(mode=0o700, parents=True, exist_ok=True)
                    shutil.move(tried, data / "models")
            self._setup(folder, data)
        except InstallError as error:
            raise InstallError(
                f"The program is installed, but not its models: {error.message}",
                error.hint or "Mend that and run the installer again.",
            ) from error
        finally:
            shutil.rmtree(folder / "trial", ignore_errors=True)
            shutil.rmtree(folder / "parcel", ignore_errors=True)
        return data

    def _setup(self, folder: Path, data: Path) -> None:
        models = str(folder / "parcel" / _MODELS)
        self._json(folder, data, ["models", "setup", "--from", models])

    def _json(self, folder: Path, data: Path, arguments: list[str]) -> dict[str, Any]:
        command = ["-m", "assistant", *arguments, "--json", "--data-dir", str(data), *self._more]
        text = self._call(folder, command, f"assistant {arguments[0]}", accept=(0, 1))
        try:
            table = json.loads(text)
        except ValueError:
            table = None
        if not isinstance(table, dict):
            raise InstallError(f"assistant {arguments[0]} said nothing that can be read.")
        if "error" in table:
            error = table["error"]
            raise InstallError(
                f"assistant {arguments[0]}: {shown(str(error.get('message')))}",
                shown(str(error.get("hint", ""))),
            )
        return table

    def _call(
        self, folder: Path, arguments: list[str], what: str, accept: tuple[int, ...] = (0,)
    ) -> str:
        python = folder / "venv" / "bin" / "python"
        done = self._run([str(python), "-I", *arguments], _environment(folder), folder)
        if done.returncode not in accept:
            said = (done.stderr.strip() or done.stdout.strip())[-_LONGEST_OUTPUT:]
            if "No space left" in said or "Disk quota" in said:
                raise InstallError(
                    f"The disk of {self._prefix.root} is full.",
                    "Make room there, or choose another folder: --prefix FOLDER.",
                )
            raise InstallError(f"{what} failed: {shown(said) or f'status {done.returncode}'}")
        return done.stdout.strip()


def require_newer(archive: Archive, state: State, *, allow: bool) -> None:
    """Raise `RefusedError` for a version older than the newest that was ever installed."""
    order = list(archive.manifest.order)
    if allow or not state.order or order > state.order:
        return
    if order == state.order and archive.digest == state.digest:
        return
    if order == state.order:
        raise RefusedError(
            f"{archive.path}: another {archive.manifest.title} was installed here before.",
            "Make the archive with a higher release (make airgap-bundle AIRGAP_RELEASE=N), or "
            "insist: --allow-downgrade",
        )
    newest = ".".join(map(str, state.order[:3]))
    raise RefusedError(
        f"{archive.path} holds {archive.manifest.title}, older than {newest} (release "
        f"{state.order[-1]}), which was installed here.",
        "An older version may have faults that were mended since. To insist: --allow-downgrade",
    )


def require_room(folder: Path, needed: int) -> None:
    """Raise `InstallError` if `needed` bytes don't fit on the disk of `folder`."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise InstallError(
            f"The disk of {folder} is too full: {needed / 2**20:.0f} MiB are needed, "
            f"{free / 2**20:.0f} MiB are free.",
            "Make room there, or choose another folder: --prefix FOLDER.",
        )


def build_environment(folder: Path) -> None:
    """Make an empty Python environment without pip. Raises `MachineError`."""
    try:
        import venv
    except ImportError as error:
        raise MachineError(
            "This Python lacks its module venv.",
            "Have it installed from the system's own media (Debian: libpython3-stdlib).",
        ) from error
    venv.EnvBuilder(symlinks=True, with_pip=False).create(folder)


def run_child(
    command: Sequence[str], environment: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run a command without a terminal; what it prints is caught."""
    return subprocess.run(
        list(command),
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def _environment(folder: Path) -> dict[str, str]:
    """Return a child's whole environment: nothing of the caller's but what it must have."""
    passed = ("HOME", "LANG", "LC_ALL", "TMPDIR", "XDG_DATA_HOME", "ASSISTANT_DATA_DIR")
    kept = {name: os.environ[name] for name in passed if name in os.environ}
    trial = folder / "trial"
    return {
        **kept,
        "PATH": os.defpath,
        "ASSISTANT_PASSPHRASE_FILE": str(trial / "passphrase"),
        "ASSISTANT_RECOVERY_FILE": str(trial / "recovery"),
    }
