"""Try a model or an adapter in a child process before it is installed.

Nothing is written here: publish the folder that holds the file with the record.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assistant.models.adapter_check import checked_adapter_header, matrix_format
from assistant.models.gguf_header import GgufHeader
from assistant.models.model_install import checked_chat_header, now, probe_model
from assistant.models.model_record import MODEL_FILE, ModelRecord, read_record
from assistant.types import Calibration, CancelToken


@dataclass(frozen=True, slots=True)
class About:
    """What the one who installs a model or an adapter knows of it; see `ModelRecord`.

    `sha256` is that of the file; `source` says where it came from. `source_sha256` is that of
    the file it was made from ("": it is that very file). `prompt_version` is that of the
    prompts it was tuned with (0: unknown). An adapter's template is its base's.
    """

    name: str
    sha256: str
    source: str
    source_sha256: str = ""
    title: str = ""
    licence: str = ""
    prompt_version: int = 0
    calibration: Calibration = field(default_factory=Calibration)
    template_approved: str = ""


def try_model(
    file: Path, shown: Path, about: About, cancel: CancelToken | None = None
) -> ModelRecord:
    """Check a model's header, try it in a child; return the record.

    Errors (`ModelError`) name `shown`. Raises `Cancelled` as soon as `cancel` is set.
    """
    header = checked_chat_header(file, shown)
    return _record(header, probe_model(file, shown, cancel), about)


def try_adapter(
    adapter: Path, shown: Path, base: Path, about: About, cancel: CancelToken | None = None
) -> ModelRecord:
    """Check an adapter's header against its base, try both in a child; return the record.

    `base` is the folder of an installed model. Raises as `try_model` does.
    """
    below = read_record(base)
    header = checked_adapter_header(adapter, shown, base)
    found = probe_model(base / MODEL_FILE, shown, cancel, adapter=adapter)
    return replace(
        _record(header, found, about),
        architecture=below.architecture,
        context_length=below.context_length,
        quantization=matrix_format(header),
        base=below.name,
        base_sha256=below.sha256,
        base_source_sha256=below.source_sha256,
        template_approved=below.template_approved,
    )


def _record(header: GgufHeader, found: dict[str, Any], about: About) -> ModelRecord:
    """Put together what the header, the probe and the caller know of a model."""
    return ModelRecord(
        name=about.name,
        title=about.title or header.name or about.name,
        sha256=about.sha256,
        size=header.size,
        source=about.source,
        source_sha256=about.source_sha256 or about.sha256,
        licence=about.licence,
        architecture=header.architecture,
        parameters=header.parameters,
        context_length=header.context_length,
        quantization=header.quantization,
        prompt_style=str(found["prompt_style"]),
        default_system=str(found["default_system"]),
        template_sha256=str(found["template_sha256"]),
        added_at=now(),
        prompt_version=about.prompt_version,
        calibration=about.calibration,
        template_approved=about.template_approved,
    )
