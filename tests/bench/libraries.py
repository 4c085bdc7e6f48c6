"""Libraries of plain texts, made by the product's own ingest: chunker, embedder, store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from assistant.config import Settings
from assistant.ingest import Ingester
from assistant.store import KeyFile, open_store
from assistant.types import (
    AS_FOUND,
    CancelToken,
    Embedder,
    EmbedderIdentity,
    FileFailed,
    ParsedDocument,
    ParsedFile,
    ReadOptions,
    Store,
    Vectors,
)
from tests.bench.qa_data import Text
from tests.bench.report import ROOT

VECTOR_FOLDER = ROOT / ".build" / "bench" / "vectors"


class TextsParser:
    """A `Parser` for texts that are in memory already: file number n is text number n."""

    def __init__(self, texts: Sequence[Text]) -> None:
        self._texts = texts

    def parse(
        self, path: Path, cancel: CancelToken | None = None, options: ReadOptions = AS_FOUND
    ) -> ParsedFile:
        text = self._texts[int(path.stem)]
        document = ParsedDocument(text.text, (0,), "text/plain", text.title)
        data = path.read_bytes()
        return ParsedFile(document, hashlib.sha256(data).hexdigest(), len(data))


class RememberingEmbedder:
    """An embedder that keeps its vectors in a file, by text: benches run more than once.

    Without `inner` it can only repeat what the file holds (see `embed_f32.py`), and counts
    tokens with `counter`. `seen` has the texts by key. A vector does not depend on the
    other texts of its call.
    """

    def __init__(
        self, file: Path, counter: Embedder, inner: Embedder | None, identity: EmbedderIdentity
    ) -> None:
        self._file = file
        self._counter = counter
        self._inner = inner
        self._identity = identity
        self._known: dict[str, Vectors] = {}
        self._fresh = 0
        self.seen: dict[str, str] = {}
        if file.is_file():
            with np.load(file) as saved:
                self._known = dict(zip(saved["keys"].tolist(), saved["vectors"], strict=True))

    @property
    def identity(self) -> EmbedderIdentity:
        return self._identity

    @property
    def text_token_limit(self) -> int:
        return self._counter.text_token_limit

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._counter.count_tokens(texts)

    def embed_documents(self, texts: Sequence[str], cancel: CancelToken | None = None) -> Vectors:
        keys = [text_key("d", text) for text in texts]
        self.seen.update(zip(keys, texts, strict=True))
        missing = [n for n, key in enumerate(keys) if key not in self._known]
        if missing:
            made = self._made_by().embed_documents([texts[n] for n in missing], cancel)
            for row, number in enumerate(missing):
                self._known[keys[number]] = made[row]
            self._fresh += len(missing)
        if not keys:
            return np.empty((0, self._identity.dimension), np.float32)
        return np.stack([self._known[key] for key in keys])

    def embed_query(self, text: str) -> Vectors:
        key = text_key("q", text)
        self.seen[key] = text
        if key not in self._known:
            self._known[key] = self._made_by().embed_query(text)
            self._fresh += 1
        return self._known[key]

    def save(self) -> None:
        if not self._fresh:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        keys = np.array(list(self._known))
        np.savez(self._file, keys=keys, vectors=np.stack(list(self._known.values())))
        self._fresh = 0

    def _made_by(self) -> Embedder:
        if self._inner is None:
            raise FileNotFoundError(2, "a text without a vector", str(self._file))
        return self._inner


def text_key(kind: str, text: str) -> str:
    return kind + hashlib.sha256(text.encode()).hexdigest()[:31]


def remembering(embedder: Embedder) -> RememberingEmbedder:
    """Wrap the product's embedder; its file is named after the hash of the model."""
    identity = embedder.identity
    file = VECTOR_FOLDER / f"{identity.name}-{identity.sha256[:12]}.npz"
    return RememberingEmbedder(file, embedder, embedder, identity)


@contextmanager
def library_of(texts: Sequence[Text], embedder: Embedder) -> Iterator[Store]:
    """Ingest `texts` into an encrypted store in a temporary folder.

    Document names are the texts' numbers ("00017.txt"). Raises `AssertionError` if a
    text could not be added.
    """
    with TemporaryDirectory(prefix="bench-library-") as name:
        folder = Path(name)
        files = folder / "files"
        files.mkdir()
        for number, text in enumerate(texts):
            # The number makes every file's hash its own: repeated texts stay two documents.
            (files / f"{number:05d}.txt").write_text(f"{number}\n{text.text}", encoding="utf-8")
        key = KeyFile(folder / "bench.key").get(create=True)
        store = open_store(folder / "bench.db", key, create=True, embedder=embedder.identity)
        try:
            settings = Settings(data_dir=folder)
            for event in Ingester(store, embedder, TextsParser(texts), settings).add([files]):
                assert not isinstance(event, FileFailed), event
            yield store
        finally:
            store.close()


def text_number(document: str) -> int:
    """Return the number of the text that a document of `library_of` was made from."""
    return int(Path(document).stem)
