"""Tell files that were deleted from those that are only out of reach."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from assistant.documents.file_discovery import BadPath, Discovery, FoundFile
from assistant.errors import AssistantError, DocumentError
from assistant.ingest.plan import Folders, carrier, portable_source
from assistant.types import KnownFile

_HINT = (
    "If they lie on a medium or a network drive, connect that and sync again. If they were "
    "deleted, say so: assistant sync --emptied"
)


class GoneFiles:
    """What is missing of the files that the library knows, after the folders were walked.

    `held` are the paths of its documents, `before` those from before this run; `emptied` takes
    whatever is missing for deleted.
    """

    def __init__(
        self,
        found: Discovery,
        held: Mapping[str, int],
        before: Mapping[str, int],
        known: Mapping[str, KnownFile],
        *,
        emptied: bool,
    ) -> None:
        self._held, self._known, self._emptied = held, known, emptied
        self._before, self._numbers = before, set(before.values())
        self._there = {portable_source(e.path) for e in found.entries if isinstance(e, FoundFile)}
        self._bad: dict[str, AssistantError] = {}
        for entry in found.entries:
            if isinstance(entry, BadPath):
                self._bad[portable_source(entry.path.absolute())] = entry.error
                self._bad[full_source(entry.path)] = entry.error
        self._folders = Folders()

    def below(self, folder: Path) -> tuple[list[str], list[tuple[int, AssistantError]]]:
        """Return the paths below a folder whose files are gone, and what is kept and why.

        Kept are files that could not be looked for, those of a medium that is not there now,
        and, as that may be the reason, all files if all of them are missing at once.
        """
        top = full_source(folder)
        below = [source for source in self._held if _within(source, top)]
        below = [source for source in below if carrier(source, self._held) is None]
        missing = [source for source in below if self._is_missing(source)]
        if top in self._bad and not Path(top).is_dir() and not (self._emptied and missing):
            return [], [(len(missing), self._bad[top])]
        if self._emptied or not missing:
            return missing, []
        if len(missing) == sum(self._was_known(source) for source in below):
            return [], [(len(missing), _all_gone(folder, len(missing)))]
        within_reach = [source for source in missing if not self._out_of_reach(source)]
        away = {source for source in within_reach if self._on_absent_medium(source, top)}
        kept: list[tuple[int, AssistantError]] = []
        if away:
            kept = [(len(away), _medium_gone(folder, len(away)))]
        return [source for source in within_reach if source not in away], kept

    def _was_known(self, source: str) -> bool:
        """Tell whether a path, or the document that lies there now, is from before this run."""
        return source in self._before or self._held[source] in self._numbers

    def _is_missing(self, source: str) -> bool:
        return source not in self._there and self._folders.have(source) is not True

    def _out_of_reach(self, source: str) -> bool:
        """Tell whether something on the way to a file can't be read (it is named by itself)."""
        return any(parent in self._bad for parent in _upwards(source))

    def _on_absent_medium(self, source: str, top: str) -> bool:
        known = self._known.get(source)
        if known is None or not known.medium:
            return False
        nearest = next((p for p in _upwards(source) if Path(p).is_dir()), top)
        try:
            return Path(nearest).stat().st_dev == Path(top).stat().st_dev
        except OSError:
            return True


def full_source(path: Path) -> str:
    """Return a path that a person named as the library knows it: absolute, links followed."""
    return portable_source(Path(os.path.realpath(path.expanduser())))


def _within(source: str, top: str) -> bool:
    return source == top or source.startswith(f"{top.rstrip('/')}/")


def _upwards(source: str) -> Iterator[str]:
    at = source
    while at:
        yield at
        at = at.rpartition("/")[0]


def _all_gone(folder: Path, number: int) -> DocumentError:
    files = "The file that was" if number == 1 else f"All {number} files that were"
    return DocumentError(
        f"{files} in '{folder}' can't be found any more, so nothing was forgotten.", hint=_HINT
    )


def _medium_gone(folder: Path, number: int) -> DocumentError:
    return DocumentError(
        f"{number} files below '{folder}' lie on a medium that is not there now; nothing of it "
        "was forgotten.",
        hint=_HINT,
    )
