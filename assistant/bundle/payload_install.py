"""Install the payload of a bundle: copy, hash, try, then rename to its final name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.bundle.manifest import READER_ROLES, Manifest
from assistant.bundle.payload_extract import Installation
from assistant.errors import BundleError, ModelError
from assistant.models.adapter_install import About, try_adapter, try_model
from assistant.models.installed_readers import readers_dir
from assistant.models.model_install import publish, staging, try_reader
from assistant.models.model_record import ADAPTER_FILE, MODEL_FILE
from assistant.models.template_approval import BUNDLE
from assistant.types import Calibration


def install_chat(job: Installation, base: str) -> None:
    """Install a chat model, or an adapter over the installed model `base` ("" for a model).

    Header check (an adapter's shapes against its base), test-load in a child process,
    template's hash.
    """
    manifest, path, models_dir = job.bundle.manifest, job.bundle.path, job.settings.models_dir
    about = _about(manifest, path)
    with staging(models_dir) as stage:
        target = stage / (ADAPTER_FILE if base else MODEL_FILE)
        job.copy(target)
        with naming(path, target):
            if base:
                record = try_adapter(target, path, models_dir / base, about, job.cancel)
            else:
                record = try_model(target, path, about, job.cancel)
        check_template(manifest, record.prompt_style, record.template_sha256)
        job.checked()
        publish(stage, models_dir, record)


def install_reader(job: Installation) -> None:
    """Install a reader: its three files, read once in a child process.

    Raises `ModelError` if they don't belong together, or are of another version.
    """
    manifest, path, home = job.bundle.manifest, job.bundle.path, readers_dir(job.settings)
    with staging(home) as stage:
        for entry in manifest.files:
            if entry.role in READER_ROLES:
                job.copy(stage / READER_ROLES[entry.role], entry)
        with naming(path, stage):
            try_reader(stage, path, job.cancel)
        job.checked()
        stage.rename(home / manifest.installed_name)


def _about(manifest: Manifest, path: Path) -> About:
    """Return what the signed manifest says of a bundle's payload."""
    return About(
        name=manifest.installed_name,
        sha256=manifest.payload.sha256,
        source=path.name,
        title=manifest.title,
        licence=manifest.licence,
        prompt_version=manifest.prompt_version,
        calibration=Calibration.read(dict(manifest.calibration)),
        template_approved=BUNDLE,  # its hash is in the manifest, which a trusted key signed
    )


@contextmanager
def naming(bundle: Path, target: Path) -> Iterator[None]:
    """Let errors about the file in hand name the bundle: the file's own name soon is gone."""
    try:
        yield
    except ModelError as error:
        said = error.message.replace(str(target), str(bundle))
        raise ModelError(said, hint="Pack it again on the workstation.") from error


def check_template(manifest: Manifest, template: str, template_sha256: str) -> None:
    """Refuse a model whose chat template is not the one that it was tuned with."""
    prompt = manifest.prompt
    if prompt is None or (prompt.template, prompt.template_sha256) != (template, template_sha256):
        raise BundleError(
            f"The chat template of {manifest.installed_name} is not the one in its manifest.",
            hint="Pack it again on the workstation.",
        )
