"""Tables are recorded without their content, and not changed otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.audit import LogReader
from assistant.audit.audited_grids import AuditedGrids
from assistant.errors import AuditError, UsageError
from assistant.tabular.library_grids import LibraryGrids
from assistant.types.tabular import Column, GridSpec
from tests.fakes.reader import FakeReader
from tests.unit.audit.test_audit_feedback import Audited
from tests.unit.tabular.grids import Judge

SPEC = GridSpec("zqtable", (Column("zqlaw", "What does the zqquestion say?"),))


def grids_of(audited: Audited) -> AuditedGrids:
    reader = FakeReader({SPEC.columns[0].question: {"zqdocument": 5.0}})
    inner = LibraryGrids(audited.store, audited.store.grids, lambda: reader, Judge({}))
    return AuditedGrids(inner, audited.recorder)


def test_what_is_done_with_a_table_is_recorded(tmp_path: Path) -> None:
    audited = Audited(tmp_path / "library")
    grids = grids_of(audited)
    list(grids.fill(SPEC))
    grids.review("zqtable", 1, "zqlaw", "accepted")
    grids.load("zqtable")
    grids.remove("zqtable")
    with pytest.raises(UsageError):
        grids.remove("zqtable")
    audited.store.close()
    log = LogReader(audited.library.log, None)
    found = [
        (r.action, r.fields.get("phase"), r.fields.get("count"), r.fields.get("reviewed"))
        for r in log.records()
        if r.action.startswith("table")
    ]
    assert log.bad == ""
    assert found == [
        ("table-fill", "start", None, None),
        ("table", "intent", None, None),
        ("table", "done", None, None),
        ("table-cells", "intent", 1, None),
        ("table-cells", "done", None, None),
        ("table-fill", None, None, None),
        ("table-cells", "intent", 1, "accepted"),
        ("table-cells", "done", None, None),
        ("table-view", None, 1, None),
        ("table-remove", "intent", None, None),
        ("table-remove", "done", None, None),
    ]
    assert b"zq" not in audited.library.log.read_bytes()


def test_without_a_log_that_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    audited = Audited(tmp_path / "library")
    grids = grids_of(audited)
    list(grids.fill(SPEC))
    audited.library.log.rename(audited.library.log.with_name("moved"))
    cells = [("key", cell) for cell in audited.store.grids.cells("zqtable").values()]
    rows = audited.store.grids
    for change in (
        lambda: rows.remove("zqtable"),
        lambda: rows.save(GridSpec("another", SPEC.columns)),
        lambda: rows.put("zqtable", 1, cells),
    ):
        with pytest.raises(AuditError):
            change()
    assert audited.recorder.log is not None
    audited.recorder.log.abandon()
    assert len(rows.cells("zqtable")) == 1
    assert LibraryGrids(audited.store, audited.store.grids, lambda: None, Judge({})).names() == [
        "zqtable"
    ]
