"""Grids in a real store: kept, found again, forgotten with their documents."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import UsageError
from assistant.store import SqliteStore, StoreKey, open_store, store_health
from assistant.types import Citation, DocumentRecord
from assistant.types.tabular import (
    Cell,
    CellItem,
    Column,
    GridFinished,
    GridSpec,
    column_key,
)
from tests.fakes.embedder import FakeEmbedder
from tests.store.adder import KEY, add_one, open_for_child
from tests.store.conftest import OpenStore
from tests.store.fixtures import make_store_0007 as seventh
from tests.store.grid_filler import SPEC as ITEMS
from tests.store.grid_filler import grids_of
from tests.store.material import ROOT, decrypted_pages, put

LAW = Column("Law", "Which law governs?")
TERM = Column("Term", "How long is the term?", "amount")
SPEC = GridSpec("deals", (LAW, TERM), ("*.txt",))


def cell(record: DocumentRecord, text: str) -> Cell:
    place = Citation(record.id, record.name, 1, 4, 4 + len(text), text)
    return Cell("found", (CellItem((place,), text, 0.9),), (), 0.9, text, 0, "reader-1")


@pytest.fixture
def document(store: SqliteStore, embedder: FakeEmbedder) -> DocumentRecord:
    return put(store, embedder, "The zqlaw of Ostravia governs. " * 20, name="a.txt")


def test_a_grid_is_found_again_as_it_was_kept(
    store: SqliteStore, document: DocumentRecord, open_again: OpenStore
) -> None:
    store.grids.save(SPEC)
    kept = cell(document, "zqlaw of Ostravia")
    assert store.grids.put("deals", document.id, [(column_key(LAW), kept)])
    again = open_again().grids
    assert again.names() == ["deals"]
    assert again.spec("deals")[0] == SPEC
    assert again.cells("deals") == {(document.id, column_key(LAW)): kept}


def test_a_document_has_its_name_of_today_in_the_quotes(
    store: SqliteStore, document: DocumentRecord
) -> None:
    store.grids.save(SPEC)
    old = cell(replace(document, name="before.txt"), "zqlaw")
    store.grids.put("deals", document.id, [(column_key(LAW), old)])
    (kept,) = store.grids.cells("deals").values()
    assert kept.items[0].places[0].document == "a.txt"


def test_columns_come_and_go_with_their_cells(store: SqliteStore, document: DocumentRecord) -> None:
    store.grids.save(SPEC)
    both = [(column_key(LAW), cell(document, "zqlaw")), (column_key(TERM), cell(document, "x"))]
    store.grids.put("deals", document.id, both)
    renamed = replace(LAW, name="Governing law")
    store.grids.save(replace(SPEC, columns=(renamed, Column("Fee", "What is the fee?"))))
    assert list(store.grids.cells("deals")) == [(document.id, column_key(renamed))]
    assert column_key(TERM) != column_key(replace(TERM, type="number"))


def test_passages_of_a_document_come_in_order(
    store: SqliteStore, document: DocumentRecord, embedder: FakeEmbedder
) -> None:
    put(store, embedder, "Another document.", name="b.txt")
    found = store.document_passages(document.id)
    assert "".join(p.text for p in found) == "The zqlaw of Ostravia governs. " * 20
    assert {p.document for p in found} == {"a.txt"}
    assert store.document_passages(99) == []


def test_what_is_gone_takes_no_cells(store: SqliteStore, document: DocumentRecord) -> None:
    store.grids.save(SPEC)
    kept = [(column_key(LAW), cell(document, "zqlaw"))]
    assert not store.grids.put("another", document.id, kept)
    store.forget(document.id)
    assert not store.grids.put("deals", document.id, kept)
    for missing in (store.grids.spec, store.grids.cells, store.grids.remove):
        with pytest.raises(UsageError, match="no table 'another'"):
            missing("another")


@pytest.mark.parametrize("way", ["document forgotten", "new version", "grid removed"])
def test_no_byte_of_a_cell_stays(
    store: SqliteStore, document: DocumentRecord, embedder: FakeEmbedder, key: StoreKey, way: str
) -> None:
    store.grids.save(SPEC)
    corrected = replace(cell(document, "zqlaw"), review="corrected", value="zqcorrected")
    store.grids.put("deals", document.id, [(column_key(LAW), corrected)])
    if way == "grid removed":
        store.grids.remove("deals")
    elif way == "new version":
        put(store, embedder, "Something else.", name="a.txt", source=document.source)
    else:
        store.forget(document.id)
    assert way == "grid removed" or store.grids.cells("deals") == {}
    path = store.path
    store.close()
    left = decrypted_pages(path, key)
    assert b"zqcorrected" not in left
    assert (b"zqlaw" in left) == (way == "grid removed")  # in the document's own text


def test_a_library_from_before_grids_gets_them(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    shutil.copyfile(seventh.PATH, path)
    assert "0008_grids" in store_health(path, seventh.KEY).pending
    with open_store(path, seventh.KEY, create=False, embedder=seventh.EMBEDDER.identity) as store:
        (document,) = store.documents()
        assert "".join(p.text for p in store.document_passages(document.id)) == seventh.TEXT
        store.grids.save(SPEC)
        assert store.grids.put("deals", document.id, [(column_key(LAW), cell(document, "law"))])
        store.forget(document.id)
    assert store_health(path, seventh.KEY).ok


def test_a_run_that_is_killed_goes_on_and_loses_nothing_that_it_told(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    with open_for_child(path) as store:
        for number in range(40):
            add_one(store, "kill", number)
    command = [sys.executable, "-m", "tests.store.grid_filler", str(path)]
    told: set[int] = set()
    for kill in range(3):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
            assert child.stdout is not None
            told |= {int(child.stdout.readline()) for _ in range(2 + kill)}
            child.kill()
            told |= {int(line) for line in child.stdout if line.endswith("\n")}
        assert store_health(path, KEY).ok
    with open_for_child(path) as store:
        kept = {document for document, _ in store.grids.cells("items")}
        assert told <= kept
        grids, reader = grids_of(store)
        assert len(kept) < 40
        *_, last = grids.fill(ITEMS)
        assert isinstance(last, GridFinished)
        assert (last.read, last.grid.unread) == (2 * (40 - len(kept)), 0)
        assert len(reader.asked) == last.read
        assert [row.cells[0].value for row in last.grid.rows] == [f"item{n}." for n in range(40)]
