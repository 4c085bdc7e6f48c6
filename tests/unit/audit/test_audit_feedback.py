"""Feedback is recorded without its content, and not kept, removed or exported otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.audit import AuditRecorder, LogReader
from assistant.audit.audited_store import AuditedFeedback
from assistant.audit.log_record import Record
from assistant.config import Settings
from assistant.errors import AuditError, UsageError
from assistant.types import Citation, Correction, Feedback
from tests.store.material import put
from tests.unit.audit.library import EMBEDDER, Library, attached

SECRETS = (b"zqquestion", b"zqanswer", b"zqwords", b"zqdocument")


class Audited:
    """A library with one document, its log, and its feedback."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.library = Library(folder)
        with self.library.opened() as (store, log):
            log.before_write()
            put(store, EMBEDDER, "The zqdocument lasts.", name="zqdocument.txt")
            log.append("add", phase="done", pages=True)
            log.close()
        self.recorder = AuditRecorder(Settings(data_dir=folder))
        self.store = attached(self.recorder, self.library.open_store())

    @property
    def feedback(self) -> AuditedFeedback:
        return self.store.feedback

    def records(self) -> list[Record]:
        log = LogReader(self.library.log, None)
        records = [r for r in log.records() if r.action.startswith("feedback")]
        assert log.bad == ""
        return records


@pytest.fixture
def audited(tmp_path: Path) -> Iterator[Audited]:
    made = Audited(tmp_path / "library")
    yield made
    if made.recorder.log is not None:
        made.recorder.log.abandon()


def given(text: str = "zqdocument") -> Feedback:
    place = Citation(1, "zqdocument.txt", 1, 4, 14, text)
    correction = Correction("zqwords", (place,))
    return Feedback("zqquestion?", "wrong", "zqanswer", correction=correction)


def test_each_change_has_its_records_and_the_pages_stay_right(audited: Audited) -> None:
    kept = audited.feedback.add(given())
    audited.feedback.note_exported([kept.id], "suite")
    assert audited.feedback.every()[0].exported == ("suite",)
    assert audited.feedback.get(kept.id).verdict == "wrong"
    audited.feedback.remove(kept.id)
    records = audited.records()
    assert [(r.action, r.fields["phase"]) for r in records] == [
        (action, phase)
        for action in ("feedback", "feedback-export", "feedback-remove")
        for phase in ("intent", "done")
    ]
    assert records[0].fields["verdict"] == "wrong"
    assert records[0].fields["correction"] == "place"
    assert (records[2].fields["kind"], records[2].fields["count"]) == ("suite", 1)
    assert all("root" in record.fields for record in records[1::2])
    audited.store.close()
    content = audited.library.log.read_bytes()
    assert not [secret for secret in SECRETS if secret in content]
    assert audited.library.verify().verdict == "ok"


@pytest.mark.parametrize(
    ("correction", "kind"),
    [
        (None, "none"),
        (Correction("two years"), "words"),
        (Correction(unanswerable=True), "unanswerable"),
    ],
)
def test_the_kind_of_a_correction_is_recorded(
    audited: Audited, correction: Correction | None, kind: str
) -> None:
    audited.feedback.add(Feedback("why?", "wrong", correction=correction))
    assert audited.records()[0].fields["correction"] == kind


def test_what_the_store_refuses_is_recorded_as_failed(audited: Audited) -> None:
    with pytest.raises(UsageError):
        audited.feedback.add(given("another words"[:10]))
    assert audited.records()[-1].fields["phase"] == "failed"
    with pytest.raises(UsageError):
        audited.feedback.remove(9)
    assert len(audited.records()) == 2  # what is not there was not asked of the store
    audited.store.close()
    assert audited.library.verify().verdict == "ok"


@pytest.mark.parametrize(
    "change",
    [
        lambda feedback: feedback.add(given()),
        lambda feedback: feedback.remove(1),
        lambda feedback: feedback.note_exported([1], "training"),
    ],
)
def test_nothing_happens_when_the_log_can_not_be_written(
    audited: Audited, change: Callable[[AuditedFeedback], object]
) -> None:
    audited.feedback.add(given())
    before = audited.feedback.every()
    audited.library.log.rename(audited.library.log.with_name("moved"))
    with pytest.raises(AuditError):
        change(audited.feedback)
    assert audited.feedback.every() == before
