"""Settings of a tuning: the table [train] of a recipe."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from assistant.errors import UsageError

PRECISIONS = ("bf16", "float32")
CRITERIA = ("loss", "score")
DEVICES = ("auto", "cpu", "cuda")

_LIMITS: dict[str, tuple[float, float]] = {
    "rank": (1, 1024),
    "alpha": (0.001, 65_536),
    "dropout": (0.0, 0.9),
    "learning_rate": (1e-9, 1.0),
    "final_rate": (0.0, 1.0),
    "warmup": (0.0, 0.9),
    "beta2": (0.5, 0.99999),
    "weight_decay": (0.0, 1.0),
    "clip_norm": (0.0, 1e6),
    "epochs": (1, 1000),
    "max_steps": (0, 10_000_000),
    "samples_per_step": (1, 1_000_000),
    "row_tokens": (16, 1 << 20),
    "longest_sample": (0, 1 << 20),
    "evaluate_steps": (0, 10_000_000),
    "validation_samples": (1, 1_000_000),
    "score_samples": (0, 100_000),
    "score_tokens": (1, 4096),
    "patience": (0, 1000),
    "min_improvement": (0.0, 1.0),
    "checkpoint_minutes": (0.0, 1440.0),
    "keep_checkpoints": (1, 1000),
    "seed": (0, 1 << 30),
    "threads": (0, 512),
}
_CHOICES = {"precision": PRECISIONS, "select_by": CRITERIA, "device": DEVICES}


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """How a base is tuned. Raises `UsageError` for a bad value."""

    rank: int = 32
    """Rank of the LoRA matrices (Hu et al. 2021)."""

    alpha: float = 64.0
    """The product of the matrices is scaled by alpha / rank."""

    dropout: float = 0.0
    """Share of a LoRA layer's inputs set to zero while training."""

    targets: tuple[str, ...] = ("all-linear",)
    """Names of the layers that are tuned; "all-linear" is each but the output layer."""

    qlora: bool = False
    """Hold the frozen base in 4 bits (NF4, double quantization: Dettmers et al. 2023)."""

    start: str = ""
    """Folder of an adapter, as this step writes it, to go on from; rank, alpha and targets must
    be its own. "": a new one, which changes nothing at first."""

    learning_rate: float = 5e-4
    """Highest learning rate (AdamW), reached after the warm-up."""

    final_rate: float = 0.0
    """Where the cosine ends, as a share of `learning_rate`."""

    warmup: float = 0.03
    """Share of all steps over which the learning rate rises from 0."""

    beta2: float = 0.98
    """AdamW's memory for squared gradients: 0.98 suits runs of some hundred to thousand steps,
    PyTorch's own 0.999 remembers a thousand steps. beta1 is 0.9."""

    weight_decay: float = 0.0
    """Decoupled weight decay of the LoRA weights."""

    clip_norm: float = 1.0
    """Longest gradient (2-norm over all LoRA weights); a longer one is scaled down. 0: no limit."""

    epochs: int = 1
    """How often the training data is gone through."""

    max_steps: int = 0
    """Stop after so many steps even if the epochs are not over; 0: no limit."""

    samples_per_step: int = 32
    """Samples whose gradients make one step (at least: a step takes whole rows)."""

    row_tokens: int = 1024
    """Tokens of one packed row, which is what goes through the model at a time: memory."""

    longest_sample: int = 0
    """Longest sample in tokens; a longer one is an error. 0: the base's context."""

    seed: int = 1
    """Decides the start of the LoRA, the order of the data, and dropout."""

    precision: str = "bf16"
    """"bf16": base and arithmetic in bfloat16, LoRA weights in float32; or "float32"."""

    gradient_checkpointing: bool = False
    """Compute a layer's activations again in the backward pass: less memory, a third slower."""

    evaluate_steps: int = 0
    """Steps between evaluations; 0: ten of them, evenly. The last step always has one."""

    validation_samples: int = 500
    """Most validation samples of the held-out loss."""

    score_samples: int = 64
    """Validation samples that are answered (greedy) and scored; 0: none."""

    score_tokens: int = 48
    """Longest answer of a scored sample in tokens."""

    select_by: str = "loss"
    """What "best" means for early stopping and for the weights that are kept: "loss" (the
    held-out loss, lower) or "score" (mean task F1 with refusals, higher)."""

    patience: int = 3
    """Stop when so many evaluations in a row were not better than the best; 0: never."""

    min_improvement: float = 0.0
    """How much better the criterion must be to count, absolute."""

    checkpoint_minutes: float = 5.0
    """Time between checkpoints; each evaluation writes one too. 0: after every step."""

    keep_checkpoints: int = 2
    """Newest checkpoints that are kept, beside that of the best evaluation."""

    device: str = "auto"
    """"auto" (a GPU if there is one), "cpu" or "cuda"."""

    threads: int = 0
    """Threads on the CPU; 0: as PyTorch chooses."""

    def __post_init__(self) -> None:
        for name, (least, most) in _LIMITS.items():
            _check_number(name, getattr(self, name), least, most)
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise UsageError(
                    f"[train] '{name}' is {getattr(self, name)!r}.",
                    hint=f"Choose from {', '.join(allowed)}.",
                )
        if not self.targets or not all(self.targets):
            raise UsageError("[train] 'targets' must name layers, or be \"all-linear\".")
        if self.select_by == "score" and not self.score_samples:
            raise UsageError("[train] select_by = \"score\" needs 'score_samples' above 0.")

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> TrainSettings:
        """Make settings of a recipe's table. Raises `UsageError` for an unknown key."""
        known = {f.name: str(f.type) for f in fields(cls)}
        values = {}
        for key, value in table.items():
            if key not in known:
                raise UsageError(
                    f"[train] has an unknown key '{key}'.",
                    hint=f"Known are: {', '.join(sorted(known))}.",
                )
            values[key] = _as_declared(key, value, known[key])
        return cls(**values)


def _check_number(name: str, value: Any, least: float, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"[train] '{name}' must be a number, not {value!r}.")
    if not math.isfinite(value) or not least <= value <= most:
        raise UsageError(
            f"[train] '{name}' is {value}, out of its limits.",
            hint=f"Choose from {least:g} to {most:g}.",
        )


def _as_declared(key: str, value: Any, declared: str) -> Any:
    if declared.startswith("tuple"):
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list | tuple) or not all(isinstance(v, str) for v in listed):
            raise UsageError(f"[train] '{key}' must be a list of texts.")
        return tuple(listed)
    if declared == "float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    kinds: dict[str, type] = {"int": int, "float": float, "str": str, "bool": bool}
    kind = kinds[declared]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise UsageError(f"[train] '{key}' must be of type {declared}, not {value!r}.")
    return value
