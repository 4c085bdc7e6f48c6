"""The models that are installed: add, list, choose, verify, remove."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from assistant.catalogue import bundled_models_dir, load_catalogue
from assistant.config import Settings
from assistant.engine.embedder import MODEL_FILE as EMBEDDER_FILE
from assistant.engine.embedder import TOKENIZER_FILE, verify_file
from assistant.engine.installing import (
    Progress,
    checked_chat_header,
    copy_hashed,
    make_record,
    open_regular,
    probe_model,
    publish,
    quiet,
    require_room,
    staging,
)
from assistant.engine.records import (
    MODEL_FILE,
    read_active,
    read_record,
    safe_name,
    write_active,
)
from assistant.errors import ModelError, UsageError
from assistant.types import CancelToken

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model as shown to a person; `size` in bytes, `problem` is "" if it is usable.

    `role` is "chat" or "embedder"; `active` tells whether it is the one in use.
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
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """Whether a model's bytes are those that were recorded, and if not, why."""

    name: str
    ok: bool
    detail: str


def add_model(
    file: Path,
    settings: Settings,
    *,
    name: str = "",
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
) -> ModelInfo:
    """Add a GGUF chat model; it is copied, checked and tried in a child process first.

    Adding the same file again changes nothing. Raises `ModelError` when the file is
    damaged, no chat model, can't be run, does not fit the disk, or the name is taken,
    `UsageError` for a name that no model can have, `Cancelled` on cancel.
    """
    wanted = _name_for(file, name)
    folder = settings.models_dir / wanted
    with open_regular(file) as source:
        header = checked_chat_header(file, file)
        with staging(settings.models_dir) as stage:
            require_room(settings.models_dir, header.size)
            target = stage / MODEL_FILE
            digest = copy_hashed(source, target, header.size, progress, cancel)
            if folder.exists():
                if read_record(folder).sha256 == digest:
                    return _info(folder, active_chat_name(settings))
                raise _taken(wanted, file)
            header = checked_chat_header(target, file)
            progress("Testing", 0, 1)
            found = probe_model(target, file, cancel)
            record = make_record(
                header,
                found,
                name=wanted,
                sha256=digest,
                source=safe_name(file.name),
                source_sha256=digest,
            )
            if cancel is not None:
                cancel.raise_if_cancelled()
            publish(stage, settings.models_dir, record)
    return _info(folder, active_chat_name(settings))


def list_models(settings: Settings) -> list[ModelInfo]:
    """Return all models, chat models first; a damaged record shows as a `problem`."""
    active = active_chat_name(settings)
    chat = [_info(folder, active) for folder in _folders(settings)]
    chosen = settings.embedder or load_catalogue().default_embedder.name
    return chat + [
        ModelInfo(
            name=entry.name,
            role="embedder",
            active=entry.name == chosen,
            title=entry.title,
            architecture="bert",
            quantization=entry.quantization,
            context_length=entry.max_tokens,
            size=_size(bundled_models_dir() / entry.folder / EMBEDDER_FILE),
            sha256=entry.model_sha256,
            licence=entry.licence,
        )
        for entry in load_catalogue().embedders
    ]


def active_chat_name(settings: Settings) -> str:
    """Return the chat model in use: of the settings, else the chosen, else the default.

    "" if no chat model is installed. A name that the settings or `use_model` chose is
    returned even if that model is gone, so that loading it says so.
    """
    chosen = settings.chat_model or read_active(settings.models_dir)
    if chosen:
        return chosen
    names = [folder.name for folder in _folders(settings)]
    default = load_catalogue().default_chat.name
    if default in names:
        return default
    return names[0] if len(names) == 1 else ""


def use_model(name: str, settings: Settings) -> ModelInfo:
    """Choose the chat model for all later runs. Raises `UsageError` for an unknown name."""
    folder = model_folder(name, settings)
    read_record(folder)
    write_active(settings.models_dir, name)
    return _info(folder, name)


def verify_models(settings: Settings, progress: Progress = quiet) -> list[ModelCheck]:
    """Hash every model again and compare with the records and the catalogue."""
    checks = [check_chat(folder, progress) for folder in _folders(settings)]
    for entry in load_catalogue().embedders:
        folder = bundled_models_dir() / entry.folder
        try:
            verify_file(folder / EMBEDDER_FILE, entry.model_sha256)
            verify_file(folder / TOKENIZER_FILE, entry.tokenizer_sha256)
            checks.append(ModelCheck(entry.name, ok=True, detail="unchanged"))
        except ModelError as error:
            checks.append(ModelCheck(entry.name, ok=False, detail=error.message))
    return checks


def remove_model(name: str, settings: Settings) -> None:
    """Delete an installed chat model. Raises `UsageError` for an unknown name."""
    folder = model_folder(name, settings)
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
    known = {folder.name: folder for folder in _folders(settings)}
    if name not in known:
        names = ", ".join(known) or "none"
        raise UsageError(f"No chat model named '{name}' is installed.", hint=f"Installed: {names}.")
    return known[name]


def check_chat(folder: Path, progress: Progress = quiet) -> ModelCheck:
    """Compare an installed model with its record, byte by byte."""
    try:
        record = read_record(folder)
        with open_regular(folder / MODEL_FILE) as file:
            digest, done = hashlib.sha256(), 0
            while block := file.read(_BLOCK):
                digest.update(block)
                done += len(block)
                progress(f"Verifying {record.name}", done, record.size)
    except (ModelError, OSError) as error:
        return ModelCheck(folder.name, ok=False, detail=str(error))
    if digest.hexdigest() != record.sha256:
        return ModelCheck(folder.name, ok=False, detail="the file was changed or is damaged")
    return ModelCheck(folder.name, ok=True, detail="unchanged")


def _name_for(file: Path, name: str) -> str:
    """Return the name for a new chat model: `name` as it is, else made from the file's."""
    wanted = safe_name(name or file.stem)
    if name and wanted != name:
        raise UsageError(
            f"No model can be named {name[:80]!r}.",
            hint="Use at most 64 of a-z, 0-9, dot, dash (no two together) and underscore; "
            f"begin and end with a letter or a digit: --name {wanted}",
        )
    if load_catalogue().find_embedder(wanted) is not None:
        raise _taken(wanted, file)
    return wanted


def _taken(name: str, file: Path) -> ModelError:
    return ModelError(
        f"Another model named {name} is installed.",
        hint=f"Give this one another name: assistant models add --name NAME '{file}'",
    )


def _folders(settings: Settings) -> list[Path]:
    if not settings.models_dir.is_dir():
        return []
    return sorted(
        path
        for path in settings.models_dir.iterdir()
        if path.is_dir() and safe_name(path.name) == path.name
    )


def _info(folder: Path, active: str) -> ModelInfo:
    name, chosen = folder.name, folder.name == active
    try:
        record = read_record(folder)
    except ModelError as error:
        return ModelInfo(name=name, role="chat", active=chosen, problem=error.message)
    problem = "" if _size(folder / MODEL_FILE) == record.size else "the file is missing or damaged"
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
        problem=problem,
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
