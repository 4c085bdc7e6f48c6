"""Putting the payload of a bundle in its place: copied, hashed, tried, then named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.bundle.manifest import Manifest
from assistant.bundle.payload_extract import RaiseFloor, copy_payload
from assistant.bundle.verify_bundle import OpenBundle, Progress
from assistant.config import Settings
from assistant.errors import BundleError, ModelError
from assistant.models.adapter_install import About, try_adapter, try_model
from assistant.models.model_install import publish, staging
from assistant.models.model_record import ADAPTER_FILE, MODEL_FILE
from assistant.models.template_approval import BUNDLE
from assistant.types import Calibration, CancelToken


def install_chat(
    bundle: OpenBundle,
    base: str,
    settings: Settings,
    raise_floor: RaiseFloor,
    progress: Progress,
    cancel: CancelToken | None,
) -> None:
    """Install a chat model, or an adapter over the installed model `base` ("" for a model).

    Header check (an adapter's shapes against its base), test-load in a child process,
    template's hash.
    """
    manifest = bundle.manifest
    with staging(settings.models_dir) as stage:
        target = stage / (ADAPTER_FILE if base else MODEL_FILE)
        copy_payload(bundle, target, progress, cancel)
        progress("Testing", 0, 1)
        with naming(bundle.path, target):
            if base:
                over = settings.models_dir / base
                record = try_adapter(target, bundle.path, over, about(bundle), cancel)
            else:
                record = try_model(target, bundle.path, about(bundle), cancel)
        check_template(manifest, record.prompt_style, record.template_sha256)
        if cancel is not None:
            cancel.raise_if_cancelled()
        raise_floor()
        publish(stage, settings.models_dir, record)


def about(bundle: OpenBundle) -> About:
    """Return what the signed manifest says of a bundle's payload."""
    manifest = bundle.manifest
    return About(
        name=manifest.installed_name,
        sha256=manifest.payload.sha256,
        source=bundle.path.name,
        title=manifest.title,
        licence=manifest.licence,
        prompt_version=manifest.prompt.version if manifest.prompt is not None else 0,
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
