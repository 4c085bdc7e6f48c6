"""Fill a small disk with documents. Started by the test in a mount namespace of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from assistant.errors import DiskFullError, StoreError
from assistant.store import store_health
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
        print("ok")


if __name__ == "__main__":
    if sys.argv[2] == "0":
        create_on_full_disk(Path(sys.argv[1]))
    else:
        main(Path(sys.argv[1]), int(sys.argv[2]))
