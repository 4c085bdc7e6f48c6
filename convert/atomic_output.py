"""Write a step's folder atomically: it replaces an older one only when it is complete.

A step works in a folder beside its target. When it ends well, that folder takes the
target's name; what stood there before is removed only then. A step that was killed leaves
its working folder behind, which the next one removes.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError, ModelError, UsageError
from assistant.types import CancelToken
from convert.step_record import StepRecord, is_done, read_record, write_record

Progress = Callable[[str, int, int], None]
"""Called with (what is done, units done, units in all; 0 if not known)."""

ROOM_LEFT = 64 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_RUST_OS_ERROR = re.compile(r"\(os error (\d+)\)")


def quiet(what: str, done: int, total: int) -> None:
    """A `Progress` that shows nothing."""


@dataclass(frozen=True, slots=True)
class Job:
    """A running step's progress callback and cancel token."""

    progress: Progress = quiet
    cancel: CancelToken = field(default_factory=CancelToken)

    @classmethod
    def of(cls, progress: Progress, cancel: CancelToken | None) -> Job:
        return cls(progress, cancel or CancelToken())


def finished(folder: Path, step: str, **task: Any) -> StepRecord | None:
    """Return the record of `folder` if `step` was done with this very task (`is_done`)."""
    return read_record(folder) if is_done(folder, step, **task) else None


@contextmanager
def atomic_folder(target: Path, step: str, needed: int = 0) -> Iterator[Path]:
    """Give an empty folder that takes the place of `target` when the block ends well.

    `needed` is the room in bytes that the step takes. Raises `UsageError` if `target`
    holds anything but an older result of this very step, `ModelError` for a full disk.
    """
    with disk_errors(target, needed):
        target.parent.mkdir(parents=True, exist_ok=True)
        _recover(target)
        require_replaceable(target, step)
        require_room(target.parent, needed)
        prefix = f".{target.name}.incoming-{os.getpid()}-"
        temporary = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
        try:
            yield temporary
            temporary.chmod(0o755)
            _swap(temporary, target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def run_atomic_step(
    target: Path,
    step: str,
    work: Callable[[Path], dict[str, Any]],
    *,
    inputs: Mapping[str, Path],
    settings: Mapping[str, Any],
    outputs: Sequence[str],
) -> dict[str, Any]:
    """Have `work` fill a temporary folder with `outputs`, record it; return its figures.

    Whatever `work` raises leaves `target` as it was.
    """
    began = time.monotonic()
    with atomic_folder(target, step) as temporary:
        figures = work(temporary)
        write_record(
            temporary,
            step,
            inputs=inputs,
            settings=settings,
            outputs={name: temporary / name for name in outputs},
            figures=figures,
            seconds=time.monotonic() - began,
        )
    return figures


def require_replaceable(target: Path, step: str) -> None:
    """Raise `UsageError` if `target` holds what `step` did not write."""
    if not target.exists():
        return
    if not target.is_dir():
        raise UsageError(f"{target} is no folder.", hint="Name a new folder for the result.")
    if not any(target.iterdir()):
        return
    record = read_record(target)
    if record is None or record.step != step:
        raise UsageError(
            f"{target} holds something else already.", hint="Name a new or empty folder."
        )


def require_room(folder: Path, needed: int) -> None:
    """Raise `ModelError` if `needed` bytes don't fit on the disk of `folder`."""
    free = shutil.disk_usage(folder).free
    if needed and free < needed + ROOM_LEFT:
        raise disk_full(folder, needed, free)


def disk_full(folder: Path, needed: int, free: int | None = None) -> ModelError:
    """Return the error for a disk that has no room for `needed` bytes."""
    has = "" if free is None else f", {free >> 20} MiB are free"
    wants = f": {-(-needed >> 20)} MiB are needed{has}" if needed else ""
    return ModelError(
        f"There is no room in {folder}{wants}.",
        hint="Make room on this disk or name a folder on another one. Nothing was changed.",
        title="The disk is full",
    )


@contextmanager
def disk_errors(target: Path, needed: int = 0) -> Iterator[None]:
    """Translate what goes wrong with the disk inside the block to `ModelError`.

    safetensors raises an exception of its own, which tells the number of the system's
    error in its text only.
    """
    try:
        yield
    except AssistantError:
        raise
    except Exception as error:
        number = _system_error(error)
        if number in _FULL:
            raise disk_full(target.parent, needed) from error
        if isinstance(error, OSError):
            raise ModelError(
                f"{target} can't be written: {error.strerror or error}.",
                hint="Check the rights of the folder, or name another one.",
            ) from error
        raise


def _system_error(error: BaseException) -> int | None:
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    found = _RUST_OS_ERROR.search(str(error))
    return int(found[1]) if found else None


def _previous(target: Path) -> Path:
    return target.with_name(f".{target.name}.previous")


def _swap(temporary: Path, target: Path) -> None:
    """Give `temporary` the name `target`; a crash in between is mended by `_recover`."""
    if target.exists():
        target.rename(_previous(target))
    temporary.rename(target)
    shutil.rmtree(_previous(target), ignore_errors=True)


def _recover(target: Path) -> None:
    """Mend what a step that was killed left: its working folder, a swap half done."""
    previous = _previous(target)
    if previous.is_dir():
        if target.exists():
            shutil.rmtree(previous, ignore_errors=True)
        else:
            previous.rename(target)
    for left in target.parent.glob(f".{target.name}.incoming-*"):
        owner = left.name.rsplit("-", 2)[1]
        if owner.isdigit() and not _alive(int(owner)):
            shutil.rmtree(left, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
