"""Read the pages of a document that are pictures, one after another."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.config import Settings
from assistant.documents.ocr_text import with_ocr
from assistant.documents.parse_errors import ParseFault, document_error
from assistant.errors import DocumentError
from assistant.types import (
    Attachment,
    CancelToken,
    FileProgress,
    IngestEvent,
    Ocr,
    OcrPage,
    PageDrawer,
    ParsedFile,
)


@dataclass(frozen=True, slots=True)
class PictureReader:
    """What draws the pages, and what reads them."""

    drawer: PageDrawer
    ocr: Ocr


def read_pictures(
    file: Path | Attachment,
    parsed: ParsedFile,
    path: Path,
    index: int,
    reader: PictureReader,
    settings: Settings,
    cancel: CancelToken,
) -> Generator[IngestEvent, None, ParsedFile]:
    """Return the file with the text of its pictures; tell the pace before each page.

    A page that can't be drawn stays without text, and the others go on. Raises `DocumentError`
    if there is no text in the end, `EngineError` and `Cancelled` as `Ocr.read` does.
    """
    pages: dict[int, OcrPage] = {}
    failed: DocumentError | None = None
    began, total = time.monotonic(), len(parsed.pictures)
    for done, number in enumerate(parsed.pictures):
        cancel.raise_if_cancelled()
        left = (time.monotonic() - began) / done * (total - done) if done else None
        yield FileProgress(path, index, "recognizing", done, total, left)
        try:
            picture = reader.drawer.picture(file, number, parsed.content_hash, cancel)
        except DocumentError as error:
            failed = failed or error
            continue
        pages[number] = reader.ocr.read(picture, cancel)
    yield FileProgress(path, index, "recognizing", total, total, 0.0)
    if failed is not None and not pages and not parsed.document.text:
        raise failed
    try:
        return replace(parsed, document=with_ocr(parsed.document, pages), pictures=())
    except ParseFault as fault:
        name = str(file) if isinstance(file, Path) else file.name
        memory, seconds = settings.parse_memory_mb, settings.parse_seconds
        raise document_error(name, fault, memory_mb=memory, seconds=seconds) from fault
