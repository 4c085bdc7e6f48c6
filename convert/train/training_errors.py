"""Explain errors in the middle of a training in words that help."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from assistant.errors import EngineError
from convert.train.learning_rate import OptimizerStep
from convert.train.settings import TrainSettings

_NO_MEMORY = ("can't allocate memory", "out of memory", "cannot allocate memory")


@contextmanager
def memory_errors(settings: TrainSettings) -> Iterator[None]:
    """Translate "out of memory" of GPU and CPU to `EngineError` with what would help."""
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise _no_memory(settings) from error
    except RuntimeError as error:
        if any(words in str(error).lower() for words in _NO_MEMORY):
            raise _no_memory(settings) from error
        raise


def require_finite(
    step: OptimizerStep, total: int, loss: float, gradient: float, saved: int
) -> None:
    """Raise `EngineError` if a step's loss or gradient is no number.

    It is called before the weights move, and names step and samples. `saved` is the step of
    the last checkpoint, which is kept.
    """
    if math.isfinite(loss) and math.isfinite(gradient):
        return
    what = f"the loss is {loss}" if not math.isfinite(loss) else f"the gradient is {gradient}"
    names = [name for row in step.rows for name in row.ids]
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    kept = f"The checkpoint of step {saved} is kept." if saved else "No step was saved before it."
    raise EngineError(
        f"At step {step.number} of {total} {what}. Its {len(step.rows)} rows hold the samples "
        f"{shown}. {kept}",
        hint="Lower learning_rate (or raise warmup), keep clip_norm above 0, look at these "
        'samples, or train with precision = "float32".',
        title="The training diverged",
    )


def _no_memory(settings: TrainSettings) -> EngineError:
    ways = [f"a smaller row_tokens (now {settings.row_tokens}: the batch that is computed at once)"]
    if not settings.gradient_checkpointing:
        ways.append("gradient_checkpointing = true")
    if settings.rank > 8:
        ways.append(f"a lower rank (now {settings.rank})")
    if not settings.qlora:
        ways.append("qlora = true (the base in 4 bits)")
    return EngineError(
        "There was not enough memory for a training step. Checkpoints are kept.",
        hint=f"Try {', '.join(ways)}; or several GPUs with FSDP (docs/training.md).",
        title="Out of memory",
    )
