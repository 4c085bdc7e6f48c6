"""What the library knows of the files of one run of adding, kept true while they are added."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from assistant.documents.file_discovery import BadPath, FoundFile
from assistant.errors import DocumentError
from assistant.ingest.plan import FileContent, plan, portable_source
from assistant.types import DocumentMoved, DocumentRecord, NewDocument, Placement, Store


class RunLibrary:
    """The store, and what it knows of the files of this run."""

    def __init__(self, store: Store, files: dict[str, FileContent]) -> None:
        self._store, self._files = store, files
        self._records = {record.id: record for record in store.documents()}
        self._held = store.sources()
        self._paths: dict[str, list[str]] = {}
        for source, file in files.items():
            self._paths.setdefault(file.content_hash, []).append(source)

    def settle(self) -> list[DocumentMoved]:
        """Tell the store where its documents lie now, and forget those that lie nowhere.

        Return the documents whose first path has changed.
        """
        placements, gone = plan(self._files, list(self._records.values()), self._held)
        for number in gone:
            self._store.forget(number)
        if placements:
            self._store.place(placements)
        return self._moved([placement.document_id for placement in placements])

    def forget_files(self, deleted: Collection[str]) -> list[DocumentRecord]:
        """Note that nothing lies at these paths any more; return the documents forgotten.

        The store is asked anew: documents may have been added or forgotten since.
        """
        records, held = self._store.documents(), self._store.sources()
        placements, gone = plan({}, records, held, deleted)
        if placements:
            self._store.place(placements)
        return [
            self._store.forget(record.id)
            for record in records
            # An attachment goes with its mail.
            if record.id in gone and self._store.find(record.content_hash) is not None
        ]

    def _moved(self, numbers: Sequence[int]) -> list[DocumentMoved]:
        self._held = self._store.sources()
        before = self._records
        if not numbers:
            return []
        self._records = {record.id: record for record in self._store.documents()}
        changed = [(self._records[n], before[n].source) for n in numbers if n in self._records]
        return [DocumentMoved(now, old) for now, old in changed if now.source != old]

    def sources_of(self, content: str, sources: Sequence[str]) -> tuple[str, ...]:
        """Return `sources` and the other paths of this run at which the same content lies."""
        return tuple(dict.fromkeys((*sources, *self._paths.get(content, ()))))

    def forget(self, content: str) -> list[str]:
        """Forget the document with this content, if there is one; return where it lay."""
        known = self._store.find(content)
        if known is None:
            return []
        held = [source for source, number in self._store.sources().items() if number == known.id]
        self._store.forget(known.id)
        return held

    def attach(self, known: DocumentRecord, sources: Sequence[str]) -> None:
        """Note that a known document lies at `sources` too, and with it what came with it."""
        added: dict[int, list[str]] = {known.id: list(sources)}
        held = self._store.sources()
        for old in [source for source, number in held.items() if number == known.id]:
            for source, number in held.items():
                if source.startswith(f"{old}/"):
                    added.setdefault(number, []).extend(s + source[len(old) :] for s in sources)
        placements = []
        for number, more in added.items():
            before = [source for source, other in held.items() if other == number]
            now = tuple(dict.fromkeys((*before, *more)))
            if len(now) > len(before):
                placements.append(Placement(number, now))
                self._held |= dict.fromkeys(more, number)
        if placements:
            self._store.place(placements)

    def add(self, new: NewDocument) -> tuple[DocumentRecord, DocumentRecord | None]:
        """Store a document; return its record, and that of one which it took the place of."""
        before = sorted({self._held[source] for source in new.sources if source in self._held})
        record = self._store.add(new)
        self._held |= dict.fromkeys(new.sources, record.id)
        left = [number for number in before if number not in self._held.values()]
        # What another process has added since is not among the records.
        replaced = next((self._records[n] for n in left if n in self._records), None)
        self._records[record.id] = record
        return record, replaced


def files_of(
    entries: Sequence[FoundFile | BadPath], contents: Mapping[Path, str | DocumentError]
) -> dict[str, FileContent]:
    """Return what lies at the paths that can be read."""
    return {
        portable_source(entry.path): FileContent(content, entry.name)
        for entry in entries
        if isinstance(entry, FoundFile) and isinstance(content := contents[entry.path], str)
    }
