"""Base models of adapters: find them, compare them, and keep them while they are needed."""

from __future__ import annotations

from pathlib import Path

from assistant.errors import ModelError, UsageError
from assistant.models.adapter_check import why_not_over
from assistant.models.catalogue import load_catalogue
from assistant.models.gguf_header import GgufHeader, read_header
from assistant.models.model_record import (
    MODEL_FILE,
    ModelRecord,
    model_folders,
    read_record,
)

_MOST_NAMED = 5


def base_folder(record: ModelRecord, models_dir: Path) -> Path:
    """Return the folder of an adapter's base, as it is installed.

    Raises `ModelError`, with what to do, if the base is missing, damaged or another one.
    """
    folder = models_dir / record.base
    again = f"Add it again under its name: assistant models add --name {record.base} FILE"
    if load_catalogue().find_chat(record.base) is not None:
        again = "Set it up again: assistant models setup --from FOLDER"
    if not folder.is_dir():
        raise ModelError(
            f"{record.name} needs the model {record.base}, which is not installed.", hint=again
        )
    base = read_record(folder)
    if not base.is_base_of(record):
        raise ModelError(
            f"{record.name} belongs over another {record.base} than the one that is installed.",
            hint=f"Remove both and add them again: assistant models remove {record.name}",
        )
    if size_of(folder / MODEL_FILE) != base.size:
        raise ModelError(
            f"{record.base}, which {record.name} needs, is missing its file or damaged.", hint=again
        )
    return folder


def choose_base(header: GgufHeader, shown: Path, wanted: str, models_dir: Path) -> Path:
    """Return the folder of the model that a new adapter belongs over.

    That is the one named `wanted`, or else the only one that the adapter fits. Raises
    `UsageError` for a name that no model has or if several fit, `ModelError` if none does.
    """
    whole = [folder for folder in model_folders(models_dir) if _is_whole_model(folder)]
    if wanted:
        named = next((folder for folder in whole if folder.name == wanted), None)
        if named is None:
            raise UsageError(
                f"No model named '{wanted}' is installed that could be a base.",
                hint=f"Installed: {_names(whole)}.",
            )
        return named
    reasons = {folder: why_not_over(header, read_header(folder / MODEL_FILE)) for folder in whole}
    fitting = [folder for folder, reason in reasons.items() if not reason]
    if len(fitting) > 1:
        raise UsageError(
            f"{shown} fits over several models: {_names(fitting)}.",
            hint="Say which one it was trained over: --base NAME",
        )
    if not fitting:
        why = "; ".join(f"over {folder.name}, {reason}" for folder, reason in reasons.items())
        raise ModelError(
            f"{shown} is an adapter, and the model that it belongs over is not installed"
            + (f" ({why[:300]})." if why else "."),
            hint="Add the model that it was trained over first: assistant models add FILE.gguf",
        )
    return fitting[0]


def adapters_over(name: str, models_dir: Path) -> list[str]:
    """Return the names of the installed adapters whose base is `name`."""
    return [folder.name for folder in model_folders(models_dir) if recorded_base(folder) == name]


def recorded_base(folder: Path) -> str:
    """Return the name of an installed model's base, "" if it has none (or no record)."""
    try:
        return read_record(folder).base
    except ModelError:
        return ""


def size_of(path: Path) -> int:
    """Return a file's size in bytes, -1 if it is not there."""
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _is_whole_model(folder: Path) -> bool:
    try:
        record = read_record(folder)
    except ModelError:
        return False
    return not record.base and size_of(folder / MODEL_FILE) == record.size


def _names(folders: list[Path]) -> str:
    names = [folder.name for folder in folders]
    return ", ".join(names[:_MOST_NAMED]) + (" ..." if len(names) > _MOST_NAMED else "") or "none"
