"""The fake workspace, which the app's tests use, behaves as the real one does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.audit import AuditRecorder
from assistant.cli.wiring import LocalWorkspace
from assistant.config import Settings
from assistant.errors import UsageError
from assistant.store import KeyFile
from assistant.types import (
    CancelToken,
    FileAdded,
    FilesFound,
    Finished,
    IngestFinished,
    Workspace,
)
from tests.fakes.workspace import FakeWorkspace

TEXTS = {
    "pump.txt": "The pump is checked every year. Its seal is replaced.\n",
    "clinic.txt": "Nurses sign letters of the clinic.\n",
}
QUESTION = "When is the pump checked?"


@pytest.fixture(params=["real", "fake"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workspace]:
    """A library with two documents; the real one has no chat model."""
    if request.param == "fake":
        pages = {name: (text,) for name, text in TEXTS.items()}
        yield FakeWorkspace(forbidden=-1, pages=pages, answers=[[], []])
        return
    settings = Settings(data_dir=tmp_path / "data")
    workspace = LocalWorkspace(settings, KeyFile(tmp_path / "key"), AuditRecorder(settings))
    list(workspace.add(files(tmp_path, **TEXTS)))
    yield workspace
    workspace.close()


def files(folder: Path, **texts: str) -> list[Path]:
    paths = [folder / name for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text)
    return paths


def cancelled() -> CancelToken:
    token = CancelToken()
    token.cancel()
    return token


def test_documents_and_their_pages(either: Workspace) -> None:
    records = either.documents()
    assert [r.name for r in records] == list(TEXTS)
    assert [r.id for r in records] == [1, 2]
    assert [either.page_text(r.id, 1) for r in records] == list(TEXTS.values())
    for number, page in ((1, 2), (1, 0), (1, -1), (99, 1)):
        with pytest.raises(UsageError):
            either.page_text(number, page)


def test_a_document_by_its_number_and_name(either: Workspace) -> None:
    first, second = either.documents()
    assert either.resolve("1") == either.resolve("pump.txt") == either.resolve("PUM") == first
    assert either.resolve("clinic.txt") == second
    for reference in ("absent", "", "c", "99"):
        with pytest.raises(UsageError):
            either.resolve(reference)


def test_forgetting(either: Workspace) -> None:
    first, second = either.documents()
    assert either.forget(first.id) == first
    assert either.documents() == [second]
    with pytest.raises(UsageError):
        either.forget(first.id)
    with pytest.raises(UsageError):
        either.page_text(first.id, 1)


def test_adding(either: Workspace, tmp_path: Path) -> None:
    events = list(either.add(files(tmp_path, **{"new.txt": "The gate opens early.\n"})))
    assert events[0] == FilesFound(1)
    [added] = [event for event in events if isinstance(event, FileAdded)]
    assert events[-1] == IngestFinished(added=1, known=0, failed=0, cancelled=False)
    assert either.documents()[-1] == added.document
    assert added.document.name == "new.txt"


def test_what_is_cancelled_still_ends_with_its_last_event(
    either: Workspace, tmp_path: Path
) -> None:
    *_, last = either.add(files(tmp_path, **{"new.txt": "The gate opens early.\n"}), cancelled())
    assert last == IngestFinished(added=0, known=0, failed=0, cancelled=True)
    assert len(either.documents()) == 2
    *_, end = either.ask(QUESTION, cancelled())
    assert isinstance(end, Finished)
    assert end.answer.cancelled
    assert end.answer.question == QUESTION


@pytest.mark.parametrize("nothing", ["", "  \n"])
def test_nothing_is_asked(either: Workspace, nothing: str) -> None:
    with pytest.raises(UsageError):
        list(either.ask(nothing))
    with pytest.raises(UsageError):
        either.search(nothing)


def test_a_verdict_that_is_not_there(either: Workspace) -> None:
    assert either.feedback() == []
    with pytest.raises(UsageError):
        either.remove_feedback(1)
