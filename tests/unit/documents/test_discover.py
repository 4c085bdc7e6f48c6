"""What a person's paths stand for: order, loops, and things that are no documents."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from assistant.documents.file_discovery import BadPath, Discovery, FoundFile, discover
from assistant.errors import Cancelled
from assistant.types import CancelToken


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("Words.")


def names(found: Discovery) -> list[str]:
    return [entry.name for entry in found.entries if isinstance(entry, FoundFile)]


def errors(found: Discovery) -> list[str]:
    return [entry.error.message for entry in found.entries if isinstance(entry, BadPath)]


def test_a_folder_is_walked_in_order_of_names(folder: Path) -> None:
    make(
        folder,
        "b.txt",
        "a/z.md",
        "a/c.PDF",
        "c.markdown",
        "d.exe",
        "e",
        ".hidden.txt",
        ".git/x.txt",
    )
    found = discover([folder])
    assert names(found) == ["a/c.PDF", "a/z.md", "b.txt", "c.markdown"]
    assert errors(found) == []
    assert found.skipped == 2
    assert all(isinstance(e, FoundFile) and e.path.is_absolute() for e in found.entries)


def test_files_named_come_in_the_order_given_and_once(folder: Path) -> None:
    make(folder, "b.txt", "a.txt")
    found = discover([folder / "b.txt", folder, folder / "a.txt", folder / "." / "b.txt"])
    assert names(found) == ["b.txt", "a.txt"]


def test_loops_of_links_end(folder: Path) -> None:
    make(folder, "a/b/c.txt")
    (folder / "a/b/up").symlink_to("../..")
    (folder / "a/self").symlink_to(".")
    (folder / "circle.txt").symlink_to("circle.txt")
    (folder / "gone.txt").symlink_to("nowhere.txt")
    (folder / "same.txt").symlink_to("a/b/c.txt")
    found = discover([folder])
    assert names(found) == ["a/b/c.txt"]
    assert len(errors(found)) == 2
    assert "circle of links" in errors(found)[0]
    assert "does not exist" in errors(found)[1]


def test_links_do_not_lead_out_of_a_folder(folder: Path, tmp_path: Path) -> None:
    make(tmp_path, "outside/secret.txt", "outside/blob", "documents-2/near.txt")
    make(folder, "real/a.txt")
    (folder / "b.txt").symlink_to("real/a.txt")
    (folder / "dir").symlink_to(tmp_path / "outside")
    (folder / "file.txt").symlink_to("../outside/secret.txt")
    (folder / "near.txt").symlink_to(tmp_path / "documents-2/near.txt")
    (folder / "other").symlink_to(tmp_path / "outside/blob")
    (folder / "twice.txt").symlink_to("file.txt")
    found = discover([folder])
    assert names(found) == ["b.txt"]
    bad = [entry for entry in found.entries if isinstance(entry, BadPath)]
    assert [b.path.name for b in bad] == ["dir", "file.txt", "near.txt", "twice.txt"]
    assert all("a link that leads out of the folder" in b.error.message for b in bad)
    assert all(str(b.path) in b.error.message for b in bad)
    assert all("name that file or folder itself" in b.error.hint for b in bad)
    assert found.skipped == 1


def test_a_link_that_is_named_is_followed(folder: Path, tmp_path: Path) -> None:
    make(tmp_path, "outside/secret.txt", "outside/sub/b.txt")
    (folder / "dir").symlink_to(tmp_path / "outside")
    (folder / "file.txt").symlink_to(tmp_path / "outside/secret.txt")
    assert names(discover([folder / "file.txt", folder / "dir"])) == ["file.txt", "sub/b.txt"]
    assert names(discover([folder, folder / "file.txt"])) == ["file.txt"]


def test_pipes_and_sockets_are_reported_not_opened(folder: Path) -> None:
    make(folder, "a.txt")
    os.mkfifo(folder / "pipe.txt")
    os.mkfifo(folder / "other-pipe")
    assert names(discover([folder])) == ["a.txt"]
    assert [m for m in errors(discover([folder])) if "a named pipe" in m]
    assert discover([folder]).skipped == 1
    assert "a named pipe" in errors(discover([folder / "other-pipe"]))[0]
    assert "a device" in errors(discover([Path("/dev/null")]))[0]


def test_a_socket_in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a.txt")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("s.txt")
        found = discover([tmp_path])
    assert names(found) == ["a.txt"]
    assert "a socket" in errors(found)[0]


def test_what_a_person_names_is_never_passed_over_in_silence(folder: Path) -> None:
    make(folder, "a.exe", "README", "sub/x.exe")
    (folder / "empty").mkdir()
    paths = ["a.exe", "README", "no.txt", "sub", "empty", "nul\0.txt", "n" * 300]
    found = discover([folder / name for name in paths])
    assert names(found) == []
    said = errors(found)
    assert len(said) == len(paths)
    for message, words in zip(
        said,
        [
            "ends in '.exe'",
            "no name ending",
            "does not exist",
            "no new documents (but 1 of other kinds)",
            "no new documents.",
            "no possible file name",
            "too long",
        ],
        strict=True,
    ):
        assert words in message
    kinds = [e.error.hint for e in found.entries if isinstance(e, BadPath)]
    assert all(kinds)
    assert "PDF" in kinds[0]


def test_names_that_are_hard_to_show(folder: Path) -> None:
    make(folder, "a\nb.txt", "\x1b]0;x\x07.txt", "\u202egnp.txt")
    (folder / os.fsdecode(b"latin-\xe9.txt")).write_text("Words.")
    found = discover([folder])
    assert len(names(found)) == 4
    for name in names(found):
        name.encode("utf-8")
    assert "latin-\\xe9.txt" in names(found)
    bad = discover([folder / "no\x1b[2J\n\u202e.txt"])
    assert errors(bad)[0].isprintable()


def test_a_very_deep_folder(folder: Path) -> None:
    deep = folder
    for _ in range(700):
        deep = deep / "d"
    try:
        deep.mkdir(parents=True)
    except OSError:
        pytest.skip("this file system has no folders that deep")
    make(deep, "a.txt")
    assert names(discover([folder])) == ["d/" * 700 + "a.txt"]


def test_a_link_named_like_a_document_is_taken_for_its_name(folder: Path) -> None:
    make(folder, "blob")
    (folder / "notes.txt").symlink_to("blob")
    assert names(discover([folder / "notes.txt"])) == ["notes.txt"]


def test_unreadable_folder(folder: Path) -> None:
    make(folder, "closed/a.txt", "b.txt")
    (folder / "closed").chmod(0)
    try:
        if os.access(folder / "closed", os.R_OK):
            pytest.skip("this user may read everything (root)")
        found = discover([folder])
        assert names(found) == ["b.txt"]
        assert "permission denied" in errors(found)[0]
    finally:
        (folder / "closed").chmod(0o700)


def test_cancel(folder: Path) -> None:
    make(folder, "a.txt")
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        discover([folder], token)
