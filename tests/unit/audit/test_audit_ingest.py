"""What the audit log holds of a changing library."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.audit import AuditedWorkspace, AuditRecorder, LogReader
from assistant.audit.audited_store import AuditedFeedback, AuditedStore
from assistant.config import Settings
from assistant.errors import UsageError
from assistant.store import SqliteStore
from assistant.store.feedback_rows import FeedbackState
from assistant.types import FileAdded, IngestFinished
from tests.fakes.workspace import FakeWorkspace
from tests.unit.audit.library import Library
from tests.unit.audit.test_audit_workspace import Make, put_through


def test_an_ingest_into_a_library_that_is_not_there_yet(tmp_path: Path) -> None:
    """The log begins with the library, in the middle of the first ingest."""
    library = Library(tmp_path)
    recorder = AuditRecorder(Settings(data_dir=tmp_path))

    class Making(FakeWorkspace):
        def add(self, *given: Any, **options: Any) -> Iterator[Any]:
            recorder.attach(library.open_store())
            return super().add(*given, **options)

    events = list(AuditedWorkspace(Making(forbidden=-1), recorder).add([Path("a.txt")]))
    assert isinstance(events[-1], IngestFinished)
    last = list(LogReader(library.log, None).records())[-1]
    assert last.action == "ingest"
    assert (last.fields["added"], "of" in last.fields) == (1, False)


def test_every_change_of_a_store_is_audited() -> None:
    """A method of the store that writes must not slip past its audited heir."""
    for kind, heir in ((SqliteStore, AuditedStore), (FeedbackState, AuditedFeedback)):
        for name, method in vars(kind).items():
            if inspect.isfunction(method) and "pool.writing()" in inspect.getsource(method):
                assert name in vars(heir), f"{kind.__name__}.{name}"


def test_an_ingest_ends_with_a_root_over_the_pages(make: Make) -> None:
    audited = make()
    for event in audited.workspace.add([Path("a.txt"), Path("b.txt")]):
        if isinstance(event, FileAdded):
            assert audited.records()[-1].fields == {"phase": "start", "named": 2}
        if isinstance(event, IngestFinished):
            assert audited.actions()[-1] == "ingest"
    fields = audited.records()[-1].fields
    assert (fields["added"], fields["named"]) == (2, 2)
    assert fields["root"]["pages"] > 1


def test_a_document_that_is_not_there_is_not_announced(make: Make) -> None:
    audited = make()
    before = audited.actions()
    with pytest.raises(UsageError):
        audited.store.forget(99)
    assert audited.actions() == before


def test_a_store_error_is_recorded_as_the_outcome(make: Make) -> None:
    audited = make()
    put_through(audited.store, "Text. " * 50, "one.txt")
    audited.store.pool.close()
    with pytest.raises(Exception, match="closed"):
        put_through(audited.store, "More. " * 50, "two.txt")
    audited.recorder.log = None
