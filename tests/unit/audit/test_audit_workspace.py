"""What a front end does is recorded before it is shown or done; else it does not happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.audit import AuditedWorkspace, AuditRecorder, LogReader
from assistant.audit.audited_store import AuditedStore
from assistant.audit.log_record import Record
from assistant.config import Settings
from assistant.errors import AuditError, EngineError, ModelError, StoreError
from assistant.types import FileAdded, Finished, Retrieved
from tests.fakes.workspace import FakeWorkspace
from tests.store.material import put
from tests.unit.audit.library import EMBEDDER, Library, attached

QUESTION = "How long is the warranty of Mrs Marker's pump?"


class Audited:
    """A fake workspace around a real store and a real log."""

    def __init__(self, folder: Path, *, content: bool = False, **options: Any) -> None:
        folder.mkdir()
        self.library = Library(folder)
        self.settings = Settings(data_dir=folder, audit_content=content)
        self.recorder = AuditRecorder(self.settings, lambda: {"model": "ab" * 32})
        self.store: AuditedStore = attached(self.recorder, self.library.open_store())
        self.inner = FakeWorkspace(forbidden=-1, **options)
        self.workspace = AuditedWorkspace(self.inner, self.recorder)

    def records(self) -> list[Record]:
        log = LogReader(self.library.log, None)
        records = list(log.records())
        assert log.bad == ""
        return records

    def actions(self) -> list[str]:
        return [record.action for record in self.records()]

    def refuse(self) -> None:
        """From now on the log can't be written."""
        self.library.log.rename(self.library.log.with_name("moved"))


Make = Callable[..., Audited]


def test_the_opening_says_who_and_under_which_lock(make: Make) -> None:
    audited = make()
    begin, opened = audited.records()
    assert begin.fields["public_key"] == audited.recorder.log.keys.public_key  # type: ignore[union-attr]
    assert opened.action == "open"
    assert opened.fields["lockdown"] == "none"  # in this process there is none
    assert opened.fields["model"] == "ab" * 32
    assert {"user", "process", "version"} <= opened.fields.keys()


def test_each_event_comes_after_its_record(make: Make) -> None:
    audited = make()
    seen: dict[type, list[str]] = {}
    for event in audited.workspace.ask(QUESTION):
        seen.setdefault(type(event), audited.actions())
    assert seen[Retrieved][-2:] == ["ask", "shown"]
    assert seen[Finished][-3:] == ["ask", "shown", "cite"]
    ask, shown, cite = audited.records()[-3:]
    assert ask.fields["length"] == len(QUESTION)
    assert shown.fields["of"] == cite.fields["of"] == ask.seq
    assert shown.fields["places"]
    assert cite.fields["places"]
    assert cite.fields["sentences"] >= cite.fields["supported"] > 0


def test_texts_and_names_stay_out_of_the_log(make: Make) -> None:
    audited = make()
    list(audited.workspace.ask(QUESTION))
    audited.workspace.search("Marker")
    audited.workspace.page_text(1, 1)
    put_through(audited.store, "Patient Marker has a pump.", "marker.txt")
    audited.store.forget(1)
    content = audited.library.log.read_bytes().lower()
    assert b"marker" not in content
    assert audited.actions()[-4:] == ["add", "add", "forget", "forget"]


def put_through(store: AuditedStore, text: str, name: str) -> None:
    put(store, EMBEDDER, text, name=name)  # type: ignore[arg-type]


def test_content_is_recorded_only_if_the_setting_says_so(make: Make) -> None:
    audited = make(content=True)
    list(audited.workspace.ask(QUESTION))
    put_through(audited.store, "Patient Marker has a pump.", "marker.txt")
    fields = [record.fields for record in audited.records()]
    assert any(f.get("question_text") == QUESTION for f in fields)
    assert any(f.get("name_text") == "marker.txt" for f in fields)


def test_equal_questions_have_equal_identifiers(make: Make) -> None:
    audited = make()
    for question in ("a?", "b?", "a?"):
        list(audited.workspace.ask(question))
    ids = [r.fields["question"] for r in audited.records() if r.action == "ask"]
    assert ids[0] == ids[2] != ids[1]


def test_without_a_log_nothing_happens(make: Make) -> None:
    audited = make()
    put_through(audited.store, "Kept text. " * 50, "kept.txt")
    audited.refuse()
    produced = audited.inner.produced
    with pytest.raises(AuditError):
        next(audited.workspace.ask(QUESTION))
    with pytest.raises(AuditError):
        audited.workspace.search("pump")
    with pytest.raises(AuditError):
        audited.workspace.page_text(1, 1)
    with pytest.raises(AuditError):
        put_through(audited.store, "New text. " * 50, "new.txt")
    with pytest.raises(AuditError):
        audited.store.forget(1)
    assert audited.inner.produced == produced
    assert audited.inner.calls == []
    assert [d.name for d in audited.store.documents()] == ["kept.txt"]


def test_an_answer_is_not_shown_if_its_citations_cannot_be_recorded(make: Make) -> None:
    audited = make()
    events = audited.workspace.ask(QUESTION)
    assert isinstance(next(events), Retrieved)
    audited.refuse()
    shown: list[object] = []
    with pytest.raises(AuditError):
        shown.extend(events)
    assert not any(isinstance(event, Finished) for event in shown)


def test_a_failure_is_recorded(make: Make) -> None:
    audited = make(answers=[[EngineError("It broke.")]])
    with pytest.raises(EngineError):
        list(audited.workspace.ask(QUESTION))
    last = audited.records()[-1]
    assert (last.action, last.fields["phase"], last.fields["error"]) == ("cite", "failed", "engine")


def test_an_answer_that_nobody_waited_for_is_recorded(make: Make) -> None:
    audited = make()
    events = audited.workspace.ask(QUESTION)
    next(events)
    events.close()  # type: ignore[attr-defined]
    last = audited.records()[-1]
    assert (last.action, last.fields["phase"]) == ("cite", "left")


def test_documents_that_nobody_waited_for_are_recorded(make: Make) -> None:
    audited = make()
    events = audited.workspace.add([Path("a.txt"), Path("b.txt")])
    for event in events:
        if isinstance(event, FileAdded):
            break
    events.close()  # type: ignore[attr-defined]
    start, left = audited.records()[-2:]
    assert (start.action, start.fields) == ("ingest", {"phase": "start", "named": 2})
    assert (left.action, left.fields["phase"], left.fields["of"]) == ("ingest", "left", start.seq)
    assert left.fields["root"]["pages"] > 1


class Unloadable(FakeWorkspace):
    """Its methods fail when they are called, as where an engine can't be loaded."""

    def ask(self, *_: Any, **__: Any) -> Iterator[Any]:
        raise ModelError("The model is damaged.")

    def add(self, *_: Any, **__: Any) -> Iterator[Any]:
        raise ModelError("The embedder is damaged.")

    def search(self, *_: Any, **__: Any) -> Any:
        raise StoreError("The library is damaged.")

    def page_text(self, *_: Any, **__: Any) -> str:
        raise StoreError("The library is damaged.")


@pytest.mark.parametrize(
    ("use", "kind", "recorded"),
    [
        (lambda w: next(w.ask(QUESTION)), ModelError, [("ask", None), ("cite", "failed")]),
        (
            lambda w: next(w.add([Path("a")])),
            ModelError,
            [("ingest", "start"), ("ingest", "failed")],
        ),
        (lambda w: w.search("pump"), StoreError, [("search", None), ("shown", "failed")]),
        (lambda w: w.page_text(1, 1), StoreError, [("view", None)]),
    ],
)
def test_what_fails_before_it_begins_is_recorded(
    make: Make,
    use: Callable[[AuditedWorkspace], object],
    kind: type[Exception],
    recorded: list[tuple[str, str | None]],
) -> None:
    audited = make()
    before = len(audited.records())
    workspace = AuditedWorkspace(Unloadable(forbidden=-1), audited.recorder)
    with pytest.raises(kind):
        use(workspace)
    records = audited.records()[before:]
    assert [(r.action, r.fields.get("phase")) for r in records] == recorded
    if len(records) == 2:
        assert records[1].fields["of"] == records[0].seq


def test_an_iterator_that_nobody_begins_is_no_work_and_no_record(make: Make) -> None:
    audited = make()
    before = audited.actions()
    never = [audited.workspace.ask(QUESTION), audited.workspace.add([Path("a.txt")])]
    for events in never:
        events.close()  # type: ignore[attr-defined]
    assert audited.inner.calls == []
    assert audited.actions() == before


def test_closing_ends_the_session(make: Make) -> None:
    audited = make()
    audited.store.close()
    assert audited.actions()[-1] == "lock"
    audited.store.close()
    assert audited.actions().count("lock") == 1
    assert audited.library.verify().verdict == "ok"


def test_a_library_that_is_not_there_yet_has_nothing_to_record(tmp_path: Path) -> None:
    recorder = AuditRecorder(Settings(data_dir=tmp_path))
    workspace = AuditedWorkspace(FakeWorkspace(forbidden=-1), recorder)
    assert list(workspace.ask(QUESTION))
    assert workspace.documents()
    workspace.close()
    assert list(tmp_path.iterdir()) == []


def test_a_log_that_cannot_begin_closes_the_store(tmp_path: Path) -> None:
    library = Library(tmp_path)
    library.log.write_bytes(b"left by another library\n")
    recorder = AuditRecorder(Settings(data_dir=tmp_path))
    store = library.open_store()
    with pytest.raises(AuditError, match="no library that is here"):
        recorder.attach(store)
    assert recorder.log is None
