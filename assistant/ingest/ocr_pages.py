"""Read the pages of a document that are pictures, and try the text that an earlier OCR left."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.config import Settings
from assistant.documents.ocr_text import with_ocr
from assistant.documents.parse_errors import ParseFault, document_error
from assistant.errors import DocumentError
from assistant.types import (
    SURE,
    Attachment,
    CancelToken,
    FileProgress,
    IngestEvent,
    KeptPages,
    Note,
    Ocr,
    OcrPage,
    PageDrawer,
    ParsedFile,
)

_WORD = re.compile(r"[^\W\d_]{3,}")
_RIGHT = 0.9
"""Share of the words that an earlier OCR has right at least: Tesseract had 0.99 to 1.00 of them on
eight sharp pages with 150 dots an inch, 0.01 to 0.80 on seven of the same noisy ones with 68."""

_ENOUGH = 20
_KEPT_TOGETHER = 5
"""Pages that are kept at once: a kill costs no more than reading these again."""


@dataclass(frozen=True, slots=True)
class PictureReader:
    """What draws the pages, what reads them, and where what was read is kept meanwhile."""

    drawer: PageDrawer
    ocr: Ocr
    kept: KeptPages | None = None


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

    A page that can't be drawn stays without text, and the others go on. Pages that an earlier
    run has read are not read again. Raises `DocumentError` if there is no text in the end,
    `EngineError` and `Cancelled` as `Ocr.read` does.
    """
    known = reader.kept.kept(parsed.content_hash) if reader.kept is not None else {}
    pages = {number: known[number] for number in parsed.pictures if number in known}
    unread = [number for number in parsed.pictures if number not in pages]
    fresh: dict[int, OcrPage] = {}
    failed: DocumentError | None = None
    began, total, before = time.monotonic(), len(parsed.pictures), len(pages)
    try:
        for done, number in enumerate(unread):
            cancel.raise_if_cancelled()
            seconds = (time.monotonic() - began) / done * (len(unread) - done) if done else None
            yield FileProgress(path, index, "recognizing", before + done, total, seconds)
            try:
                picture = reader.drawer.picture(file, number, parsed.content_hash, cancel)
            except DocumentError as error:
                failed = failed or error
                continue
            pages[number] = fresh[number] = reader.ocr.read(picture, cancel)
            if len(fresh) >= _KEPT_TOGETHER:
                _keep(reader, parsed.content_hash, fresh)
    finally:
        if len(pages) < total:  # stopped: the next run goes on here
            _keep(reader, parsed.content_hash, fresh)
    yield FileProgress(path, index, "recognizing", total, total, 0.0)
    if failed is not None and not pages and not parsed.document.text:
        raise failed
    try:
        return replace(parsed, document=with_ocr(parsed.document, pages), pictures=())
    except ParseFault as fault:
        name = str(file) if isinstance(file, Path) else file.name
        memory, seconds = settings.parse_memory_mb, settings.parse_seconds
        raise document_error(name, fault, memory_mb=memory, seconds=seconds) from fault


def _keep(reader: PictureReader, content_hash: str, fresh: dict[int, OcrPage]) -> None:
    if reader.kept is not None and fresh:
        reader.kept.keep(content_hash, fresh)
    fresh.clear()


def with_layer_tried(
    file: Path | Attachment, parsed: ParsedFile, reader: PictureReader, cancel: CancelToken
) -> ParsedFile:
    """Read one of the pages that an earlier OCR has read before, and say if that read badly.

    Its words are what a search and a quote would show. Word-like garbage is not told by rules
    (its share by those of Taghva et al. 2001 was 0 on pages with every fifth letter wrong), but
    by reading the page again. A page that can't be drawn is left as it is.
    """
    document = parsed.document
    note = next((n for n in document.notes if n.code == "ocr_layer"), None)
    if note is None or parsed.pictures:
        return parsed
    number = note.pages[len(note.pages) // 2]
    try:
        picture = reader.drawer.picture(file, number, parsed.content_hash, cancel)
    except DocumentError:
        return parsed
    share = _share_of_words(document.page_text(number), reader.ocr.read(picture, cancel))
    if share >= _RIGHT:
        return parsed
    poor = Note("poor_ocr_layer", note.number, f"{share:.0%}".rstrip("%"), note.pages)
    notes = tuple(poor if n is note else n for n in document.notes)
    return replace(parsed, document=replace(document, notes=notes))


def _share_of_words(layer: str, read: OcrPage) -> float:
    """Return the share of the words, as OCR surely reads them, that a layer has; 1 for few."""
    sure = " ".join(line.text for line in read.lines if line.confidence >= SURE)
    words = Counter(_WORD.findall(sure.casefold()))
    if words.total() < _ENOUGH:
        return 1.0
    return (words & Counter(_WORD.findall(layer.casefold()))).total() / words.total()
