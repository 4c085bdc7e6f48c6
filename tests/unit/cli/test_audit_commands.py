"""`assistant audit`: what is printed, the JSON, the exit codes, on a real library."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import validate

from assistant.audit import append_unsealed, open_log
from assistant.cli.main import cli
from assistant.config import Settings
from assistant.engine.engine_loader import embedder_identity
from assistant.store import KeyFile, open_store
from tests.unit.audit.library import EMBEDDER, Library
from tests.unit.test_docs import REFERENCE

SCHEMAS = REFERENCE.json_schema()["commands"]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """A library without a passphrase, with one document, in the data folder of the test."""
    made = Library(tmp_path / "data")
    made.folder.mkdir()
    key = KeyFile(made.folder / "library.key").get(create=True)
    made.open_store = lambda: open_store(  # type: ignore[method-assign]
        made.store, key, create=True, embedder=EMBEDDER.identity
    )
    with made.opened() as (store, log):
        made.add(store, log, "first.txt")
        log.append("ask", question="00ff", length=3)
        log.close()
    return made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["audit", *arguments])


def parsed(result: Result, command: str) -> dict[str, Any]:
    document = json.loads(result.stdout)
    validate(document, SCHEMAS[f"audit {command}"])
    return document


def test_verify(library: Library) -> None:
    result = run("verify")
    assert result.exit_code == 0, result.output
    assert "OK. " in result.stdout
    report = parsed(run("verify", "--json"), "verify")
    assert (report["verdict"], report["records"], report["findings"]) == ("ok", 5, [])
    assert report["pages"] > 1


def test_verify_names_the_first_bad_record(library: Library) -> None:
    library.log.write_bytes(library.log.read_bytes().replace(b'"length":3', b'"length":4'))
    result = run("verify")
    assert result.exit_code == 1
    assert "record 3: its content does not fit its hash" in result.output
    report = parsed(run("verify", "--json"), "verify")
    assert report["verdict"] == "tampered"
    assert report["findings"][0]["record"] == 3


def test_show(library: Library) -> None:
    result = run("show")
    assert result.exit_code == 0
    assert [line.split()[2] for line in result.stdout.splitlines()[1:]] == [
        "begin",
        "add",
        "add",
        "ask",
        "lock",
    ]
    shown = parsed(run("show", "--json", "--action", "ask", "--action", "lock"), "show")
    assert [r["action"] for r in shown["records"]] == ["ask", "lock"]
    last = parsed(run("show", "--json", "--last", "1", "--unchecked"), "show")
    assert [r["seq"] for r in last["records"]] == [4]
    assert parsed(run("show", "--json", "--until", "2020-01-01"), "show")["records"] == []
    assert len(parsed(run("show", "--json", "--since", "2020-01-01"), "show")["records"]) == 5
    assert run("show", "--since", "yesterday").exit_code == 2


def test_show_ends_at_the_first_bad_record(library: Library) -> None:
    library.log.write_bytes(library.log.read_bytes().replace(b'"length":3', b'"length":4'))
    result = run("show", "--json")
    assert result.exit_code == 1
    shown = parsed(result, "show")
    assert len(shown["records"]) == 3
    assert shown["bad"].startswith("record 3:")


def test_hostile_content_of_a_log_reaches_no_terminal(library: Library) -> None:
    hostile = "evil\x1b]52;c;aGk=\x07\u202egnp.exe\n"
    append_unsealed(library.log, "model", op=hostile)
    result = run("show")
    assert "evil" in result.stdout
    for forbidden in ("\x1b", "\x07", "\u202e"):
        assert forbidden not in result.output
    assert "\x1b" not in run("show", "--json").stdout


def test_export_and_verify_against_it(library: Library, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    done = parsed(run("export", str(stick), "--json"), "export")
    assert Path(done["path"]).parent == stick
    assert run("verify", "--against", done["path"]).exit_code == 0
    result = run("export", done["path"])
    assert result.exit_code == 2
    assert "exists" in result.output
    content = Path(done["path"]).read_bytes()
    Path(done["path"]).write_bytes(content.replace(b'"length":3', b'"length":4'))
    assert run("verify", "--against", done["path"]).exit_code == 10


def test_accept(library: Library) -> None:
    library.log.unlink()
    refused = run("accept")
    assert refused.exit_code == 2
    assert "--yes" in refused.output
    done = parsed(run("accept", "--yes", "--json"), "accept")
    assert done["begun_anew"]
    assert parsed(run("verify", "--json"), "verify")["verdict"] == "ok"
    again = parsed(run("accept", "--yes", "--json"), "accept")
    assert not again["begun_anew"]


def test_without_a_library(tmp_path: Path) -> None:
    for command in (["verify"], ["show"], ["accept", "--yes"], ["export", str(tmp_path / "x")]):
        result = run(*command)
        assert result.exit_code == 2, command
        assert "assistant add" in result.output


def test_a_refusal_has_its_own_exit_code(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    settings.data_dir.mkdir()
    key = KeyFile(settings.key_path).get(create=True)
    identity = embedder_identity(settings)
    with open_store(settings.store_path, key, create=True, embedder=identity) as store:
        open_log(settings.audit_path, store.audit).close()
    settings.audit_path.unlink()
    result = CliRunner().invoke(cli, ["docs", "--json"])
    assert result.exit_code == 10
    assert json.loads(result.stdout)["error"]["code"] == "audit"
