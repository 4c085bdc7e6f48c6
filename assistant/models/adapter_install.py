"""Making an adapter part of an installed model: checked, tried over its base, recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from assistant.models.adapter_check import checked_adapter_header, matrix_format
from assistant.models.model_install import now, probe_model
from assistant.models.model_record import MODEL_FILE, ModelRecord, read_record
from assistant.types import Calibration, CancelToken


@dataclass(frozen=True, slots=True)
class AboutAdapter:
    """What the one who installs an adapter knows of it.

    `sha256` is that of the file; `source` says where it came from. `prompt_version` is
    that of the prompts it was tuned with (0: unknown).
    """

    name: str
    sha256: str
    source: str
    title: str = ""
    licence: str = ""
    prompt_version: int = 0
    calibration: Calibration = field(default_factory=Calibration)


def try_adapter(
    adapter: Path, shown: Path, base: Path, about: AboutAdapter, cancel: CancelToken | None = None
) -> ModelRecord:
    """Check an adapter's header against its base, try both in a child; return the record.

    `base` is the folder of an installed model. Nothing is written: publish the folder that
    holds the file (named `ADAPTER_FILE`) with this record. Errors (`ModelError`) name
    `shown`. Raises `Cancelled` as soon as `cancel` is set.
    """
    below = read_record(base)
    header = checked_adapter_header(adapter, shown, base)
    found = probe_model(base / MODEL_FILE, shown, cancel, adapter=adapter)
    return ModelRecord(
        name=about.name,
        title=about.title or header.name or about.name,
        sha256=about.sha256,
        size=header.size,
        source=about.source,
        source_sha256=about.sha256,
        licence=about.licence,
        architecture=below.architecture,
        parameters=header.parameters,
        context_length=below.context_length,
        quantization=matrix_format(header),
        prompt_style=str(found["prompt_style"]),
        default_system=str(found["default_system"]),
        template_sha256=str(found["template_sha256"]),
        added_at=now(),
        base=below.name,
        base_sha256=below.sha256,
        base_source_sha256=below.source_sha256,
        prompt_version=about.prompt_version,
        calibration=about.calibration,
        template_approved=below.template_approved,
    )
