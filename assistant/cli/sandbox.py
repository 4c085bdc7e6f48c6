"""Lock the real command down, and list the files it may still open."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from assistant import lockdown
from assistant.config import Settings
from assistant.console.output import Output
from assistant.errors import ConfigError, UsageError
from assistant.unlock import secret_inputs

ACCEPTED = "i accept"
"""What `--allow-degraded` wants to hear."""

_NEVER_LOCKED = ("prove-offline",)
"""It runs unlocked controls beside locked children, and opens no document or model itself."""

_BROWSING = ("app", "demo", "sample", "review")
_ONLY_LOOKING = (
    "doctor", "docs", "search", "ask", "forget", "list", "verify", "show", "inspect", "status",
    "check", "table", "recommend",
)  # fmt: skip
"""Looking at a library does not make one, nor its folder."""
_CHANGES_MODELS = ("models", "bundle")
_MAKES_RECOVERY_KEYS = ("add", "sync", "app", "demo", "sample", "bundle", "passphrase", "rekey")
_SECRET_FILES = ("ASSISTANT_PASSPHRASE_FILE", "ASSISTANT_NEW_PASSPHRASE_FILE")
_MODEL_DESCRIPTIONS = ("embedder.json", "reader.json", "modules.json")
_REMOVABLE = ("/media", "/run/media", "/mnt", "/Volumes")

_armed: list[bool] = []


def arm() -> None:
    """Say that this is the real process: close what it inherited, and lock it down later.

    Called by `main` and by nothing else: tests run commands in their own process.
    """
    secret_inputs.take_descriptors()
    lockdown.close_inherited()
    _armed.append(True)


def is_real_process() -> bool:
    """Tell whether this is the command itself, and not a function that a test calls."""
    return bool(_armed)


def lock(context: click.Context, settings: Settings, output: Output, word: str | None) -> None:
    """Lock this process down if it is the real one, before the command's body runs.

    Raises `LockdownError` if it can't be done, `UsageError` for a wrong `word`.
    """
    if word is not None and word.strip().lower() != ACCEPTED:
        raise UsageError(
            "--allow-degraded wants the words that accept it.",
            hint=f'If you accept a lockdown that is incomplete: --allow-degraded "{ACCEPTED}"',
        )
    if not _armed or lockdown.current() is not None or _stays_unlocked(context):
        return
    _refuse_too_much(settings.data_dir)
    policy = policy_of(context, settings)
    report = lockdown.engage(policy, allow_degraded=word is not None)
    if report.degraded:
        output.note(("Not fully locked down, as you accepted: ", "bold red"), lockdown.said(report))


def _stays_unlocked(context: click.Context) -> bool:
    """A proof needs an unlocked parent; verifying one that somebody sent does not."""
    return context.info_name in _NEVER_LOCKED and context.params.get("verified") is None


def policy_of(context: click.Context, settings: Settings) -> lockdown.Policy:
    """Return what a command may open: the data folder, and the paths that it was given."""
    names = _command_names(context)
    read, write = _named_paths(context)
    if names & set(_CHANGES_MODELS):
        write += _links(settings.models_dir)
    recovery = os.environ.get(secret_inputs.RECOVERY_FILE)
    if recovery and "recover" not in names and names & set(_MAKES_RECOVERY_KEYS):
        write.append(_made_file(Path(recovery)))
    if not names & set(_ONLY_LOOKING):
        _make_folder(settings.data_dir)
    policy = policy_for(settings, read=read, write=write)
    if names & set(_BROWSING):
        folders, listed = document_folders(settings)
        policy = lockdown.Policy((*policy.read, *folders), policy.write, tuple(listed))
    return policy


def policy_for(
    settings: Settings, *, read: Iterable[Path] = (), write: Iterable[Path] = ()
) -> lockdown.Policy:
    """Return the policy of a process that uses these settings and, besides, these paths."""
    named = (*_SECRET_FILES, secret_inputs.RECOVERY_FILE)
    secrets = [Path(os.environ[name]) for name in named if os.environ.get(name)]
    reads = [*read, *secrets, *_links(settings.models_dir)]
    reads += _model_folders(settings)
    writes = [*write, settings.data_dir]
    _temporary_files_in(settings.data_dir)
    return lockdown.Policy(tuple(map(_full, reads)), tuple(map(_full, writes)))


def _model_folders(settings: Settings) -> list[Path]:
    """Return the folders of models that the settings name, if they hold such a model.

    The settings lie where code in this process may write, so they must not open just any
    folder to the next run: outside the data folder it can't put a model's description.
    """
    home = Path(os.path.realpath(Path.home()))
    found = []
    for name in (settings.embedder, settings.reader):
        folder = _full(Path(name))
        if "/" not in name and os.sep not in name:
            continue
        whole = home.is_relative_to(Path(os.path.realpath(folder)))
        if not whole and any((folder / file).is_file() for file in _MODEL_DESCRIPTIONS):
            found.append(folder)
    return found


def document_folders(settings: Settings) -> tuple[list[Path], list[Path]]:
    """Return the folders that the app may read, and those of which it sees the names only.

    By default not the home folder itself but what is visible in it: keys, passwords and
    mail lie in hidden folders, and a right on a folder holds for all beneath it.
    """
    home = Path(os.path.realpath(Path.home()))
    if settings.document_folders:
        named = [_full(Path(p)) for p in settings.document_folders.split(os.pathsep) if p]
        missing = [path for path in named if not path.is_dir()]
        if missing:
            raise ConfigError(
                f"'document_folders' names {missing[0]}, which is no folder.",
                hint=f"Write full paths with '{os.pathsep}' between them.",
            )
        for path in named:
            if _is_private(Path(os.path.realpath(path)), home):
                raise ConfigError(
                    f"'document_folders' names {path}: keys, passwords and mail lie there.",
                    hint="Name folders that are visible in your home folder, or elsewhere.",
                )
        return named, []
    folders = [*_visible(home), *map(Path, _REMOVABLE)]
    here = Path(os.path.realpath(Path.cwd()))
    if not home.is_relative_to(here):
        folders.append(here)
    return folders, [home]


def _visible(home: Path) -> list[Path]:
    try:
        entries = [entry for entry in home.iterdir() if not entry.name.startswith(".")]
    except OSError:
        return []
    # A link in the home folder may lead to the folder itself, or to a hidden one.
    return [
        entry
        for entry in entries
        if not entry.is_symlink() or not _is_private(Path(os.path.realpath(entry)), home)
    ]


def _is_private(real: Path, home: Path) -> bool:
    if home.is_relative_to(real):
        return True
    return real.is_relative_to(home) and real.relative_to(home).parts[0].startswith(".")


def _refuse_too_much(data_dir: Path) -> None:
    """Refuse a data folder that holds the home folder or the program: all in it is written."""
    folder = Path(os.path.realpath(data_dir))
    inside = (Path.home(), Path(sys.prefix), Path(__file__).parents[1])
    if any(Path(os.path.realpath(path)).is_relative_to(folder) for path in inside):
        raise UsageError(
            f"The data folder can't be {data_dir}: whatever is in it can be read and written.",
            hint="Name a folder of its own, for example one in your home folder: --data-dir",
        )


def _command_names(context: click.Context) -> set[str]:
    names: set[str] = set()
    at: click.Context | None = context
    while at is not None:
        names.add(at.info_name or "")
        at = at.parent
    return names


def _named_paths(context: click.Context) -> tuple[list[Path], list[Path]]:
    """Return the paths among a command's parameters: those it reads, and those it writes.

    The type of a parameter says which: `click.Path`, with `writable` for an output. An
    output file is made now, empty: afterwards nothing can be made outside the data folder.
    """
    read: list[Path] = []
    write: list[Path] = []
    for parameter in context.command.params:
        if not isinstance(parameter.type, click.Path) or parameter.name == "data_dir":
            continue
        given = _paths(context.params.get(parameter.name or ""))
        if not parameter.type.writable:
            read += given
        elif parameter.type.file_okay:
            write += [_made_file(path) for path in given]
        else:
            write += [_made_folder(path) for path in given]
    return read, write


def _paths(value: Any) -> list[Path]:
    if value is None:
        return []
    several = value if isinstance(value, (list, tuple)) else [value]
    return [Path(item) for item in several if str(item)]


def _made_file(path: Path) -> Path:
    if path.is_dir():
        return path
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}.") from error
    return path


def _made_folder(path: Path) -> Path:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path} can't be made: {error.strerror}.") from error
    return path


def _make_folder(path: Path) -> None:
    """Make the data folder; whatever is wrong with it is for the command to say."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return


def _temporary_files_in(data_dir: Path) -> None:
    """Send temporary files to the data folder, ours and those of libraries."""
    if not data_dir.is_dir():
        return
    folder = data_dir / "tmp"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        return
    os.environ["TMPDIR"] = os.environ["SQLITE_TMPDIR"] = tempfile.tempdir = str(folder)


def _links(models_dir: Path) -> list[Path]:
    """Return where links lead that stand for the models or for one of them."""
    found = [models_dir] if models_dir.is_symlink() else []
    try:
        found += [entry for entry in models_dir.iterdir() if entry.is_symlink()]
    except OSError:
        return found
    return found


def _full(path: Path) -> Path:
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - links stay as they are
