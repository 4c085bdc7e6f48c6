"""What the real command may open, and that it is locked before its body runs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest

from assistant import lockdown
from assistant.cli import sandbox
from assistant.cli.main import cli
from assistant.config import Settings
from assistant.console.output import Output
from assistant.errors import ConfigError, UsageError


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for name in ("TMPDIR", "SQLITE_TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path)


def context(line: list[str]) -> click.Context:
    """Return the context of the innermost command of a command line, as its body has it."""
    made = cli.make_context("assistant", list(line))
    while isinstance(made.command, click.Group) and made._protected_args:
        name, command, rest = made.command.resolve_command(
            made, [*made._protected_args, *made.args]
        )
        assert command is not None
        made = command.make_context(name, rest, parent=made)
    return made


def policy(line: list[str], settings: Settings) -> lockdown.Policy:
    return sandbox.policy_of(context(line), settings)


def test_a_command_reads_what_it_names_and_writes_its_data_folder(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "data")
    found = policy(["add", "a.pdf", str(tmp_path / "b")], settings)
    assert found.read == (tmp_path / "a.pdf", tmp_path / "b")
    assert found.write == (tmp_path / "data",)
    assert found.names == ()
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert os.environ["TMPDIR"] == str(tmp_path / "data" / "tmp")


@pytest.mark.parametrize("line", [["docs"], ["search", "x"], ["models", "list"], ["doctor"]])
def test_looking_makes_no_folder(tmp_path: Path, line: list[str]) -> None:
    assert policy(line, Settings(tmp_path / "data")).write == (tmp_path / "data",)
    assert not (tmp_path / "data").exists()


def test_a_question_names_no_path(tmp_path: Path) -> None:
    found = policy(["ask", str(tmp_path)], Settings(tmp_path / "data"))
    assert found.read == ()
    assert found.write == (tmp_path / "data",)


def test_packages_of_models_are_read_and_linked_models_written(tmp_path: Path) -> None:
    data, elsewhere, other = tmp_path / "data", tmp_path / "elsewhere", tmp_path / "other"
    for folder in (data, elsewhere, other):
        folder.mkdir()
    (data / "models").symlink_to(elsewhere)
    (elsewhere / "one").symlink_to(other)
    links = (data / "models", data / "models" / "one")
    found = policy(["models", "setup", "--from", "packages"], Settings(data))
    assert found.read == (tmp_path / "packages", *links)
    assert found.write == (*links, data)
    asking = policy(["ask", "question"], Settings(data))
    assert asking.read == links
    assert asking.write == (data,)


def test_secret_files_are_read_and_a_recovery_key_is_written_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSISTANT_PASSPHRASE_FILE", str(tmp_path / "word"))
    monkeypatch.setenv("ASSISTANT_RECOVERY_FILE", str(tmp_path / "recovery"))
    found = policy(["add", "a.txt"], Settings(tmp_path / "data"))
    assert tmp_path / "word" in found.read
    assert tmp_path / "recovery" in found.write
    assert (tmp_path / "recovery").stat().st_mode & 0o777 == 0o600
    asking = policy(["ask", "question"], Settings(tmp_path / "data"))
    assert tmp_path / "recovery" not in asking.write


@click.command()
@click.option("--report", type=click.Path(path_type=Path, writable=True, dir_okay=False))
@click.option("--folder", type=click.Path(path_type=Path, writable=True, file_okay=False))
def writes(report: Path, folder: Path) -> None:
    """A command with outputs."""


def test_outputs_are_made_before_the_lock_and_written_alone(tmp_path: Path) -> None:
    line = ["--report", str(tmp_path / "r.json"), "--folder", str(tmp_path / "f")]
    made = writes.make_context("writes", line)
    found = sandbox.policy_of(made, Settings(tmp_path / "data"))
    assert found.write == (tmp_path / "r.json", tmp_path / "f", tmp_path / "data")
    assert found.read == ()
    assert (tmp_path / "r.json").read_bytes() == b""
    assert (tmp_path / "f").is_dir()
    line = ["--report", str(tmp_path / "no" / "r.json")]
    with pytest.raises(UsageError, match="can't be written"):
        sandbox.policy_of(writes.make_context("writes", line), Settings(tmp_path / "data"))


def test_the_app_reads_what_is_visible_in_the_home_folder(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name in ("Documents", ".ssh", ".mozilla"):
        (home / name).mkdir()
    (home / "letter.pdf").touch()
    (home / "shortcut").symlink_to(home / ".ssh")
    (home / "all").symlink_to("/")
    (home / "stick").symlink_to(tmp_path / "stick")
    found = policy(["app"], Settings(tmp_path / "data"))
    below_home = {path for path in found.read if path.is_relative_to(home)}
    assert below_home == {home / "Documents", home / "letter.pdf", home / "stick"}
    assert Path("/media") in found.read
    assert found.names == (home,)
    # The folder it was started in is one that contains the home folder: not granted.
    assert tmp_path not in found.read


def test_the_app_reads_the_folder_it_was_started_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "case").mkdir()
    monkeypatch.chdir(tmp_path / "case")
    assert tmp_path / "case" in policy(["app"], Settings(tmp_path / "data")).read


def test_document_folders_replace_the_default(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    named = f"{tmp_path / 'one'}{os.pathsep}{tmp_path / 'two'}"
    found = policy(["app"], Settings(tmp_path / "data", document_folders=named))
    assert found.read == (tmp_path / "one", tmp_path / "two")
    assert found.names == ()
    with pytest.raises(ConfigError, match="document_folders"):
        policy(["app"], Settings(tmp_path / "data", document_folders=str(tmp_path / "none")))


def test_only_the_words_accept_less(tmp_path: Path) -> None:
    output = Output(as_json=False)
    for word in ("", "yes", "true", "1", "i accept it"):
        with pytest.raises(UsageError, match="words that accept"):
            sandbox.lock(context(["docs"]), Settings(tmp_path / "data"), output, word)
    sandbox.lock(context(["docs"]), Settings(tmp_path / "data"), output, " I accept ")


def test_only_the_proof_itself_stays_unlocked() -> None:
    @click.command("prove-offline")
    @click.option("--verify", "verified", type=click.Path())
    def prove(verified: str | None) -> None: ...

    @click.command()
    def other() -> None: ...

    assert sandbox._stays_unlocked(prove.make_context("prove-offline", []))
    assert not sandbox._stays_unlocked(prove.make_context("prove-offline", ["--verify", "f"]))
    assert not sandbox._stays_unlocked(other.make_context("other", []))


def test_a_test_process_is_never_locked(tmp_path: Path) -> None:
    sandbox.lock(context(["docs"]), Settings(tmp_path / "data"), Output(as_json=False), None)
    assert lockdown.current() is None
    socket.socket().close()


def test_nothing_that_starts_threads_is_imported_before_the_lock() -> None:
    code = (
        "import os, sys, assistant.cli.main;"
        "print(len(os.listdir('/proc/self/task')), 'numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False"]
