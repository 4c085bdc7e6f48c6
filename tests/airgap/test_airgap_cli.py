"""`assistant-convert airgap`: what it says, and that a key is made once and kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from convert.airgap import archive_build
from convert.airgap.archive_build import BuiltArchive
from convert.bundle.signing_keys import SigningKey
from convert.cli import main
from tests.airgap.small import small_archive


@pytest.fixture
def signers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[SigningKey]:
    """Put a small archive in the place of the real one; collect what it is signed with."""
    seen: list[SigningKey] = []

    def make(
        root: Path, cache: Path, out: Path, key: SigningKey, **options: object
    ) -> BuiltArchive:
        from convert.airgap.installer.archive import open_archive

        seen.append(key)
        out.mkdir(exist_ok=True)
        path = small_archive(out, key=key)
        with open_archive(path) as archive:
            return BuiltArchive(path, path.with_suffix(".txt"), "0" * 64, archive.manifest)

    monkeypatch.setattr(archive_build, "make_archive", make)
    return seen


def run(tmp_path: Path, *more: str) -> str:
    key = str(tmp_path / "keys" / "clinic.key")
    done = CliRunner().invoke(main, ["airgap", "--key", key, "--out", str(tmp_path / "out"), *more])
    return f"{done.exit_code} {done.output}"


def test_the_key_is_made_once_and_then_kept(tmp_path: Path, signers: list[SigningKey]) -> None:
    assert run(tmp_path).startswith("2 ")  # no key, and nobody asked for one
    assert "A new signing key was made" in run(tmp_path, "--make-key")
    assert "A new signing key was made" not in run(tmp_path, "--make-key")
    assert len(signers) == 2
    assert signers[0].secret == signers[1].secret
    assert (tmp_path / "keys" / "clinic.key").stat().st_mode & 0o077 == 0


def test_json_names_archive_sheet_and_key(tmp_path: Path, signers: list[SigningKey]) -> None:
    run(tmp_path, "--make-key")
    table = json.loads(run(tmp_path, "--json").partition(" ")[2])
    assert Path(table["archive"]).is_file()
    assert table["key"] == signers[0].identity.hex()
    assert table["sheet"].endswith(".txt")


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    said = run(tmp_path, "--make-key", "--checkout", str(tmp_path))
    assert said.startswith("2 ")
    assert "no checkout" in said
