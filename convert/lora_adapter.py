"""A LoRA adapter in peft's layout, checked before anything is made of it.

Only what a merge and llama.cpp can carry over faithfully is accepted: low-rank pairs on
linear layers. Everything else that peft can put into an adapter (whole layers saved with
it, embeddings, a base that it alters at loading, a Python module that it names) is refused
by name, not silently left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import ModelError, UsageError
from convert.base_model import read_json, read_object, require_folder, without_weights
from convert.safetensors_header import TensorInfo, read_tensors

CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"
_PREFIX = "base_model.model."
_PAIR = re.compile(r"(?P<module>.+)\.lora_(?P<part>[AB])\.weight")
_MAGNITUDE = re.compile(r"(?P<module>.+)\.lora_magnitude_vector(\.weight)?")
_PLAIN_PATTERN = re.compile(r"[\w.]+")
_EMBEDDINGS = ("embed_tokens", "wte", "word_embeddings", "embed_in", "tok_embeddings")
_HEADS = ("lm_head", "embed_out", "output")

_REFUSED = {
    "alora_invocation_tokens": "it works from a trigger on only",
    "arrow_config": "it mixes several adapters",
    "corda_config": "its start alters the base",
    "eva_config": "its start may differ from the base's",
    "kasa_config": "its start alters the base",
    "layer_replication": "it repeats layers of the base",
    "lora_bias": "it trains biases",
    "lora_ga_config": "its start alters the base",
    "loftq_config": "its start alters the base",
    "megatron_config": "it names a Python module to be loaded",
    "modules_to_save": "it replaces whole layers",
    "monteclora_config": "it samples its weights",
    "target_parameters": "it targets bare parameters",
    "trainable_token_indices": "it changes the tokens' embeddings",
    "use_bdlora": "its matrices are block-diagonal",
    "use_qalora": "it is quantized group by group",
    "velora_config": "its form is not known here",
}
_PLAIN_STARTS = (True, False, None, "gaussian", "orthogonal")


@dataclass(frozen=True, slots=True)
class AdapterInfo:
    """What is known of an adapter.

    `modules` maps each layer that it targets, by the base's name for it, to the scaling of
    its product: the layer's weight, shape (out, in), grows by scaling · B · A with A of
    shape (rank, in) and B of shape (out, rank). `tensors` are those of the file, as named.
    """

    folder: Path
    modules: Mapping[str, float]
    ranks: Mapping[str, int]
    shapes: Mapping[str, tuple[int, int]]
    tensors: Mapping[str, TensorInfo]
    dora: bool
    config: Mapping[str, Any]

    @property
    def parameters(self) -> int:
        return sum(math.prod(tensor.shape) for tensor in self.tensors.values())

    @property
    def embeddings(self) -> list[str]:
        """The targets that are embeddings or the output layer, which may be one tensor."""
        return [m for m in self.modules if m.rsplit(".", 1)[-1] in (*_EMBEDDINGS, *_HEADS)]


def check_adapter(folder: Path) -> AdapterInfo:
    """Check an adapter's folder without loading weights.

    Raises `ModelError` for a hub's name, pickled weights, another kind than LoRA, and
    what can't be carried over faithfully.
    """
    require_folder(folder, f"Training wrote it, with {CONFIG_FILE} and {WEIGHTS_FILE}.")
    config = _config(folder / CONFIG_FILE)
    _refuse_unknown(folder, config)
    if not (folder / WEIGHTS_FILE).is_file():
        raise without_weights(folder, WEIGHTS_FILE)
    tensors = read_tensors(folder / WEIGHTS_FILE)
    shapes, ranks = _pairs(folder, tensors)
    return AdapterInfo(
        folder=folder,
        modules={module: _scaling(config, module, ranks[module]) for module in ranks},
        ranks=ranks,
        shapes=shapes,
        tensors=tensors,
        dora=bool(config.get("use_dora")),
        config=config,
    )


def check_fits(adapter: AdapterInfo, base: Path) -> None:
    """Raise `ModelError` if layers or shapes of the adapter are not those of the base."""
    weights = base_tensors(base)
    for module, shape in adapter.shapes.items():
        tensor = weights.get(f"{module}.weight")
        if tensor is None:
            raise ModelError(
                f"The adapter {adapter.folder} changes the layer {module}, which the base "
                f"{base} does not have.",
                hint="An adapter belongs to the base that it was trained on. Name that one.",
            )
        if tensor.shape != shape:
            raise ModelError(
                f"The adapter {adapter.folder} was trained on another base: its layer {module} "
                f"has the shape {shape}, the base's {tensor.shape}.",
                hint="Name the base that it was trained on.",
            )


def check_tokenizer(adapter: Path, base: Path) -> None:
    """Raise `UsageError` if the adapter brings a tokenizer or template unlike the base's."""
    ours, theirs = adapter / "tokenizer.json", base / "tokenizer.json"
    if ours.is_file() and theirs.is_file():
        one, other = _tokenizer(ours), _tokenizer(theirs)
        if different := sorted(k for k in one.keys() | other.keys() if one.get(k) != other.get(k)):
            raise UsageError(
                f"The tokenizer in {adapter} differs from that of the base {base} "
                f"({', '.join(different)}).",
                hint="Tune with the base's own tokenizer: other token ids make the model "
                "write noise.",
            )
    ours, theirs = adapter / "chat_template.jinja", base / "chat_template.jinja"
    if ours.is_file() and theirs.is_file() and ours.read_bytes() != theirs.read_bytes():
        raise UsageError(
            f"The chat template in {adapter} differs from that of the base {base}.",
            hint="The laptop asks as the base's template says; train with it.",
        )


def base_tensors(base: Path) -> dict[str, TensorInfo]:
    """Return name, type and shape of all tensors of a model's folder. Raises `ModelError`."""
    found: dict[str, TensorInfo] = {}
    for path in sorted(base.glob("*.safetensors")):
        found.update(read_tensors(path))
    return found


def _config(path: Path) -> dict[str, Any]:
    table = read_json(path)
    if not isinstance(table, dict) or table.get("peft_type") != "LORA":
        kind = table.get("peft_type") if isinstance(table, dict) else None
        raise ModelError(
            f"{path.parent} is no LoRA adapter (its kind is {kind!r}).",
            hint="Only LoRA can be merged and carried over to llama.cpp.",
        )
    return table


def _refuse_unknown(folder: Path, config: Mapping[str, Any]) -> None:
    for name, reason in _REFUSED.items():
        if config.get(name):
            raise ModelError(
                f"The adapter {folder} can't be carried over: {reason} ({name}).",
                hint="Train a plain LoRA on linear layers: assistant-convert train",
            )
    if config.get("bias", "none") != "none":
        raise ModelError(f"The adapter {folder} can't be carried over: it trains biases (bias).")
    if config.get("init_lora_weights", True) not in _PLAIN_STARTS:
        raise ModelError(
            f"The adapter {folder} can't be carried over: its start "
            f"({config['init_lora_weights']!r}) alters the base.",
            hint="Save it converted to a plain LoRA (peft: path_initial_model_for_weight_"
            "conversion).",
        )


def _pairs(
    folder: Path, tensors: Mapping[str, TensorInfo]
) -> tuple[dict[str, tuple[int, int]], dict[str, int]]:
    """Return for each targeted layer its weight's shape (out, in), and the rank."""
    parts: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, tensor in tensors.items():
        if _MAGNITUDE.fullmatch(name):
            continue
        found = _PAIR.fullmatch(name)
        if found is None or not name.startswith(_PREFIX) or len(tensor.shape) != 2:
            raise ModelError(
                f"The adapter {folder} can't be carried over: it holds {name!r}, which is no "
                "low-rank pair of a linear layer.",
                hint="llama.cpp takes neither embeddings nor whole layers as an adapter. "
                "Train on linear layers only.",
            )
        module = found["module"].removeprefix(_PREFIX)
        parts.setdefault(module, {})[found["part"]] = tensor.shape
    if not parts:
        raise ModelError(f"The adapter {folder} is empty.")
    shapes, ranks = {}, {}
    for module, pair in parts.items():
        if pair.keys() != {"A", "B"} or pair["A"][0] != pair["B"][1] or pair["A"][0] < 1:
            raise ModelError(f"The adapter {folder} is damaged: {module} has no whole pair.")
        shapes[module] = (pair["B"][0], pair["A"][1])
        ranks[module] = pair["A"][0]
    return shapes, ranks


def _scaling(config: Mapping[str, Any], module: str, rank: int) -> float:
    """Return alpha / rank, or alpha / sqrt(rank) for a rank-stabilised adapter.

    https://arxiv.org/abs/2106.09685 section 4.1, https://arxiv.org/abs/2312.03732. A key of
    `alpha_pattern` is the end of a layer's name; the first that fits counts, as in peft.
    """
    alpha = config.get("lora_alpha", 8)
    for pattern, value in dict(config.get("alpha_pattern") or {}).items():
        if not _PLAIN_PATTERN.fullmatch(pattern):
            raise ModelError(f"The adapter's alpha_pattern {pattern!r} is no layer's name.")
        if module == pattern or module.endswith(f".{pattern}"):
            alpha = value
            break
    if not isinstance(alpha, int | float) or not math.isfinite(alpha):
        raise ModelError(f"The adapter's lora_alpha is {alpha!r}.")
    return alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)


def _tokenizer(path: Path) -> dict[str, Any]:
    # How a batch was padded or cut while training says nothing of the tokens themselves.
    return {k: v for k, v in read_object(path).items() if k not in ("padding", "truncation")}
