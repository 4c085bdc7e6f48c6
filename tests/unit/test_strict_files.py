"""Every small file that the program keeps is read by the one strict reader.

Each is good but for one thing that no program of ours writes. The readers that there were
before took most of them: a key that stands twice, infinity, a text with half a character.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.bundle.public_key_file import PublicKey
from assistant.bundle.rollback_guard import MinimumVersions
from assistant.bundle.trusted_keys import TrustStore
from assistant.config import CONFIG_FILE, load_settings
from assistant.errors import AssistantError
from assistant.models.embedder_folder import entry_of
from assistant.models.model_record import read_active, read_record, write_active, write_record
from tests.unit.bundle.bundle_files import PUBLIC
from tests.unit.models.test_installing import RECORD

DESCRIPTION = {
    "architecture": "bert", "pooling": "mean", "model_sha256": "0" * 64, "dimension": 8,
    "tokenizer_sha256": "1" * 64, "max_tokens": 64, "weight": 0.5,
}  # fmt: skip


def record(folder: Path) -> Path:
    write_record(folder, RECORD)
    return folder / "record.json"


def active(folder: Path) -> Path:
    write_active(folder, "tiny")
    return folder / "active.json"


def keys(folder: Path) -> Path:
    TrustStore(folder).trust(PublicKey("ward", "2026-11-21", PUBLIC))
    return folder / "trust" / "keys.json"


def floors(folder: Path) -> Path:
    return keys(folder).with_name("floors.json")


def described(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_text(json.dumps(DESCRIPTION))
        return folder / name

    return make


FILES: dict[str, tuple[Callable[[Path], Path], Callable[[Path], Any]]] = {
    "record": (record, read_record),
    "active": (active, read_active),
    "keys": (keys, lambda folder: TrustStore(folder).keys()),
    "floors": (floors, lambda folder: MinimumVersions(folder / "trust").all()),
    "embedder": (described("embedder.json"), entry_of),
}
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "a key twice": lambda raw: b'{"format": 1, "format": 1, ' + raw.lstrip()[1:],
    "infinity": lambda raw: b'{"more": 1e999, ' + raw.lstrip()[1:],
    "half a character": lambda raw: b'{"more": "\\ud800", ' + raw.lstrip()[1:],
    "a huge number": lambda raw: b'{"more": 1' + b"0" * 400 + b", " + raw.lstrip()[1:],
    "another encoding": lambda raw: raw.decode().encode("utf-16"),
    "50,000 brackets": lambda raw: b'{"more": ' + b"[" * 50_000 + b"]" * 50_000 + b", " + raw[1:],
}


@pytest.mark.parametrize("damage", list(DAMAGE))
@pytest.mark.parametrize("kind", list(FILES))
def test_a_file_with_a_fault_is_refused_and_named(tmp_path: Path, kind: str, damage: str) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    make, read = FILES[kind]
    path = make(folder)
    read(folder)
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    with pytest.raises(AssistantError) as caught:
        read(folder)
    assert path.name in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("kind", list(FILES))
def test_a_pipe_in_the_place_of_a_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    make, read = FILES[kind]
    path = make(folder)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(AssistantError, match="no plain file"):
        read(folder)


def test_a_byte_order_mark_of_an_editor_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / CONFIG_FILE).write_bytes(b"\xef\xbb\xbfthreads = 3\n")
    assert load_settings(tmp_path).threads == 3
