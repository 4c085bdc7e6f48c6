"""Add a model or an adapter from a file."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from assistant.config import Settings
from assistant.errors import ModelError, UsageError
from assistant.models.adapter_check import is_adapter, read_adapter_header
from assistant.models.adapter_install import About, try_adapter, try_model
from assistant.models.base_models import choose_base
from assistant.models.catalogue import load_catalogue
from assistant.models.gguf_header import read_header
from assistant.models.installed_models import ModelInfo, active_chat_name, model_info
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
from assistant.models.model_record import (
    ADAPTER_FILE,
    MODEL_FILE,
    ModelRecord,
    read_record,
    safe_name,
)
from assistant.models.template_approval import approved_by
from assistant.types import CancelToken


def add_model(
    file: Path,
    settings: Settings,
    *,
    name: str = "",
    base: str = "",
    approved_template: str = "",
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
) -> ModelInfo:
    """Add a GGUF chat model or adapter; it is copied, checked and tried in a child first.

    An adapter belongs over the installed model named `base`; if none is named, over the only
    one that it fits. Adding the same file again changes nothing. `approved_template` is the
    SHA-256 of a chat template that a person was shown and accepted; another one that is not
    known is refused with `UnknownTemplateError` before anything is copied. Raises `ModelError`
    when the file is damaged, no chat model, can't be run, does not fit its base or the disk,
    or the name is taken; `UsageError` for a name that no model can have, or a base that is not
    installed, not wanted or not clear; `Cancelled` on cancel.
    """
    wanted = _name_for(file, name)
    folder = settings.models_dir / wanted
    with open_regular(file) as source:
        below = _base_for(file, base, settings.models_dir, approved_template)
        size = os.fstat(source.fileno()).st_size
        with staging(settings.models_dir) as stage:
            require_room(settings.models_dir, size)
            target = stage / (ADAPTER_FILE if below else MODEL_FILE)
            digest = copy_hashed(source, target, size, progress, cancel)
            if folder.exists():
                _require_same(folder, digest, below, file)
                return model_info(folder, active_chat_name(settings))
            progress("Testing", 0, 1)
            record = _tried(target, file, wanted, digest, below, approved_template, cancel)
            if cancel is not None:
                cancel.raise_if_cancelled()
            publish(stage, settings.models_dir, record)
    return model_info(folder, active_chat_name(settings))


def _base_for(file: Path, base: str, models_dir: Path, approved: str) -> Path | None:
    """Check what kind of file is to be added; return its base's folder for an adapter."""
    if is_adapter(read_header(file)):
        return choose_base(read_adapter_header(file, file), file, base, models_dir)
    approved_by(checked_chat_header(file, file), file, approved)
    if base:
        raise UsageError(
            f"{file} is a model of its own, no adapter: it has no base.",
            hint="Leave --base out.",
        )
    return None


def _tried(
    target: Path,
    file: Path,
    name: str,
    digest: str,
    base: Path | None,
    approved: str,
    cancel: CancelToken | None,
) -> ModelRecord:
    """Check and try the copy `target` of `file`; return its record."""
    about = About(name, digest, safe_name(file.name))
    if base is not None:
        return try_adapter(target, file, base, about, cancel)
    allowed = approved_by(checked_chat_header(target, file), file, approved)
    return try_model(target, file, replace(about, template_approved=allowed), cancel)


def _require_same(folder: Path, digest: str, base: Path | None, file: Path) -> None:
    """Raise `ModelError` unless the model in `folder` is the very one that is to be added."""
    there = read_record(folder)
    if (there.sha256, there.base) != (digest, base.name if base else ""):
        raise _taken(folder.name, file)


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
