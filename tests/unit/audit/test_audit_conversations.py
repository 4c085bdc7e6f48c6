"""Conversations are recorded without their content."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.audit import LogReader
from assistant.audit.audited_conversations import AuditedConversations
from assistant.errors import AuditError
from assistant.types import Answer, Timings
from tests.unit.audit.test_audit_feedback import Audited

ANSWER = Answer("zqask", "zqsaid", True, (), (), 0.1, Timings(1.0, 1.0, None, 2.0), "model")


def test_what_is_done_with_a_conversation_is_recorded(tmp_path: Path) -> None:
    audited = Audited(tmp_path / "library")
    rows = AuditedConversations(audited.store.pool, audited.recorder)
    number = rows.keep(ANSWER).id
    rows.load(number)
    rows.rename(number, "zqname")
    rows.remove(number)
    audited.store.close()
    records = list(LogReader(audited.library.log, None).records())
    found = [r.action for r in records if r.action.startswith("conversation")]
    assert found == [
        *("conversation", "conversation", "conversation-view"),
        *("conversation-rename", "conversation-rename"),
        *("conversation-remove", "conversation-remove"),
    ]
    assert b"zq" not in audited.library.log.read_bytes()


def test_without_a_log_that_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    audited = Audited(tmp_path / "library")
    rows = AuditedConversations(audited.store.pool, audited.recorder)
    audited.library.log.rename(audited.library.log.with_name("moved"))
    with pytest.raises(AuditError):
        rows.keep(ANSWER)
    assert audited.recorder.log is not None
    audited.recorder.log.abandon()
    assert rows.find() == []
