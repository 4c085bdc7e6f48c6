"""Records of installed models: one folder for each, with the model and `record.json`.

`<data>/models/<name>/model.gguf` and `record.json` appear together, by the renaming of
one folder; the choice of a model is `<data>/models/active.json`.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from assistant.errors import ModelError

MODEL_FILE = "model.gguf"
RECORD_FILE = "record.json"
ACTIVE_FILE = "active.json"
FORMAT = 1
_MAX_RECORD_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """What is known of an installed chat model; written once, when it was verified.

    `sha256` and `size` (bytes) are those of the installed file, `source_sha256` of the file
    that it was made from; `template_sha256` is that of the model's own chat template.
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
    try:
        with path.open("rb") as file:
            table = json.loads(file.read(_MAX_RECORD_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} can't be read: {error}.", hint=hint) from error
    wanted = {field.name: field.type for field in fields(ModelRecord)}
    if not isinstance(table, dict) or table.pop("format", None) != FORMAT:
        raise ModelError(f"{path} is no record of a model.", hint=hint)
    if table.keys() != wanted.keys() or any(
        type(value).__name__ != wanted[key] for key, value in table.items()
    ):
        raise ModelError(f"{path} is damaged.", hint=hint)
    record = ModelRecord(**table)
    if record.name != folder.name:
        raise ModelError(f"{path} is the record of another model.", hint=hint)
    return record


def write_record(folder: Path, record: ModelRecord) -> None:
    write_json(folder / RECORD_FILE, {"format": FORMAT, **asdict(record)})


def write_json(path: Path, table: dict[str, Any]) -> None:
    """Write a file so that it is there whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(json.dumps(table, indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise ModelError(f"{path} can't be written: {error.strerror or error}.") from error


def read_active(models_dir: Path) -> str:
    """Return the chosen chat model, "" if none was chosen."""
    try:
        with (models_dir / ACTIVE_FILE).open("rb") as file:
            table = json.loads(file.read(_MAX_RECORD_BYTES))
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(
            f"{models_dir / ACTIVE_FILE} can't be read: {error}.",
            hint="Choose a model again: assistant models use NAME",
        ) from error
    chosen = table.get("chat") if isinstance(table, dict) else None
    return chosen if isinstance(chosen, str) else ""


def write_active(models_dir: Path, name: str) -> None:
    write_json(models_dir / ACTIVE_FILE, {"chat": name})
