"""The parser of the product: read a file here, parse its bytes in a sandboxed child process."""

from __future__ import annotations

import hashlib
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from assistant.config import Settings
from assistant.documents.file_reader import read_document
from assistant.documents.file_type import (
    MEDIA_TYPES,
    PICTURE_KINDS,
    SUFFIXES,
    Kind,
    picture_kind,
)
from assistant.documents.parse_errors import ParseFault, document_error
from assistant.documents.parser_process import Children, Limits, Outcome, best_children
from assistant.documents.parser_protocol import pack_request, unpack_picture, unpack_reply
from assistant.documents.size_limits import MAX_PAGES
from assistant.types import (
    AS_FOUND,
    WHOLE_PAGE,
    Attachment,
    CancelToken,
    PagePicture,
    PageView,
    ParsedDocument,
    ParsedFile,
    ReadOptions,
)

_MIB = 1024 * 1024
_MEMORY_EXIT = 77
_SIGXCPU = int(getattr(signal, "SIGXCPU", 24))
_SIGKILL = int(getattr(signal, "SIGKILL", 9))
_NEARLY = 0.8
PAGED = frozenset(MEDIA_TYPES[kind] for kind in ("pdf", *PICTURE_KINDS))
_PICTURES_ONLY = frozenset(["pdf_no_text", "pdf_unmapped", "picture_no_text"])
"""What says that a file is read by looking at it, and how many pages there are."""


class ChildParser:
    """Implements `types.Parser` and `types.PageDrawer`.

    One file at a time; safe to use from several threads. The wall clock allows twice the
    processor time and ten seconds, unless `wall_seconds` says otherwise. With `pictures` the
    caller reads pages by OCR: what has no text is no error then, but pages to be read. `close`
    ends the child processes; the next `parse` starts them again.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        children: Children | None = None,
        wall_seconds: float | None = None,
        pictures: bool = False,
    ) -> None:
        self._settings = settings
        self._pictures = pictures
        self._children = children or best_children()
        self._lock = threading.Lock()
        self._limits = Limits(
            memory=settings.parse_memory_mb * _MIB,
            processor_seconds=settings.parse_seconds,
            wall_seconds=wall_seconds or 2.0 * settings.parse_seconds + 10.0,
        )

    def parse(
        self,
        path: Path,
        cancel: CancelToken | None = None,
        options: ReadOptions = AS_FOUND,
    ) -> ParsedFile:
        """Read and parse `path`.

        Raises `DocumentError` that names the file, what is wrong and the remedy;
        `Cancelled` soon after a cancel, with the child killed.
        """
        return self._parse(str(path), self._read(path, cancel), cancel, options)

    def parse_attachment(
        self,
        attachment: Attachment,
        cancel: CancelToken | None = None,
        options: ReadOptions = AS_FOUND,
    ) -> ParsedFile:
        """Parse a file that another one held, in a child of its own; as `parse` does."""
        return self._parse(attachment.name, attachment.data, cancel, options)

    def picture(
        self,
        file: Path | Attachment,
        page: int,
        content_hash: str,
        cancel: CancelToken | None = None,
        view: PageView = WHOLE_PAGE,
    ) -> PagePicture:
        """Return page `page` (from 1) of the file as a picture. Raises as `parse` does."""
        if isinstance(file, Path):
            name, data = str(file), self._read(file, cancel)
        else:
            name, data = file.name, file.data
        with self._worded(name):
            if hashlib.sha256(data).hexdigest() != content_hash:
                raise ParseFault("changed_meanwhile")
            return unpack_picture(self._reply(name, data, cancel, view, page))

    def _parse(
        self, name: str, data: bytes, cancel: CancelToken | None, options: ReadOptions
    ) -> ParsedFile:
        if not self._pictures:  # nobody would read what the child leaves to OCR
            options = replace(options, ocr="never")
        with self._worded(name):
            try:
                document = unpack_reply(self._reply(name, data, cancel, options))
            except ParseFault as fault:
                if fault.code not in _PICTURES_ONLY or options.ocr == "never":
                    raise
                document = _pages_only(fault, picture_kind(data[:8]) or "pdf")
        digest = hashlib.sha256(data).hexdigest()
        return ParsedFile(document, digest, len(data), _to_be_read(document, options.ocr))

    def close(self) -> None:
        """End the child processes."""
        with self._lock:
            self._children.close()

    def __enter__(self) -> ChildParser:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self, path: Path, cancel: CancelToken | None) -> bytes:
        if cancel is not None:
            cancel.raise_if_cancelled()
        return read_document(path, self._settings.max_file_mb)

    @contextmanager
    def _worded(self, name: str) -> Iterator[None]:
        """Turn a fault into the error that a person reads."""
        settings = self._settings
        memory, seconds = settings.parse_memory_mb, settings.parse_seconds
        try:
            yield
        except ParseFault as fault:
            error = document_error(name, fault, memory_mb=memory, seconds=seconds)
            raise error from fault

    def _reply(
        self,
        name: str,
        data: bytes,
        cancel: CancelToken | None,
        options: ReadOptions | PageView,
        page: int = 0,
    ) -> bytes:
        if not data:
            raise ParseFault("empty")
        named = SUFFIXES.get(Path(name).suffix.lower(), "text")
        request = [pack_request(named, len(data), options, page), data]
        with self._lock:
            outcome = self._children.run(request, self._limits, cancel or CancelToken())
        if outcome.status != 0:
            raise self._death(outcome)
        return outcome.reply

    def _death(self, outcome: Outcome) -> ParseFault:
        """Say why a child ended without a reply."""
        if outcome.status == _MEMORY_EXIT or outcome.peak_bytes > _NEARLY * self._limits.memory:
            return ParseFault("memory")
        if outcome.status == -_SIGXCPU:
            return ParseFault("processor")
        if outcome.status == -_SIGKILL:
            return ParseFault("killed")
        if outcome.status < 0:
            return ParseFault("crash", number=-outcome.status)
        return ParseFault("stopped")


def _pages_only(fault: ParseFault, kind: Kind) -> ParsedDocument:
    """Return a document of empty pages. Raises `ParseFault` if there are too many, or none."""
    if not 0 < fault.number <= MAX_PAGES:
        raise ParseFault("bad_reply")
    return ParsedDocument("", (0,) * fault.number, MEDIA_TYPES[kind])


def _to_be_read(document: ParsedDocument, ocr: str) -> tuple[int, ...]:
    """Return the pages that are to be read by OCR."""
    if ocr == "never" or document.media_type not in PAGED:
        return ()
    pages = range(1, document.page_count + 1)
    return tuple(n for n in pages if ocr == "always" or not document.page_text(n).strip())
