"""Text that is written to a plain file is recorded before it is written, or is not written."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import AuditError
from tests.unit.audit.test_audit_workspace import Audited


def test_an_export_of_text_is_recorded_without_any_text(tmp_path: Path) -> None:
    audited = Audited(tmp_path / "library")
    audited.workspace.note_export("questions", 12, range(1, 151))
    record = audited.records()[-1]
    assert record.action == "text-export"
    assert record.fields == {
        "what": "questions",
        "count": 12,
        "documents": list(range(1, 101)),  # a very long list is cut and counted
        "of": 150,
    }
    assert audited.inner.exported == [("questions", 12, tuple(range(1, 151)))]
    audited.store.close()


def test_without_a_log_nothing_may_be_written(tmp_path: Path) -> None:
    audited = Audited(tmp_path / "library")
    audited.refuse()
    with pytest.raises(AuditError):
        audited.workspace.note_export("questions", 1, [1])
    assert audited.inner.exported == []
