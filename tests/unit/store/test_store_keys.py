"""Keys: what they show, where they come from, and what is refused."""

from __future__ import annotations

import os
import pickle
import threading
from pathlib import Path

import pytest

from assistant.errors import StoreError, WrongKeyError
from assistant.store import KeyFile, KeySource, StoreKey


def test_a_key_never_shows_itself() -> None:
    key = StoreKey(bytes(range(32)))
    for shown in (repr(key), str(key), f"{key}", repr([key]), repr({"key": key})):
        assert "0001" not in shown
        assert "hidden" in shown
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(key)


def test_keys_are_compared_by_value() -> None:
    assert StoreKey(bytes(32)) == StoreKey.from_hex("00" * 32)
    assert StoreKey(bytes(32)) != StoreKey(bytes([1] * 32))
    assert len({StoreKey(bytes(32)), StoreKey(bytes(32))}) == 1
    assert StoreKey.random() != StoreKey.random()
    assert StoreKey(bytes(32)) != "00" * 32


@pytest.mark.parametrize(
    "text",
    ["", "zz" * 32, "00" * 31, "00" * 33, "0" * 63 + "\u0660", " " + "0" * 63, "00" * 32 + "\n"],
)
def test_only_64_digits_are_a_key(text: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal"):
        StoreKey.from_hex(text)


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_only_32_bytes_are_a_key(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        StoreKey(bytes(size))


def test_a_key_file_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "library.key"
    source: KeySource = KeyFile(path)
    key = source.get(create=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == key.hex() + "\n"
    assert source.get(create=True) == key
    assert KeyFile(path).get(create=False) == key
    assert [p.name for p in path.parent.iterdir()] == ["library.key"]


def test_threads_that_race_get_one_key(tmp_path: Path) -> None:
    path = tmp_path / "library.key"
    keys: list[StoreKey] = []
    barrier = threading.Barrier(8)

    def get() -> None:
        barrier.wait()
        keys.append(KeyFile(path).get(create=True))

    threads = [threading.Thread(target=get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert set(keys) == {KeyFile(path).get(create=False)}
    assert [p.name for p in tmp_path.iterdir() if "key" in p.name] == ["library.key"]


def test_a_missing_key(tmp_path: Path) -> None:
    with pytest.raises(WrongKeyError, match="missing") as caught:
        KeyFile(tmp_path / "library.key").get(create=False)
    assert "backup" in caught.value.hint
    assert list(tmp_path.glob("*.key")) == []


@pytest.mark.parametrize("content", [b"", b"secret", b"\xff" * 64, b"0" * 5000])
def test_a_malformed_key(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "library.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(WrongKeyError, match="does not hold a key"):
        KeyFile(path).get(create=True)
    assert path.read_bytes() == content


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_key_that_others_may_read(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "library.key"
    KeyFile(path).get(create=True)
    path.chmod(mode)
    with pytest.raises(StoreError) as caught:
        KeyFile(path).get(create=False)
    assert f"chmod 600 '{path}'" in caught.value.hint


def test_what_is_no_key_file(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo, 0o600)
    folder = tmp_path / "folder"
    folder.mkdir()
    file = tmp_path / "file"
    file.write_text("x")
    for path in (fifo, folder, file / "library.key"):
        with pytest.raises(StoreError) as caught:
            KeyFile(path).get(create=True)
        assert caught.value.hint


def test_a_wiped_key_is_gone_in_this_process_only() -> None:
    key = StoreKey.random()
    child = os.fork()
    if child == 0:
        key.wipe()
        os._exit(0)
    os.waitpid(child, 0)
    assert len(key.reveal()) == 32
    key.wipe()
    key.wipe()
    with pytest.raises(ValueError, match="wiped"):
        key.hex()
