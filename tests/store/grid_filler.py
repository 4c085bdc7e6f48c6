"""A child process that fills a table and says which rows are kept. Usage: see `main`."""

from __future__ import annotations

import sys
from pathlib import Path

from assistant.store import SqliteStore
from assistant.tabular.library_grids import LibraryGrids
from assistant.types.tabular import Column, GridSpec, RowRead
from tests.fakes.reader import FakeReader
from tests.store.adder import open_for_child
from tests.unit.tabular.grids import Judge

SPEC = GridSpec("items", (Column("Item", "What is delivered?"), Column("Who", "Who delivers?")))
ANSWERS = {
    SPEC.columns[0].question: {f"item{number}.": 5.0 for number in range(100)},
    SPEC.columns[1].question: {"the supplier": 5.0},
}


def grids_of(store: SqliteStore) -> tuple[LibraryGrids, FakeReader]:
    reader = FakeReader(ANSWERS)
    return LibraryGrids(store, store.grids, lambda: reader, Judge({})), reader


def main(path: str) -> None:
    """Fill the table; print the number of each document whose cells are kept."""
    with open_for_child(Path(path)) as store:
        for event in grids_of(store)[0].fill(SPEC):
            if isinstance(event, RowRead):
                print(event.document.id, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
