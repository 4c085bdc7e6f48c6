"""Records of installed models: one folder for each, with the model and `record.json`.

`<data>/models/<name>/model.gguf` and `record.json` appear together, by the renaming of
one folder; the choice of a model is `<data>/models/active.json`. A model that is an adapter
over another one has `adapter.gguf` in place of `model.gguf`, and names its base.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from assistant.errors import ModelError
from assistant.strict_reader import (
    BadInputError,
    MissingInputError,
    fitted,
    read_file,
    read_json,
    refused,
)
from assistant.types import Calibration
from assistant.whole_file import write_whole

MODEL_FILE = "model.gguf"
ADAPTER_FILE = "adapter.gguf"
RECORD_FILE = "record.json"
ACTIVE_FILE = "active.json"
FORMAT = 3
_ADDED_IN_2 = ("base", "base_sha256", "base_source_sha256", "prompt_version", "calibration")
_ADDED_IN_3 = ("template_approved",)
_MAX_RECORD_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """The record of an installed chat model; written once, when it was verified.

    `sha256` and `size` (bytes) are those of the installed file, `source_sha256` of the file
    that it was made from; `template_sha256` is that of the model's own chat template.

    An adapter has a `base`, the name of the installed model that it is computed over, whose
    two hashes are kept with it. Its architecture, context length and prompt style are the
    base's; parameters, quantization, hash and size its own. `prompt_version` is that of
    `assistant.prompts` which it was tuned with (0: none, or unknown). `template_approved` tells
    who allowed the chat template: "catalogue", "person" or "bundle".
    """

    name: str
    title: str
    sha256: str
    size: int
    source: str
    source_sha256: str
    licence: str
    architecture: str
    parameters: int
    context_length: int
    quantization: str
    prompt_style: str
    default_system: str
    template_sha256: str
    added_at: str
    base: str = ""
    base_sha256: str = ""
    base_source_sha256: str = ""
    prompt_version: int = 0
    calibration: Calibration = field(default_factory=Calibration)
    template_approved: str = ""

    @property
    def file(self) -> str:
        """The name of the file that `sha256` and `size` are about."""
        return ADAPTER_FILE if self.base else MODEL_FILE

    def is_base_of(self, adapter: ModelRecord) -> bool:
        """Whether an adapter belongs over this very model, or one made from the same file.

        A model that is quantized when it is set up may differ in bytes from one kind of
        processor to another.
        """
        made_alike = bool(self.source_sha256) and self.source_sha256 == adapter.base_source_sha256
        return not self.base and (self.sha256 == adapter.base_sha256 or made_alike)


@dataclass(frozen=True, slots=True)
class _Active:
    chat: str = ""


def safe_name(text: str) -> str:
    """Make a model's name out of a file name that may hold anything.

    Only a-z, 0-9, dot, dash and underscore are left, at most 64 of them, so that the name
    is safe as a folder, in a terminal and on a command line.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").lower()
    name = re.sub(r"[^a-z0-9._-]+", "-", plain)
    name = re.sub(r"-{2,}", "-", name)[:64].strip("-._")
    return name or "model"


def read_record(folder: Path) -> ModelRecord:
    """Read a model's record. Raises `ModelError` if it is missing or makes no sense."""
    path = folder / RECORD_FILE
    hint = f"Remove the model and add it again: assistant models remove {folder.name}"
    with refused(ModelError, f"{path} can't be read", hint=hint):
        table = read_json(read_file(path, _MAX_RECORD_BYTES), dict[str, Any])
        written = table.pop("format", None)
        if written not in (1, 2, FORMAT):
            raise BadInputError("it is no record of a model in a known format")
        later = (*(_ADDED_IN_2 if written < 2 else ()), *(_ADDED_IN_3 if written < 3 else ()))
        for entry in fields(ModelRecord):
            if (entry.name in table) == (entry.name in later):
                raise BadInputError(f"'{entry.name}' is missing or out of place")
        stored = table.pop("calibration", {})
        try:
            calibration = Calibration.read(stored)
        except ValueError as error:
            raise BadInputError(f"its calibration is damaged: {error}") from error
        record = replace(fitted(table, ModelRecord), calibration=calibration)
    if record.name != folder.name:
        raise ModelError(f"{path} is the record of another model.", hint=hint)
    return record


def model_folders(models_dir: Path) -> list[Path]:
    """Return the folders that can be installed models, by name."""
    if not models_dir.is_dir():
        return []
    return sorted(
        path for path in models_dir.iterdir() if path.is_dir() and safe_name(path.name) == path.name
    )


def write_record(folder: Path, record: ModelRecord) -> None:
    """Write a model's record. Raises `ModelError`."""
    table = {"format": FORMAT, **asdict(record), "calibration": record.calibration.stored()}
    write_json(folder / RECORD_FILE, table)


def write_json(path: Path, table: dict[str, Any]) -> None:
    """Write a file so that it is there whole or not at all."""
    try:
        write_whole(path, (json.dumps(table, indent=2) + "\n").encode())
    except OSError as error:
        raise ModelError(f"{path} can't be written: {error.strerror or error}.") from error


def read_active(models_dir: Path) -> str:
    """Return the chosen chat model, "" if none was chosen."""
    path = models_dir / ACTIVE_FILE
    hint = "Choose a model again: assistant models use NAME"
    with refused(ModelError, f"{path} can't be read", hint=hint):
        try:
            return read_json(read_file(path, _MAX_RECORD_BYTES), _Active, more_keys=True).chat
        except MissingInputError:
            return ""


def write_active(models_dir: Path, name: str) -> None:
    write_json(models_dir / ACTIVE_FILE, {"chat": name})
