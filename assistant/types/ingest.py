"""Events of adding documents to a library, in the order in which they happen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant.errors import AssistantError
from assistant.types.documents import DocumentRecord

Stage = Literal["comparing", "reading", "recognizing", "embedding", "storing"]

GRACE_DAYS = 7.0


@dataclass(frozen=True, slots=True)
class SyncRules:
    """How folders are kept in step with the library.

    A document whose files are gone is forgotten `grace` seconds after that was first seen.
    `full` reads every file again, also those whose size and times say that they are as they
    were; `emptied` believes that all files of a folder were deleted, instead of taking it for
    a medium that is not there.
    """

    grace: float = GRACE_DAYS * 86400
    full: bool = False
    emptied: bool = False


@dataclass(frozen=True, slots=True)
class FilesFound:
    """The paths were walked: `total` files will be tried.

    `skipped` files in folders are of other kinds and were passed over. `note` says which embedder
    a new library was given because of its documents' language ("" if it is the usual one).
    """

    total: int
    skipped: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class FileProgress:
    """`done` of `total` steps of one file's `stage` are finished.

    All files are compared with the library before the first one is added. Steps are only for
    showing how far it is: characters while reading (1 in all before the text is
    there), pages while recognizing (OCR), chunks while embedding. `seconds_left` is how long the
    stage will still take at the rate so far, None where that isn't known.
    """

    path: Path
    index: int
    stage: Stage
    done: int
    total: int
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class FileAdded:
    """The file's document is committed to the store.

    `replaced` is the document that this path held before and that is gone now (None if its
    content lies elsewhere too); `note` says
    what a person should know ("" if there is nothing), such as pages without text.
    """

    path: Path
    index: int
    document: DocumentRecord
    replaced: DocumentRecord | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class FileKnown:
    """The very same content is in the library already, and is not stored again.

    `document` has the name of the place where the content lies now.
    """

    path: Path
    index: int
    document: DocumentRecord


@dataclass(frozen=True, slots=True)
class FileFailed:
    """The file was left out, and why; the others go on."""

    path: Path
    index: int
    error: AssistantError


@dataclass(frozen=True, slots=True)
class RunProgress:
    """Of the files that a sync has to read, `done` of `total` bytes are through.

    `seconds_left` is how long the rest takes at the rate so far, None where it isn't known.
    """

    files: int
    done: int
    total: int
    rate: float = 0.0
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class DocumentMoved:
    """A document was found under another path: only its place and its name have changed."""

    document: DocumentRecord
    before: str


@dataclass(frozen=True, slots=True)
class FileGone:
    """No file of a document is there any more, the last one was at `path`.

    A sync says when it is `due` to be forgotten (ISO 8601), or that it was `forgotten` now.
    Adding only says that it is gone: `due` is "" then.
    """

    path: Path
    document: DocumentRecord
    due: str = ""
    forgotten: bool = False


@dataclass(frozen=True, slots=True)
class FilesKept:
    """`files` files below `folder` are gone for a reason that is not their deletion.

    Nothing of them is forgotten; `error` says why, and what to do.
    """

    folder: Path
    files: int
    error: AssistantError


@dataclass(frozen=True, slots=True)
class NamesAlike:
    """Files of one folder whose names differ in case or in normal form only."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class IngestFinished:
    """Always the last event, also after a cancel.

    `unchanged` files were not read, because a sync found them as they had been.
    """

    added: int
    known: int
    failed: int
    cancelled: bool
    unchanged: int = 0


IngestEvent = (
    FilesFound
    | FileProgress
    | FileAdded
    | FileKnown
    | FileFailed
    | RunProgress
    | DocumentMoved
    | FileGone
    | FilesKept
    | NamesAlike
    | IngestFinished
)


@dataclass(frozen=True, slots=True)
class ReEmbedProgress:
    """`done` of `total` chunks have a new vector; `finished` tells that these are in use now.

    `seconds_left` is an estimate from the rate so far, None where there is none yet.
    """

    done: int
    total: int
    seconds_left: float | None = None
    finished: bool = False
