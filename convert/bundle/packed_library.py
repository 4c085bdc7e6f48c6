"""Pack a library: re-encrypt it under a key of its own, and seal that key beside it.

The library's own key never leaves the workstation. The seal opens with the transfer key, 150
random bits that are shown once; see `assistant.bundle.prebuilt_library` for the other end.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assistant.bundle.manifest import KEY_ROLE
from assistant.bundle.prebuilt_library import seal_key
from assistant.store import StoreKey, write_copy
from assistant.store.strip_audit import drop_log
from convert.atomic_output import Job, disk_errors
from convert.bundle.bundle_writer import Part

SEALED_FILE = "library-key.json"


@dataclass(frozen=True, slots=True)
class TransferKeys:
    """The key that opens the library, and the function that shows the transfer key to a person.

    `show` may raise: then nothing is packed.
    """

    key: StoreKey
    show: Callable[[str], None]


@contextmanager
def carried(
    library: Path, sealing: TransferKeys | None, out: Path, job: Job
) -> Iterator[tuple[Path, list[Part]]]:
    """Give the file to pack and the part with its sealed key; the copy is removed afterwards.

    Without `sealing` that is the library itself, whose key then comes by another way.
    """
    if sealing is None:
        yield library, []
        return
    with disk_errors(out, library.stat().st_size):
        out.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".carried-", dir=out))

    def report(done: int, total: int) -> None:
        job.cancel.raise_if_cancelled()
        job.progress(f"Encrypting {library.name} for the way", done, total)

    try:
        travelling = StoreKey.random()
        copy = folder / library.name
        write_copy(library, sealing.key, copy, travelling, report)
        drop_log(copy, travelling)
        sealed, transfer = seal_key(travelling)
        sealing.show(transfer)
        yield copy, [Part(SEALED_FILE, KEY_ROLE, sealed)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
