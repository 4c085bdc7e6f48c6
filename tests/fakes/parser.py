"""A parser without a child process: text files only, paged by form feeds.

`tests/unit/documents/test_parser_contract.py` runs the same tests against it and the real one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from assistant.documents.file_reader import read_document
from assistant.documents.parse import parse_bytes
from assistant.documents.parse_errors import ParseFault, document_error
from assistant.errors import DocumentError
from assistant.types import (
    AS_FOUND,
    Attachment,
    CancelToken,
    ParsedDocument,
    ParsedFile,
    ReadOptions,
)


class FakeParser:
    """A form feed begins a page. `fail_on` names files that can't be parsed.

    `parsed` records the names of files that were parsed; `before` is called ahead of each.
    """

    def __init__(
        self,
        *,
        fail_on: tuple[str, ...] = (),
        before: Callable[[Path], None] | None = None,
        max_mb: int = 100,
    ) -> None:
        self._max_mb = max_mb
        self._fail_on = fail_on
        self._before = before
        self.parsed: list[str] = []
        self.closed = False

    def parse(
        self,
        path: Path,
        cancel: CancelToken | None = None,
        options: ReadOptions = AS_FOUND,
    ) -> ParsedFile:
        if cancel is not None:
            cancel.raise_if_cancelled()
        if self._before is not None:
            self._before(path)
        self.parsed.append(path.name)
        if path.name in self._fail_on:
            raise DocumentError(f"'{path.name}' is damaged.", hint="Get the file again.")
        return self._parsed(path, read_document(path, self._max_mb), options)

    def parse_attachment(
        self,
        attachment: Attachment,
        cancel: CancelToken | None = None,
        options: ReadOptions = AS_FOUND,
    ) -> ParsedFile:
        if cancel is not None:
            cancel.raise_if_cancelled()
        self.parsed.append(attachment.name)
        if attachment.name in self._fail_on:
            raise DocumentError(f"'{attachment.name}' is damaged.", hint="Get the file again.")
        return self._parsed(Path(attachment.name), attachment.data, options)

    def _parsed(self, path: Path, data: bytes, options: ReadOptions) -> ParsedFile:
        """Mails are really parsed, everything else is text."""
        digest = hashlib.sha256(data).hexdigest()
        try:
            if path.suffix == ".eml":
                mail = parse_bytes(bytearray(data), "eml", options)
                return ParsedFile(mail, digest, len(data))
            text = parse_bytes(bytearray(data), "text", options).text
        except ParseFault as fault:
            raise document_error(str(path), fault, memory_mb=0, seconds=0) from fault
        pages = text.split("\f")
        starts = [0]
        for page in pages[:-1]:
            starts.append(starts[-1] + len(page))
        document = ParsedDocument("".join(pages), tuple(starts), "text/plain")
        return ParsedFile(document, digest, len(data))

    def close(self) -> None:
        self.closed = True
