"""Adding files: the order of events, what goes on after a fault, what replaces what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.config import Settings
from assistant.documents.sandboxed_parser import ChildParser
from assistant.errors import (
    AssistantError,
    DiskFullError,
    DocumentError,
    EmbedderMismatchError,
    EngineError,
    ModelError,
    StoreBusyError,
)
from assistant.ingest import Ingester
from assistant.ingest.ingester import BATCH
from assistant.text.canonical import plain_form
from assistant.types import (
    CancelToken,
    DocumentRecord,
    FileAdded,
    FileFailed,
    FileKnown,
    FileProgress,
    FilesFound,
    IngestEvent,
    IngestFinished,
    NewDocument,
    ReadOptions,
)
from tests.fakes import pdf_files
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.parser import FakeParser
from tests.fakes.store import FakeStore

SENTENCE = "The Supplier shall deliver the goods to the Buyer within ten days of the order. "


class Bench:
    """An ingester with fakes all around, and a folder of documents."""

    def __init__(self, folder: Path, **parser: object) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.store = FakeStore()
        self.embedder = FakeEmbedder()
        self.parser = FakeParser(**parser)  # type: ignore[arg-type]
        self.settings = Settings(data_dir=folder / "data", max_file_mb=1)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def events(self, *paths: Path, cancel: CancelToken | None = None) -> list[IngestEvent]:
        return list(self.ingester().add(paths or (self.folder,), cancel))

    def ingester(self) -> Ingester:
        return Ingester(self.store, self.embedder, self.parser, self.settings)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "documents")


def outcomes(events: list[IngestEvent]) -> list[IngestEvent]:
    return [e for e in events if not isinstance(e, FileProgress)]


def test_events_of_one_file_in_order(bench: Bench) -> None:
    path = bench.write("a.txt", SENTENCE * 300)
    found, *middle, added, finished = bench.events(path)
    assert found == FilesFound(total=1)
    assert isinstance(added, FileAdded)
    assert (added.path, added.index, added.document.name) == (path, 0, "a.txt")
    assert finished == IngestFinished(added=1, known=0, failed=0, cancelled=False)
    assert all(isinstance(e, FileProgress) and e.index == 0 for e in middle)
    steps = [(e.stage, e.done, e.total) for e in middle if isinstance(e, FileProgress)]
    chunks = added.document.chunks
    size = len(SENTENCE * 300)
    assert steps[:3] == [("comparing", 0, 1), ("reading", 0, 1), ("reading", size, size)]
    assert steps[3] == ("embedding", 0, chunks)
    assert steps[-2:] == [("embedding", chunks, chunks), ("storing", 0, 1)]
    assert chunks > BATCH
    assert all(len(call) <= BATCH for call in bench.embedder.calls)


def test_chunks_are_stored_with_their_own_vectors(bench: Bench) -> None:
    bench.write(
        "a.txt", "".join(f"Sentence number {n} is about topic{n}.\n\n" for n in range(1200))
    )
    bench.events()
    text = bench.embedder.calls[2][3]
    [(hit, score)] = bench.store.search_dense(bench.embedder.embed_query(text), 1)
    assert score == pytest.approx(1.0, abs=1e-5)
    assert [plain_form(p.text) for p in bench.store.passages([hit])] == [text]


def test_names_are_paths_below_the_folder_and_sources_absolute(bench: Bench) -> None:
    bench.write("sub/a.txt", "One.")
    bench.write("b.txt", "Two.")
    bench.events()
    records = bench.store.documents()
    assert [r.name for r in records] == ["b.txt", "sub/a.txt"]
    assert [r.source for r in records] == [
        str((bench.folder / name).resolve()) for name in ("b.txt", "sub/a.txt")
    ]


def test_known_content_is_neither_parsed_nor_written(bench: Bench) -> None:
    bench.write("a.txt", "Words.")
    bench.events()
    bench.write("copy.txt", "Words.")
    events = outcomes(bench.events())
    assert [type(e) for e in events] == [FilesFound, FileKnown, FileKnown, IngestFinished]
    assert bench.parser.parsed == ["a.txt"]
    assert events[-1] == IngestFinished(added=0, known=2, failed=0, cancelled=False)


def test_changed_content_replaces_what_the_path_held(bench: Bench) -> None:
    path = bench.write("a.txt", "Old words.")
    bench.write("b.txt", "Others.")
    bench.events()
    old = bench.store.documents()[0]
    path.write_text("New words.")
    added = outcomes(bench.events(path))[1]
    assert isinstance(added, FileAdded)
    assert added.replaced == old
    assert [r.name for r in bench.store.documents()] == ["b.txt", "a.txt"]
    assert bench.store.find(old.content_hash) is None


def test_content_that_moves_to_a_known_document_forgets_the_old_one(bench: Bench) -> None:
    path = bench.write("a.txt", "Old words.")
    bench.write("b.txt", "Others.")
    bench.events()
    path.write_text("Others.")
    assert isinstance(outcomes(bench.events(path))[1], FileKnown)
    assert [r.name for r in bench.store.documents()] == ["b.txt"]


def test_one_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "documents", fail_on=("b.txt",))
    for name in ("a.txt", "b.txt", "c.txt"):
        bench.write(name, f"Words of {name}.")
    bench.write("d.txt", "x" * (2 << 20))
    gone = bench.folder / "gone.txt"
    events = outcomes(bench.events(bench.folder, gone))
    assert [type(e) for e in events[1:-1]] == [
        FileAdded,
        FileFailed,
        FileAdded,
        FileFailed,
        FileFailed,
    ]
    assert [e.index for e in events[1:-1] if not isinstance(e, FilesFound | IngestFinished)] == [
        0, 1, 2, 3, 4,
    ]  # fmt: skip
    assert events[-1] == IngestFinished(added=2, known=0, failed=3, cancelled=False)
    failures = [e.error for e in events if isinstance(e, FileFailed)]
    assert all(isinstance(error, DocumentError) and error.hint for error in failures)
    assert "larger than 1 MiB" in failures[1].message


@pytest.mark.parametrize(
    "error",
    [
        DiskFullError("full"),
        StoreBusyError("busy"),
        EmbedderMismatchError("other"),
        ModelError("x"),
    ],
)
def test_a_fault_of_the_store_is_reported_once_and_raised(
    bench: Bench, error: AssistantError
) -> None:
    for n in range(5):
        bench.write(f"{n}.txt", f"Words {n}.")
    bench.store.fail_with = error
    seen: list[IngestEvent] = []
    with pytest.raises(type(error)):
        take(seen, bench.ingester().add([bench.folder]))
    failed = [e for e in seen if isinstance(e, FileFailed)]
    assert [(e.index, e.error) for e in failed] == [(0, error)]
    assert bench.parser.parsed == ["0.txt"]


def take(seen: list[IngestEvent], events: Iterator[IngestEvent]) -> None:
    """Keep the events that come before an error."""
    seen.extend(events)


def test_an_engine_that_keeps_failing_stops_the_run(bench: Bench) -> None:
    for n in range(9):
        bench.write(f"{n}.txt", f"Words {n}.")
    bench.embedder.fail_with = EngineError("no")
    seen: list[IngestEvent] = []
    with pytest.raises(EngineError):
        take(seen, bench.ingester().add([bench.folder]))
    assert sum(isinstance(e, FileFailed) for e in seen) == 3


def test_pages_without_text_are_mentioned(bench: Bench) -> None:
    bench.write("a.txt", "One.\f \fThree.\f")
    added = outcomes(bench.events())[1]
    assert isinstance(added, FileAdded)
    assert added.note == "2 of its pages have no text (pictures or blank): 2, 4"
    bench.write("b.txt", "One.\fTwo.")
    known, added = outcomes(bench.events())[1:3]
    assert isinstance(known, FileKnown)
    assert isinstance(added, FileAdded)
    assert added.note == ""


def test_real_files_through_the_real_parser(bench: Bench) -> None:
    pages = [[SENTENCE.strip(), f"This is page {n}."] for n in range(1, 40)]
    (bench.folder / "a.pdf").write_bytes(pdf_files.pdf(pages, title="Supply Agreement"))
    (bench.folder / "b.pdf").write_bytes(pdf_files.locked())
    (bench.folder / "c.md").write_text("# Pump\n\nReplace the seal every year.\n")
    bench.folder.joinpath("loop").symlink_to(".")
    with ChildParser(bench.settings) as parser:
        ingester = Ingester(bench.store, bench.embedder, parser, bench.settings)
        events = outcomes(list(ingester.add([bench.folder])))
    assert [type(e) for e in events[1:-1]] == [FileAdded, FileFailed, FileAdded]
    record = bench.store.documents()[0]
    assert (record.name, record.title, record.pages) == ("a.pdf", "Supply Agreement", 39)
    hits = bench.store.search_text("page 17", 50)
    passages = bench.store.passages([chunk_id for chunk_id, _ in hits])
    passage = next(p for p in passages if "This is page 17." in p.text)
    at = passage.text.index("This is page 17.")
    [citation] = passage.cite(at, at + len("This is page 17."))
    assert (citation.page, citation.text) == (17, "This is page 17.")
    page = bench.store.page_text(record.id, 17)
    assert page[citation.start : citation.end] == "This is page 17."


def test_vectors_have_the_shape_the_store_wants(bench: Bench) -> None:
    shapes: list[tuple[tuple[int, ...], np.dtype[np.float32]]] = []
    add = bench.store.add

    class Watching(FakeStore):
        def add(self, new: NewDocument) -> DocumentRecord:
            shapes.append((new.vectors.shape, new.vectors.dtype))
            return add(new)

    bench.store = Watching()
    bench.write("a.txt", SENTENCE * 50)
    added = outcomes(bench.events())[1]
    assert isinstance(added, FileAdded)
    assert shapes == [((added.document.chunks, 384), np.dtype(np.float32))]


def test_known_content_is_read_again_in_the_way_that_is_asked_for(bench: Bench) -> None:
    path = bench.folder / "letter.txt"
    path.write_bytes("Договор аренды".encode("koi8-r"))
    bench.events()
    (known,) = [e for e in bench.events() if isinstance(e, FileKnown)]
    ingester = bench.ingester()
    events = list(ingester.add((bench.folder,), options=ReadOptions(encoding="mac-cyrillic")))
    (added,) = [event for event in events if isinstance(event, FileAdded)]
    assert added.replaced == known.document
    (left,) = bench.store.documents()
    assert bench.store.page_text(left.id, 1) == path.read_bytes().decode("mac-cyrillic")
    assert bench.store.sources() == {str(path): left.id}
