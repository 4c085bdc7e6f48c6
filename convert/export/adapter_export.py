"""Export a peft adapter as a LoRA GGUF of a few MB, which the laptop loads over its base."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.errors import ModelError
from assistant.models.adapter_check import read_adapter_header, why_not_over
from assistant.models.gguf_header import read_header
from assistant.models.model_install import probe_model
from assistant.types import CancelToken
from convert.atomic_output import Job, Progress, finished, quiet
from convert.base_model import load_model
from convert.export.converter_source import Source, obtain
from convert.export.model_export import check_exportable, publish, work_folder
from convert.export.reference_logits import Reference, logits_of, make_reference
from convert.export.run_converter import convert_lora, convert_model
from convert.export.settings import AdapterSettings
from convert.export.verify_gguf import Agreement, agreement, observe, require_same_tokens
from convert.lora_adapter import (
    CONFIG_FILE,
    WEIGHTS_FILE,
    AdapterInfo,
    base_tensors,
    check_adapter,
    check_fits,
    check_tokenizer,
)
from convert.step_record import StepRecord, write_record

STEP = "adapter"
MIN_COSINE = 0.999
MIN_EFFECT = {"F32": 0.98, "F16": 0.98, "Q8_0": 0.9}
"""Least cosine between what the adapter changes in the logits of the GGUF and of the weights:
it is small when a layer is missing or scaled wrongly, however little the whole changes."""
_STAGES = 5


@dataclass(frozen=True, slots=True)
class AdapterResult:
    """The LoRA GGUF and the step's record with its figures."""

    file: Path
    record: StepRecord
    skipped: bool = False


def run_adapter(  # noqa: PLR0913 - two inputs, a third to try it on, and what every step has
    base: Path,
    adapter: Path,
    out: Path,
    settings: AdapterSettings | None = None,
    *,
    base_gguf: Path | None = None,
    source: Source | None = None,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
    resume: bool = False,
) -> AdapterResult:
    """Write `out`/NAME-OUTTYPE.gguf, verified over an F16 GGUF of `base`.

    `base_gguf`, the file that the laptop has, is tried with it as well. With `resume`,
    the result of this very step is left as it is. Raises `ModelError`
    for what llama.cpp can't carry as an adapter, `UsageError`, `Cancelled`.
    """
    settings = settings or AdapterSettings()
    job = Job.of(progress, cancel)
    started = time.monotonic()
    task = _task(base, adapter, out, settings, base_gguf)
    target: Path = task["outputs"]["adapter"]
    if resume and (done := finished(out, STEP, **task)):
        return AdapterResult(target, done, skipped=True)
    info = _checked(base, adapter)
    converter = obtain(source)
    with work_folder(out, _needed(base, info)) as work:
        progress("Converting", 0, _STAGES)
        made = work / target.name
        copied = _plain_copy(info, work / settings.name)
        silent = Job(cancel=job.cancel)
        convert_lora(converter, copied, base, made, settings.outtype.lower(), silent)
        check = _Check(base, info, converter, work, job)
        figures = check.run(made, target, settings.outtype, base_gguf)
        figures["bytes"] = made.stat().st_size
        publish(made, target)
    seconds = time.monotonic() - started
    record = write_record(out, STEP, **task, figures=figures, seconds=seconds)
    progress("Written", _STAGES, _STAGES)
    return AdapterResult(target, record)


def _task(
    base: Path, adapter: Path, out: Path, settings: AdapterSettings, base_gguf: Path | None
) -> dict[str, Any]:
    inputs = {"base": base, "adapter": adapter}
    if base_gguf is not None:
        inputs["base_gguf"] = base_gguf
    target = out / f"{settings.name}-{settings.outtype}.gguf"
    return {"inputs": inputs, "settings": asdict(settings), "outputs": {"adapter": target}}


def _checked(base: Path, adapter: Path) -> AdapterInfo:
    check_exportable(base)
    info = check_adapter(adapter)
    check_fits(info, base)
    check_tokenizer(adapter, base)
    if info.embeddings:
        raise ModelError(
            f"The adapter {adapter} changes {info.embeddings[0]}: llama.cpp takes no adapter "
            "for embeddings or the output layer.",
            hint="Merge it and export the whole model, or train on the inner linear layers.",
        )
    if info.dora:
        raise ModelError(
            f"The adapter {adapter} is a DoRA (use_dora), which llama.cpp can't apply.",
            hint="Merge it and export the whole model.",
        )
    return info


def _plain_copy(info: AdapterInfo, folder: Path) -> Path:
    """Write the adapter as the converter reads it, and without anything else; return it.

    The converter writes one alpha, and llama.cpp scales by alpha / rank; another scaling
    (rank-stabilised, or by layer) goes into B. What the configuration and the model card
    say of the base's folder would end up in the file as its origin, with the path.
    """
    from safetensors.torch import load_file, save_file

    alpha = float(info.config.get("lora_alpha", 8))
    if alpha == 0:
        raise ModelError(f"The adapter {info.folder} has lora_alpha = 0: it changes nothing.")
    tensors = load_file(str(info.folder / WEIGHTS_FILE))
    for module, scaling in info.modules.items():
        factor = scaling * info.ranks[module] / alpha
        if not math.isclose(factor, 1.0, rel_tol=1e-9):
            name = f"base_model.model.{module}.lora_B.weight"
            tensors[name] = tensors[name].float() * factor
    folder.mkdir()
    save_file(tensors, str(folder / WEIGHTS_FILE))
    config = {"peft_type": "LORA", "lora_alpha": alpha}
    (folder / CONFIG_FILE).write_text(json.dumps(config), encoding="utf-8")
    return folder


@dataclass(frozen=True, slots=True)
class _Check:
    """Compares base and adapter in llama.cpp with base and adapter in transformers."""

    base: Path
    info: AdapterInfo
    converter: Path
    work: Path
    job: Job

    def run(self, made: Path, shown: Path, outtype: str, base_gguf: Path | None) -> dict[str, Any]:
        """Check the file `made`, which will be `shown`; return the figures."""
        self.job.progress("Computing with the weights themselves", 1, _STAGES)
        plain, merged = self._references()
        self.job.cancel.raise_if_cancelled()
        self.job.progress("Converting the base to compare", 2, _STAGES)
        full = self.work / "base-F16.gguf"
        silent = Job(cancel=self.job.cancel)
        convert_model(self.converter, self.base, full, "f16", "base", silent)
        self.job.progress("Verifying", 3, _STAGES)
        self._run_as_laptop(made, shown, full)
        whole, effect = self._over(full, made, plain, merged)
        least = MIN_EFFECT[outtype]
        if not whole.cosine >= MIN_COSINE or not effect.cosine >= least:
            raise ModelError(
                f"{shown} over its base does not compute what the merged weights compute: "
                f"cosine {whole.cosine:.4f} of the logits (at least {MIN_COSINE}), "
                f"{effect.cosine:.4f} of what the adapter changes (at least {least}).",
                hint="Merge it and export the whole model.",
            )
        figures: dict[str, Any] = {
            "parameters": self.info.parameters,
            **whole.figures(),
            "effect_cosine": round(effect.cosine, 6),
        }
        if base_gguf is not None:
            self.job.progress("Trying it over the laptop's base", 4, _STAGES)
            self._run_as_laptop(made, shown, base_gguf)
            figures["over_base_gguf"] = self._tried(base_gguf, made, plain, merged)
        return figures

    def _run_as_laptop(self, made: Path, shown: Path, gguf: Path) -> None:
        """Check the header as the laptop does, and let it answer over `gguf` in a child."""
        header = read_adapter_header(made, shown)
        if reason := why_not_over(header, read_header(gguf)):
            raise ModelError(f"{shown} does not fit over {gguf}: {reason}.")
        expected = 2 * len(self.info.modules)
        if header.tensors != expected:
            raise ModelError(
                f"{shown} holds {header.tensors} matrices; the adapter has {expected}."
            )
        probe_model(gguf, shown, self.job.cancel, made)

    def _references(self) -> tuple[Reference, list[Any]]:
        """Return the base's reference, and the logits of the merged model, in 32 bits."""
        from peft import PeftModel

        model = load_model(self.base, dtype="float32")
        plain = make_reference(self.base, model)
        try:
            tuned = PeftModel.from_pretrained(model, str(self.info.folder), is_trainable=False)
            merged = tuned.merge_and_unload(progressbar=False, safe_merge=True)
        except (ValueError, RuntimeError, KeyError, TypeError) as error:
            raise ModelError(f"{self.info.folder} can't be loaded: {error}.") from error
        return plain, [logits_of(merged, tokens) for tokens in plain.sequences]

    def _over(
        self, gguf: Path, made: Path, plain: Reference, merged: list[Any]
    ) -> tuple[Agreement, Agreement]:
        """Return how near the tuned logits are, and how near what the adapter changed is."""
        ask: Mapping[str, Any] = {"scratch": self.work, "cancel": self.job.cancel}
        before = observe(gguf, plain.texts, plain.sequences, **ask)
        require_same_tokens(before, plain, gguf)
        after = observe(gguf, (), plain.sequences, adapter=made, **ask)
        change = [a - b for a, b in zip(after.logits, before.logits, strict=True)]
        wanted = [a - b for a, b in zip(merged, plain.logits, strict=True)]
        if not any(np.abs(rows).max() > 0 for rows in wanted):
            raise ModelError(
                f"The adapter {self.info.folder} changes nothing.",
                hint="It was not trained. Check the training's curves.",
            )
        return agreement(after.logits, merged), agreement(change, wanted)

    def _tried(
        self, gguf: Path, made: Path, plain: Reference, merged: list[Any]
    ) -> dict[str, float]:
        """Require that the adapter moves the laptop's own base towards the merged weights."""
        whole, effect = self._over(gguf, made, plain, merged)
        if not effect.cosine >= 0.5 or not whole.cosine >= 0.9:
            raise ModelError(
                f"The adapter does not fit {gguf}: over it, only {effect.cosine:.2f} of its "
                "effect (as a cosine) is what was trained.",
                hint="The file must be a GGUF of the very base that the adapter was trained on.",
            )
        return {**whole.figures(), "effect_cosine": round(effect.cosine, 6)}


def _needed(base: Path, info: AdapterInfo) -> int:
    weights = sum(math.prod(tensor.shape) for tensor in base_tensors(base).values())
    return 2 * weights + 8 * info.parameters + (64 << 20)
