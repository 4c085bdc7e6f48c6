"""Pages that OCR has read, whose keeping is recorded."""

from __future__ import annotations

from collections.abc import Mapping

from assistant.audit.recorder import AuditRecorder
from assistant.store.connection import Pool
from assistant.store.ocr_page_rows import OcrPageRows
from assistant.types.ocr import OcrPage


class AuditedOcrPages(OcrPageRows):
    """The `OcrPageRows` of a library with an audit log."""

    def __init__(self, pool: Pool, recorder: AuditRecorder) -> None:
        super().__init__(pool)
        self._recorder = recorder

    def keep(self, content_hash: str, pages: Mapping[int, OcrPage]) -> None:
        with self._recorder.change("ocr-pages", pages=False, count=len(pages)):
            super().keep(content_hash, pages)
