"""The parser of the product: read a file here, parse its bytes in a sandboxed child process."""

from __future__ import annotations

import hashlib
import signal
import threading
from pathlib import Path

from assistant.config import Settings
from assistant.documents.file_reader import read_document
from assistant.documents.file_type import SUFFIXES
from assistant.documents.parse_errors import ParseFault, document_error
from assistant.documents.parser_process import Children, Limits, Outcome, best_children
from assistant.documents.parser_protocol import pack_request, unpack_reply
from assistant.types import (
    AS_FOUND,
    Attachment,
    CancelToken,
    ParsedDocument,
    ParsedFile,
    ReadOptions,
)

_MIB = 1024 * 1024
_MEMORY_EXIT = 77
_SIGXCPU = int(getattr(signal, "SIGXCPU", 24))
_SIGKILL = int(getattr(signal, "SIGKILL", 9))
_NEARLY = 0.8


class ChildParser:
    """Implements `types.Parser`. One file at a time; safe to use from several threads.

    The wall clock allows twice the processor time and ten seconds, unless `wall_seconds`
    says otherwise. `close` ends the child processes; the next `parse` starts them again.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        children: Children | None = None,
        wall_seconds: float | None = None,
    ) -> None:
        self._settings = settings
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
        token = cancel or CancelToken()
        token.raise_if_cancelled()
        data = read_document(path, self._settings.max_file_mb)
        return self._parse(str(path), data, token, options)

    def parse_attachment(
        self,
        attachment: Attachment,
        cancel: CancelToken | None = None,
        options: ReadOptions = AS_FOUND,
    ) -> ParsedFile:
        """Parse a file that another one held, in a child of its own; as `parse` does."""
        token = cancel or CancelToken()
        token.raise_if_cancelled()
        return self._parse(attachment.name, attachment.data, token, options)

    def _parse(
        self, name: str, data: bytes, cancel: CancelToken, options: ReadOptions
    ) -> ParsedFile:
        digest = hashlib.sha256(data).hexdigest()
        try:
            document = self._parsed(name, data, cancel, options)
        except ParseFault as fault:
            raise document_error(
                name,
                fault,
                memory_mb=self._settings.parse_memory_mb,
                seconds=self._settings.parse_seconds,
            ) from fault
        return ParsedFile(document=document, content_hash=digest, size=len(data))

    def close(self) -> None:
        """End the child processes."""
        with self._lock:
            self._children.close()

    def __enter__(self) -> ChildParser:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _parsed(
        self, name: str, data: bytes, cancel: CancelToken, options: ReadOptions
    ) -> ParsedDocument:
        if not data:
            raise ParseFault("empty")
        named = SUFFIXES.get(Path(name).suffix.lower(), "text")
        request = [pack_request(named, len(data), options), data]
        with self._lock:
            outcome = self._children.run(request, self._limits, cancel)
        if outcome.status != 0:
            raise self._death(outcome)
        return unpack_reply(outcome.reply)

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
