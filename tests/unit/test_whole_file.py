"""Files are written whole or not at all, for their owner only."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import AssistantError
from assistant.whole_file import write_in_place, write_whole


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o644)
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_what_was_there_stays_when_it_can_not_be_written(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    (path / "inside").write_bytes(b"old")
    with pytest.raises(OSError, match="folder"):
        write_whole(path, b"new")  # a folder can't be replaced by a file
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_a_link_in_the_place_of_the_draft_is_not_followed(tmp_path: Path) -> None:
    import os

    victim, path = tmp_path / "victim", tmp_path / "file"
    victim.write_bytes(b"mine")
    (tmp_path / f".file.{os.getpid()}").symlink_to(victim)
    write_whole(path, b"new")
    assert (victim.read_bytes(), path.read_bytes()) == (b"mine", b"new")


def test_in_place_the_file_stays_the_same_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"something longer")
    before = path.stat().st_ino
    write_in_place(path, b"new", hint="")
    assert (path.stat().st_ino, path.read_bytes()) == (before, b"new")


def test_in_place_a_file_that_can_not_be_written_is_named_with_what_to_do() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no full device")
    with pytest.raises(AssistantError, match="/dev/full can't be written") as caught:
        write_in_place(full, b"new", hint="Name another file.")
    assert caught.value.hint == "Name another file."
