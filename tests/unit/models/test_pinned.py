"""A model's file is hashed and loaded through one descriptor: nothing can come in between."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.errors import ModelError
from assistant.models.verified_file import PinnedFile, held
from tests.unit.models.gguf_files import toy_model

GOOD = toy_model()
OTHER = toy_model(weight=1.0)


def pinned(folder: Path) -> PinnedFile:
    path = folder / "model.gguf"
    path.write_bytes(GOOD)
    return PinnedFile(path, hashlib.sha256(GOOD).hexdigest())


def test_the_name_that_is_given_holds_the_hashed_bytes(tmp_path: Path) -> None:
    with held(pinned(tmp_path)) as name:
        assert Path(name).read_bytes() == GOOD


def test_another_file_under_the_path_is_refused_unread(tmp_path: Path) -> None:
    file = pinned(tmp_path)
    file.path.write_bytes(OTHER)
    with pytest.raises(ModelError, match="damaged or was changed") as caught, held(file):
        pytest.fail("the block must not run")
    assert "models remove" in caught.value.hint


def test_right_bytes_that_are_no_model_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(GOOD[:-1])
    file = PinnedFile(path, hashlib.sha256(GOOD[:-1]).hexdigest())
    with pytest.raises(ModelError, match="truncated"), held(file):
        pytest.fail("the block must not run")


def swap(first: Path, second: Path) -> None:
    between = first.with_name("between")
    first.rename(between)
    second.rename(first)
    between.rename(second)


def load(file: PinnedFile, meanwhile: Callable[[], None]) -> bytes:
    """Do something between the check and the reading; return what was read."""
    read: list[bytes] = []
    with pytest.raises(ModelError, match="while it was loaded"):
        _load(file, meanwhile, read)
    return read[0]


def _load(file: PinnedFile, meanwhile: Callable[[], None], read: list[bytes]) -> None:
    with held(file) as name:
        meanwhile()
        read.append(Path(name).read_bytes())


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no names of descriptors here")
def test_a_file_swapped_after_the_check_is_not_the_one_that_is_loaded(tmp_path: Path) -> None:
    file = pinned(tmp_path)
    evil = tmp_path / "evil.gguf"
    evil.write_bytes(OTHER)
    assert load(file, lambda: swap(file.path, evil)) == GOOD


def test_a_file_swapped_and_put_back_is_noticed(tmp_path: Path) -> None:
    file = pinned(tmp_path)
    evil = tmp_path / "evil.gguf"
    evil.write_bytes(OTHER)

    def twice() -> None:
        swap(file.path, evil)
        swap(file.path, evil)

    assert load(file, twice) == GOOD


def test_bytes_written_in_place_are_noticed(tmp_path: Path) -> None:
    file = pinned(tmp_path)
    assert load(file, lambda: file.path.write_bytes(OTHER)) == OTHER
