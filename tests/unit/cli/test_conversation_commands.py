"""`assistant conversations` over a fake workspace: JSON, files, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

from assistant.types import Finished
from tests.fakes.workspace import FakeWorkspace
from tests.unit.cli.test_commands import fake, parsed, run

QUESTION = "How long is the \x1b[31mwarranty?"


def kept() -> FakeWorkspace:
    workspace = fake()
    *_, last = workspace.ask(QUESTION)
    assert isinstance(last, Finished)
    workspace.conversations.keep(last.answer)
    return workspace


def test_it_is_listed_shown_renamed_and_deleted() -> None:
    workspace = kept()
    listed = parsed(run(workspace, "conversations", "list", "--json"), "conversations list")
    assert [c["name"] for c in listed["conversations"]] == [QUESTION]
    shown = parsed(run(workspace, "conversations", "show", "1", "--json"), "conversations show")
    assert shown["turns"][0]["answer"]["sentences"][0]["quotes"]
    plain = run(workspace, "conversations", "show", "1").stdout
    assert "warranty" in plain
    assert "\x1b" not in plain
    renamed = run(workspace, "conversations", "rename", "1", "Pumps", "--json")
    assert parsed(renamed, "conversations rename")["conversations"][0]["name"] == "Pumps"
    refused = run(workspace, "conversations", "delete", "1")
    assert refused.exit_code == 2
    assert workspace.conversations.kept
    done = run(workspace, "conversations", "delete", "1", "--yes", "--json")
    assert parsed(done, "conversations delete")["deleted"]["name"] == "Pumps"
    assert not workspace.conversations.kept
    assert run(workspace, "conversations", "show", "1").exit_code == 2


def test_it_is_written_with_numbered_sources_and_that_is_recorded(tmp_path: Path) -> None:
    workspace, file = kept(), tmp_path / "talk.md"
    done = run(workspace, "conversations", "export", "1", str(file), "--json")
    assert parsed(done, "conversations export")["file"] == str(file)
    text = file.read_text(encoding="utf-8")
    assert "\x1b" not in text
    assert "\\[1\\]" in text
    assert "## Sources\n\n1. " in text
    assert workspace.exported[0][:2] == ("conversation", 1)
    assert run(workspace, "conversations", "export", "1", str(file)).exit_code == 2
    as_json = tmp_path / "talk.json"
    assert run(workspace, "conversations", "export", "1", str(as_json)).exit_code == 0
    assert json.loads(as_json.read_text())["conversation"]["turns"] == 1
    assert run(workspace, "conversations", "export", "1", str(tmp_path / "x.doc")).exit_code == 2
