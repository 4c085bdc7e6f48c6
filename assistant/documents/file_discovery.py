"""Find the files below the files and folders that a person names."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.documents.file_reader import not_a_file, unreadable
from assistant.documents.file_type import SUFFIXES
from assistant.documents.parse_errors import SUPPORTED, shown_name
from assistant.errors import DocumentError
from assistant.types import CancelToken


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A regular file that may be a document.

    `path` is absolute, with links followed; `name` is the path below the folder that the
    person named (or the file's own name), with "/" between its parts. `stamp` changes with
    the file's content, `changed` is when it did last (seconds since 1970), `size` is in bytes;
    `medium` tells that it lies on another file system than that folder.
    """

    path: Path
    name: str
    stamp: str = ""
    changed: float = 0.0
    size: int = 0
    medium: bool = False


@dataclass(frozen=True, slots=True)
class BadPath:
    """A path that can't be added, and why."""

    path: Path
    error: DocumentError


@dataclass(frozen=True, slots=True)
class Discovery:
    """The files found, in order, and how many files in folders are of other kinds."""

    entries: tuple[FoundFile | BadPath, ...]
    skipped: int


def discover(paths: Sequence[Path], cancel: CancelToken | None = None) -> Discovery:
    """Walk files and folders in the order given, each folder sorted by name.

    In folders, hidden names are left out, files of other kinds are counted, links are
    followed, and each folder and file is taken once, so that a circle of links ends. A link
    that leads out of the folder is a `BadPath`: a folder that somebody sent must not pull
    in what its receiver never named. What
    can't be read, and everything named by the person that is no document, becomes a
    `BadPath`; nothing is ever opened here, so a pipe or a device can't make it wait.
    Raises `Cancelled`.
    """
    walk = _Walk(cancel or CancelToken())
    entries: list[FoundFile | BadPath] = []
    for path in paths:
        entries.extend(walk.named(path))
    return Discovery(tuple(entries), walk.skipped)


class _Walk:
    def __init__(self, cancel: CancelToken) -> None:
        self._cancel = cancel
        self._seen: set[tuple[int, int]] = set()
        self._device: int | None = None
        self.skipped = 0

    def named(self, path: Path) -> Iterator[FoundFile | BadPath]:
        """Yield what a path that the person named stands for."""
        self._cancel.raise_if_cancelled()
        try:
            real = Path(os.path.realpath(path.expanduser(), strict=True))
            status = real.stat()
        except (OSError, ValueError, RuntimeError) as error:
            cause = error if isinstance(error, OSError) else ValueError(str(error))
            yield BadPath(path, unreadable(path, cause))
            return
        if stat.S_ISDIR(status.st_mode):
            if self._is_new(status):
                self._device = status.st_dev
                yield from self._named_folder(path, real)
        elif not stat.S_ISREG(status.st_mode):
            yield BadPath(path, not_a_file(path, status.st_mode))
        elif not _is_document(path.name, real.name):
            yield BadPath(path, _other_kind(path))
        elif self._is_new(status):
            yield _found(real, _portable(path.name), status)

    def _named_folder(self, path: Path, real: Path) -> Iterator[FoundFile | BadPath]:
        skipped, empty = self.skipped, True
        for entry in self._folder(real, ""):
            empty = False
            yield entry
        if empty:
            others = self.skipped - skipped
            also = f" (but {others} of other kinds)" if others else ""
            message = f"The folder '{shown_name(path)}' holds no new documents{also}."
            yield BadPath(path, DocumentError(message, hint=f"Documents may be {SUPPORTED}."))

    def _folder(self, top: Path, prefix: str) -> Iterator[FoundFile | BadPath]:
        """Walk a folder depth first without recursion, so that no depth is too deep."""
        stack: list[Iterator[tuple[Path, str]]] = [iter([(top, prefix)])]
        while stack:
            self._cancel.raise_if_cancelled()
            step = next(stack[-1], None)
            if step is None:
                stack.pop()
                continue
            path, name = step
            try:
                status = path.stat()
                if stat.S_ISDIR(status.st_mode):
                    if path.is_symlink() and not _is_below(top, os.path.realpath(path)):
                        yield BadPath(path, _leads_outside(path))
                    elif path == top or self._is_new(status):
                        stack.append(iter(_children(path, name)))
                    continue
            except OSError as error:
                yield BadPath(path, unreadable(path, error))
                continue
            yield from self._file(top, path, name, status)

    def _file(
        self, top: Path, path: Path, name: str, status: os.stat_result
    ) -> Iterator[FoundFile | BadPath]:
        real = Path(os.path.realpath(path))
        if not _is_document(path.name):
            self.skipped += 1
        elif not _is_below(top, real):
            yield BadPath(path, _leads_outside(path))
        elif not stat.S_ISREG(status.st_mode):
            yield BadPath(path, not_a_file(path, status.st_mode))
        elif self._is_new(status):
            yield _found(real, name, status, self._device)

    def _is_new(self, status: os.stat_result) -> bool:
        key = (status.st_dev, status.st_ino)
        if key[1] == 0:  # a file system without inode numbers can't tell
            return True
        if key in self._seen:
            return False
        self._seen.add(key)
        return True


def _found(path: Path, name: str, status: os.stat_result, device: int | None = None) -> FoundFile:
    medium = device is not None and status.st_dev != device
    changed = max(status.st_mtime, status.st_ctime)
    return FoundFile(path, name, stamp_of(status), changed, status.st_size, medium)


def stamp_of(status: os.stat_result) -> str:
    """Return what changes with a file's content: its size, times and inode.

    The time at which the inode was changed can't be set back, and files that swap their names
    take their inodes with them.
    """
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def _children(folder: Path, prefix: str) -> list[tuple[Path, str]]:
    """List a folder, sorted, without hidden names. Raises `OSError`."""
    children = sorted(child for child in folder.iterdir() if not child.name.startswith("."))
    lead = f"{prefix}/" if prefix else ""
    return [(child, lead + _portable(child.name)) for child in children]


def _portable(name: str) -> str:
    r"""Return a file name as text that any store can hold: undecodable bytes as \xNN."""
    return os.fsencode(name).decode("utf-8", errors="backslashreplace")


def _is_document(*names: str) -> bool:
    return any(Path(name).suffix.lower() in SUFFIXES for name in names)


def _is_below(top: Path, real: str | Path) -> bool:
    return Path(real).is_relative_to(top)


def _leads_outside(path: Path) -> DocumentError:
    return DocumentError(
        f"'{shown_name(path)}' is a link that leads out of the folder, so it was left out.",
        hint="If you want what it leads to, name that file or folder itself.",
    )


def _other_kind(path: Path) -> DocumentError:
    ending = f"ends in '{shown_name(path.suffix)}'" if path.suffix else "has no name ending"
    return DocumentError(
        f"'{shown_name(path)}' {ending}, which is no kind of document that can be read.",
        hint=f"Documents may be {SUPPORTED}; save it as one of these and add that.",
    )
