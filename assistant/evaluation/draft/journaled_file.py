r"""A file that is written again after every key, and never lost: not even to `kill -9`.

Under the lockdown nothing can be made beside a file that a person named, so it can't be
replaced by renaming; and the data folder is to hold nothing in the clear. So the file is its
own journal. To change it, the new content is first put behind the old one, past the end of
both, as

    \n NUL "review " SHA-256 " " length \n content

and synced; then it is written over the beginning; then the rest is cut off. Whoever opens
the file after a kill finds either no whole journal (the old content is untouched) or a whole
one (its content is written again). A suite is JSON, where no bare NUL can stand.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from io import FileIO
from pathlib import Path

from assistant.errors import AssistantError, SuiteError
from assistant.evaluation.suite import CUT_OFF, MOST_BYTES, read_suite_file

_JOURNAL = re.compile(rb"\n" + re.escape(CUT_OFF) + rb"([0-9a-f]{64}) (\d{1,12})\n")


class JournaledFile:
    """The bytes of `path`, mended if a killed process left them half written.

    Raises `SuiteError` when the file can't be read, `AssistantError` if it can't be mended.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = read_suite_file(path, 3 * MOST_BYTES)
        found = last_whole(self.data)
        if found is not None:
            self._change(lambda file: _settle(file, found))
            self.data = found

    def write(self, data: bytes) -> None:
        """Write new content. Raises `AssistantError`; `SuiteError` if someone else wrote."""
        if read_suite_file(self.path, 3 * MOST_BYTES) != self.data:
            raise SuiteError(
                f"{self.path.name} was changed by another program meanwhile.",
                hint="Close the review and open it again; the last key was not written.",
            )
        old = len(self.data)

        def rewrite(file: FileIO) -> None:
            begin_writing(file, data, old)
            _settle(file, data)

        self._change(rewrite)
        self.data = data

    def _change(self, change: Callable[[FileIO], None]) -> None:
        try:
            with FileIO(self.path, "r+") as file:
                change(file)
        except OSError as error:
            raise AssistantError(
                f"{self.path.name} can't be written: {error.strerror or 'unknown reason'}.",
                hint="Check the disk and its room. What was decided before is kept.",
            ) from error


def last_whole(data: bytes) -> bytes | None:
    """Return the content that a file should have, or None if nothing was cut off in it."""
    first = _JOURNAL.search(data)
    if first:
        content = data[first.end() :]
        whole = hashlib.sha256(content).hexdigest().encode() == first[1]
        if whole and len(content) == int(first[2]):
            return content
    at = data.find(b"\0")
    if at < 0:
        return None
    head, tail = data[:at].rstrip(b"\n") + b"\n", data[at:].lstrip(b"\0")
    begun = (b"\n" + CUT_OFF, CUT_OFF[1:])
    ours = any(tail.startswith(mark) or mark.startswith(tail) for mark in begun)
    return head if ours and _is_json(head) else None


def _is_json(head: bytes) -> bool:
    """Whether this is a suite at all: nobody's other file is to be cut."""
    lines = [line for line in head.split(b"\n") if line.strip()]
    try:
        return bool(lines) and all(isinstance(json.loads(line), dict) for line in lines)
    except (ValueError, RecursionError):
        return False


def begin_writing(file: FileIO, data: bytes, old: int) -> None:
    """Put new content behind the old (`old` bytes) and sync it: from here on it is kept.

    Disk full: what was put there is taken away again, and the error raised.
    """
    at = max(old, len(data))
    digest = hashlib.sha256(data).hexdigest()
    journal = b"\n" + CUT_OFF + f"{digest} {len(data)}\n".encode() + data
    try:
        _write_all(file, journal, at)
        os.fsync(file.fileno())
    except OSError:
        file.truncate(old)
        raise


def _settle(file: FileIO, data: bytes) -> None:
    _write_all(file, data, 0)
    os.fsync(file.fileno())
    file.truncate(len(data))
    os.fsync(file.fileno())


def _write_all(file: FileIO, data: bytes, at: int) -> None:
    file.seek(at)
    left = memoryview(data)
    while left:
        left = left[file.write(left) or 0 :]
