"""How a command gets a passphrase: from files and descriptors, or from a person."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.cli.doctor.swap_check import swap_finding
from assistant.cli.library_lock import LibraryLock
from assistant.config import Settings
from assistant.console.output import Output
from assistant.errors import (
    Cancelled,
    LockedError,
    PassphraseError,
    StoreError,
    WrongPassphraseError,
)
from assistant.store import KeyMode
from assistant.unlock import secret_inputs
from assistant.unlock.unlock import LibraryUnlocker

WORDS = "six plain words for a test"


class FakeTerminal:
    """Answers from a list; the last group of a recovery key is copied as it was shown."""

    def __init__(self, *answers: str, copies: bool = True) -> None:
        self.answers = list(answers)
        self.copies = copies
        self.said: list[str] = []
        self.shown: list[str] = []

    def secret(self, question: str) -> str:
        self.said.append(question)
        return self.answers.pop(0)

    ask = secret

    def say(self, text: str) -> None:
        self.said.append(text)

    def show_until_confirmed(self, text: str, question: str) -> str:
        self.shown.append(text)
        return text.split("\n")[2].strip().split("-")[-1].lower() if self.copies else "?"


@pytest.fixture(autouse=True)
def _nothing_given(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("PASSPHRASE_FILE", "PASSPHRASE_FD", "NEW_PASSPHRASE_FILE", "RECOVERY_FILE"):
        monkeypatch.delenv(f"ASSISTANT_{name}", raising=False)
    secret_inputs._taken.clear()
    yield
    secret_inputs._taken.clear()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


def asking(settings: Settings, terminal: FakeTerminal | None, **options: bool) -> LibraryUnlocker:
    output = Output(as_json=False)
    return LibraryUnlocker(
        settings, output, terminal=lambda: terminal, failed=lambda: None, **options
    )


def private(path: Path, content: str | bytes, mode: int = 0o600) -> Path:
    path.touch(mode=mode)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_new_library_asks_twice_and_shows_the_recovery_key_once(settings: Settings) -> None:
    terminal = FakeTerminal("short", WORDS, "another", WORDS, WORDS)
    keys = asking(settings, terminal)
    key = keys.get(create=True)
    assert len(terminal.shown) == 1
    assert any("15" in line for line in terminal.said)
    assert "The two are not the same." in terminal.said
    assert asking(settings, FakeTerminal(WORDS)).get(create=False) == key
    recovery = terminal.shown[0].split("\n")[2].strip()
    assert asking(settings, None).recover(recovery) == key


def test_a_recovery_key_that_was_not_noted_makes_no_library(settings: Settings) -> None:
    with pytest.raises(Cancelled):
        asking(settings, FakeTerminal(WORDS, WORDS, copies=False)).get(create=True)
    assert asking(settings, None).keys.mode() is KeyMode.NEW


def test_without_a_terminal_and_without_a_file_it_stays_locked(settings: Settings) -> None:
    with pytest.raises(LockedError) as raised:
        asking(settings, None).get(create=True)
    assert raised.value.exit_code == 11
    assert "ASSISTANT_PASSPHRASE_FILE" in raised.value.hint
    assert not settings.key_path.exists()
    assert not settings.wrapped_key_path.exists()


def test_no_passphrase_only_by_the_explicit_choice(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    key = asking(settings, None, without_passphrase=True).get(create=True)
    assert "Whoever has the folder" in capsys.readouterr().err
    assert settings.key_path.exists()
    settings.store_path.touch()
    assert asking(settings, None).get(create=False) == key


def test_a_passphrase_that_nothing_asks_for_is_noticed(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who exchanges a library for one whose key he knows must not be given the next document."""
    key = asking(settings, None, without_passphrase=True).get(create=True)
    settings.store_path.write_bytes(b"somebody else's")
    assert asking(settings, None).get(create=False) == key
    monkeypatch.setenv("ASSISTANT_PASSPHRASE_FILE", str(private(tmp_path / "p", WORDS)))
    for create in (True, False):
        with pytest.raises(LockedError, match="has no passphrase, but one was given") as raised:
            asking(settings, None).get(create=create)
        assert "backup" in raised.value.hint
    assert asking(settings, None, without_passphrase=True).get(create=False) == key


def test_a_person_gets_three_tries(settings: Settings) -> None:
    asking(settings, FakeTerminal(WORDS, WORDS)).get(create=True)
    failed = []
    terminal = FakeTerminal("wrong one", "wrong two", "wrong three", WORDS)
    unlocking = LibraryUnlocker(
        settings,
        Output(as_json=False),
        terminal=lambda: terminal,
        failed=lambda: failed.append(1),
    )
    with pytest.raises(WrongPassphraseError):
        unlocking.get(create=False)
    assert len(failed) == 3
    assert terminal.answers == [WORDS]


def test_a_script_gives_file_or_descriptor(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSISTANT_PASSPHRASE_FILE", str(private(tmp_path / "p", WORDS + "\r\nx\n")))
    monkeypatch.setenv("ASSISTANT_RECOVERY_FILE", str(tmp_path / "paper"))
    key = asking(settings, FakeTerminal()).get(create=True)
    paper = tmp_path / "paper"
    assert stat.S_IMODE(paper.stat().st_mode) == 0o600
    assert asking(settings, None).recover(secret_inputs.given_recovery_key() or "") == key
    monkeypatch.delenv("ASSISTANT_PASSPHRASE_FILE")
    reader, writer = os.pipe()
    os.write(writer, WORDS.encode())
    os.close(writer)
    monkeypatch.setenv("ASSISTANT_PASSPHRASE_FD", str(reader))
    secret_inputs.take_descriptors()
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(reader)
    assert asking(settings, None).get(create=False) == key


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", PassphraseError),
        (b"\nsecond line", PassphraseError),
        (b"\xff\xfe not utf-8 \xff", PassphraseError),
        (b"x" * 4096, PassphraseError),
        (b"x" * 5000, StoreError),
        (b"with \x1b escape and more", PassphraseError),
        (b"too short", PassphraseError),
    ],
)
def test_odd_passphrase_files_are_refused(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    error: type[Exception],
) -> None:
    monkeypatch.setenv("ASSISTANT_PASSPHRASE_FILE", str(private(tmp_path / "p", content)))
    with pytest.raises(error) as raised:
        asking(settings, None).get(create=True)
    assert "second line" not in str(raised.value)
    assert not settings.wrapped_key_path.exists()


def test_a_passphrase_file_that_others_may_read_is_refused(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = private(tmp_path / "p", WORDS)
    link = tmp_path / "link"
    link.symlink_to(plain)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    missing = tmp_path / "missing"
    for path in (link, pipe, tmp_path, missing):
        monkeypatch.setenv("ASSISTANT_PASSPHRASE_FILE", str(path))
        with pytest.raises(StoreError):
            asking(settings, None).get(create=True)
    plain.chmod(0o644)
    monkeypatch.setenv("ASSISTANT_PASSPHRASE_FILE", str(plain))
    with pytest.raises(StoreError, match="other users"):
        asking(settings, None).get(create=True)


@pytest.mark.parametrize("number", ["", "x", "-1", "1", "2", "99999", "999999999999", "\u0663"])
def test_odd_descriptor_numbers_are_refused(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_PASSPHRASE_FD", number)
    with pytest.raises(PassphraseError):
        secret_inputs.take_descriptors()


def test_a_recovery_file_is_never_written_over(tmp_path: Path) -> None:
    used = private(tmp_path / "used", "something")
    link = tmp_path / "link"
    link.symlink_to(used)
    readable = tmp_path / "readable"
    readable.touch(mode=0o644)
    for path in (used, link, readable, tmp_path):
        with pytest.raises(StoreError):
            secret_inputs.write_recovery_key(path, "ABC")
    assert used.read_text() == "something"
    assert readable.read_text() == ""


def test_the_gate_of_the_app_drops_and_wipes_its_key(settings: Settings) -> None:
    key = asking(settings, FakeTerminal(WORDS, WORDS)).get(create=True)
    gate = LibraryLock(settings, None, lockable=True)
    with pytest.raises(LockedError):
        gate.get(create=False)
    gate.unlock(WORDS)
    held = gate.get(create=False)
    assert held == key
    gate.lock()
    assert gate.locked
    with pytest.raises(ValueError, match="wiped"):
        held.reveal()
    with pytest.raises(LockedError):
        gate.get(create=False)


def test_swap_is_judged_by_its_device(tmp_path: Path) -> None:
    swaps = tmp_path / "swaps"
    head = "Filename\tType\tSize\tUsed\tPriority\n"
    uuid = tmp_path / "block" / "dm-3" / "dm"
    uuid.mkdir(parents=True)
    for lines, crypt, status in [
        ("", "", "ok"),
        ("/dev/zram0 partition 1 0 100\n", "", "ok"),
        ("/dev/dm-3 partition 1 0 -2\n", "CRYPT-PLAIN-swap", "ok"),
        ("/dev/dm-3 partition 1 0 -2\n", "LVM-abc", "warn"),
        ("/dev/sda3 partition 1 0 -2\n/dev/zram0 partition 1 0 5\n", "", "warn"),
        ("/swapfile file 1 0 -2\n", "", "warn"),
    ]:
        swaps.write_text(head + lines)
        (uuid / "uuid").write_text(crypt)
        assert swap_finding(swaps, tmp_path / "block")[0] == status, lines
    assert swap_finding(tmp_path / "none", tmp_path)[0] == "warn"
