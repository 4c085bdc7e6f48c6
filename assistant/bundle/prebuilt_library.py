"""Install a prebuilt library: decrypt it with its transfer key, write it under a new key.

The bundle may hold the key that the library travels under, sealed for a *transfer key*: 150
random bits that the workstation shows once and a person types here (or that come in a
private file, by another way than the bundle). Nobody can guess those, so a stick that is lost
gives nothing away, and the seal is Argon2id's as well (`assistant.store.key_wrap`). Or the
key came in a file of its own.

What arrives is never used as it is: after its pages and its embedder were checked it is
written anew under a key that this machine made. So the workstation does not know the key of
the library in use, and the transfer key opens nothing but what was carried.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assistant.bundle.manifest import KEY_ROLE
from assistant.bundle.payload_extract import Installation
from assistant.bundle.verify_bundle import OpenBundle
from assistant.config import Settings
from assistant.engine.engine_loader import embedder_identity
from assistant.errors import BundleError, UsageError, WrongKeyError
from assistant.models.model_install import staging
from assistant.store import KeyFile, StoreKey, open_store, store_health, write_copy
from assistant.store.key_source import sync_folder
from assistant.store.key_wrap import Cost, new_wrapped_key, parse
from assistant.store.recovery_key import new_recovery_key, recovery_secret
from assistant.store.strip_audit import drop_log
from assistant.strict_reader import read_file, refused

_LONGEST_KEY_FILE = 1024


def in_the_open(settings: Settings) -> StoreKey:
    """Make the key of a library without a passphrase: a choice that a person has to make."""
    return KeyFile(settings.key_path).get(create=True)


@dataclass(frozen=True, slots=True)
class LibraryAccess:
    """How an import comes to the two keys of a library.

    `transfer_key` asks for the words that open the sealed key in the bundle; `key_file` is
    the file with the key, where the bundle has none. `own_key` makes the key under which the
    library is kept here; it is given the settings of that library.
    """

    transfer_key: Callable[[], str] | None = None
    key_file: Path | None = None
    own_key: Callable[[Settings], StoreKey] = in_the_open


def seal_key(key: StoreKey, cost: Cost | None = None) -> tuple[bytes, str]:
    """Seal the key that a library travels under; return the file for the bundle, and the
    transfer key that opens it.
    """
    transfer = new_recovery_key()
    slot = recovery_secret(transfer)
    sealed = new_wrapped_key().with_slot(key, "passphrase", slot, cost or Cost())
    return sealed.to_bytes(), transfer


def install_library(job: Installation, access: LibraryAccess) -> None:
    """Install a library: opened, embedder compared, pages checked, written under a new key.

    Raises `UsageError` if a key is missing, `WrongKeyError`, `BundleError`, `StoreError`.
    """
    carried = _carried_key(job.bundle, access)
    there = job.settings.with_changes(library=job.bundle.manifest.installed_name)
    with staging(job.settings.data_dir) as stage:
        draft, made = stage / "carried.db", stage / "library.db"
        job.copy(draft)
        embedder = embedder_identity(job.settings)
        open_store(draft, carried, create=False, embedder=embedder).close()
        health = store_health(draft, carried)
        if not health.ok:
            raise BundleError(f"{job.bundle.path}: its library is damaged: {health.damage[0]}.")
        with _own_key(there, access) as own:

            def report(done: int, total: int) -> None:
                job.raise_if_cancelled()
                job.progress("Encrypting anew", done, total)

            write_copy(draft, carried, made, own, report)
            drop_log(made, own)
            draft.unlink()
            job.checked()
            _publish(made, there.store_path)


def _publish(made: Path, target: Path) -> None:
    try:
        os.link(made, target)
    except FileExistsError as error:
        raise BundleError(f"A library named {target.stem} appeared meanwhile.") from error
    except OSError:  # a file system without hard links
        made.rename(target)
    sync_folder(target.parent)


@contextmanager
def _own_key(there: Settings, access: LibraryAccess) -> Iterator[StoreKey]:
    """Make the key first, as a library without its key would look lost; undo it on failure."""
    files = (there.key_path, there.wrapped_key_path)
    before = {file for file in files if file.exists()}
    try:
        yield access.own_key(there)
    except BaseException:
        for file in files:
            if file not in before:
                file.unlink(missing_ok=True)
        raise


def _carried_key(bundle: OpenBundle, access: LibraryAccess) -> StoreKey:
    sealed = next((file for file in bundle.manifest.files if file.role == KEY_ROLE), None)
    if access.key_file is not None:
        return read_library_key(access.key_file)
    if sealed is None:
        raise UsageError(
            "A library's key is not in its bundle: it comes by another way.",
            hint="Name the file that holds it: --library-key FILE",
        )
    if access.transfer_key is None:
        raise UsageError(
            "The library is sealed with a transfer key, which comes by another way.",
            hint="Name a private file that holds it: --transfer-key FILE",
        )
    secret = recovery_secret(access.transfer_key())
    key = parse(bundle.raw(sealed)).unwrap("passphrase", secret)
    if key is None:
        raise WrongKeyError(
            "That transfer key is not the one of this bundle.",
            hint="Compare it with what the workstation showed when this version was packed.",
        )
    return key


def read_library_key(path: Path) -> StoreKey:
    """Read a library's key from the file that came by another way. Raises `BundleError`."""
    with refused(BundleError, f"The key {path} can't be read"):
        raw = read_file(path, _LONGEST_KEY_FILE)
    try:
        return StoreKey.from_hex(raw.decode("ascii").strip())
    except ValueError as error:
        raise BundleError(
            f"{path} does not hold a library's key (64 hexadecimal digits).",
            hint="It is the .key file beside the library on the workstation.",
        ) from error
