"""Events of adding documents to a library, in the order in which they happen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant.errors import AssistantError
from assistant.types.documents import DocumentRecord

Stage = Literal["comparing", "reading", "recognizing", "embedding", "storing"]


@dataclass(frozen=True, slots=True)
class FilesFound:
    """The paths were walked: `total` files will be tried.

    `skipped` files in folders are of other kinds and were passed over.
    """

    total: int
    skipped: int = 0


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
class IngestFinished:
    """Always the last event, also after a cancel."""

    added: int
    known: int
    failed: int
    cancelled: bool


IngestEvent = FilesFound | FileProgress | FileAdded | FileKnown | FileFailed | IngestFinished
