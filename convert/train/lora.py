"""Attach a LoRA adapter to the base, run the model, save the adapter."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from assistant.errors import ModelError, UsageError
from convert.base_model import load_model
from convert.train.distributed import ProcessGroup, whole
from convert.train.packed_forward import row_loss, use_packed_attention
from convert.train.sequence_packing import Row
from convert.train.settings import TrainSettings
from convert.train.start_adapter import load_start

WEIGHTS_FILE = "adapter_model.safetensors"
CONFIG_FILE = "adapter_config.json"


class LoraModel(nn.Module):  # type: ignore[misc]
    """A base with its LoRA. Only its own `forward` is called: FSDP gathers weights there."""

    def __init__(self, model: Any, precision: str) -> None:
        super().__init__()
        self.model = model
        self.half = precision == "bf16"
        self.packed = use_packed_attention(model.get_base_model())

    def forward(
        self,
        row: Row | None = None,
        ids: Tensor | None = None,
        cache: Any = None,
    ) -> Any:
        """Return the loss of a row (sum in nats), or logits after tokens.

        `ids` has the shape (1, tokens); the logits, of its last token, (vocabulary).
        `cache` holds the keys and values of the tokens before, and gains these.
        """
        device = self.device
        with torch.autocast(device.type, torch.bfloat16, enabled=self.half):
            if row is not None:
                return row_loss(self.model, row)[0]
            core = self.model.get_base_model()
            states = core.model(input_ids=ids, past_key_values=cache, use_cache=True)
            logits: Tensor = self.model.get_output_embeddings()(states.last_hidden_state[0, -1])
            return logits.float()

    @property
    def device(self) -> torch.device:
        found: torch.device = next(self.model.parameters()).device
        return found

    @property
    def trained(self) -> dict[str, Any]:
        """The LoRA weights by name."""
        return {n: p for n, p in self.model.named_parameters() if p.requires_grad}


def build(base: Path, settings: TrainSettings, team: ProcessGroup) -> LoraModel:
    """Load a base, attach a LoRA to it (new, or `settings.start`), spread it over the team.

    The frozen weights are in bfloat16, those that are trained in float32: rounding them
    after each small step would lose most of it. Raises `ModelError`, `UsageError`.
    """
    model = _load_base(base, settings, team)
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(settings.seed)
    targets: Any = list(settings.targets)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,  # type: ignore[arg-type, unused-ignore]
        lora_dropout=settings.dropout,
        target_modules="all-linear" if targets == ["all-linear"] else targets,
        bias="none",
        task_type="CAUSAL_LM",
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = get_peft_model(model, config)
    except ValueError as error:
        raise UsageError(
            f"[train] the targets {', '.join(settings.targets)} can't be tuned: {error}.",
            hint='Name linear layers of the base, or use "all-linear".',
        ) from error
    if settings.start:
        load_start(model, Path(settings.start))
    tuned = LoraModel(model, settings.precision)
    if settings.gradient_checkpointing:
        _checkpoint_activations(model.get_base_model())
    tuned.train()
    layers = getattr(model.get_base_model(), "_no_split_modules", None) or ()
    team.shard(tuned, sorted(layers))
    return tuned


def save_adapter(folder: Path, tuned: LoraModel, weights: Mapping[str, Tensor], base: Path) -> None:
    """Write LoRA weights (as `gather` gave them) in peft's layout into a folder.

    peft's own `save_pretrained` may ask a hub about the base and records where it lies;
    this does neither. Floats stay float32.
    """
    from peft.utils import get_peft_model_state_dict
    from safetensors.torch import save_file

    state = get_peft_model_state_dict(
        tuned.model, state_dict=dict(weights), save_embedding_layers=False
    )
    folder.mkdir(parents=True, exist_ok=True)
    save_file({k: v.contiguous() for k, v in state.items()}, str(folder / WEIGHTS_FILE))
    (folder / WEIGHTS_FILE).chmod(0o644)
    table = {k: _plain(v) for k, v in tuned.model.peft_config["default"].to_dict().items()}
    table |= {"base_model_name_or_path": base.name, "inference_mode": True}
    text = json.dumps(table, indent=2, sort_keys=True) + "\n"
    (folder / CONFIG_FILE).write_text(text, encoding="utf-8")


def gather(tuned: LoraModel) -> dict[str, Tensor]:
    """Return the LoRA weights as whole tensors on the CPU; every process must call it."""
    return {name: whole(p).to("cpu", copy=True) for name, p in tuned.trained.items()}


def _load_base(base: Path, settings: TrainSettings, team: ProcessGroup) -> Any:
    dtype = "bfloat16" if settings.precision == "bf16" else "float32"
    if not settings.qlora:
        model = load_model(base, dtype).to(team.device)
        model.requires_grad_(requires_grad=False)
        return model
    quantization = _quantization(dtype)
    options = {"quantization_config": quantization, "device_map": {"": str(team.device)}}
    model = load_model(base, dtype, **options)
    from peft import prepare_model_for_kbit_training

    for layer in model.modules():
        # On a CPU with AVX512-BF16, bitsandbytes 0.50 repacks a layer's weights at its first
        # evaluation for good, and from then on no gradient comes through it, silently.
        if hasattr(layer, "support_avx512bf16_for_cpu"):
            layer.support_avx512bf16_for_cpu = False
    return prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)


def _checkpoint_activations(core: Any) -> None:
    """Switch on what transformers called gradient checkpointing up to its version 5.

    Not reentrant: the reentrant kind finds no gradient to begin with, as the base is frozen.
    """
    kind = {"use_reentrant": False}
    if hasattr(core, "activation_checkpointing_enable"):
        core.activation_checkpointing_enable(activation_checkpointing_kwargs=kind)
    else:
        core.gradient_checkpointing_enable(gradient_checkpointing_kwargs=kind)


def _quantization(dtype: str) -> Any:
    """Return NF4 with double quantization. Raises `ModelError` without bitsandbytes."""
    from transformers import BitsAndBytesConfig

    try:
        import bitsandbytes  # noqa: F401
    except (ImportError, OSError, RuntimeError) as error:
        raise ModelError(
            f"QLoRA needs bitsandbytes, which can't be loaded: {error}.",
            hint="Install bitsandbytes for this machine, or train without qlora.",
        ) from error
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=getattr(torch, dtype),
    )


def _plain(value: Any) -> Any:
    """Return a value as JSON holds it, sets in order: equal runs write equal files."""
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    return getattr(value, "value", value)
