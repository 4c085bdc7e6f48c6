"""Check on this machine that a verified bundle can be installed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from assistant.bundle.manifest import READER_ROLES, Base, Manifest
from assistant.bundle.rollback_guard import MinimumVersions
from assistant.bundle.trusted_keys import TrustStore
from assistant.bundle.verify_bundle import OpenBundle
from assistant.config import Settings
from assistant.errors import BundleError, ModelError
from assistant.models.catalogue import load_catalogue
from assistant.models.installed_models import list_models
from assistant.models.installed_readers import installed_readers
from assistant.models.model_record import read_record
from assistant.models.verified_file import verify_file
from assistant.prompts import DEFAULT_STYLE, PROMPT_VERSION

_ROOM_LEFT = 64 << 20


@dataclass(frozen=True, slots=True)
class InstallTarget:
    """The bundle fits this machine. `base` is the installed model's name ("" if none is
    needed), `installed` tells that this very bundle is there already.
    """

    base: str
    installed: bool


def check_fit(bundle: OpenBundle, settings: Settings, trust: TrustStore) -> InstallTarget:
    """Check minimum version, prompts, base, name and room; nothing is written.

    Raises `OlderBundleError` or `BundleError`.
    """
    manifest = bundle.manifest
    MinimumVersions(trust.folder).check(manifest, bundle.digest)
    check_prompt(manifest)
    base = ""
    if manifest.kind == "adapter" and manifest.base is not None:
        base = _base(manifest.base, settings)
    installed = _installed(manifest, settings)
    if not installed:
        _require_room(settings, manifest.payload.size)
    return InstallTarget(base, installed)


def check_prompt(manifest: Manifest) -> None:
    """Refuse what was tuned with other prompts than this program asks with."""
    prompt = manifest.prompt
    if prompt is not None and (prompt.version, prompt.style) != (PROMPT_VERSION, DEFAULT_STYLE):
        raise BundleError(
            f"{manifest.installed_name} was tuned with prompts of version {prompt.version} "
            f"({prompt.style}); this program asks with version {PROMPT_VERSION} "
            f"({DEFAULT_STYLE}).",
            hint="Tune it again with the workstation's side of this very version.",
        )


def same_base(base: Base, sha256: str, source_sha256: str) -> bool:
    """Tell whether an installed model is the base: its very bytes, or made from the same.

    The default model is quantized at set-up on each machine from one pinned file; the
    results may differ in bytes from one kind of processor to another.
    """
    made_alike = base.source_sha256 != "" and base.source_sha256 == source_sha256
    return base.sha256 == sha256 or made_alike


def _base(base: Base, settings: Settings) -> str:
    for info in list_models(settings):
        if info.role == "chat" and not info.problem and info.sha256:
            record = read_record(settings.models_dir / info.name)
            if not record.base and same_base(base, record.sha256, record.source_sha256):
                return info.name
    raise BundleError(
        f"The adapter belongs over {base.name} ({base.sha256[:16]}...), which is not installed.",
        hint="Install that model first: assistant models setup, or its own bundle.",
    )


def _installed(manifest: Manifest, settings: Settings) -> bool:
    """Tell whether the payload is there under its name; another thing there is an error."""
    name = manifest.installed_name
    taken = BundleError(
        f"Something else is installed as {name} already.",
        hint=f"Remove it first: assistant models remove {name}",
    )
    if manifest.kind == "library":
        path = settings.data_dir / f"{name}.db"
        if path.exists() or path.with_suffix(".key").exists():
            raise BundleError(
                f"{path} is there already.",
                hint="A library is never overwritten. Move the .db and .key files away first.",
            )
        return False
    if load_catalogue().find_embedder(name) is not None:
        raise taken
    folder = settings.models_dir / name
    reader = installed_readers(settings).get(name)
    if manifest.kind == "reader":
        if folder.exists():
            raise taken
        return reader is not None and _same_reader(manifest, reader, taken)
    if reader is not None:
        raise taken
    if not folder.exists():
        return False
    try:
        record = read_record(folder)
        size = (folder / record.file).stat().st_size
    except (ModelError, OSError) as error:
        raise taken from error
    if record.sha256 != manifest.payload.sha256 or size != record.size:
        raise taken
    return True


def _same_reader(manifest: Manifest, folder: Path, taken: BundleError) -> bool:
    """Return True for the very files of the bundle. Raises `taken` for others."""
    try:
        for entry in manifest.files:
            if entry.role in READER_ROLES:
                verify_file(folder / READER_ROLES[entry.role], entry.sha256)
    except ModelError as error:
        raise taken from error
    return True


def _require_room(settings: Settings, size: int) -> None:
    folder = settings.data_dir
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < size + _ROOM_LEFT:
        raise BundleError(
            f"There is no room in {settings.data_dir}: {(size + _ROOM_LEFT) >> 20} MiB are "
            f"needed, {free >> 20} MiB are free.",
            hint="Make room on this disk, or choose another data folder: --data-dir",
        )
