"""Readers: the one that came with the program, and those that bundles brought.

An installed reader is a folder `<data>/readers/<name>` with the three files that
`assistant-convert reader export` makes; `active.json` beside them names the chosen one.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from assistant.config import Settings
from assistant.errors import ModelError, UsageError
from assistant.models.catalogue import bundled_models_dir, load_catalogue
from assistant.models.embedder_folder import MODEL_FILE, TOKENIZER_FILE, read_description
from assistant.models.model_record import model_folders, read_active, write_active
from assistant.models.verified_file import verify_file
from assistant.strict_reader import Meta, Sha256
from assistant.types import ReaderCalibration

CONFIG_FILE = "reader.json"
MAKE_READER = "Make the folder with: assistant-convert reader export MODEL FOLDER"


@dataclass(frozen=True, slots=True)
class ReaderInfo:
    """What is known of a reader without loading it. `max_tokens` is that of one window."""

    folder: Path
    name: str
    model_sha256: str
    tokenizer_sha256: str
    max_tokens: int
    calibration: ReaderCalibration = field(default_factory=ReaderCalibration)


@dataclass(frozen=True, slots=True)
class _Calibration:
    weights: dict[str, float] = field(default_factory=dict)
    threshold: Annotated[float, Meta(ge=0, le=1)] = 0.5


@dataclass(frozen=True, slots=True)
class _Description:
    format: Literal[1]
    architecture: Literal["bert"]
    task: Literal["span"]
    model_sha256: Sha256
    tokenizer_sha256: Sha256
    max_tokens: Annotated[int, Meta(ge=32, le=8192)]
    calibration: _Calibration = field(default_factory=_Calibration)


def reader_info(folder: Path) -> ReaderInfo:
    """Describe an exported reader.

    Raises `ModelError` for a folder that holds none, or one of another version.
    """
    found = read_description(folder / CONFIG_FILE, _Description, MAKE_READER)
    return ReaderInfo(
        folder=folder,
        name=f"{folder.resolve().name}-{found.model_sha256[:8]}",
        model_sha256=found.model_sha256,
        tokenizer_sha256=found.tokenizer_sha256,
        max_tokens=found.max_tokens,
        calibration=ReaderCalibration(found.calibration.weights, found.calibration.threshold),
    )


def readers_dir(settings: Settings) -> Path:
    """Return the folder of the readers that bundles brought."""
    return settings.data_dir / "readers"


def installed_readers(settings: Settings) -> dict[str, Path]:
    """Return the folders of the readers that bundles brought, by name."""
    return {folder.name: folder for folder in model_folders(readers_dir(settings))}


def is_reader(name: str, settings: Settings) -> bool:
    """Tell whether a name is that of a reader, of the program or of a bundle."""
    return name in installed_readers(settings) or name == bundled_reader_name()


def bundled_reader_name() -> str:
    """Return the name of the reader that came with the program, "" if none did."""
    entry = load_catalogue().default_reader
    return entry.name if entry is not None else ""


def chosen_reader(settings: Settings) -> Path | None:
    """Return the folder of the reader that was chosen; None: the program's own.

    Raises `ModelError` if it is gone.
    """
    name = read_active(readers_dir(settings))
    if not name:
        return None
    folder = installed_readers(settings).get(name)
    if folder is None:
        raise ModelError(
            f"The reader {name} is not installed any more.",
            hint=f"Choose another: assistant models use {bundled_reader_name()}",
        )
    return folder


def use_reader(name: str, settings: Settings) -> None:
    """Choose the reader that answers in all later runs. Raises `ModelError`, `UsageError`.

    `UsageError` if the setting `reader` decides it: the choice would have no effect.
    """
    if settings.reader:
        raise UsageError(
            f"The setting 'reader' decides which one answers: {settings.reader}.",
            hint="Take it out of config.toml first.",
        )
    folder = installed_readers(settings).get(name)
    if folder is not None:
        reader_info(folder)
    elif not readers_dir(settings).is_dir():
        return  # the program's own, and there never was another
    write_active(readers_dir(settings), "" if folder is None else name)


def remove_reader(name: str, settings: Settings) -> None:
    """Delete an installed reader; the program's own answers if it was in use.

    Raises `UsageError` for the program's own, `ModelError` for what goes wrong with the disk.
    """
    folder = installed_readers(settings).get(name)
    if folder is None:
        raise UsageError(f"{name} came with this program and can't be removed.")
    try:
        if read_active(folder.parent) == name:
            write_active(folder.parent, "")
        shutil.rmtree(folder.rename(folder.with_name(f".incoming-removed-{name}")))
    except OSError as error:
        raise ModelError(f"{folder} can't be removed: {error.strerror or error}.") from error


def verify_reader(folder: Path) -> None:
    """Hash a reader's files and compare them with its description. Raises `ModelError`."""
    info = reader_info(folder)
    verify_file(folder / MODEL_FILE, info.model_sha256)
    verify_file(folder / TOKENIZER_FILE, info.tokenizer_sha256)


def reader_folders(settings: Settings) -> dict[str, Path]:
    """Return the folders of all readers by name, the program's own first."""
    entry = load_catalogue().default_reader
    own = {entry.name: bundled_models_dir() / entry.folder} if entry is not None else {}
    return own | installed_readers(settings)
