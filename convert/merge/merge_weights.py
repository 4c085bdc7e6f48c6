"""Merge base and adapter into a folder with 16-bit weights and the base's own tokenizer."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError, ModelError
from assistant.types import CancelToken
from convert.atomic_output import Job, Progress, atomic_folder, finished, quiet
from convert.base_model import CONFIG_FILE, check_base, load_model, read_object
from convert.lora_adapter import (
    AdapterInfo,
    base_tensors,
    check_adapter,
    check_fits,
    check_tokenizer,
)
from convert.merge.settings import MergeSettings
from convert.merge.weight_comparison import Comparison, compare_written, rounding_share
from convert.safetensors_header import FLOATS
from convert.step_record import StepRecord, write_record

STEP = "merge"
_COPIED = (
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "spiece.model",
    "chat_template*",
    "generation_config.json",
    "LICENSE*",
    "NOTICE*",
)
_STAGES = 5


@dataclass(frozen=True, slots=True)
class MergeResult:
    """The merged model's folder, what the comparison with the base found, the record.

    `skipped` is true when the same merge was there already.
    """

    folder: Path
    record: StepRecord
    skipped: bool = False

    @property
    def unchanged(self) -> list[str]:
        """Tensors that the adapter targets and that are as in the base."""
        return list(self.record.figures.get("unchanged", ()))


def run_merge(
    base: Path,
    adapter: Path,
    out: Path,
    settings: MergeSettings | None = None,
    *,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
    resume: bool = False,
) -> MergeResult:
    """Merge `adapter` into `base` and write the folder `out`, whole or not at all.

    With `resume`, the result of this very merge is left as it is. Raises `ModelError`
    (quantized base, adapter of another base, NaN, no change, disk full), `UsageError` (a
    tokenizer that differs), `Cancelled`.
    """
    settings = settings or MergeSettings()
    job = Job.of(progress, cancel)
    started = time.monotonic()
    task: dict[str, Any] = {
        "inputs": {"base": base, "adapter": adapter},
        "settings": settings.as_table(),
    }
    if resume and (done := finished(out, STEP, **task, outputs={"model": out})):
        return MergeResult(out, done, skipped=True)
    info = _checked(base, adapter)
    with atomic_folder(out, STEP, _needed(base)) as stage:
        found = _merge(base, info, stage, settings, job)
        record = write_record(
            stage,
            STEP,
            **task,
            outputs={"model": stage},
            figures=found.figures(),
            seconds=time.monotonic() - started,
        )
        job.cancel.raise_if_cancelled()
    progress("Merged", _STAGES, _STAGES)
    return MergeResult(out, record)


def _checked(base: Path, adapter: Path) -> AdapterInfo:
    check_base(base)
    _refuse_quantized(base)
    info = check_adapter(adapter)
    check_fits(info, base)
    check_tokenizer(adapter, base)
    tied = read_object(base / CONFIG_FILE).get("tie_word_embeddings")
    if info.embeddings and tied:
        raise ModelError(
            f"The adapter {adapter} changes {info.embeddings[0]}, which in this base is one "
            "tensor with another layer's: a merge would change both.",
            hint="Train on linear layers only.",
        )
    return info


def _merge(
    base: Path, info: AdapterInfo, stage: Path, settings: MergeSettings, job: Job
) -> Comparison:
    import torch

    dtype = getattr(torch, settings.dtype)
    job.progress("Loading the base", 0, _STAGES)
    model = load_model(base, dtype="float32")
    job.cancel.raise_if_cancelled()
    job.progress("Merging", 1, _STAGES)
    with _translated(info.folder), torch.no_grad():
        model = _merged(model, info.folder)
    job.cancel.raise_if_cancelled()
    job.progress("Comparing", 2, _STAGES)
    share = rounding_share(model, base, info, dtype)
    job.progress("Writing", 3, _STAGES)
    with _translated(base):
        model.to(dtype).save_pretrained(str(stage))
    del model
    job.cancel.raise_if_cancelled()
    _copy_tokenizer(base, stage)
    job.progress("Checking", 4, _STAGES)
    found = replace(compare_written(base, stage, info, dtype, job.cancel), rounding=share)
    if len(found.unchanged) == len(info.modules):
        raise ModelError(
            f"Merging {info.folder} changed nothing: all {len(found.unchanged)} layers that it "
            "targets are as in the base.",
            hint="The adapter was not trained, or its changes are too small for "
            f"{settings.dtype}. Check the training's curves.",
        )
    return found


def _merged(model: Any, adapter: Path) -> Any:
    """Return the model with the adapter's products added to its weights, in place."""
    from peft import PeftModel

    # Without a local base to look at, peft asks a hub about the name in the adapter's own
    # configuration; a model that is given, and offline switches, leave nothing to ask.
    tuned = PeftModel.from_pretrained(model, str(adapter), is_trainable=False)
    return tuned.merge_and_unload(progressbar=False, safe_merge=True)


def _copy_tokenizer(base: Path, stage: Path) -> None:
    """Copy everything about tokens and prompts byte for byte."""
    for pattern in _COPIED:
        for path in sorted(base.glob(pattern)):
            if path.is_file():
                shutil.copyfile(path, stage / path.name)


def _needed(base: Path) -> int:
    """Return the bytes that the merged model takes: two for each weight, and its tokenizer."""
    weights = 2 * sum(math.prod(tensor.shape) for tensor in base_tensors(base).values())
    copied = {p for pattern in _COPIED for p in base.glob(pattern) if p.is_file()}
    return weights + sum(path.stat().st_size for path in copied)


def _refuse_quantized(base: Path) -> None:
    quantization = read_object(base / CONFIG_FILE).get("quantization_config")
    kinds = {tensor.dtype for tensor in base_tensors(base).values()} - set(FLOATS)
    if quantization or kinds:
        method = (
            quantization.get("quant_method", "unknown")
            if isinstance(quantization, dict)
            else ", ".join(sorted(kinds))
        )
        raise ModelError(
            f"The base {base} is quantized ({method}): an adapter is never merged into it. "
            "Rounding the sum to 4 or 8 bits again loses most of what was learned.",
            hint="Name the 16-bit base that the quantized one was made from, also for an "
            "adapter that was trained with QLoRA. The export quantizes afterwards.",
        )


@contextmanager
def _translated(source: Path) -> Iterator[None]:
    try:
        yield
    except AssistantError:
        raise
    except ValueError as error:
        if "NaN" in str(error):
            raise ModelError(
                f"The merged weights hold NaN: the adapter {source} is broken.",
                hint="Take an earlier checkpoint of the training; its curves show where the "
                "loss ran away.",
            ) from error
        raise ModelError(f"{source} can't be merged: {error}.") from error
    except (KeyError, TypeError, AttributeError, ImportError, NotImplementedError) as error:
        raise ModelError(f"{source} can't be merged: {error}.") from error
    except (RuntimeError, MemoryError) as error:
        raise ModelError(
            f"{source} can't be merged: {str(error)[:300] or 'no memory'}.",
            hint="A merge takes 4 bytes of memory for each weight of the base.",
        ) from error
