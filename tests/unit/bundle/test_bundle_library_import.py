"""Libraries that come in a bundle, and the keys that travel with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assistant.bundle.prebuilt_library import LibraryAccess, seal_key
from assistant.config import Settings
from assistant.engine.engine_loader import embedder_identity
from assistant.errors import (
    BundleError,
    Cancelled,
    UsageError,
    WrongKeyError,
)
from assistant.store import KeyFile, KeyPaths, LibraryKeys, StoreKey, open_store
from assistant.store.key_wrap import Cost
from assistant.types import CancelToken
from tests.unit.bundle.bundle_files import CONTENT, tiny_bundle, trusting
from tests.unit.bundle.test_bundle_import import bring, left_over


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings(data_dir=tmp_path / "data")
    trusting(found.data_dir)
    return found


def library_bundle(settings: Settings, key: StoreKey, **changes: Any) -> bytes:
    source = settings.data_dir.parent / "built" / "wards.db"
    open_store(source, key, create=True, embedder=embedder_identity(settings)).close()
    content = {"card.md": CONTENT["card.md"], "library.db": ("library", source.read_bytes())}
    return tiny_bundle(content, **{"kind": "library", "base": None, "prompt": None, **changes})


def test_a_library_comes_without_its_key(settings: Settings, tmp_path: Path) -> None:
    key = StoreKey.random()
    data = library_bundle(settings, key)
    assert key.hex().encode() not in data
    with pytest.raises(UsageError, match="by another way"):
        bring(settings, data)
    key_file = tmp_path / "wards.key"
    key_file.write_text(StoreKey.random().hex())
    with pytest.raises(WrongKeyError):
        bring(settings, data, key=key_file)
    assert left_over(settings) == []
    key_file.write_text(key.hex() + "\n")
    done = bring(settings, data, key=key_file)
    there = settings.with_changes(library=done.name)
    assert there.key_path.stat().st_mode & 0o777 == 0o600
    assert there.store_path.stat().st_mode & 0o777 == 0o600
    embedder = embedder_identity(settings)
    with pytest.raises(WrongKeyError):  # written anew: what it travelled under is worth nothing
        open_store(there.store_path, key, create=False, embedder=embedder)
    own = KeyFile(there.key_path).get(create=False)
    open_store(there.store_path, own, create=False, embedder=embedder).close()
    with pytest.raises(BundleError, match="is there already"):
        bring(settings, data, key=key_file)


def sealed_bundle(settings: Settings, key: StoreKey) -> tuple[bytes, str]:
    source = settings.data_dir.parent / "built" / "wards.db"
    store = open_store(source, key, create=True, embedder=embedder_identity(settings))
    store.audit.begin(b"s" * 32)
    store.close()
    sealed, transfer = seal_key(key, Cost(1, 8 << 20))
    content = {
        "card.md": CONTENT["card.md"],
        "library-key.json": ("key", sealed),
        "library.db": ("library", source.read_bytes()),
    }
    return tiny_bundle(content, kind="library", base=None, prompt=None), transfer


def test_a_sealed_library_opens_with_its_transfer_key_and_gets_a_passphrase(
    settings: Settings,
) -> None:
    key = StoreKey.random()
    data, transfer = sealed_bundle(settings, key)
    assert key.hex().encode() not in data
    assert transfer.encode() not in data
    with pytest.raises(UsageError, match="transfer key"):
        bring(settings, data)
    other = seal_key(key, Cost(1, 8 << 20))[1]

    def own_key(there: Settings) -> StoreKey:
        paths = KeyPaths(there.store_path, there.key_path, there.wrapped_key_path)
        return LibraryKeys(paths, Cost(1, 8 << 20)).create("six words or more of ward three", None)

    with pytest.raises(WrongKeyError, match="not the one of this bundle"):
        bring(settings, data, library=LibraryAccess(lambda: other, own_key=own_key))
    assert left_over(settings) == []
    spoken = transfer.lower().replace("-", " ")  # as a person types it
    done = bring(settings, data, library=LibraryAccess(lambda: spoken, own_key=own_key))
    there = settings.with_changes(library=done.name)
    assert not there.key_path.exists()
    paths = KeyPaths(there.store_path, there.key_path, there.wrapped_key_path)
    own = LibraryKeys(paths).unlock("six words or more of ward three").key
    assert own != key
    store = open_store(there.store_path, own, create=False, embedder=embedder_identity(settings))
    assert store.audit.secret() is None, "the log of the workstation came along"
    store.close()
    assert not list(done.papers.glob("*key*")), "the sealed key is not kept"


def test_a_library_that_fails_late_leaves_no_key(settings: Settings) -> None:
    """Cancelled while it is written anew: neither the library nor its new key stays."""
    data, transfer = sealed_bundle(settings, StoreKey.random())
    cancel = CancelToken()

    def stop(what: str, done: int, total: int) -> None:
        if what == "Encrypting anew":
            cancel.cancel()

    with pytest.raises(Cancelled):
        bring(settings, data, library=LibraryAccess(lambda: transfer), progress=stop, cancel=cancel)
    assert left_over(settings) == []


@pytest.mark.parametrize("kind", ["model", "adapter"])
def test_only_a_library_may_bring_a_key(kind: str) -> None:
    content = {**CONTENT, "library-key.json": ("key", b"{}")}
    with pytest.raises(BundleError, match="its texts"):
        tiny_bundle(content, kind=kind)
