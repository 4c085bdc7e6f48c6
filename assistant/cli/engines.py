"""The engines of an open library: each is loaded when it is first needed, once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from assistant.config import Settings
from assistant.types import ChatEngine, Embedder, Ocr, Reader

if TYPE_CHECKING:
    from assistant.documents.sandboxed_parser import ChildParser


class Engines:
    """Embedder, reader, OCR and chat model of the settings, and the parsers of documents."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.RLock()
        self._parsers: dict[bool, ChildParser] = {}
        self._let_go()

    def _let_go(self) -> None:
        """End the parsers, forget the engines: they hold text of documents."""
        while self._parsers:
            self._parsers.popitem()[1].close()
        self._embedder: Embedder | None = None
        self._reader: Reader | None = None
        self._chat: ChatEngine | None = None
        self._ocr: Ocr | None = None

    def _load_embedder(self) -> Embedder:
        from assistant.engine.engine_loader import load_embedder

        with self._lock:
            self._embedder = self._embedder or load_embedder(self._settings)
            return self._embedder

    def _load_reader(self) -> Reader | None:
        from assistant.engine.engine_loader import load_reader

        with self._lock:
            self._reader = self._reader or load_reader(self._settings)
            return self._reader

    def _load_ocr(self) -> Ocr | None:
        from assistant.engine.engine_loader import load_ocr

        with self._lock:
            self._ocr = self._ocr or load_ocr(self._settings)
            return self._ocr

    def _load_chat(self) -> ChatEngine | None:
        from assistant.engine.engine_loader import chat_when_needed, has_chat_model, load_chat

        with self._lock:
            if self._chat is None and has_chat_model(self._settings):
                reads = self._load_reader() is not None
                self._chat = (chat_when_needed if reads else load_chat)(self._settings)
            return self._chat

    def _load_parser(self, *, pictures: bool) -> ChildParser:
        from assistant.documents.sandboxed_parser import ChildParser

        with self._lock:
            if pictures not in self._parsers:
                self._parsers[pictures] = ChildParser(self._settings, pictures=pictures)
            return self._parsers[pictures]
