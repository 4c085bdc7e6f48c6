"""The library of open retrieval: the paragraphs of SQuAD 2 A2 among SQuAD's 18,896 of training.

Making it embeds 19,000 paragraphs, which takes some minutes; it is kept in `.build/bench` and
goes on where it was stopped. The questions are those of A2.

    python -m tests.bench.open_library      # only make it
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from assistant.config import Settings, load_settings
from assistant.engine.engine_loader import load_embedder
from assistant.ingest import Ingester
from assistant.store import KeyFile, open_store
from assistant.types import Embedder, FileAdded, FileFailed, Store
from tests.bench.libraries import TextsParser, text_number
from tests.bench.qa_data import A2, SQUAD_TRAIN, Squad, Text, require, squad
from tests.bench.report import ROOT

FOLDER = ROOT / ".build" / "bench" / "open-library"


@dataclass
class OpenLibrary:
    """`squad` is A2: its paragraph number n is the document "<n>.txt" of `store`."""

    store: Store
    squad: Squad
    _ids: dict[int, int] = field(default_factory=dict)

    def document_of(self, paragraph: int) -> int:
        """Return the id of the document that holds a paragraph of A2."""
        if not self._ids:
            self._ids = {text_number(d.name): d.id for d in self.store.documents()}
        return self._ids[paragraph]

    def paragraph_of(self, document: str) -> int | None:
        """Return the number of A2's paragraph by a document's name; None for another one."""
        number = text_number(document)
        return number if number < len(self.squad.paragraphs) else None


@contextmanager
def open_library(embedder: Embedder, *, train: int | None = None) -> Iterator[OpenLibrary]:
    """Open the library of an embedder; what is missing of it is made first.

    `train` is how many paragraphs of the training part it has (all, if not given): a small
    one is for trying things. Raises `FileNotFoundError` where the data are absent.
    """
    data = squad(A2)
    others = squad(SQUAD_TRAIN).paragraphs[:train]
    texts = [*data.paragraphs, *others]
    size = "" if train is None else f"-{train}"
    folder = FOLDER / f"{embedder.identity.name}-{embedder.identity.sha256[:12]}{size}"
    files = folder / "files"
    files.mkdir(parents=True, exist_ok=True)
    file = folder / "open.db"
    key = KeyFile(folder / "open.key").get(create=not (folder / "open.key").exists())
    store = open_store(file, key, create=not file.exists(), embedder=embedder.identity)
    try:
        if len(store.documents()) < len(texts):
            _fill(store, embedder, texts, files)
        yield OpenLibrary(store, data)
    finally:
        store.close()


def _fill(store: Store, embedder: Embedder, texts: list[Text], files: Path) -> None:
    for number, text in enumerate(texts):
        # The number makes every file's hash its own: repeated texts stay two documents.
        (files / f"{number:05d}.txt").write_text(f"{number}\n{text.text}", encoding="utf-8")
    began, added = time.monotonic(), 0
    ingester = Ingester(store, embedder, TextsParser(texts), Settings(data_dir=files.parent))
    for event in ingester.add([files]):
        if isinstance(event, FileFailed):
            raise RuntimeError(f"a paragraph could not be added: {event}")  # noqa: TRY004
        added += isinstance(event, FileAdded)
        if isinstance(event, FileAdded) and added % 1000 == 0:
            print(f"{added} paragraphs added, {time.monotonic() - began:.0f} s", flush=True)


def main() -> None:
    embedder = load_embedder(load_settings())
    began = time.monotonic()

    def make() -> None:
        with open_library(embedder) as library:
            count = len(library.store.documents())
            print(f"{count} documents, {time.monotonic() - began:.0f} s")

    require(make)


if __name__ == "__main__":
    main()
