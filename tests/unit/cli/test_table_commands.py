"""`assistant table` over a fake workspace: JSON, files, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.reader import FakeReader
from tests.fakes.workspace import FakeWorkspace
from tests.unit.cli.test_commands import HOSTILE, fake, parsed, run

LAW = "Which law governs?"
PAGES = {"a.txt": ("The law of Ostravia governs.",), HOSTILE: ("The law of \x1b[31mHull governs.",)}


@pytest.fixture
def workspace() -> FakeWorkspace:
    made = fake(pages=PAGES)
    made.reader = FakeReader({LAW: {"Ostravia": 5.0, "Hull": 4.0}})
    return made


@pytest.fixture
def questions(tmp_path: Path) -> str:
    path = tmp_path / "deal.txt"
    path.write_text(f"Law: {LAW}\nFee [amount]: What is the fee?\n")
    return str(path)


def done(workspace: FakeWorkspace, *arguments: object, status: int = 0) -> dict[str, Any]:
    result = run(workspace, "table", *map(str, arguments), "--json")
    assert result.exit_code == status, result.output
    command = arguments[0] if status or arguments[0] in COMMANDS else "fill"
    return parsed(result, f"table {command}") if not status else dict(json.loads(result.stdout))


COMMANDS = ("fill", "list", "show", "export", "mark", "remove", "templates")


def test_a_table_is_filled_kept_and_shown(workspace: FakeWorkspace, questions: str) -> None:
    made = done(workspace, questions)
    assert (made["read"], made["gone"], made["table"]["unread"]) == (4, [], 0)
    cell = made["table"]["rows"][0]["cells"][0]
    assert (cell["value"], cell["state"], cell["review"]) == ("Ostravia", "found", "")
    assert cell["quotes"][0]["text"] == "The law of Ostravia governs."
    assert made["table"]["rows"][0]["cells"][1]["text"] == "not in this document"
    assert done(workspace, "list")["tables"] == ["deal"]
    assert done(workspace, "show", "deal")["rows"] == made["table"]["rows"]
    assert done(workspace, "fill", questions)["read"] == 0
    shown = run(workspace, "table", "show", "deal")
    assert "Law: Ostravia" in shown.stdout
    assert "2 found, 0 doubtful, 2 absent" in shown.stdout
    assert "\x1b" not in shown.stdout


def test_only_named_documents_are_read(workspace: FakeWorkspace, questions: str) -> None:
    made = done(workspace, questions, "a.*", "--name", "one")
    assert [row["document"] for row in made["table"]["rows"]] == ["a.txt"]
    assert done(workspace, "list")["tables"] == ["one"]
    refused = done(workspace, "fill", questions, "*.doc", status=2)
    assert "No document" in refused["error"]["message"]


@pytest.mark.parametrize("kind", ["xlsx", "csv", "md", "json"])
def test_a_table_is_written_and_that_is_recorded(
    workspace: FakeWorkspace, questions: str, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"out.{kind}"
    assert done(workspace, questions, "--export", path)["exported"] == str(path)
    first = path.read_bytes()
    assert len(first) > 100
    assert (
        "holds something" in done(workspace, "export", "deal", path, status=2)["error"]["message"]
    )
    assert done(workspace, "export", "deal", path, "--overwrite")["rows"] == 2
    assert path.read_bytes() == first
    assert workspace.exported == [("table", 2, (1, 2))] * 2


def test_a_file_of_another_kind_is_not_begun(
    workspace: FakeWorkspace, questions: str, tmp_path: Path
) -> None:
    path = tmp_path / "out.docx"
    path.touch()  # as the lockdown leaves it
    refused = done(workspace, "fill", questions, "--export", path, status=2)
    assert ".xlsx" in refused["error"]["hint"]
    assert not path.exists()
    assert workspace.calls == []


def test_cells_are_marked(workspace: FakeWorkspace, questions: str) -> None:
    done(workspace, questions)
    cell = done(workspace, "mark", "deal", "1", "law", "--accept")["cell"]
    assert cell["review"] == "accepted"
    cell = done(workspace, "mark", "deal", "1", "Fee", "--correct", "law of Ostravia")["cell"]
    assert (cell["value"], cell["quotes"][0]["page"]) == ("law of Ostravia", 1)
    assert [f.verdict for f in workspace.judged] == ["right", "wrong"]
    cell = done(workspace, "mark", "deal", "1", "Fee", "--undo")["cell"]
    assert (cell["review"], cell["text"]) == ("", "not in this document")
    assert len(workspace.judged) == 1
    for wrong in ((), ("--accept", "--correct", "x")):
        refused = done(workspace, "mark", "deal", "1", "Law", *wrong, status=2)
        assert "Say one thing" in refused["error"]["message"]


def test_a_table_is_removed(workspace: FakeWorkspace, questions: str) -> None:
    done(workspace, questions)
    assert done(workspace, "remove", "deal")["removed"] == "deal"
    assert done(workspace, "list")["tables"] == []
    assert "no table" in done(workspace, "show", "deal", status=2)["error"]["message"]


def test_templates_are_listed_without_a_library(workspace: FakeWorkspace) -> None:
    found = {t["name"]: t["columns"] for t in done(workspace, "templates")["templates"]}
    assert len(found["commercial-contract"]) == 41
    assert "Which law governs the agreement? " not in run(workspace, "table", "templates").stdout
    assert "Governing law [text]" in run(workspace, "table", "templates", "nda").stdout
    assert "no template" in done(workspace, "templates", "x", status=2)["error"]["message"]
    assert workspace.calls == []


def test_what_was_recorded_before_is_read_by_name(workspace: FakeWorkspace, questions: str) -> None:
    result = run(workspace, "table", questions, "--name", "a\nb")
    assert result.exit_code == 2
