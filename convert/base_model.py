"""The base model of a tuning: a folder in Hugging Face's layout, checked before use.

Only local folders, only safetensors, no code from a model: a hub's name, pickled weights
and `trust_remote_code` are refused, so that loading a model can neither download nor run
anything. `unpack_gguf` makes such a folder from a GGUF, which is how the default model
comes (dequantized weights: what a quantization lost stays lost).
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import ModelError
from assistant.models.gguf_header import read_header
from convert.atomic_output import atomic_folder
from convert.step_record import write_record

STEP = "base"
CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
TEMPLATE_FILE = "chat_template.jinja"
TOKENIZER_CONFIG_FILE = "tokenizer_config.json"
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.pickle")
_MAX_JSON = 64 << 20
_DIGIT_CUTTERS = ("codeshell", "command-r", "exaone", "refact", "smollm", "starcoder")
"""Splitters of llama.cpp (llama-vocab.cpp) that are GPT-2's after each digit was cut off."""


@dataclass(frozen=True, slots=True)
class BaseInfo:
    """What is known of a base: `architecture` as in config.json, its context in tokens."""

    folder: Path
    architecture: str
    model_type: str
    context_length: int
    template: str
    sha256: str


def offline() -> None:
    """Forbid every library that this process loads to ask a hub. Call it before them."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE"):
        os.environ[name] = "1"
    for name in ("HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK", "ORT_DISABLE_TELEMETRY"):
        os.environ[name] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def check_base(folder: Path) -> BaseInfo:
    """Check a base's folder without loading it.

    Raises `ModelError` for a hub's name, pickled weights, a model that wants its own code
    to be run, and a tokenizer without chat template.
    """
    require_folder(folder, "For a GGUF: assistant-convert base FILE FOLDER")
    config = read_object(folder / CONFIG_FILE)
    refuse_code(folder)
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise without_weights(folder, "weights")
    template = _template(folder)
    digest = hashlib.sha256()
    for path in [folder / CONFIG_FILE, *weights]:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    architectures = config.get("architectures") or [""]
    return BaseInfo(
        folder=folder,
        architecture=str(architectures[0]),
        model_type=str(config.get("model_type", "")),
        context_length=int(config.get("max_position_embeddings", 0)),
        template=template,
        sha256=digest.hexdigest(),
    )


def require_folder(folder: Path, more: str = "") -> None:
    """Raise `ModelError` if there is no such folder: a hub's name is none."""
    if not folder.is_dir():
        raise ModelError(
            f"There is no folder {folder}.",
            hint="Name a local folder with the model's files. A hub's name is not accepted: "
            f"this program downloads nothing. {more}".rstrip(),
        )


def without_weights(folder: Path, wanted: str) -> ModelError:
    """Return the error for a folder that lacks the weights that are wanted."""
    pickles = sorted(p.name for pattern in _PICKLES for p in folder.glob(pattern))
    what = f"only pickled weights ({pickles[0]})" if pickles else f"no {wanted}"
    return ModelError(
        f"{folder} holds {what}.",
        hint="Weights are read from safetensors only: loading a pickle can run code.",
    )


def load_model(folder: Path, dtype: str = "float32", **options: Any) -> Any:
    """Load a causal language model from a checked folder; `options` go to transformers.

    Raises `ModelError` for what can't be loaded.
    """
    check_base(folder)
    offline()
    import torch
    from transformers import AutoModelForCausalLM

    with _translated(folder):
        return AutoModelForCausalLM.from_pretrained(
            str(folder),
            dtype=getattr(torch, dtype),
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            **options,
        )


def load_tokenizer(folder: Path) -> Any:
    """Load a tokenizer from a checked folder. Raises `ModelError`."""
    offline()
    from transformers import AutoTokenizer

    with _translated(folder):
        return AutoTokenizer.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=False
        )


def unpack_gguf(gguf: Path, target: Path) -> BaseInfo:
    """Write the model of a GGUF as a folder with dequantized weights in float32.

    (Values of Q4_1 have no exact form in bfloat16.) Whole or not at all: `target` must not
    exist. Raises `ModelError`.
    """
    if not gguf.is_file():
        raise ModelError(f"There is no file {gguf}.")
    if target.exists():
        raise ModelError(f"{target} is there already.", hint="Name a new folder.")
    # The library's reader takes a file at its word; the laptop's does not.
    read_header(gguf)
    offline()
    import torch
    from transformers import AutoModelForCausalLM

    began = time.monotonic()
    with atomic_folder(target, STEP) as stage:
        with _translated(gguf):
            where: dict[str, Any] = {"gguf_file": gguf.name, "local_files_only": True}
            tokenizer = tokenizer_of_gguf(gguf)
            model = AutoModelForCausalLM.from_pretrained(
                str(gguf.parent), dtype=torch.float32, **where
            )
            # A model from a GGUF counts as quantized, though its weights no longer are.
            model.hf_quantizer = None
            model.is_quantized = False
            if hasattr(model.config, "quantization_config"):
                del model.config.quantization_config
            model.save_pretrained(str(stage))
            tokenizer.save_pretrained(str(stage))
        check_base(stage)
        outputs = {"weights": stage / WEIGHTS_FILE}
        seconds = time.monotonic() - began
        write_record(
            stage, STEP, inputs={"gguf": gguf}, settings={}, outputs=outputs, seconds=seconds
        )
    return check_base(target)


def tokenizer_of_gguf(gguf: Path) -> Any:
    """Load the tokenizer in a GGUF, with the splitter that llama.cpp uses for it.

    transformers does not read the splitter's name and takes GPT-2's, which joins a space
    with what follows; those of `_DIGIT_CUTTERS` cut at each digit first. Measured with
    SmolLM2: " ½" became other tokens than on the laptop.
    """
    offline()
    from gguf import GGUFReader
    from tokenizers import pre_tokenizers
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(
        str(gguf.parent), gguf_file=gguf.name, local_files_only=True
    )
    field = GGUFReader(str(gguf)).get_field("tokenizer.ggml.pre")
    if field is not None and field.contents() in _DIGIT_CUTTERS:
        tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Digits(individual_digits=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
            ]
        )
    return tokenizer


@contextmanager
def _translated(source: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError) as error:
        raise ModelError(
            f"{source} can't be loaded: {error}.",
            hint="It must be a complete local model that the installed transformers knows.",
        ) from error


def refuse_code(folder: Path) -> None:
    """Raise `ModelError` if any file of a model wants code of the model's to be run.

    Parts of llama.cpp's converter load a tokenizer with `trust_remote_code`, which runs
    nothing only as long as nothing is named.
    """
    for path in sorted(folder.glob("*.json")):
        table = read_json(path)
        if isinstance(table, dict) and "auto_map" in table:
            raise ModelError(
                f"{folder} wants code of its own to be run (auto_map in {path.name}).",
                hint="Code from a model is never run. Use an architecture that transformers knows.",
            )


def _template(folder: Path) -> str:
    path = folder / TEMPLATE_FILE
    text: Any
    try:
        if path.is_file():
            text = path.read_text(encoding="utf-8")
        else:
            text = read_object(folder / TOKENIZER_CONFIG_FILE).get("chat_template", "")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} can't be read: {error}.") from error
    if not isinstance(text, str) or not text.strip():
        raise ModelError(
            f"The tokenizer in {folder} has no chat template.",
            hint="Use the instruct (chat) version of the model: how a question is put to it "
            "must be known before it can be tuned.",
        )
    return text


def read_object(path: Path) -> dict[str, Any]:
    """Read a JSON object of a model. Raises `ModelError`."""
    table = read_json(path)
    if not isinstance(table, dict):
        raise ModelError(f"{path} is no JSON object.")
    return table


def read_json(path: Path) -> Any:
    """Read a JSON file of a model. Raises `ModelError`."""
    try:
        with path.open("rb") as file:
            return json.loads(file.read(_MAX_JSON))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} can't be read: {error}.") from error


def write_json(path: Path, table: Mapping[str, Any]) -> None:
    """Write a JSON file for people and programs."""
    path.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
