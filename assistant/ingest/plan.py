"""Plan a whole run of adding files, before it changes anything: new, moved, known documents.

A file that was renamed, copied or swapped with another has content that the library knows,
at a path that may have held something else. Deciding that file by file would forget a document
because its old path holds another one now, before its new path is looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.types import DocumentRecord, Placement


@dataclass(frozen=True, slots=True)
class FileContent:
    """The file at a path: the SHA-256 of its bytes, and the name that its document gets."""

    content_hash: str
    name: str


def plan(
    files: Mapping[str, FileContent],
    records: Sequence[DocumentRecord],
    held: Mapping[str, int],
    deleted: Collection[str] = (),
) -> tuple[list[Placement], list[int]]:
    """Decide which documents get new places and which are gone, given the files of a run.

    `held` are the paths that the library knows, and the documents that they held. A document
    is gone if all its paths hold other known content. Where one of them holds new content, the
    document stays until that is stored, which then replaces it.
    Nothing lies at the `deleted` paths any more.
    """
    known = {record.content_hash for record in records}
    here: dict[str, list[str]] = {}
    for source, file in files.items():
        here.setdefault(file.content_hash, []).append(source)
    folders = Folders()
    before: dict[int, list[str]] = {}
    for source, number in held.items():
        before.setdefault(number, []).append(source)
    files_now: dict[int, list[str]] = {}
    for record in records:
        old = [s for s in before.get(record.id, []) if carrier(s, held) is None]
        others = [source for source in old if source not in files]
        changed = [source for source in old if source in files]
        found = here.get(record.content_hash)
        if found:
            kept = {*found, *(source for source in others if folders.have(source))}
            now = [s for s in old if s in kept] + [s for s in found if s not in old]
        elif changed:
            now = [source for source in others if folders.have(source) is not False]
            now = now or [s for s in changed if files[s].content_hash not in known]
        else:
            now = [source for source in old if source not in deleted]
        files_now[record.id] = now
    return _changes(records, before, files_now, files, held)


def carrier(source: str, held: Mapping[str, int]) -> str | None:
    """Return the file that holds the attachment at `source`; None if that is a file itself."""
    found, parent = None, source.rpartition("/")[0]
    while parent:
        found = parent if parent in held else found
        parent = parent.rpartition("/")[0]
    return found


def _changes(
    records: Sequence[DocumentRecord],
    before: Mapping[int, list[str]],
    files_now: Mapping[int, list[str]],
    files: Mapping[str, FileContent],
    held: Mapping[str, int],
) -> tuple[list[Placement], list[int]]:
    """Let attachments go where their mails go, and return what is new."""
    placements: list[Placement] = []
    gone: list[int] = []
    for record in records:
        old, now = before.get(record.id, []), list(files_now[record.id])
        for source in old:
            mail = carrier(source, held)
            if mail is not None:
                now += (new + source[len(mail) :] for new in files_now[held[mail]])
        now = sorted(dict.fromkeys(now), key=lambda s: old.index(s) if s in old else len(old))
        if not now and old:
            gone.append(record.id)
        elif now != old:
            placements.append(Placement(record.id, tuple(now), _new_name(old, now, files, held)))
    return placements, gone


def _new_name(
    old: list[str], now: list[str], files: Mapping[str, FileContent], held: Mapping[str, int]
) -> str:
    """A document is called after its first path: it keeps its name as long as that stays."""
    if old and old[0] in now:
        return ""
    mail = carrier(now[0], {**held, **dict.fromkeys(files, 0)}) or now[0]
    name = files[mail].name if mail in files else Path(mail).name
    return ": ".join([name, *now[0][len(mail) :].strip("/").split("/")]) if mail != now[0] else name


class Folders:
    """Which files are where, with their names as they are written; a folder is listed once."""

    def __init__(self) -> None:
        self._listed: dict[Path, frozenset[str] | None] = {}

    def have(self, source: str) -> bool | None:
        """Tell whether there is a file at a path; None if its folder is not there.

        The folder may have been renamed, or be on a medium that is not there now.
        """
        if "\\x" in source:  # bytes that are no text, see `portable_source`: can't be asked for
            return True
        path = Path(source)
        if path.parent not in self._listed:
            try:
                self._listed[path.parent] = frozenset(child.name for child in path.parent.iterdir())
            except PermissionError:  # the lockdown lets nobody list it
                return _may_be_there(path)
            except OSError:
                self._listed[path.parent] = None
        names = self._listed[path.parent]
        return None if names is None else path.name in names


def _may_be_there(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def portable_source(path: Path) -> str:
    """Return the absolute path as text that any store can hold, the same one every time."""
    return (
        str(path)
        .encode("utf-8", errors="surrogateescape")
        .decode("utf-8", errors="backslashreplace")
    )
