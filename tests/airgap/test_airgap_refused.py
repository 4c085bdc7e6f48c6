"""What the installer refuses, and that nothing of it is installed."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from convert.airgap.installer import main as command_line
from convert.airgap.installer.archive import open_archive
from convert.airgap.installer.ed25519 import key_id, spoken
from convert.airgap.installer.manifest import decode, encode
from convert.airgap.installer.problems import RefusedError
from convert.airgap.installer.steps import InstallOptions
from tests.airgap.installing import WORDS, install, launched, quiet, tree
from tests.airgap.small import (
    OTHER_KEY,
    FakeMachine,
    rewritten,
    small_archive,
    small_contents,
)

TAMPERED: dict[str, tuple[dict[str, bytes | None], dict[str, str], str]] = {
    "wheel changed": ({"wheels/thing-1-py3-none-any.whl": b"9.9.9"}, {}, "wheels/thing-1"),
    "model changed": ({"models/model-1-py3-none-any.whl": b"a m0del" * 1000}, {}, "models/model"),
    "model truncated": ({"models/model-1-py3-none-any.whl": b"a model"}, {}, "models/model-1"),
    "SBOM changed": ({"sbom.cdx.json": b"[]"}, {}, "sbom.cdx.json"),
    "SBOM removed": ({"sbom.cdx.json": None}, {}, "sbom.cdx.json"),
    "licence removed": ({"licences/thing/LICENSE": None}, {}, "licences/thing/LICENSE"),
    "installer changed": ({"airgap_installer/main.py": b"def main(): return 0"}, {}, "main.py"),
    "start changed": ({"__main__.py": b"print('Installed')"}, {}, "__main__.py"),
    "pip changed": ({"tools/pip-1-py3-none-any.whl": b"pop"}, {}, "tools/pip-1"),
    "pins changed": ({"requirements.txt": b"thing==1 --hash=sha256:01"}, {}, "requirements.txt"),
    "wheel removed": ({"wheels/thing-1-py3-none-any.whl": None}, {}, "wheels/thing-1"),
    "wheel added": ({"wheels/zeta-1-py3-none-any.whl": b"z"}, {}, "wheels/zeta-1"),
    "module added": ({"airgap_installer/json.py": b"z"}, {}, "airgap_installer/json.py"),
    "wheel renamed": (
        {},
        {"wheels/thing-1-py3-none-any.whl": "wheels/thing-2-py3-none-any.whl"},
        "wheels/thing-1",
    ),
    "manifest changed": ({"manifest.json": b"{}"}, {}, "manifest.json"),
    "manifest removed": ({"manifest.json": None}, {}, "manifest.json"),
    "signature changed": ({"manifest.sig": bytes(96)}, {}, "manifest.sig"),
    "signature cut": ({"manifest.sig": bytes(95)}, {}, "manifest.sig"),
    "signature removed": ({"manifest.sig": None}, {}, "manifest.sig"),
    "path out of it": ({"../outside": b"x"}, {}, "../outside"),
}


@pytest.mark.parametrize("case", TAMPERED)
@pytest.mark.parametrize("verify_only", [False, True])
def test_a_tampered_archive_is_refused_by_name_and_nothing_is_installed(
    case: str, verify_only: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes, renames, named = TAMPERED[case]
    bad = rewritten(small_archive(tmp_path), tmp_path / "bad.zip", changes, renames)
    prefix = tmp_path / "prefix"
    options = ["--verify-only"] if verify_only else ["--yes", "--fingerprint", WORDS]
    assert command_line.main([str(bad), "--prefix", str(prefix), *options]) == 7
    said = capsys.readouterr()
    assert "The archive is refused" in said.err
    assert named in said.err
    assert "Installed" not in said.out
    assert not prefix.exists()


def test_the_untouched_copy_is_not_refused(tmp_path: Path) -> None:
    """The control of the test above: writing it again without a change changes nothing."""
    good = small_archive(tmp_path)
    copy = rewritten(good, tmp_path / "copy.zip", {}, {})
    assert copy.read_bytes() == good.read_bytes()
    assert command_line.main([str(copy), "--verify-only"]) == 0


def test_every_flipped_byte_that_could_matter_is_noticed(tmp_path: Path) -> None:
    """300 random bits, wherever they fall: refused, or (in a header's date) without effect."""
    good = small_archive(tmp_path).read_bytes()
    chance = random.Random(6)
    bad = tmp_path / "bad.zip"
    refused = 0
    for _ in range(300):
        raw = bytearray(good)
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        bad.write_bytes(raw)
        try:
            with open_archive(bad) as archive:
                archive.check(quiet)
                contents = {name: archive.opened.read(name) for name in archive.opened.namelist()}
        except RefusedError:
            refused += 1
        else:
            with open_archive(tmp_path / "archive-1.0.0-1.zip") as whole:
                assert contents == {name: whole.opened.read(name) for name in contents}
    assert refused > 270


@pytest.mark.parametrize("share", [0, 1, 4096, 0.3, 0.9, 0.999])
def test_a_cut_archive_is_refused(share: float, tmp_path: Path) -> None:
    raw = small_archive(tmp_path).read_bytes()
    cut = tmp_path / "cut.zip"
    cut.write_bytes(raw[: int(share * len(raw)) if share < 1 else int(share)])
    assert command_line.main([str(cut), "--verify-only"]) == 7


@pytest.mark.parametrize("where", ["before", "after"])
def test_bytes_around_the_archive_are_refused(where: str, tmp_path: Path) -> None:
    raw = small_archive(tmp_path).read_bytes()
    odd = tmp_path / "odd.zip"
    odd.write_bytes(b"#!/bin/sh\n" + raw if where == "before" else raw + b"more")
    assert command_line.main([str(odd), "--verify-only"]) == 7


def test_another_key_than_the_named_one_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = small_archive(tmp_path, key=OTHER_KEY)
    given = [str(archive), "--prefix", str(tmp_path / "p"), "--yes", "--fingerprint", WORDS]
    assert command_line.main(given) == 7
    assert spoken(key_id(OTHER_KEY.public)) in capsys.readouterr().err
    assert not (tmp_path / "p").exists()


def test_without_a_word_about_the_key_nothing_is_installed(tmp_path: Path) -> None:
    given = [str(small_archive(tmp_path)), "--prefix", str(tmp_path / "p"), "--yes"]
    assert command_line.main(given) == 2
    assert not (tmp_path / "p").exists()


def test_an_update_must_bear_the_key_of_what_is_installed(
    tmp_path: Path, machine: FakeMachine, capsys: pytest.CaptureFixture[str]
) -> None:
    prefix = tmp_path / "p"
    install(small_archive(tmp_path), prefix, machine)
    foreign = small_archive(tmp_path, "2.0.0", key=OTHER_KEY)
    words = spoken(key_id(OTHER_KEY.public))
    for more in ([], ["--fingerprint", words], ["--accept-new-key"]):
        assert command_line.main([str(foreign), "--prefix", str(prefix), "--yes", *more]) == 7
        assert "another key" in capsys.readouterr().err
    assert launched(prefix).startswith("1.0.0")
    told = ["--verify-only", "--accept-new-key", "--fingerprint", words]
    assert command_line.main([str(foreign), "--prefix", str(prefix), *told]) == 0


def test_an_older_version_needs_an_explicit_word(tmp_path: Path, machine: FakeMachine) -> None:
    prefix = tmp_path / "p"
    older, newer = small_archive(tmp_path, "1.9.0"), small_archive(tmp_path, "1.10.0", release=2)
    install(newer, prefix, machine)
    before = tree(prefix)
    for archive in (older, small_archive(tmp_path, "1.10.0", release=1)):
        with pytest.raises(RefusedError, match="older than"):
            install(archive, prefix, machine)
    assert tree(prefix) == before
    install(older, prefix, machine, InstallOptions(allow_downgrade=True))
    assert launched(prefix).startswith("1.9.0")
    with pytest.raises(RefusedError, match="older than"):  # the floor stayed
        install(small_archive(tmp_path, "1.9.5"), prefix, machine)


def test_another_archive_of_the_same_release_is_refused(
    tmp_path: Path, machine: FakeMachine
) -> None:
    install(first := small_archive(tmp_path), tmp_path / "p", machine)
    (tmp_path / "other").mkdir()
    twin = small_archive(tmp_path / "other", contents=small_contents("other"))
    with pytest.raises(RefusedError, match="another"):
        install(twin, tmp_path / "p", machine)
    install(first, tmp_path / "p", machine)  # the very same one repairs what is there


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", "1.0.0-beta"),
        ("version", "1"),
        ("release", -1),
        ("release", True),
        ("release", 1.5),
        ("files", [{"name": "../x", "size": 1, "sha256": "0" * 64}]),
        ("files", [{"name": "/x", "size": 1, "sha256": "0" * 64}]),
        ("files", [{"name": "x", "size": 1, "sha256": "0" * 63}]),
        ("files", [{"name": "x", "size": "1", "sha256": "0" * 64}]),
        ("files", [{"name": n, "size": 1, "sha256": "0" * 64} for n in ("b", "a")]),
        ("files", [{"name": "a", "size": 1, "sha256": "0" * 64}] * 2),
        ("format", 2),
        ("name", "other"),
        ("platform", {}),
        ("more", 1),
    ],
)
def test_a_manifest_with_odd_fields_is_refused(field: str, value: object, tmp_path: Path) -> None:
    with open_archive(small_archive(tmp_path)) as archive:
        table = json.loads(archive.raw)
    assert encode(decode(json.dumps(table, sort_keys=True, separators=(",", ":")).encode()))
    table[field] = value
    raw = json.dumps(table, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(RefusedError):
        decode(raw)


def test_a_manifest_in_another_form_is_refused(tmp_path: Path) -> None:
    with open_archive(small_archive(tmp_path)) as archive:
        raw = archive.raw
    for other in (raw + b" ", raw.replace(b":1,", b":1.0,", 1), b'{"format":1,' + raw[1:]):
        with pytest.raises(RefusedError):
            decode(other)
