"""A library of plain passages, made and searched by the laptop's own parts.

What is mined and what is measured here is what a person will see: the laptop's chunks,
its int8 vectors, its encrypted store, its fusion with BM25.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from assistant.config import Settings
from assistant.engine.embedder import OnnxEmbedder
from assistant.errors import EngineError
from assistant.ingest import Ingester
from assistant.models.embedder_folder import CONFIG_FILE, entry_of
from assistant.retrieval.hybrid_search import Retriever
from assistant.store import KeyFile, open_store
from assistant.types import (
    AS_FOUND,
    Attachment,
    CancelToken,
    Embedder,
    FileAdded,
    FileFailed,
    Hit,
    ParsedDocument,
    ParsedFile,
    ReadOptions,
    Store,
)
from convert.atomic_output import Job
from convert.embedder.laptop_export import describe
from convert.embedder.onnx_export import export_embedder
from convert.embedder.question_pairs import Passage

_MOST_HITS = 100


class PassageLibrary:
    """Passages in a store; what is found are their numbers."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self._retriever = Retriever(store, embedder)

    def hits(self, question: str, limit: int) -> list[tuple[int, Hit]]:
        """Return (passage number, best hit in it), best first.

        Raises what the laptop's search raises, `UsageError` for a question without words.
        """
        found: dict[int, Hit] = {}
        for hit in self._retriever.search(question, min(4 * limit, _MOST_HITS)).hits:
            found.setdefault(int(Path(hit.passage.document).stem), hit)
        return list(found.items())[:limit]


@contextmanager
def passage_library(
    passages: Sequence[Passage], embedder: Embedder, job: Job
) -> Iterator[PassageLibrary]:
    """Ingest passages into an encrypted store in a temporary folder.

    The files ingested are empty shells: the texts themselves never reach the disk in
    plain. Raises `EngineError` if a passage can't be added, and `Cancelled`.
    """
    with TemporaryDirectory(prefix="assistant-convert-") as name:
        folder = Path(name)
        files = folder / "files"
        files.mkdir()
        for number in range(len(passages)):
            (files / f"{number:07d}.txt").write_text(f"{number}\n", encoding="ascii")
        key = KeyFile(folder / "key").get(create=True)
        store = open_store(folder / "library.db", key, create=True, embedder=embedder.identity)
        try:
            ingester = Ingester(store, embedder, _Shells(passages), Settings(data_dir=folder))
            done = 0
            for event in ingester.add([files], job.cancel):
                if isinstance(event, FileFailed):
                    raise EngineError(f"A passage can't be ingested: {event.error.message}")
                if isinstance(event, FileAdded):
                    done += 1
                    job.progress("ingesting passages", done, len(passages))
            job.cancel.raise_if_cancelled()
            yield PassageLibrary(store, embedder)
        finally:
            store.close()


@contextmanager
def laptop_embedder(source: Path, threads: int) -> Iterator[Embedder]:
    """Give an embedder as the laptop runs it: exported, or exported here for the while.

    `source` is an exported folder, a sentence-transformers folder, or a wheel with one.
    """
    with TemporaryDirectory(prefix="assistant-convert-") as scratch:
        folder = source
        if not (source / CONFIG_FILE).is_file():
            folder = Path(scratch) / "embedder"
            describe(export_embedder(source, folder))
        yield OnnxEmbedder(entry_of(folder), folder.parent, max(1, threads))


class _Shells:
    """A `Parser` for texts that are in memory already: file number n is passage number n."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = passages

    def parse(
        self, path: Path, cancel: CancelToken | None = None, options: ReadOptions = AS_FOUND
    ) -> ParsedFile:
        del options  # the passages are text already
        if cancel is not None:
            cancel.raise_if_cancelled()
        passage = self._passages[int(path.stem)]
        document = ParsedDocument(passage.text, (0,), "text/plain", passage.title)
        data = path.read_bytes()
        return ParsedFile(document, hashlib.sha256(data).hexdigest(), len(data))

    def parse_attachment(
        self,
        attachment: Attachment,
        cancel: CancelToken | None = None,
        options: ReadOptions = AS_FOUND,
    ) -> ParsedFile:
        del cancel, options
        raise ValueError(f"a passage holds no {attachment.name}")
