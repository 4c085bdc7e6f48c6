"""A model file that is hashed and loaded through one open descriptor.

Between the moment a file is checked and the moment llama.cpp opens it, somebody could put
another one in its place. So the file is opened once, hashed through that descriptor, and
llama.cpp is given the descriptor's own name (`/proc/self/fd/N`, Linux: the same file, whatever
stands under its path by then). Where there is no such name it is given the path, and path
and descriptor are compared afterwards. Either way the file's size and times of change must
be the same before and after.

Not covered: who may write the file can change it after it was loaded, as its pages are
mapped and not copied.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, cast

from assistant.errors import ModelError
from assistant.models.gguf_header import read_header_of
from assistant.models.model_install import open_regular

_DESCRIPTORS = Path("/proc/self/fd")


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """A GGUF file, and the SHA-256 (hex) that it must have."""

    path: Path
    sha256: str


Check = Callable[[Path, BinaryIO], object]
"""Looks at the content of an open file, whose path is for messages. Raises `ModelError`."""

Refuse = Callable[[str], ModelError]
"""Makes the error that says what is wrong with the file."""


def path_of(file: Path | PinnedFile) -> Path:
    """Return the path of a file, for messages."""
    return file if isinstance(file, Path) else file.path


@contextmanager
def held(file: Path | PinnedFile) -> Iterator[str]:
    """Give the name by which the checked bytes can be opened while the block runs.

    Of a plain path that is the path: nobody has vouched for it (the child that tries a new
    file). A pinned file is hashed and its header checked first. Raises `ModelError` if its
    bytes are others, or were changed inside the block.
    """
    if isinstance(file, Path):
        yield str(file)
        return
    folder = file.path.parent.name
    hint = f"Add the model again: assistant models remove {folder}, then add"

    def refuse(what: str) -> ModelError:
        return ModelError(f"{file.path} {what}.", hint=hint)

    with holding(file, read_header_of, refuse) as name:
        yield name


@contextmanager
def holding(file: PinnedFile, check: Check, refuse: Refuse) -> Iterator[str]:
    """Give the name by which a file's bytes can be opened: hashed, then looked at by `check`.

    Raises what `refuse` makes of a reason, what `check` raises, and `ModelError` if there is
    no plain file.
    """
    with open_regular(file.path) as opened:
        before = _of(os.fstat(opened.fileno()))
        digest = hashlib.file_digest(cast("BufferedReader", opened), "sha256").hexdigest()
        if digest != file.sha256:
            raise refuse("is damaged or was changed")
        check(file.path, opened)
        name = _DESCRIPTORS / str(opened.fileno())
        yield str(name) if name.exists() else str(file.path)
        after = _of(os.fstat(opened.fileno()))
        if after != before or not _is_at(file.path, before):
            raise refuse("was changed while it was loaded")


_State = tuple[int, int, int, int, int]


def _is_at(path: Path, state: _State) -> bool:
    try:
        return _of(path.stat()) == state
    except OSError:
        return False


def _of(found: os.stat_result) -> _State:
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def verify_file(path: Path, sha256: str) -> None:
    """Check that `path` has the pinned hash. Raises `ModelError`."""
    try:
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"{path} can't be read: {error.strerror or error}.", hint="Install the program again."
        ) from error
    if actual != sha256:
        raise not_pinned(path)


def not_pinned(path: Path, what: str = "is damaged or was changed") -> ModelError:
    """Return the error for a file that is not the one whose hash is known."""
    return ModelError(
        f"{path} is not the file that the catalogue pins: it {what}.",
        hint="Install the program again.",
    )
