"""Files that were renamed, copied, swapped and overwritten: what the library then holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.config import Settings
from assistant.ingest import Ingester
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


def ids(moves: Bench) -> dict[str, int]:
    return {moves.store.page_text(r.id, 1): r.id for r in moves.store.documents()}


@pytest.mark.parametrize("moved", ["report-january", "zz-january", "a-january", "old__report"])
def test_a_renamed_file_and_a_new_one_in_its_place(moves: Bench, moved: str) -> None:
    moves.write(report=JANUARY)
    moves.add()
    before = ids(moves)
    moves.rename(("report", moved))
    moves.write(report=FEBRUARY)
    events = moves.add()
    assert events[-1] == IngestFinished(added=1, known=1, failed=0, cancelled=False)
    assert [e.replaced for e in events if isinstance(e, FileAdded)] == [None]
    assert moves.holds() == {JANUARY: (moved.replace("__", "/"),), FEBRUARY: ("report",)}
    assert ids(moves)[JANUARY] == before[JANUARY]
    known = next(e for e in events if isinstance(e, FileKnown))
    assert known.document.name == moved.replace("__", "/") + ".txt"
    assert moves.names()["report.txt"] == FEBRUARY
    assert moves.parser.parsed == ["report.txt", "report.txt"]


def test_swapped_files(moves: Bench) -> None:
    moves.write(a=JANUARY, b=FEBRUARY)
    moves.add()
    before = ids(moves)
    moves.rename(("a", "b"), ("b", "a"))
    assert moves.add()[-1] == IngestFinished(added=0, known=2, failed=0, cancelled=False)
    assert moves.holds() == {JANUARY: ("b",), FEBRUARY: ("a",)}
    assert moves.names() == {"a.txt": FEBRUARY, "b.txt": JANUARY}
    assert ids(moves) == before


def test_three_files_in_a_circle(moves: Bench) -> None:
    moves.write(a=JANUARY, b=FEBRUARY, c=MARCH)
    moves.add()
    before = ids(moves)
    moves.rename(("a", "b"), ("b", "c"), ("c", "a"))
    moves.add()
    assert moves.holds() == {JANUARY: ("b",), FEBRUARY: ("c",), MARCH: ("a",)}
    assert moves.names() == {"a.txt": MARCH, "b.txt": JANUARY, "c.txt": FEBRUARY}
    assert ids(moves) == before


def test_a_swap_of_which_only_one_file_is_added(moves: Bench) -> None:
    moves.write(a=JANUARY, b=FEBRUARY)
    moves.add()
    moves.rename(("a", "b"), ("b", "a"))
    moves.add(moves.path("a"))
    moves.add(moves.path("b"))
    assert moves.holds() == {JANUARY: ("b",), FEBRUARY: ("a",)}


def test_a_file_that_is_only_renamed(moves: Bench) -> None:
    moves.write(a=JANUARY)
    moves.add()
    before = ids(moves)
    moves.rename(("a", "b"))
    assert moves.add()[-1] == IngestFinished(added=0, known=1, failed=0, cancelled=False)
    assert moves.holds() == {JANUARY: ("b",)}
    assert moves.names() == {"b.txt": JANUARY}
    assert ids(moves) == before


@pytest.mark.parametrize(("old", "new"), [("a", "A"), ("sub__a", "other__a"), ("a", "sub__a")])
def test_a_file_that_went_elsewhere(moves: Bench, old: str, new: str) -> None:
    moves.write(**{old: JANUARY})
    moves.add()
    moves.rename((old, new))
    moves.add()
    assert moves.holds() == {JANUARY: (new.replace("__", "/"),)}


def test_a_folder_that_was_renamed(moves: Bench) -> None:
    moves.write(old__a=JANUARY, old__b=FEBRUARY)
    moves.add()
    (moves.folder / "old").rename(moves.folder / "new")
    moves.add()
    assert moves.holds() == {JANUARY: ("new/a",), FEBRUARY: ("new/b",)}


def test_a_file_becomes_what_another_one_is(moves: Bench) -> None:
    moves.write(a=JANUARY, b=FEBRUARY)
    moves.add()
    moves.write(a=FEBRUARY)
    moves.add()
    assert moves.holds() == {FEBRUARY: ("b", "a")}
    moves.write(a=JANUARY)
    moves.add()
    assert moves.holds() == {FEBRUARY: ("b",), JANUARY: ("a",)}


def test_a_file_takes_the_place_of_another_that_is_elsewhere_too(moves: Bench) -> None:
    moves.write(a=JANUARY, b=FEBRUARY, c=JANUARY)
    moves.add()
    moves.rename(("b", "a"))
    moves.add()
    assert moves.holds() == {JANUARY: ("c",), FEBRUARY: ("a",)}


def test_a_file_that_can_not_be_read_now_keeps_its_document(moves: Bench) -> None:
    moves.write(a=JANUARY, b=JANUARY)
    moves.add()
    moves.path("a").write_bytes(b"x" * (2 << 20))
    moves.write(b=FEBRUARY)
    moves.add()
    assert moves.holds() == {JANUARY: ("a",), FEBRUARY: ("b",)}


def test_a_changed_file_that_can_not_be_parsed_keeps_what_it_was(moves: Bench) -> None:
    moves.write(a=JANUARY)
    moves.add()
    moves.write(a=FEBRUARY)
    moves.parser = FakeParser(fail_on=("a.txt",))
    assert moves.add()[-1] == IngestFinished(added=0, known=0, failed=1, cancelled=False)
    assert moves.holds() == {JANUARY: ("a",)}


def test_a_name_that_is_no_text_is_never_taken_for_gone(moves: Bench) -> None:
    strange = moves.folder / "caf\udce9.txt"
    try:
        strange.write_text(JANUARY)
    except OSError:
        pytest.skip("this file system wants names in UTF-8")
    moves.add()
    moves.write(copy=JANUARY)
    moves.add()
    moves.write(copy=FEBRUARY)
    moves.add()
    assert set(moves.holds()) == {JANUARY, FEBRUARY}


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
    moves = Bench(path.parent, Shared(embedder.identity), embedder)
    moves.write(a=FEBRUARY)
    [added] = [event for event in moves.add() if isinstance(event, FileAdded)]
    assert added.replaced is None
    assert moves.holds() == {FEBRUARY: ("a",)}
