"""Fill a small disk with documents. Started by the test in a mount namespace of its own."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from assistant.errors import DiskFullError, StoreError
from assistant.store import KeyFile, store_health
from tests.store.adder import EMBEDDER, KEY, open_for_child, text_of
from tests.store.material import put

SPARE = 512 * 1024


def main(folder: Path, megabytes: int) -> None:
    """Add until the disk is full, check the store, make room, go on. Prints "ok" at the end."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    subprocess.run(mount, check=True)
    spare = folder / "spare"
    spare.write_bytes(bytes(SPARE))
    path = folder / "library.db"
    with open_for_child(path, busy_seconds=5.0) as store:
        added = []
        error: StoreError | None = None
        while error is None:
            assert len(added) < 100_000
            try:
                added.append(put(store, EMBEDDER, text_of("disk", len(added))))
            except StoreError as raised:
                error = raised
        assert isinstance(error, DiskFullError), repr(error)
        assert "Make room" in error.hint
        assert len(added) > 5
        assert store.documents() == added
    again = open_for_child(path, busy_seconds=5.0)
    assert again.documents() == added
    again.close()
    assert store_health(path, KEY).ok
    spare.unlink()
    with open_for_child(path, busy_seconds=5.0) as store:
        more = put(store, EMBEDDER, text_of("more", 1))
        assert store.documents() == [*added, more]
        store.forget(added[0].id)
        assert store.documents() == [*added[1:], more]
    assert store_health(path, KEY).ok
    print("ok", len(added))


def create_on_full_disk(folder: Path) -> None:
    """Try to make a store where there is no room at all. Prints "ok" at the end."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    subprocess.run(mount, check=True)
    try:
        open_for_child(folder / "library.db")
    except DiskFullError:
        assert list(folder.iterdir()) == []
        key_on_full_disk(folder)
        print("ok")


def key_on_full_disk(folder: Path) -> None:
    """Try to make a key where there is no room: nothing is left, and later there is one."""
    spare = folder / "spare"
    with suppress(OSError), spare.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    key = KeyFile(folder / "library.key")
    try:
        key.get(create=True)
    except DiskFullError:
        assert list(folder.iterdir()) == [spare]
        spare.unlink()
    assert key.get(create=True) == key.get(create=False)


def create_on_small_disk(folder: Path, kilobytes: int) -> None:
    """Make a store where there is hardly room, then make room. Prints "ok" and what happened."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    subprocess.run(mount, check=True)
    path = folder / "library.db"
    happened = "made"
    try:
        open_for_child(path, busy_seconds=5.0).close()
    except DiskFullError:
        happened = "kept" if path.exists() else "refused"
        assert not list(folder.glob("*.new-*"))
        assert path.exists() or list(folder.iterdir()) == []
    subprocess.run(["mount", "-o", "remount,size=8m", str(folder)], check=True)
    if path.exists():
        assert store_health(path, KEY).ok
    with open_for_child(path, busy_seconds=5.0) as store:
        added = put(store, EMBEDDER, text_of("small", 1))
        assert store.documents() == [added]
    assert store_health(path, KEY).ok
    print("ok", happened)


if __name__ == "__main__":
    if sys.argv[2] == "0":
        create_on_full_disk(Path(sys.argv[1]))
    elif sys.argv[2].endswith("k"):
        create_on_small_disk(Path(sys.argv[1]), int(sys.argv[2][:-1]))
    else:
        main(Path(sys.argv[1]), int(sys.argv[2]))
