"""Files that were renamed, copied, swapped and overwritten: what the library then holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.config import Settings
from assistant.ingest import Ingester
from assistant.store import StoreKey, open_store
from assistant.types import (
    CancelToken,
    FileAdded,
    FileKnown,
    IngestEvent,
    IngestFinished,
    NewDocument,
    ParsedDocument,
    Store,
)
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.parser import FakeParser
from tests.fakes.store import FakeStore

JANUARY, FEBRUARY, MARCH = "Sales of January.", "Sales of February.", "Sales of March."


class Bench:
    """A folder of documents, and a library that they are added to."""

    def __init__(self, folder: Path, store: Store, embedder: FakeEmbedder) -> None:
        self.folder, self.store, self.embedder = folder, store, embedder
        self.parser = FakeParser()

    def write(self, **texts: str) -> None:
        for name, text in texts.items():
            path = self.path(name)
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_text(text)

    def path(self, name: str) -> Path:
        """`sub__name` stands for `sub/name.txt`."""
        return self.folder / (name.replace("__", "/") + ".txt")

    def rename(self, *pairs: tuple[str, str]) -> None:
        """Give files new names, all at once."""
        held = [(self.path(new), self.path(old).read_text()) for old, new in pairs]
        for old, _ in pairs:
            self.path(old).unlink()
        for path, text in held:
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_text(text)

    def add(self, *paths: Path, cancel: CancelToken | None = None) -> list[IngestEvent]:
        settings = Settings(data_dir=self.folder.parent / "data", max_file_mb=1)
        ingester = Ingester(self.store, self.embedder, self.parser, settings)
        return list(ingester.add(paths or (self.folder,), cancel))

    def holds(self) -> dict[str, tuple[str, ...]]:
        """Return each document's text and where the library says that it lies, below the folder."""
        found: dict[str, list[str]] = {}
        texts = {r.id: self.store.page_text(r.id, 1) for r in self.store.documents()}
        assert len(set(texts.values())) == len(texts)  # none is there twice
        for source, number in self.store.sources().items():
            name = Path(source).relative_to(self.folder.resolve()).with_suffix("").as_posix()
            found.setdefault(texts[number], []).append(name)
        assert found.keys() == set(texts.values())  # each lies somewhere
        for record in self.store.documents():
            shown = Path(record.source).relative_to(self.folder.resolve()).with_suffix("")
            assert shown.as_posix() == found[texts[record.id]][0]
        return {text: tuple(names) for text, names in found.items()}

    def names(self) -> dict[str, str]:
        """Return each document's name and text."""
        return {r.name: self.store.page_text(r.id, 1) for r in self.store.documents()}


Ids = Callable[[], dict[str, int]]


@pytest.fixture(params=["fake", "real"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    embedder = FakeEmbedder(dimension=64)
    folder = tmp_path / "documents"
    folder.mkdir()
    if request.param == "fake":
        yield Bench(folder, FakeStore(embedder.identity), embedder)
        return
    key = StoreKey(bytes(range(32)))
    with open_store(
        tmp_path / "data" / "library.db", key, create=True, embedder=embedder.identity
    ) as store:
        yield Bench(folder, store, embedder)


def ids(bench: Bench) -> dict[str, int]:
    return {bench.store.page_text(r.id, 1): r.id for r in bench.store.documents()}


@pytest.mark.parametrize("moved", ["report-january", "zz-january", "a-january", "old__report"])
def test_a_renamed_file_and_a_new_one_in_its_place(bench: Bench, moved: str) -> None:
    bench.write(report=JANUARY)
    bench.add()
    before = ids(bench)
    bench.rename(("report", moved))
    bench.write(report=FEBRUARY)
    events = bench.add()
    assert events[-1] == IngestFinished(added=1, known=1, failed=0, cancelled=False)
    assert [e.replaced for e in events if isinstance(e, FileAdded)] == [None]
    assert bench.holds() == {JANUARY: (moved.replace("__", "/"),), FEBRUARY: ("report",)}
    assert ids(bench)[JANUARY] == before[JANUARY]
    known = next(e for e in events if isinstance(e, FileKnown))
    assert known.document.name == moved.replace("__", "/") + ".txt"
    assert bench.names()["report.txt"] == FEBRUARY
    assert bench.parser.parsed == ["report.txt", "report.txt"]


def test_swapped_files(bench: Bench) -> None:
    bench.write(a=JANUARY, b=FEBRUARY)
    bench.add()
    before = ids(bench)
    bench.rename(("a", "b"), ("b", "a"))
    assert bench.add()[-1] == IngestFinished(added=0, known=2, failed=0, cancelled=False)
    assert bench.holds() == {JANUARY: ("b",), FEBRUARY: ("a",)}
    assert bench.names() == {"a.txt": FEBRUARY, "b.txt": JANUARY}
    assert ids(bench) == before


def test_three_files_in_a_circle(bench: Bench) -> None:
    bench.write(a=JANUARY, b=FEBRUARY, c=MARCH)
    bench.add()
    before = ids(bench)
    bench.rename(("a", "b"), ("b", "c"), ("c", "a"))
    bench.add()
    assert bench.holds() == {JANUARY: ("b",), FEBRUARY: ("c",), MARCH: ("a",)}
    assert bench.names() == {"a.txt": MARCH, "b.txt": JANUARY, "c.txt": FEBRUARY}
    assert ids(bench) == before


def test_a_swap_of_which_only_one_file_is_added(bench: Bench) -> None:
    bench.write(a=JANUARY, b=FEBRUARY)
    bench.add()
    bench.rename(("a", "b"), ("b", "a"))
    bench.add(bench.path("a"))
    bench.add(bench.path("b"))
    assert bench.holds() == {JANUARY: ("b",), FEBRUARY: ("a",)}


def test_a_file_that_is_only_renamed(bench: Bench) -> None:
    bench.write(a=JANUARY)
    bench.add()
    before = ids(bench)
    bench.rename(("a", "b"))
    assert bench.add()[-1] == IngestFinished(added=0, known=1, failed=0, cancelled=False)
    assert bench.holds() == {JANUARY: ("b",)}
    assert bench.names() == {"b.txt": JANUARY}
    assert ids(bench) == before


@pytest.mark.parametrize(("old", "new"), [("a", "A"), ("sub__a", "other__a"), ("a", "sub__a")])
def test_a_file_that_went_elsewhere(bench: Bench, old: str, new: str) -> None:
    bench.write(**{old: JANUARY})
    bench.add()
    bench.rename((old, new))
    bench.add()
    assert bench.holds() == {JANUARY: (new.replace("__", "/"),)}


def test_a_folder_that_was_renamed(bench: Bench) -> None:
    bench.write(old__a=JANUARY, old__b=FEBRUARY)
    bench.add()
    (bench.folder / "old").rename(bench.folder / "new")
    bench.add()
    assert bench.holds() == {JANUARY: ("new/a",), FEBRUARY: ("new/b",)}


def test_a_file_becomes_what_another_one_is(bench: Bench) -> None:
    bench.write(a=JANUARY, b=FEBRUARY)
    bench.add()
    bench.write(a=FEBRUARY)
    bench.add()
    assert bench.holds() == {FEBRUARY: ("b", "a")}
    bench.write(a=JANUARY)
    bench.add()
    assert bench.holds() == {FEBRUARY: ("b",), JANUARY: ("a",)}


def test_a_file_takes_the_place_of_another_that_is_elsewhere_too(bench: Bench) -> None:
    bench.write(a=JANUARY, b=FEBRUARY, c=JANUARY)
    bench.add()
    bench.rename(("b", "a"))
    bench.add()
    assert bench.holds() == {JANUARY: ("c",), FEBRUARY: ("a",)}


def test_a_file_that_can_not_be_read_now_keeps_its_document(bench: Bench) -> None:
    bench.write(a=JANUARY, b=JANUARY)
    bench.add()
    bench.path("a").write_bytes(b"x" * (2 << 20))
    bench.write(b=FEBRUARY)
    bench.add()
    assert bench.holds() == {JANUARY: ("a",), FEBRUARY: ("b",)}


def test_a_changed_file_that_can_not_be_parsed_keeps_what_it_was(bench: Bench) -> None:
    bench.write(a=JANUARY)
    bench.add()
    bench.write(a=FEBRUARY)
    bench.parser = FakeParser(fail_on=("a.txt",))
    assert bench.add()[-1] == IngestFinished(added=0, known=0, failed=1, cancelled=False)
    assert bench.holds() == {JANUARY: ("a",)}


def test_a_name_that_is_no_text_is_never_taken_for_gone(bench: Bench) -> None:
    strange = bench.folder / "caf\udce9.txt"
    try:
        strange.write_text(JANUARY)
    except OSError:
        pytest.skip("this file system wants names in UTF-8")
    bench.add()
    bench.write(copy=JANUARY)
    bench.add()
    bench.write(copy=FEBRUARY)
    bench.add()
    assert set(bench.holds()) == {JANUARY, FEBRUARY}


def test_a_document_that_another_process_adds_meanwhile(tmp_path: Path) -> None:
    embedder = FakeEmbedder(dimension=64)
    path = tmp_path / "documents" / "a.txt"

    class Shared(FakeStore):
        def sources(self) -> dict[str, int]:
            if not self.added:
                document = ParsedDocument(JANUARY, (0,), "text/plain")
                vectors = np.empty((0, 64), np.float32)
                self.add(
                    NewDocument("a.txt", (str(path.resolve()),), "ab" * 32, document, [], vectors)
                )
            return super().sources()

    path.parent.mkdir()
    bench = Bench(path.parent, Shared(embedder.identity), embedder)
    bench.write(a=FEBRUARY)
    [added] = [event for event in bench.add() if isinstance(event, FileAdded)]
    assert added.replaced is None
    assert bench.holds() == {FEBRUARY: ("a",)}
