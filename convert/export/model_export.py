"""Export a model's folder to GGUF files, each verified before it gets its name."""

from __future__ import annotations

import math
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.errors import EngineError, ModelError
from assistant.types import CancelToken
from convert.atomic_output import Job, Progress, disk_errors, finished, quiet, require_room
from convert.base_model import check_base
from convert.export.converter_source import Source, obtain
from convert.export.export_process import run_task
from convert.export.imatrix_texts import calibration_chunks
from convert.export.reference_logits import Reference, make_reference
from convert.export.run_converter import convert_model
from convert.export.settings import ExportSettings
from convert.export.verify_gguf import verify_model
from convert.lora_adapter import base_tensors
from convert.safetensors_header import FLOATS
from convert.step_record import StepRecord, write_record

STEP = "export"
_DONE = re.compile(r"DONE (\d+)/(\d+)")
_BITS = {"F16": 16.0, "Q8_0": 8.5, "Q5_K_M": 7.0, "Q4_K_M": 6.5, "Q4_0": 5.5}
"""Bits for each weight, from above: small models keep more of theirs in larger formats."""


@dataclass(frozen=True, slots=True)
class ExportResult:
    """The files by quantization, and the step's record with the figures of each."""

    files: dict[str, Path]
    record: StepRecord
    skipped: bool = False


def run_export(
    model: Path,
    out: Path,
    settings: ExportSettings | None = None,
    *,
    source: Source | None = None,
    calibration: Path | None = None,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
    resume: bool = False,
) -> ExportResult:
    """Convert, quantize and verify; write `out`/NAME-QUANTIZATION.gguf.

    All files are made and verified before the first replaces an older one. `source` says
    where the converter comes from; `calibration` is the dataset's
    folder for `imatrix_tokens`. With `resume`, the result of this very export is left as
    it is. Raises `ModelError`, `UsageError`, `Cancelled`.
    """
    settings = settings or ExportSettings()
    started = time.monotonic()
    task = _task(model, out, settings, calibration)
    files: dict[str, Path] = task["outputs"]
    if resume and (done := finished(out, STEP, **task)):
        return ExportResult(files, done, skipped=True)
    check_exportable(model)
    job = Job.of(progress, cancel)
    converter = obtain(source)
    with work_folder(out, _needed(model, settings)) as work:
        maker = _Maker(model, converter, work, settings, job)
        figures = maker.make(files, task["inputs"].get("calibration"))
        for path in files.values():
            publish(work / path.name, path)
    seconds = time.monotonic() - started
    record = write_record(out, STEP, **task, figures=figures, seconds=seconds)
    return ExportResult(files, record)


def _task(
    model: Path, out: Path, settings: ExportSettings, calibration: Path | None
) -> dict[str, Any]:
    inputs = {"model": model}
    if calibration is not None and settings.imatrix_tokens:
        inputs["calibration"] = calibration
    files = {q: out / f"{settings.name}-{q}.gguf" for q in settings.quantizations}
    return {"inputs": inputs, "settings": asdict(settings), "outputs": files}


@dataclass(frozen=True, slots=True)
class _Maker:
    model: Path
    converter: Path
    work: Path
    settings: ExportSettings
    job: Job

    def make(self, files: dict[str, Path], calibration: Path | None) -> dict[str, Any]:
        """Make and verify all files in the work folder; return the figures of each."""
        full = self.work / f"{self.settings.name}-F16.gguf"
        convert_model(self.converter, self.model, full, "f16", self.settings.name, self.job)
        self.job.progress("Computing with the weights themselves", 0, 0)
        reference = make_reference(self.model)
        self.job.cancel.raise_if_cancelled()
        # Always, also if nobody wants the file: the others are made of it.
        figures = {"F16": self._verified(full, "F16", reference, out=full)}
        matrix = self._matrix(full, calibration)
        for quantization, path in files.items():
            if quantization == "F16":
                continue
            target = self.work / path.name
            self._quantize(full, target, quantization, matrix)
            figures[quantization] = self._verified(target, quantization, reference, out=path)
        return {q: figures[q] for q in files}

    def _quantize(self, source: Path, target: Path, quantization: str, matrix: Path | None) -> None:
        self.job.progress(f"Quantizing to {quantization}", 0, 0)
        wanted = {
            "source": str(source),
            "target": str(target),
            "quantization": quantization,
            # Q8_0 rounds each block to its own scale: an importance has no part in it.
            "imatrix": str(matrix) if matrix and quantization != "Q8_0" else None,
        }
        try:
            run_task("quantize", wanted, self.work, self.job.cancel)
        except EngineError as error:
            require_room(self.work, source.stat().st_size)
            raise ModelError(
                f"{source.name} can't be quantized to {quantization}: {error.message}"
            ) from error

    def _matrix(self, full: Path, calibration: Path | None) -> Path | None:
        """Compute the importance matrix, if one is wanted; return its file."""
        if calibration is None or not self.settings.imatrix_tokens:
            return None
        chunks = calibration_chunks(self.model, calibration, self.settings.imatrix_tokens)
        wanted = {"model": str(full), "sequences": chunks}

        def on_line(line: str) -> None:
            if found := _DONE.fullmatch(line):
                self.job.progress("Importance matrix", int(found[1]), int(found[2]))

        try:
            return run_task("imatrix", wanted, self.work, self.job.cancel, on_line)
        except EngineError as error:
            raise ModelError(f"No importance matrix could be made: {error.message}") from error

    def _verified(
        self, path: Path, quantization: str, reference: Reference, *, out: Path
    ) -> dict[str, Any]:
        self.job.progress(f"Verifying {quantization}", 0, 0)
        found = verify_model(
            path, reference, quantization, shown=out, scratch=self.work, cancel=self.job.cancel
        )
        return {"bytes": path.stat().st_size, **found.figures()}


@contextmanager
def work_folder(out: Path, needed: int) -> Iterator[Path]:
    """Give a folder inside `out` for files that are not yet verified; it goes afterwards.

    What a process that was killed left there is removed first. Raises `ModelError`.
    """
    with disk_errors(out / "export", needed):
        out.mkdir(parents=True, exist_ok=True)
        for left in out.glob(".incoming-*"):
            shutil.rmtree(left, ignore_errors=True)
        require_room(out, needed)
        work = Path(tempfile.mkdtemp(prefix=".incoming-", dir=out))
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)


def publish(source: Path, target: Path) -> None:
    """Give a verified file its name at once, on the disk and not only in memory."""
    source.chmod(0o644)
    with source.open("rb") as file:
        os.fsync(file.fileno())
    source.replace(target)


def check_exportable(model: Path) -> None:
    """Raise `ModelError` for a folder that is no complete model in 16 or 32 bits."""
    check_base(model)
    kinds = {tensor.dtype for tensor in base_tensors(model).values()} - set(FLOATS)
    if kinds:
        raise ModelError(
            f"{model} is quantized already ({', '.join(sorted(kinds))}).",
            hint="Export the merged 16-bit model: assistant-convert merge",
        )


def _needed(model: Path, settings: ExportSettings) -> int:
    weights = sum(math.prod(tensor.shape) for tensor in base_tensors(model).values())
    bits = sum(_BITS[q] for q in {"F16", *settings.quantizations})
    return int(weights * bits / 8) + (64 << 20)
