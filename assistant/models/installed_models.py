"""The models that are installed: list, choose, verify, remove."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from assistant.config import NO_CHAT_MODEL, Settings
from assistant.errors import ModelError, UsageError
from assistant.models import installed_readers as readers
from assistant.models.base_models import adapters_over, base_folder, recorded_base, size_of
from assistant.models.catalogue import EmbedderEntry, load_catalogue
from assistant.models.embedder_folder import MODEL_FILE as EMBEDDER_FILE
from assistant.models.embedder_folder import embedder_home, has_embedder, verify_embedder
from assistant.models.model_install import Progress, open_regular, quiet
from assistant.models.model_record import (
    ModelRecord,
    model_folders,
    read_active,
    read_record,
    write_active,
)
from assistant.models.ocr_models import has_ocr, verify_ocr

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model as shown to a person; `size` in bytes, `problem` is "" if it is usable.

    `role` is "chat", "reader", "ocr" or "embedder"; `active` tells whether it is the one
    in use. `base` is the name of the model that an adapter is loaded over ("" for a model of
    its own); parameters, quantization, size and hash are those of the adapter's own file then.
    """

    name: str
    role: str
    active: bool
    title: str = ""
    architecture: str = ""
    parameters: int = 0
    quantization: str = ""
    context_length: int = 0
    size: int = 0
    sha256: str = ""
    licence: str = ""
    prompt_style: str = ""
    template_sha256: str = ""
    base: str = ""
    prompt_version: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """Whether a model's bytes are those that were recorded, and if not, why."""

    name: str
    ok: bool
    detail: str


def list_models(settings: Settings) -> list[ModelInfo]:
    """Return all models, chat models first; a damaged record shows as a `problem`."""
    active = active_chat_name(settings)
    chat = [model_info(folder, active) for folder in model_folders(settings.models_dir)]
    chosen = settings.embedder or load_catalogue().default_embedder.name
    return (
        chat
        + _readers(settings)
        + _ocr_models(settings)
        + [
            ModelInfo(
                name=entry.name,
                role="embedder",
                active=entry.name == chosen,
                title=entry.title,
                architecture="bert",
                quantization=entry.quantization,
                context_length=entry.max_tokens,
                size=size_of(embedder_home(entry, settings) / entry.folder / EMBEDDER_FILE),
                sha256=entry.model_sha256,
                licence=entry.licence,
            )
            for entry in _embedders(settings)
        ]
    )


def _embedders(settings: Settings) -> list[EmbedderEntry]:
    """Return those that came with the program, damaged or not, and those that were set up."""
    known = load_catalogue().embedders
    return [entry for entry in known if not entry.source_size or has_embedder(entry, settings)]


def _readers(settings: Settings) -> list[ModelInfo]:
    own = load_catalogue().default_reader
    chosen = read_active(readers.readers_dir(settings)) or readers.bundled_reader_name()
    found = []
    for name, folder in readers.reader_folders(settings).items():
        try:
            reader, problem = readers.reader_info(folder), ""
        except ModelError as error:
            reader, problem = None, error.message
        mine = own if own is not None and own.name == name else None
        info = ModelInfo(
            name=name,
            role="reader",
            active=not settings.reader and name == chosen,
            title=mine.title if mine else name,
            architecture="bert",
            quantization="int8",
            context_length=reader.max_tokens if reader else 0,
            size=size_of(folder / EMBEDDER_FILE),
            sha256=reader.model_sha256 if reader else "",
            licence=mine.licence if mine else "",
            problem=problem,
        )
        found.append(info)
    return found


def _ocr_models(settings: Settings) -> list[ModelInfo]:
    return [
        ModelInfo(
            name=entry.name,
            role="ocr",
            active=entry == load_catalogue().default_ocr,
            title=entry.title,
            architecture="pp-ocr",
            quantization="F32",
            size=entry.detector_size + entry.recognizer_size,
            sha256=entry.recognizer_sha256,
            licence=entry.licence,
        )
        for entry in load_catalogue().ocr
        if has_ocr(entry, settings)
    ]


def active_chat_name(settings: Settings) -> str:
    """Return the chat model in use: of the settings, else the chosen, else the default.

    The default is the catalogue's adapter over its chat model where that is installed, else
    that chat model, else the only model there is (adapters of one's own are chosen by name).
    "" if no chat model is installed, or the settings say that none is used. A name that the
    settings or `use_model` chose is returned even if that model is gone, so that loading it
    says so.
    """
    chosen = settings.chat_model or read_active(settings.models_dir)
    if chosen:
        return "" if chosen == NO_CHAT_MODEL else chosen
    folders = model_folders(settings.models_dir)
    names = {folder.name for folder in folders}
    for default in load_catalogue().default_names:
        if default in names:
            return default
    whole = [folder.name for folder in folders if not recorded_base(folder)]
    return whole[0] if len(whole) == 1 else ""


def use_model(name: str, settings: Settings) -> ModelInfo:
    """Choose the chat model or reader for all later runs.

    Raises `UsageError` for an unknown name.
    """
    if readers.is_reader(name, settings):
        readers.use_reader(name, settings)
        return next(info for info in _readers(settings) if info.name == name)
    folder = model_folder(name, settings)
    read_record(folder)
    write_active(settings.models_dir, name)
    return model_info(folder, name)


def verify_models(settings: Settings, progress: Progress = quiet) -> list[ModelCheck]:
    """Hash every model and adapter again, compare with the records and the catalogue."""
    checks = [check_chat(folder, progress) for folder in model_folders(settings.models_dir)]
    checks += [
        _checked(entry.name, partial(verify_embedder, entry, settings))
        for entry in _embedders(settings)
    ]
    checks += [
        _checked(name, partial(readers.verify_reader, folder))
        for name, folder in readers.reader_folders(settings).items()
    ]
    return checks + [
        _checked(ocr.name, partial(verify_ocr, ocr, settings))
        for ocr in load_catalogue().ocr
        if has_ocr(ocr, settings)
    ]


def _checked(name: str, verify: Callable[[], None]) -> ModelCheck:
    try:
        verify()
    except ModelError as error:
        return ModelCheck(name, ok=False, detail=error.message)
    return ModelCheck(name, ok=True, detail="unchanged")


def remove_model(name: str, settings: Settings) -> None:
    """Delete an installed chat model, adapter or reader.

    Raises `UsageError` for an unknown name, and for a model that an adapter needs.
    """
    if readers.is_reader(name, settings):
        readers.remove_reader(name, settings)
        return
    folder = model_folder(name, settings)
    if needed_by := adapters_over(name, settings.models_dir):
        raise UsageError(
            f"{name} can't be removed: {', '.join(needed_by[:5])} is loaded over it.",
            hint=f"Remove that first: assistant models remove {needed_by[0]}",
        )
    try:
        # Renamed first: a removal that is interrupted leaves no half model behind.
        gone = folder.rename(folder.with_name(f".incoming-removed-{name}"))
        shutil.rmtree(gone)
        if read_active(settings.models_dir) == name:
            write_active(settings.models_dir, "")
    except OSError as error:
        raise ModelError(f"{folder} can't be removed: {error.strerror or error}.") from error


def model_folder(name: str, settings: Settings) -> Path:
    """Return the folder of an installed chat model. Raises `UsageError`."""
    known = {folder.name: folder for folder in model_folders(settings.models_dir)}
    if name not in known:
        names = ", ".join(known) or "none"
        raise UsageError(f"No chat model named '{name}' is installed.", hint=f"Installed: {names}.")
    return known[name]


def check_chat(folder: Path, progress: Progress = quiet) -> ModelCheck:
    """Compare an installed model with its record, byte by byte.

    Of an adapter these are its own bytes; its base must be there, and has its own check.
    """
    try:
        record = read_record(folder)
        with open_regular(folder / record.file) as file:
            digest, done = hashlib.sha256(), 0
            while block := file.read(_BLOCK):
                digest.update(block)
                done += len(block)
                progress(f"Verifying {record.name}", done, record.size)
        if record.base:
            base_folder(record, folder.parent)
    except (ModelError, OSError) as error:
        return ModelCheck(folder.name, ok=False, detail=str(error))
    if digest.hexdigest() != record.sha256:
        return ModelCheck(folder.name, ok=False, detail="the file was changed or is damaged")
    over = f", over {record.base}" if record.base else ""
    return ModelCheck(folder.name, ok=True, detail=f"unchanged{over}")


def model_info(folder: Path, active: str) -> ModelInfo:
    """Describe an installed model; `active` is the name of the one in use."""
    name, chosen = folder.name, folder.name == active
    try:
        record = read_record(folder)
    except ModelError as error:
        return ModelInfo(name=name, role="chat", active=chosen, problem=error.message)
    return ModelInfo(
        name=name,
        role="chat",
        active=chosen,
        title=record.title,
        architecture=record.architecture,
        parameters=record.parameters,
        quantization=record.quantization,
        context_length=record.context_length,
        size=record.size,
        sha256=record.sha256,
        licence=record.licence,
        prompt_style=record.prompt_style,
        template_sha256=record.template_sha256,
        base=record.base,
        prompt_version=record.prompt_version,
        problem=_problem(folder, record),
    )


def _problem(folder: Path, record: ModelRecord) -> str:
    if size_of(folder / record.file) != record.size:
        return "the file is missing or damaged"
    try:
        if record.base:
            base_folder(record, folder.parent)
    except ModelError as error:
        return str(error)
    return ""
