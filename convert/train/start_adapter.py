"""Continue from an existing adapter instead of a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assistant.errors import UsageError
from convert.lora_adapter import WEIGHTS_FILE, check_adapter, check_fits, check_tokenizer
from convert.step_record import file_sha256
from convert.train.settings import TrainSettings


def check_start(settings: TrainSettings, base: Path) -> dict[str, str]:
    """Check the adapter that `settings.start` names; return its weights' hash by name.

    Nothing is returned without one. Raises `ModelError` for what is no plain LoRA of this
    base, `UsageError` where its rank, scaling or tokenizer is not that of this run: the
    saved adapter would say one thing, and its weights another.
    """
    if not settings.start:
        return {}
    folder = Path(settings.start)
    adapter = check_adapter(folder)
    check_fits(adapter, base)
    check_tokenizer(folder, base)
    ranks = set(adapter.ranks.values())
    scalings = set(adapter.modules.values())
    if ranks != {settings.rank} or scalings != {settings.alpha / settings.rank} or adapter.dora:
        found = ", ".join(str(rank) for rank in sorted(ranks))
        raise UsageError(
            f"[train] 'start': {folder} has rank {found} and scaling "
            f"{', '.join(f'{s:g}' for s in sorted(scalings))}, the run rank {settings.rank} "
            f"and scaling {settings.alpha / settings.rank:g}.",
            hint="Give the run the rank and alpha of the adapter that it goes on from.",
        )
    return {"start": file_sha256(folder / WEIGHTS_FILE)}


def load_start(model: Any, folder: Path) -> None:
    """Put an adapter's weights into the LoRA of a model. Raises `UsageError` if it differs."""
    from peft import set_peft_model_state_dict
    from safetensors.torch import load_file

    result = set_peft_model_state_dict(model, load_file(str(folder / WEIGHTS_FILE)))
    missing = [name for name in result.missing_keys if ".lora_" in name]
    if missing or result.unexpected_keys:
        name = (missing or list(result.unexpected_keys))[0]
        raise UsageError(
            f"[train] 'start': {folder} tunes other layers than this run ({name}).",
            hint="Set 'targets' as they were when it was trained.",
        )
