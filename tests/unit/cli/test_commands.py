"""The commands over a fake workspace: what is printed, the JSON, the exit codes."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import validate

from assistant.cli.main import cli
from assistant.config import Settings
from assistant.documents.charsets import named_charset
from assistant.errors import DocumentError, StoreBusyError
from assistant.types import (
    FileAdded,
    FileFailed,
    FileProgress,
    FilesFound,
    Note,
    ReadOptions,
)
from assistant.types.library_check import Finding
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import Forever
from tests.unit.test_docs import REFERENCE

Run = Callable[..., Result]
SCHEMAS = REFERENCE.json_schema()["commands"]
HOSTILE = "evil\x1b]52;c;aGk=\x07\u202egnp.exe\n.pdf"


def run(workspace: FakeWorkspace, *arguments: str) -> Result:
    def opener(settings: Settings) -> FakeWorkspace:
        assert settings.data_dir
        return workspace

    return CliRunner().invoke(cli, list(arguments), obj=opener)


def fake(**options: Any) -> FakeWorkspace:
    return FakeWorkspace(forbidden=-1, **options)


def parsed(result: Result, command: str) -> dict[str, Any]:
    document = json.loads(result.stdout)
    validate(document, SCHEMAS[command])
    return document


def test_docs_lists_every_document() -> None:
    workspace = fake()
    result = run(workspace, "docs", "--json")
    assert result.exit_code == 0
    listed = parsed(result, "docs")["documents"]
    assert [d["name"] for d in listed] == [r.name for r in workspace.documents()]
    assert workspace.closed


def test_library_check_says_what_was_left_out_and_what_to_do() -> None:
    noted = {1: (Note("pages_without_text", 2, pages=(2, 4)),)}
    result = run(fake(noted=noted), "library", "check", "--json")
    first, *others = parsed(result, "library check")["documents"]
    [note] = first["notes"]
    assert note["text"] == "2 of its pages have no text (pictures or blank): 2, 4"
    assert note["pages"] == [2, 4]
    assert "--ocr always" in note["advice"]
    assert all(other["notes"] == [] for other in others)
    shown = run(fake(noted=noted), "library", "check").stdout
    assert "2 of its pages have no text" in shown
    assert "1 with notes" in shown
    assert "assistant add" in run(fake(pages={}), "library", "check").stdout


def test_library_check_says_what_makes_answers_wrong() -> None:
    found = Finding("versions", (1, 2), "a.pdf and b.pdf seem to be versions", "compare 1 2")
    workspace = fake()
    workspace.findings = (found, replace(found, kind="boilerplate", said="12 passages", advice=""))
    told = parsed(run(workspace, "library", "check", "--json"), "library check")["findings"]
    assert [f["kind"] for f in told] == ["versions", "boilerplate"]
    assert told[0]["documents"] == [1, 2]
    shown = run(workspace, "library", "check").stdout
    assert "Versions\n  a.pdf and b.pdf seem to be versions.\n    compare 1 2\n" in shown
    assert shown.index("Versions") < shown.index("Boilerplate")


def test_docs_of_an_empty_library_tells_how_to_begin() -> None:
    result = run(fake(pages={}), "docs")
    assert "assistant add" in result.stdout


def test_add_reports_every_file_and_fails_with_one() -> None:
    workspace = fake()
    record = workspace.documents()[0]
    error = DocumentError("scan.pdf has no text layer.", hint="Run OCR on it first.")
    workspace = fake(
        ingests=[
            [
                FilesFound(2),
                FileAdded(Path("a.pdf"), 0, record),
                FileFailed(Path(HOSTILE), 1, error),
            ]
        ]
    )
    result = run(workspace, "add", "folder", "--json")
    assert result.exit_code == 1
    report = parsed(result, "add")
    assert report["added"][0]["name"] == record.name
    assert report["failed"][0]["error"]["hint"] == "Run OCR on it first."
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize(
    "said", ["cp1251", "windows-1251", "KOI8-R", "Mac-Roman", "big5", "latin1"]
)
def test_add_hands_on_how_a_file_is_to_be_read(said: str) -> None:
    workspace = fake()
    assert run(workspace, "add", "a.txt", "--encoding", said, "--ocr", "never").exit_code == 0
    assert workspace.read_options == ReadOptions(named_charset(said), "never")


@pytest.mark.parametrize(
    "said", ["zip", "rot13", "idna", "base64", "unicode_escape", "none", "a\0b"]
)
def test_add_takes_encodings_of_text_only(said: str) -> None:
    workspace = fake()
    result = run(workspace, "add", "a.txt", "--encoding", said)
    assert result.exit_code == 2
    assert "no text encoding" in result.stderr
    assert workspace.added == []


def test_hostile_names_reach_no_terminal() -> None:
    error = DocumentError(f"{HOSTILE} is empty.", hint="Leave it out.")
    script = [FilesFound(1), FileFailed(Path(HOSTILE), 0, error)]
    result = run(fake(ingests=[script]), "add", "folder")
    assert result.exit_code == 1
    for forbidden in ("\x1b", "\x07", "\u202e"):
        assert forbidden not in result.output
    assert "is empty" in result.output


def test_interrupted_add_stops_the_work_and_ends_with_130() -> None:
    endless = Forever(FileProgress(Path("a.pdf"), 0, "embedding", 1, 8), delay=0.01)
    workspace = fake(ingests=[[FilesFound(1), endless]])
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    result = run(workspace, "add", "folder")
    assert result.exit_code == 130
    assert workspace.stopped == ["add"]
    assert workspace.closed


def test_forgetting_can_be_certified_and_checked(tmp_path: Path) -> None:
    workspace, target = fake(), tmp_path / "certificate.json"
    name = workspace.documents()[0].name
    done = run(workspace, "forget", name, "--yes", "--json", "--certificate", str(target))
    told = parsed(done, "forget")["certificate"]
    assert (told["passed"], told["rows_before"], told["rows_after"]) == (True, 4, 0)
    assert told["not_purged"] == ["a file of training data"]
    assert "forget_with_proof" in {method for method, _ in workspace.calls}
    checked = run(fake(), "forget", "--verify", str(target), "--key", told["public_key"], "--json")
    assert parsed(checked, "forget")["certificate"] == told
    assert "Nothing of it is left" in run(fake(), "forget", "--verify", str(target)).stdout
    assert run(fake(), "forget", "--verify", str(target), "--key", "00" * 32).exit_code == 1
    target.write_text(target.read_text(encoding="utf-8").replace('"markers": 8', '"markers": 9'))
    assert run(fake(), "forget", "--verify", str(target)).exit_code == 1


def test_a_certificate_of_what_is_left_says_so_and_fails(tmp_path: Path) -> None:
    target = tmp_path / "certificate.json"
    done = run(fake(), "forget", "1", "--yes", "--conversations", "--certificate", str(target))
    assert done.exit_code == 1
    assert "Something is left" in done.stdout


def test_forget_without_a_document_says_what_to_do() -> None:
    assert "Name a document" in run(fake(), "forget").stderr


def test_forget_asks_unless_told_not_to() -> None:
    workspace = fake()
    name = workspace.documents()[0].name
    refused = run(workspace, "forget", name)
    assert refused.exit_code == 2
    assert "--yes" in refused.output
    assert "forget" not in {method for method, _ in workspace.calls}
    done = run(workspace, "forget", name, "--yes", "--json")
    assert done.exit_code == 0
    assert parsed(done, "forget")["forgotten"]["name"] == name


def test_errors_become_text_or_json() -> None:
    def opener(settings: Settings) -> FakeWorkspace:
        raise StoreBusyError(f"{settings.store_path.name} is busy.", hint="Close the other one.")

    text = CliRunner().invoke(cli, ["docs"], obj=opener)
    assert text.exit_code == 4
    assert "Close the other one." in text.output
    as_json = CliRunner().invoke(cli, ["docs", "--json"], obj=opener)
    assert as_json.exit_code == 4
    error = parsed(as_json, "any command that fails")["error"]
    assert error["code"] == "store_busy"


def test_broken_settings_are_named(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("thread = 3\n")
    result = run(fake(), "docs", "--data-dir", str(tmp_path))
    assert result.exit_code == 2
    assert "thread" in result.output


def test_the_app_needs_a_terminal() -> None:
    result = run(fake())
    assert result.exit_code == 2
    assert "assistant ask" in result.output


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_helps(command: str) -> None:
    result = CliRunner().invoke(cli, [command, "--help"])
    assert result.exit_code == 0
    assert "Usage" in result.output


def test_compare_says_what_is_different_with_the_pages() -> None:
    pages = {
        "a.txt": ("Pay within 45 days.\n",),
        "b.txt": ("Dogs are welcome.\n", "Pay within 60 days.\n"),
    }
    shown = run(fake(pages=pages), "compare", "1", "2")
    assert shown.exit_code == 0, shown.output
    assert "Changed (page 1 \u2192 page 2)" in shown.stdout
    assert "45 \u2192 60" in shown.stdout
    assert "1 changed, 1 added, 0 sentences unchanged." in shown.stdout
    changes = parsed(run(fake(pages=pages), "compare", "1", "2", "--json"), "compare")["changes"]
    assert [change["kind"] for change in changes] == ["added", "changed"]
    assert run(fake(pages=pages), "compare", "1", "1").exit_code == 2
