"""What a run has to do beyond adding: find out what is as it was, and what is gone.

A file is as it was if its size, times and inode are those that the last sync noted. They are
noted only if the last change lies far enough back: a file may change twice within one tick of
the file system's clock, and a clock may be set back. All else is compared by content.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from assistant import __version__
from assistant.documents.file_discovery import BadPath, Discovery, FoundFile, stamp_of
from assistant.documents.file_reader import content_hash
from assistant.errors import DocumentError
from assistant.ingest.gone_files import GoneFiles, full_source
from assistant.ingest.plan import portable_source
from assistant.ingest.run_library import RunLibrary
from assistant.types import (
    CancelToken,
    DocumentMoved,
    FileAdded,
    FileGone,
    FileKnown,
    FileProgress,
    FilesKept,
    IngestEvent,
    KnownFile,
    NamesAlike,
    RunProgress,
    Store,
    SyncRules,
)

SETTLED = 2.0
"""Seconds that a change must lie back: FAT writes times to two seconds."""

_NOTED_AT_ONCE = 1000


class SyncRun:
    """One run over `paths`; without `rules` it only says what is gone."""

    def __init__(
        self,
        store: Store,
        paths: Sequence[Path],
        rules: SyncRules | None,
        clock: Callable[[], float],
    ) -> None:
        self._store, self._paths, self._rules, self._clock = store, paths, rules, clock
        self._alone: AbstractContextManager[None] = nullcontext()
        self._known: dict[str, KnownFile] = {}
        self._before: dict[str, int] = {}
        self._notes: dict[str, KnownFile | None] = {}
        self._as_they_were: set[Path] = set()
        self._began = self._started = 0.0
        self._files = self._size = self._done = 0
        self.unchanged = 0

    def __enter__(self) -> None:
        if self._rules is not None:
            self._alone = self._store.syncing()
            self._alone.__enter__()
            self._known, self._before = self._store.known_files(), self._store.sources()
        self._began = self._clock()

    def __exit__(self, *error: object) -> None:
        try:
            self._write()
        finally:
            self._alone.__exit__(None, None, None)

    def compare(
        self, found: Discovery, max_mb: int, cancel: CancelToken
    ) -> Generator[IngestEvent, None, dict[Path, str | DocumentError]]:
        """Return the hash of each file, or why it can't be read: that is told at its turn."""
        contents: dict[Path, str | DocumentError] = {}
        for index, entry in enumerate(found.entries):
            cancel.raise_if_cancelled()
            if isinstance(entry, FoundFile):
                content: str | DocumentError | None = self._content(entry)
                if content is None:
                    yield FileProgress(entry.path, index, "comparing", 0, 1)
                    content = content_hash(entry.path, max_mb)
                contents[entry.path] = content
        return contents

    def _content(self, file: FoundFile) -> str | None:
        """Return the hash of a file that is as it was; None if it has to be read."""
        known = self._known.get(portable_source(file.path))
        trusted = self._rules is not None and not self._rules.full and known is not None
        return known.content_hash if trusted and known and known.stamp == file.stamp else None

    def begin(
        self,
        found: Discovery,
        contents: Mapping[Path, str | DocumentError],
        moved: Sequence[DocumentMoved],
    ) -> Iterator[IngestEvent]:
        """Tell what moved, and how much there is to read."""
        if self._rules is None:
            return
        yield from moved
        files = [entry for entry in found.entries if isinstance(entry, FoundFile)]
        yield from _names_alike(files)
        here = {record.content_hash for record in self._store.documents()}
        for file in files:
            content = contents[file.path]
            if self._content(file) == content and (content in here or self._failure(file, content)):
                self._as_they_were.add(file.path)
                self._seen(portable_source(file.path))
            elif content not in here:
                self._files, self._size = self._files + 1, self._size + file.size
        self._started = time.monotonic()
        yield RunProgress(self._files, 0, self._size)

    def is_folder(self, path: Path) -> bool:
        """Tell whether a sync names `path`: what is wrong with it is told by `gone`."""
        return self._rules is not None and path in self._paths

    def is_unchanged(self, file: FoundFile) -> bool:
        """Tell whether nothing has to be done for a file, because it is as it was."""
        if file.path not in self._as_they_were:
            return False
        content = self._known[portable_source(file.path)].content_hash
        if self._failure(file, content) is None:
            self.unchanged += 1
            return True
        return False

    def reading(
        self, file: FoundFile, content: str | DocumentError, events: Iterator[IngestEvent]
    ) -> Iterator[IngestEvent]:
        """Pass on the events of reading a file, and note how it ended."""
        if self._rules is None or isinstance(content, DocumentError):
            yield from events
            return
        before = self._failure(file, content)
        if before is not None:
            raise before
        last: IngestEvent | None = None
        try:
            for event in events:
                last = event
                yield event
        except DocumentError as error:
            said = "\n".join((__version__, error.hint.replace("\n", " "), error.message))
            self._note(file, content, said)
            raise
        if isinstance(last, FileAdded | FileKnown) and last.document.content_hash == content:
            self._note(file, content)

    def pace(self, file: FoundFile) -> Iterator[IngestEvent]:
        """Tell how far the reading is after a file."""
        if self._rules is None or file.path in self._as_they_were:
            return
        self._done = min(self._done + file.size, self._size)
        spent = time.monotonic() - self._started
        rate = self._done / spent if spent > 0 else 0.0
        left = (self._size - self._done) / rate if rate else None
        yield RunProgress(self._files, self._done, self._size, rate, left)

    def gone(self, found: Discovery, library: RunLibrary) -> Iterator[IngestEvent]:
        """Say whose files are gone; forget those whose grace is over, if this is a sync."""
        held = self._store.sources()
        records = {record.id: record for record in self._store.documents()}
        emptied = self._rules is not None and self._rules.emptied
        missing = GoneFiles(found, held, self._before, self._known, emptied=emptied)
        every: set[str] = set()
        for path in self._paths:
            gone, kept = missing.below(path)
            every.update(gone)
            if self._rules is not None:
                yield from (FilesKept(path, number, error) for number, error in kept)
        due = {source: self._due(source) for source in every} if self._rules else {}
        self._forget_stale_notes(found, held)
        for source in sorted(every):
            record = records[held[source]]
            others = {s for s, number in held.items() if number == record.id} - every
            until = due.get(source, 0.0)
            if not others and (self._rules is None or until > self._began):
                yield FileGone(Path(source), record, _iso(until) if self._rules else "")
        over = {source for source, until in due.items() if until <= self._began}
        if over:
            self._write()
            yield from self._forgotten(over, library)

    def _forgotten(self, sources: set[str], library: RunLibrary) -> Iterator[IngestEvent]:
        now = _iso(self._began)
        for record in library.forget_files(sources):
            yield FileGone(Path(record.source), record, now, forgotten=True)

    def _due(self, source: str) -> float:
        """Return when a file that is gone is to be forgotten; note that it was missed."""
        known = self._known.get(source, KnownFile())
        since = _seconds(known.gone_since)
        if not 0.0 < since <= self._began:  # not missed before, or the clock was set back
            since = self._began
            self._put(source, replace(known, gone_since=_iso(since)))
        grace = self._rules.grace if self._rules else 0.0
        return since + grace

    def _seen(self, source: str) -> None:
        known = self._known[source]
        if known.gone_since:
            self._put(source, replace(known, gone_since=""))

    def _note(self, file: FoundFile, content: str, failure: str = "") -> None:
        settled = file.changed <= self._began - SETTLED
        try:
            stays = settled and stamp_of(file.path.stat()) == file.stamp
        except OSError:
            stays = False
        noted = KnownFile(file.stamp if stays else "", content, failure, medium=file.medium)
        self._put(portable_source(file.path), noted)

    def _put(self, source: str, noted: KnownFile | None) -> None:
        if self._known.get(source) != noted:
            self._notes[source] = noted
        if len(self._notes) >= _NOTED_AT_ONCE:
            self._write()

    def _write(self) -> None:
        notes, self._notes = self._notes, {}
        if notes:
            self._store.note_files(notes)

    def _failure(self, file: FoundFile, content: str | DocumentError) -> DocumentError | None:
        """Return why this content could not be read before, by this version of the program."""
        known = self._known.get(portable_source(file.path))
        if self._rules is None or self._rules.full or known is None or not known.failure:
            return None
        version, hint, message = known.failure.split("\n", 2)
        same = known.content_hash == content and version == __version__
        return DocumentError(message, hint=hint) if same else None

    def _forget_stale_notes(self, found: Discovery, held: Mapping[str, int]) -> None:
        """Remove notes of files that are not there and hold no document."""
        if self._rules is None:
            return
        there = {portable_source(e.path) for e in found.entries if isinstance(e, FoundFile)}
        there |= {portable_source(e.path) for e in found.entries if isinstance(e, BadPath)}
        below = tuple(f"{full_source(path)}/" for path in self._paths)
        for source in self._known:
            if source not in there and source not in held and source.startswith(below):
                self._put(source, None)


def _names_alike(files: Sequence[FoundFile]) -> Iterator[NamesAlike]:
    alike: dict[str, list[Path]] = {}
    for file in files:
        key = unicodedata.normalize("NFC", portable_source(file.path)).casefold()
        alike.setdefault(key, []).append(file.path)
    yield from (NamesAlike(tuple(paths)) for paths in alike.values() if len(paths) > 1)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp() if moment else 0.0
