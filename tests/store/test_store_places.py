"""Where a store can be, who may write there, and how healthy it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from assistant.errors import (
    AssistantError,
    StoreError,
)
from assistant.store import KeyFile, StoreKey, open_store, store_health
from assistant.store.schema import MIGRATIONS
from tests.fakes.embedder import FakeEmbedder
from tests.store.material import ROOT, put


def test_places_where_no_store_can_be(tmp_path: Path, key: StoreKey) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    folder = tmp_path / "folder.db"
    folder.mkdir()
    places = [file / "library.db", folder, tmp_path / "nul\0.db", tmp_path / ("long" * 90)]
    for place in places:
        with pytest.raises(AssistantError) as caught:
            open_store(place, key, create=True, embedder=None)
        assert caught.value.hint
    with pytest.raises(StoreError, match="no library at"):
        open_store(tmp_path / "none" / "library.db", key, create=False, embedder=None)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("name", ["caf\udce9", "lone\ud800", "nul\0name", "line\nfaked \udcff"])
def test_a_path_that_sqlite_can_not_open(tmp_path: Path, key: StoreKey, name: str) -> None:
    folder = tmp_path / name
    for attempt in (
        lambda: KeyFile(folder / "library.key").get(create=True),
        lambda: KeyFile(folder / "library.key").get(create=False),
        lambda: open_store(folder / "library.db", key, create=True, embedder=None),
        lambda: store_health(folder / "library.db", key),
    ):
        with pytest.raises(StoreError) as caught:
            attempt()
        assert "data folder" in caught.value.hint
        caught.value.message.encode("utf-8")
        assert "\n" not in caught.value.message
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_may_not_be_written(closed: Path, key: StoreKey) -> None:
    """Run as another user: root may write anywhere."""
    if os.geteuid() != 0:
        pytest.skip("needs root to become another user")
    code = (
        "import os, sys; from pathlib import Path\n"
        "from assistant.store import *; from assistant.errors import *\n"
        "path, key = Path(sys.argv[1]), StoreKey(bytes(range(32)))\n"
        "import apsw, sqlite_vec\n"  # loaded now: the other user may not reach the file
        "loaded = apsw.Connection(':memory:'); loaded.enable_load_extension(True)\n"
        "loaded.load_extension(sqlite_vec.loadable_path())\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "for place in (path, path.with_name('new.db')):\n"
        "    assert os.access(path, os.R_OK)\n"
        "    try: open_store(place, key, create=True, embedder=None)\n"
        "    except StoreError as error: print(error.code, error.hint)\n"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        copy = folder / "library.db"
        shutil.copyfile(closed, copy)
        copy.chmod(0o644)
        done = subprocess.run(
            [sys.executable, "-c", code, str(copy)],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        assert done.returncode == 0, done.stderr
        lines = done.stdout.splitlines()
        assert len(lines) == 2
        assert all(line.startswith("store ") and "are yours" in line for line in lines), lines
        assert [p.name for p in folder.iterdir()] == ["library.db"]
        assert copy.read_bytes() == closed.read_bytes()


def test_health(closed: Path, key: StoreKey, embedder: FakeEmbedder) -> None:
    health = store_health(closed, key)
    assert health.ok
    assert health.cipher == "aegis"
    assert health.schema == MIGRATIONS[-1].name
    assert (health.documents, health.pending, health.damage) == (5, (), ())
    assert health.chunks > 5
    assert health.size == closed.stat().st_size
    assert health.embedder == embedder.identity


def test_health_of_a_damaged_store(closed: Path, key: StoreKey) -> None:
    content = bytearray(closed.read_bytes())
    content[len(content) // 2] ^= 1
    closed.write_bytes(content)
    assert store_health(closed, key).damage


def test_a_key_file_and_its_store(tmp_path: Path, embedder: FakeEmbedder) -> None:
    path = tmp_path / "library.db"
    key = KeyFile(tmp_path / "library.key").get(create=True)
    with open_store(path, key, create=True, embedder=embedder.identity) as store:
        put(store, embedder, "text")
    again = KeyFile(tmp_path / "library.key").get(create=False)
    with open_store(path, again, create=False, embedder=None) as store:
        assert len(store.documents()) == 1
