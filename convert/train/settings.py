"""Settings of a tuning: the table [train] of a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from assistant.strict_reader import Meta
from convert.settings import PathText, Seed, Settings, Share

Names = Annotated[tuple[Annotated[str, Meta(min_length=1)], ...], Meta(min_length=1)]


@dataclass(frozen=True, slots=True)
class TrainSettings(Settings):
    """How a base is tuned. Raises `UsageError` for a bad value."""

    TABLE: ClassVar[str] = "train"

    rank: Annotated[int, Meta(ge=1, le=1024)] = 32
    """Rank of the LoRA matrices (Hu et al. 2021)."""

    alpha: Annotated[float, Meta(ge=0.001, le=65_536)] = 64.0
    """The product of the matrices is scaled by alpha / rank."""

    dropout: Annotated[float, Meta(ge=0.0, le=0.9)] = 0.0
    """Share of a LoRA layer's inputs set to zero while training."""

    targets: Names = ("all-linear",)
    """Names of the layers that are tuned; "all-linear" is each but the output layer."""

    qlora: bool = False
    """Hold the frozen base in 4 bits (NF4, double quantization: Dettmers et al. 2023)."""

    start: PathText = ""
    """Folder of an adapter, as this step writes it, to go on from; rank, alpha and targets must
    be its own. "": a new one, which changes nothing at first."""

    learning_rate: Annotated[float, Meta(ge=1e-9, le=1.0)] = 5e-4
    """Highest learning rate (AdamW), reached after the warm-up."""

    final_rate: Share = 0.0
    """Where the cosine ends, as a share of `learning_rate`."""

    warmup: Annotated[float, Meta(ge=0.0, le=0.9)] = 0.03
    """Share of all steps over which the learning rate rises from 0."""

    beta2: Annotated[float, Meta(ge=0.5, le=0.99999)] = 0.98
    """AdamW's memory for squared gradients: 0.98 suits runs of some hundred to thousand steps,
    PyTorch's own 0.999 remembers a thousand steps. beta1 is 0.9."""

    weight_decay: Share = 0.0
    """Decoupled weight decay of the LoRA weights."""

    clip_norm: Annotated[float, Meta(ge=0.0, le=1e6)] = 1.0
    """Longest gradient (2-norm over all LoRA weights); a longer one is scaled down. 0: no limit."""

    epochs: Annotated[int, Meta(ge=1, le=1000)] = 1
    """How often the training data is gone through."""

    max_steps: Annotated[int, Meta(ge=0, le=10_000_000)] = 0
    """Stop after so many steps even if the epochs are not over; 0: no limit."""

    samples_per_step: Annotated[int, Meta(ge=1, le=1_000_000)] = 32
    """Samples whose gradients make one step (at least: a step takes whole rows)."""

    row_tokens: Annotated[int, Meta(ge=16, le=1 << 20)] = 1024
    """Tokens of one packed row, which is what goes through the model at a time: memory."""

    longest_sample: Annotated[int, Meta(ge=0, le=1 << 20)] = 0
    """Longest sample in tokens; a longer one is an error. 0: the base's context."""

    seed: Seed = 1
    """Decides the start of the LoRA, the order of the data, and dropout."""

    precision: Literal["bf16", "float32"] = "bf16"
    """"bf16": base and arithmetic in bfloat16, LoRA weights in float32; or "float32"."""

    gradient_checkpointing: bool = False
    """Compute a layer's activations again in the backward pass: less memory, a third slower."""

    evaluate_steps: Annotated[int, Meta(ge=0, le=10_000_000)] = 0
    """Steps between evaluations; 0: ten of them, evenly. The last step always has one."""

    validation_samples: Annotated[int, Meta(ge=1, le=1_000_000)] = 500
    """Most validation samples of the held-out loss."""

    score_samples: Annotated[int, Meta(ge=0, le=100_000)] = 64
    """Validation samples that are answered (greedy) and scored; 0: none."""

    score_tokens: Annotated[int, Meta(ge=1, le=4096)] = 48
    """Longest answer of a scored sample in tokens."""

    select_by: Literal["loss", "score"] = "loss"
    """What "best" means for early stopping and for the weights that are kept: "loss" (the
    held-out loss, lower) or "score" (mean task F1 with refusals, higher)."""

    patience: Annotated[int, Meta(ge=0, le=1000)] = 3
    """Stop when so many evaluations in a row were not better than the best; 0: never."""

    min_improvement: Share = 0.0
    """How much better the criterion must be to count, absolute."""

    checkpoint_minutes: Annotated[float, Meta(ge=0.0, le=1440.0)] = 5.0
    """Time between checkpoints; each evaluation writes one too. 0: after every step."""

    keep_checkpoints: Annotated[int, Meta(ge=1, le=1000)] = 2
    """Newest checkpoints that are kept, beside that of the best evaluation."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """"auto" (a GPU if there is one), "cpu" or "cuda"."""

    threads: Annotated[int, Meta(ge=0, le=512)] = 0
    """Threads on the CPU; 0: as PyTorch chooses."""

    def check(self) -> None:
        if self.select_by == "score" and not self.score_samples:
            raise ValueError("select_by = \"score\" needs 'score_samples' above 0")

    def as_table(self) -> dict[str, Any]:
        """Return the settings for records. Where an adapter lay is nobody's business."""
        return {**Settings.as_table(self), "start": Path(self.start).name}
