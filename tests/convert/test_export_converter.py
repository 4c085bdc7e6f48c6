"""llama.cpp's converter out of the pinned sdist: verified, unpacked safely, cached."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from pathlib import Path

import pytest

from assistant.errors import ModelError, UsageError
from convert.export import Source, converter_source, obtain
from convert.export.run_converter import known_architectures
from tests.convert.export_data import ROOT, have_converter

TOP = "llama_cpp_python-0.3.36/vendor/llama.cpp/"
SCRIPTS = {
    TOP + "convert_hf_to_gguf.py": b"print('model')\n",
    TOP + "convert_lora_to_gguf.py": b"print('lora')\n",
    TOP + "conversion/__init__.py": b"TEXT_MODEL_MAP: dict = {'A': 'a'}\n",
    TOP + "gguf-py/gguf/__init__.py": b"",
    TOP + "gguf-py/tests/test_x.py": b"unwanted\n",
    TOP + "src/llama.cpp": b"unwanted\n",
}


def _sdist(path: Path, extra: list[tuple[tarfile.TarInfo, bytes]] = ()) -> Path:  # type: ignore[assignment]
    with tarfile.open(path, "w:gz") as archive:
        for name, content in SCRIPTS.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for member, content in extra:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def _pin(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setitem(converter_source.PINNED, converter_source.installed_version(), digest)


def test_the_pinned_hash_is_that_of_the_laptops_lock_file() -> None:
    locked = (ROOT / "requirements" / "laptop.txt").read_text()
    found = re.search(r"llama-cpp-python==(\S+) \\(.*?)sha256:([0-9a-f]{64})", locked, re.DOTALL)
    assert found is not None
    assert converter_source.PINNED[found[1]] == found[3]
    assert converter_source.installed_version() == found[1]


def test_only_the_scripts_are_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sdist = _sdist(tmp_path / "sdist.tar.gz")
    _pin(monkeypatch, sdist)
    folder = obtain(Source(sdist), cache=tmp_path / "cache")
    names = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert names == {
        "SHA256SUMS",
        "convert_hf_to_gguf.py",
        "convert_lora_to_gguf.py",
        "conversion/__init__.py",
        "gguf-py/gguf/__init__.py",
    }
    sdist.unlink()
    assert obtain(cache=tmp_path / "cache") == folder


@pytest.mark.parametrize("spoil", ["changed", "added", "removed"])
def test_a_cache_that_was_tampered_with_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    sdist = _sdist(tmp_path / "sdist.tar.gz")
    _pin(monkeypatch, sdist)
    folder = obtain(Source(sdist), cache=tmp_path / "cache")
    script = folder / "conversion" / "__init__.py"
    if spoil == "changed":
        script.write_text("import os\n")
    elif spoil == "added":
        (folder / "torch.py").write_text("import os\n")
    else:
        script.unlink()
    with pytest.raises(UsageError, match="not here"):
        obtain(cache=tmp_path / "cache")
    assert obtain(Source(sdist), cache=tmp_path / "cache") == folder
    assert script.read_bytes() == SCRIPTS[TOP + "conversion/__init__.py"]
    assert not (folder / "torch.py").exists()


def test_a_hostile_archive_writes_nothing_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tarfile.TarInfo(TOP + "conversion/link.py")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    hard = tarfile.TarInfo(TOP + "conversion/hard.py")
    hard.type, hard.linkname = tarfile.LNKTYPE, "../../../../etc/passwd"
    names = [
        TOP + "conversion/../../../../escaped.py",
        "/tmp/absolute.py",
        "../../escaped.py",
        TOP + "conversion/../../conversion/up.py",
        TOP + "conversion/sub/evil.so",
    ]
    extra = [(link, b""), (hard, b""), *((tarfile.TarInfo(name), b"x") for name in names)]
    sdist = _sdist(tmp_path / "sdist.tar.gz", extra)
    _pin(monkeypatch, sdist)
    folder = obtain(Source(sdist), cache=tmp_path / "a" / "b" / "cache")
    written = {p for p in tmp_path.rglob("*") if p.is_file() or p.is_symlink()}
    assert len([p for p in written if folder in p.parents]) == 5
    assert written - {p for p in written if folder in p.parents} == {sdist}


def test_a_bomb_in_the_archive_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    big = (tarfile.TarInfo(TOP + "conversion/big.py"), bytes(5 << 20))
    sdist = _sdist(tmp_path / "sdist.tar.gz", [big])
    _pin(monkeypatch, sdist)
    with pytest.raises(ModelError, match="more than a converter"):
        obtain(Source(sdist), cache=tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_another_file_or_version_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdist = _sdist(tmp_path / "sdist.tar.gz")
    with pytest.raises(ModelError, match="not the pinned source"):
        obtain(Source(sdist), cache=tmp_path / "cache")
    with pytest.raises(UsageError, match="no file"):
        obtain(Source(tmp_path / "missing.tar.gz"), cache=tmp_path / "cache")
    sdist.write_bytes(b"no archive")
    _pin(monkeypatch, sdist)
    with pytest.raises(ModelError, match="damaged"):
        obtain(Source(sdist), cache=tmp_path / "cache")
    monkeypatch.delitem(converter_source.PINNED, converter_source.installed_version())
    with pytest.raises(ModelError, match="No converter is pinned"):
        obtain(Source(sdist), cache=tmp_path / "cache")


def test_offline_the_file_is_asked_for_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(converter_source.SDIST_VARIABLE, raising=False)
    with pytest.raises(UsageError, match=r"llama_cpp_python-.*tar\.gz") as failure:
        obtain(cache=tmp_path / "cache")
    assert "--converter-sdist" in failure.value.hint
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(ModelError, match="pip could not fetch"):
        obtain(Source(fetch=True), cache=tmp_path / "cache")


def test_the_real_converter_knows_what_the_run_time_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = have_converter(monkeypatch)
    known = known_architectures(folder)
    assert len(known) > 100
    assert {"LlamaForCausalLM", "Qwen3ForCausalLM", "Gemma3ForCausalLM"} <= set(known)
