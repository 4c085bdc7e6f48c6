"""Putting the payload of a bundle in its place: copied, hashed, tried, then named."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, cast

from assistant.bundle.manifest import Manifest
from assistant.bundle.storage import write_bytes
from assistant.bundle.verify import OpenBundle, Progress, changed
from assistant.config import Settings
from assistant.engine import embedder_identity
from assistant.engine.adapting import AboutAdapter, try_adapter
from assistant.engine.installing import (
    checked_chat_header,
    copy_hashed,
    make_record,
    open_regular,
    probe_model,
    publish,
    staging,
)
from assistant.engine.records import ADAPTER_FILE, MODEL_FILE
from assistant.errors import BundleError, ModelError, UsageError
from assistant.store import StoreKey, open_store, store_health
from assistant.types import CancelToken

RaiseFloor = Callable[[], None]
"""Raises the version floor; called when all checks are done, before the payload appears."""

_LONGEST_KEY_FILE = 1024


def install_model(
    bundle: OpenBundle,
    settings: Settings,
    raise_floor: RaiseFloor,
    progress: Progress,
    cancel: CancelToken | None,
) -> None:
    """Install a chat model: header check, test-load in a child process, template's hash."""
    manifest = bundle.manifest
    with staging(settings.models_dir) as stage:
        target = stage / MODEL_FILE
        _copy(bundle, target, progress, cancel)
        with naming(bundle.path, target):
            header = checked_chat_header(target, bundle.path)
        progress("Testing", 0, 1)
        found = probe_model(target, bundle.path, cancel)
        check_template(manifest, str(found["prompt_style"]), str(found["template_sha256"]))
        record = make_record(
            header,
            found,
            name=manifest.installed_name,
            sha256=manifest.payload.sha256,
            source=bundle.path.name,
            source_sha256=manifest.payload.sha256,
            title=manifest.title,
            licence=manifest.licence,
        )
        version = manifest.prompt.version if manifest.prompt is not None else 0
        record = replace(record, prompt_version=version, calibration=dict(manifest.calibration))
        if cancel is not None:
            cancel.raise_if_cancelled()
        raise_floor()
        publish(stage, settings.models_dir, record)


def install_adapter(
    bundle: OpenBundle,
    base: str,
    settings: Settings,
    raise_floor: RaiseFloor,
    progress: Progress,
    cancel: CancelToken | None,
) -> None:
    """Install an adapter over the installed model `base`: shapes compared, both tried."""
    manifest = bundle.manifest
    with staging(settings.models_dir) as stage:
        target = stage / ADAPTER_FILE
        _copy(bundle, target, progress, cancel)
        progress("Testing", 0, 1)
        about = AboutAdapter(
            name=manifest.installed_name,
            sha256=manifest.payload.sha256,
            source=bundle.path.name,
            title=manifest.title,
            licence=manifest.licence,
            prompt_version=manifest.prompt.version if manifest.prompt is not None else 0,
            calibration=manifest.calibration,
        )
        with naming(bundle.path, target):
            record = try_adapter(target, bundle.path, settings.models_dir / base, about, cancel)
        check_template(manifest, record.prompt_style, record.template_sha256)
        if cancel is not None:
            cancel.raise_if_cancelled()
        raise_floor()
        publish(stage, settings.models_dir, record)


def install_library(
    bundle: OpenBundle,
    key_file: Path | None,
    settings: Settings,
    raise_floor: RaiseFloor,
    progress: Progress,
    cancel: CancelToken | None,
) -> None:
    """Install a prebuilt library: opened with its key, embedder compared, pages checked."""
    name = bundle.manifest.installed_name
    if key_file is None:
        raise UsageError(
            "A library's key is not in its bundle: it comes by another way.",
            hint="Name the file that holds it: --library-key FILE",
        )
    key = read_library_key(key_file)
    with staging(settings.data_dir) as stage:
        draft = stage / "library.db"
        _copy(bundle, draft, progress, cancel)
        draft.chmod(0o600)
        progress("Testing", 0, 1)
        open_store(draft, key, create=False, embedder=embedder_identity(settings)).close()
        health = store_health(draft, key)
        if not health.ok:
            raise BundleError(f"{bundle.path}: its library is damaged: {health.damage[0]}.")
        if cancel is not None:
            cancel.raise_if_cancelled()
        raise_floor()
        # The key first: a library without its key would look lost.
        key_path = settings.data_dir / f"{name}.key"
        write_bytes(key_path, key.hex().encode() + b"\n")
        try:
            os.link(draft, settings.data_dir / f"{name}.db")
        except FileExistsError as error:
            raise BundleError(f"A library named {name} appeared meanwhile.") from error
        except OSError:  # a file system without hard links
            draft.rename(settings.data_dir / f"{name}.db")


@contextmanager
def naming(bundle: Path, target: Path) -> Iterator[None]:
    """Let errors about the file in hand name the bundle: the file's own name soon is gone."""
    try:
        yield
    except ModelError as error:
        said = error.message.replace(str(target), str(bundle))
        raise ModelError(said, hint="Pack it again on the workstation.") from error


def check_template(manifest: Manifest, template: str, template_sha256: str) -> None:
    """Refuse a model whose chat template is not the one that it was tuned with."""
    prompt = manifest.prompt
    if prompt is None or (prompt.template, prompt.template_sha256) != (template, template_sha256):
        raise BundleError(
            f"The chat template of {manifest.installed_name} is not the one in its manifest.",
            hint="Pack it again on the workstation.",
        )


def read_library_key(path: Path) -> StoreKey:
    """Read a library's key from the file that came by another way. Raises `BundleError`."""
    try:
        with open_regular(path) as file:
            text = file.read(_LONGEST_KEY_FILE).decode("ascii").strip()
        return StoreKey.from_hex(text)
    except (OSError, ModelError) as error:
        raise BundleError(f"The key {path} can't be read.") from error
    except ValueError as error:
        raise BundleError(
            f"{path} does not hold a library's key (64 hexadecimal digits).",
            hint="It is the .key file beside the library on the workstation.",
        ) from error


def _copy(bundle: OpenBundle, target: Path, progress: Progress, cancel: CancelToken | None) -> None:
    """Copy the payload, and check once more that these are the bytes that were signed."""
    entry = bundle.manifest.payload
    source = cast("IO[bytes]", bundle.member(entry))
    if copy_hashed(source, target, entry.size, progress, cancel) != entry.sha256:
        raise changed()
