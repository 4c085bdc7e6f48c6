"""Train embedders with the trainer of sentence-transformers, and monitor it.

Checkpoints stand in a folder beside the result. A run that was stopped, or killed, goes on
from the last whole one if its inputs and settings are the same; the folder is removed when
the result is written.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.engine.thread_count import threads_for
from assistant.errors import AssistantError, EngineError, ModelError
from convert.atomic_output import Job
from convert.base_model import offline
from convert.embedder.ranking_metrics import RetrievalFigures
from convert.embedder.settings import EmbedderSettings
from convert.step_record import path_sha256

METRIC = "held_out_ndcg10"
LENGTH_STEP = 32
"""Texts of a batch are padded to a multiple of so many tokens. Measured on a CPU in bf16:
oneDNN compiles kernels for each new shape and keeps them; with free lengths memory grew to 4.5
GB."""

_FINGERPRINT = "inputs.json"
_STATE = "trainer_state.json"


@dataclass(slots=True)
class TrainingMonitor:
    """Monitors a training: progress, evaluations, cancel.

    `judge` measures the model as it is; `history` has a row for each evaluation.
    """

    judge: Callable[[], RetrievalFigures]
    job: Job
    history: list[dict[str, float]] = field(default_factory=list)


def clear_of_others(folder: Path, inputs: Mapping[str, Path], settings: Mapping[str, Any]) -> None:
    """Empty the folder for checkpoints if those in it are of another run."""
    marks = {
        "inputs": {name: path_sha256(path) for name, path in inputs.items()},
        "settings": dict(settings),
    }
    wanted = json.dumps(marks, sort_keys=True)
    known = folder / _FINGERPRINT
    if not known.is_file() or known.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        known.write_text(wanted, encoding="utf-8")


def _arguments(settings: EmbedderSettings, rows: int, folder: Path) -> dict[str, Any]:
    import torch

    steps = max(1, math.ceil(settings.epochs * math.ceil(rows / settings.batch)))
    every = max(1, math.ceil(steps / settings.evaluations))
    return {
        "output_dir": str(folder),
        "max_steps": steps,
        "per_device_train_batch_size": settings.batch,
        "learning_rate": settings.learning_rate,
        "warmup_steps": math.ceil(settings.warmup * steps),
        "lr_scheduler_type": "linear",
        "bf16": settings.precision == "bf16",
        "use_cpu": not torch.cuda.is_available(),
        "eval_strategy": "steps",
        "eval_steps": every,
        "save_strategy": "steps",
        "save_steps": every,
        "save_total_limit": 2,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "load_best_model_at_end": True,
        "metric_for_best_model": f"eval_{METRIC}",
        "greater_is_better": True,
        "seed": settings.seed,
        "data_seed": settings.seed,
        "report_to": "none",
        "disable_tqdm": True,
        "push_to_hub": False,
        "dataloader_num_workers": 0,
    }


def quiet_libraries(settings: EmbedderSettings) -> None:
    """Set up torch and silence libraries that print while they work."""
    offline()
    import datasets
    import torch
    import transformers

    datasets.disable_progress_bars()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(threads_for(settings.threads))
    transformers.set_seed(settings.seed)


def train(
    model: Any,
    rows: Mapping[str, list[str]],
    settings: EmbedderSettings,
    watch: TrainingMonitor,
    folder: Path,
) -> None:
    """Train to the end, or to the best evaluation; the model then has its best weights.

    `rows` are lists by column. Checkpoints stand in `folder`. Raises `Cancelled` (a checkpoint
    is left), `EngineError` out of memory, `ModelError` if the loss is no number any more.
    """
    from datasets import Dataset
    from sentence_transformers import (
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.base.sampler import BatchSamplers
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
    from transformers import EarlyStoppingCallback, PrinterCallback

    class Trainer(SentenceTransformerTrainer):  # type: ignore[misc,unused-ignore]
        def add_model_card_callback(self, *_: Any) -> None:
            """Without a model card: it would quote the private data."""

    trainer = Trainer(
        model=model,
        args=SentenceTransformerTrainingArguments(
            **_arguments(settings, len(rows["anchor"]), folder),
            # A passage twice in a batch would be its own negative.
            batch_sampler=BatchSamplers.NO_DUPLICATES,
        ),
        train_dataset=Dataset.from_dict(rows),
        loss=MultipleNegativesRankingLoss(model, scale=settings.scale),
        evaluator=_evaluator(watch),
    )
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(_watcher(watch))
    trainer.add_callback(EarlyStoppingCallback(early_stopping_patience=settings.patience))
    try:
        trainer.train(resume_from_checkpoint=_last_whole(folder))
    except AssistantError:
        raise
    except (MemoryError, RuntimeError) as error:
        raise _translated(error) from error
    watch.job.cancel.raise_if_cancelled()
    watch.history.extend(
        {"step": row["step"], "ndcg10": row[f"eval_{METRIC}"]}
        for row in trainer.state.log_history
        if f"eval_{METRIC}" in row
    )


def _evaluator(watch: TrainingMonitor) -> Any:
    from sentence_transformers.base.evaluation import BaseEvaluator

    class HeldOut(BaseEvaluator):  # type: ignore[misc,unused-ignore]
        """Measures the search of held-out questions."""

        def __init__(self) -> None:
            super().__init__()
            self.primary_metric = METRIC

        def __call__(self, *_: Any, **__: Any) -> dict[str, float]:
            return {METRIC: watch.judge().ndcg10}

    return HeldOut()


def _watcher(watch: TrainingMonitor) -> Any:
    from transformers import TrainerCallback

    class Watcher(TrainerCallback):  # type: ignore[misc,unused-ignore]
        """Reports progress, sees a cancel, and stops where the loss is no number."""

        def on_step_end(self, _: Any, state: Any, control: Any, **__: Any) -> None:
            watch.job.progress("tuning", state.global_step, state.max_steps)
            if watch.job.cancel.is_cancelled:
                control.should_save = True
                control.should_training_stop = True

        def on_log(self, *args: Any, logs: Any = None, **__: Any) -> None:
            loss = (logs or {}).get("loss")
            if loss is not None and not math.isfinite(loss):
                raise ModelError(
                    f"The loss is no number any more at step {args[1].global_step}.",
                    hint="Choose a smaller learning_rate, or precision float32.",
                    title="The tuning failed",
                )

    return Watcher()


def _last_whole(folder: Path) -> str | None:
    """Return the newest checkpoint that was written to its end (its state comes last)."""
    found = [path for path in folder.glob("checkpoint-*") if path.name[11:].isdigit()]
    for path in sorted(found, key=lambda p: -int(p.name[11:])):
        try:
            state = json.loads((path / _STATE).read_text(encoding="utf-8"))
            if state.get("global_step") == int(path.name[11:]):
                return str(path)
        except (OSError, ValueError, AttributeError):
            pass
        shutil.rmtree(path, ignore_errors=True)
    return None


def _translated(error: Exception) -> AssistantError:
    text = str(error)
    if isinstance(error, MemoryError) or "out of memory" in text or "allocate memory" in text:
        return EngineError(
            "There is not enough memory for this tuning.",
            hint="Choose a smaller batch, fewer negatives, or a smaller max_tokens.",
        )
    return ModelError(f"The tuning failed: {text[:500]}.")
