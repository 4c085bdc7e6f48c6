"""Install a model file: verify it first, then move it into the models folder atomically."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, BinaryIO

from assistant.errors import EngineError, ModelError
from assistant.models.gguf_header import GgufHeader, read_header, why_not_chat
from assistant.models.model_record import ModelRecord, write_record
from assistant.models.trial_process import Limits, run_probe
from assistant.types import CancelToken

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, bytes done, bytes in all)."""

_BLOCK = 1 << 20
_ROOM_LEFT = 64 << 20
_STALE_SECONDS = 3600


def quiet(what: str, done: int, total: int) -> None:
    """A `Progress` that shows nothing."""


@contextmanager
def staging(models_dir: Path) -> Iterator[Path]:
    """Give a folder beside the models to prepare one in; it is removed afterwards.

    Raises `ModelError` for what goes wrong with the disk inside the block.
    """
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        _sweep(models_dir)
        folder = Path(tempfile.mkdtemp(prefix=".incoming-", dir=models_dir))
    except OSError as error:
        raise _disk_error(models_dir, error) from error
    try:
        yield folder
    except OSError as error:
        raise _disk_error(models_dir, error) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def require_room(models_dir: Path, size: int) -> None:
    """Raise `ModelError` if a file of `size` bytes does not fit on the disk."""
    free = shutil.disk_usage(models_dir).free
    if free < size + _ROOM_LEFT:
        raise ModelError(
            f"There is no room for the model in {models_dir}: it needs {size >> 20} MiB, "
            f"{free >> 20} MiB are free.",
            hint="Make room on this disk, or choose another data folder: --data-dir",
        )


def open_regular(path: Path) -> BinaryIO:
    """Open a plain file; a folder, a pipe or a device is refused with `ModelError`."""
    try:
        # Without O_NONBLOCK opening a pipe would wait for its other end for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise ModelError(f"{path} is no plain file.", hint="Name the model's GGUF file.")
        return os.fdopen(descriptor, "rb")
    except OSError as error:
        hint = "Check the name; it must be a GGUF file that you may read."
        raise ModelError(f"{path} can't be read: {error.strerror}.", hint=hint) from error


def copy_hashed(
    source: IO[bytes],
    target: Path,
    total: int,
    progress: Progress,
    cancel: CancelToken | None = None,
) -> str:
    """Copy a stream to `target` (synced to disk); return the SHA-256 of what was written.

    Raises `ModelError` if there are more bytes than `total`, `Cancelled` on cancel.
    """
    digest = hashlib.sha256()
    done = 0
    # With its mode at once: under the lock nobody may change a mode afterwards.
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        while block := source.read(_BLOCK):
            if cancel is not None:
                cancel.raise_if_cancelled()
            done += len(block)
            if done > total:
                raise ModelError(f"The model grew while it was copied to {target.parent.parent}.")
            digest.update(block)
            out.write(block)
            progress("Copying", done, total)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


def checked_chat_header(path: Path, shown: Path) -> GgufHeader:
    """Read the header and check that it is a chat model; errors name `shown`."""
    header = read_header(path)
    if reason := why_not_chat(header):
        raise ModelError(
            f"{shown} can't be used as a chat model: {reason}.",
            hint="Use an instruction-tuned chat model in one GGUF file.",
        )
    return header


def probe_model(
    path: Path,
    shown: Path,
    cancel: CancelToken | None = None,
    adapter: Path | None = None,
) -> dict[str, Any]:
    """Load the model in a child process and let it write a few words.

    With `adapter` it is that file which is tried, over the model at `path`. Returns prompt
    style, default system message and template hash. Raises `ModelError` with the reason,
    also if the child crashed or ran out of memory or time; each names `shown`. Raises
    `Cancelled` as soon as `cancel` is set.
    """
    files = [path] if adapter is None else [path, adapter]
    size = sum(file.stat().st_size for file in files)
    limits = Limits(memory=2 * size + (4 << 30), seconds=120 + (size >> 25))
    hint = "The file may be damaged, or of an architecture that llama.cpp does not know."
    try:
        found = run_probe(["load", *map(str, files)], limits, cancel)
    except EngineError as error:
        raise ModelError(f"{shown} can't be run: {error.message}.", hint=hint) from error
    if "error" in found:
        said = str(found["error"])
        tried = str(files[-1])
        if tried in said:
            raise ModelError(said.replace(tried, str(shown)), hint=str(found.get("hint") or hint))
        # Not an error of loading but of the trial question, which nobody asked for: its own
        # hint ("ask a shorter question") would mislead.
        raise ModelError(f"{shown} can't be run: {said.rstrip('.')}.", hint=hint)
    return found


def try_reader(folder: Path, shown: Path, cancel: CancelToken | None = None) -> None:
    """Let the reader in `folder` read a passage in a child process; errors name `shown`.

    Raises `ModelError` with the reason, `Cancelled` as soon as `cancel` is set.
    """
    size = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
    limits = Limits(memory=4 * size + (4 << 30), seconds=120)
    hint = "Export it again with the workstation's side of this very version."
    try:
        found = run_probe(["read", str(folder)], limits, cancel)
    except EngineError as error:
        raise ModelError(f"{shown} can't be run: {error.message}.", hint=hint) from error
    if "error" in found:
        said = str(found["error"]).replace(str(folder), str(shown)).rstrip(".")
        raise ModelError(f"{shown} can't be run: {said}.", hint=hint)


def now() -> str:
    """Return the time as a record has it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def publish(folder: Path, models_dir: Path, record: ModelRecord) -> None:
    """Write the record and give the prepared folder its name: the model appears whole."""
    write_record(folder, record)
    target = models_dir / record.name
    try:
        folder.rename(target)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY):
            raise ModelError(
                f"A model named {record.name} appeared meanwhile.", hint="Try again."
            ) from error
        raise
    with contextlib.suppress(OSError):
        _sync_folder(models_dir)


def _sweep(models_dir: Path) -> None:
    """Remove what an installation that was killed an hour ago or more left behind."""
    for path in models_dir.glob(".incoming-*"):
        if time.time() - path.stat().st_mtime > _STALE_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _disk_error(models_dir: Path, error: OSError) -> ModelError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ModelError(
            f"The disk is full: the model was not added to {models_dir}.",
            hint="Make room on this disk, or choose another data folder: --data-dir",
        )
    return ModelError(
        f"{models_dir} can't be written: {error.strerror or error}.",
        hint="Check the rights of the data folder, or choose another: --data-dir",
    )
