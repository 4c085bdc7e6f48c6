"""Bring an exported reader back to weights in 32 bits, from which it can be trained further.

The export keeps each weight matrix as int8 with a scale for each output channel
(`convert.reader.onnx_export`): times its scale, a weight is within half a step of what it was.
Channels with outliers are in 32 bits and come back whole, as do norms and biases. Embeddings that
training left as they were come back from the base that the reader began with: where the export's
number is what the base's own rounds to, the base's is taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from assistant.errors import ModelError
from assistant.models.embedder_folder import MODEL_FILE
from assistant.types import CancelToken
from convert.atomic_output import Progress, quiet, run_atomic_step
from convert.base_model import read_object, write_json
from convert.embedder.onnx_export import model_folder
from convert.reader.bert_folder import check_bert
from convert.reader.span_model import TUNING_FILE, load_reader_model, write_reader_model

STEP = "reader restore"
MODEL_FOLDER = "model"
_PRODUCT = re.compile(r"(?:/model)?/(?P<name>.+)/(?:MatMul|Gemm|Gemm_MatMul)(?:_quant)?$")
_EMBEDDINGS = re.compile(r"bert\.embeddings\.\w+_embeddings\.weight")
_ROUNDING = 0.51
"""Share of a step by which a number in 32 bits is off once it is rounded, and a little more."""


def run_restore_reader(
    export: Path,
    base: Path,
    out: Path,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
) -> dict[str, Any]:
    """Write `out/model`, which `reader train` takes as its base; return the figures.

    `export` is a folder that `reader export` wrote, `base` the BERT (folder or wheel) that the
    reader began with. Raises `ModelError` if they don't belong together; `Cancelled`.
    """
    token = cancel or CancelToken()

    def work(temporary: Path) -> dict[str, Any]:
        progress("restoring", 0, 0)
        with TemporaryDirectory() as scratch:
            bert = check_bert(model_folder(base, Path(scratch)))
            model = load_reader_model(bert)
            restored = exported_weights(export / MODEL_FILE)
            token.raise_if_cancelled()
            _load(model, restored, export)
            write_reader_model(model, bert.folder, temporary / MODEL_FOLDER)
        described = read_object(export / "reader.json")
        write_json(
            temporary / MODEL_FOLDER / TUNING_FILE,
            {"format": 1, "max_tokens": described["max_tokens"]},
        )
        return {"restored": len(restored)}

    return run_atomic_step(
        out,
        STEP,
        work,
        inputs={"export": export, "base": base},
        settings={},
        outputs=[MODEL_FOLDER],
    )


def exported_weights(path: Path) -> dict[str, Any]:
    """Return the weights of an exported reader by their torch names, float32 arrays.

    Raises `ModelError` for a file that is no such export.
    """
    import onnx
    from onnx import numpy_helper

    try:
        graph = onnx.load(str(path)).graph
    except Exception as error:  # onnx raises protobuf's own exceptions
        raise ModelError(f"{path} is no ONNX file: {error}.") from error
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    constants = {
        node.output[0]: numpy_helper.to_array(node.attribute[0].t)
        for node in graph.node
        if node.op_type == "Constant" and node.attribute[0].HasField("t")
    }
    found = {
        name.removeprefix("model."): array
        for name, array in tensors.items()
        if name.startswith("model.") and name.endswith((".weight", ".bias"))
    }
    for name, array in tensors.items():
        if name.startswith("model.") and name.endswith(".weight_quantized"):
            plain = name.removesuffix("_quantized")
            found[plain.removeprefix("model.")] = _exact(array, tensors, plain)
    for node in graph.node:
        match = _PRODUCT.match(node.name)
        weight = node.input[1] if match and len(node.input) > 1 else ""
        if match and weight.removesuffix("_quantized") + "_scale" in tensors:
            part = match["name"].replace("/", ".")
            name = part if part.startswith(("span", "relevance")) else f"bert.{part}"
            exact = _exact(tensors[weight], tensors, weight.removesuffix("_quantized"))
            found[f"{name}.weight"] = exact.T
        elif match and weight in tensors and match["name"] in ("span", "relevance"):
            found[f"{match['name']}.weight"] = tensors[weight].T
    return _joined(found, graph, {**constants, **tensors})


def _exact(array: Any, tensors: Mapping[str, Any], name: str) -> Any:
    zero = tensors[f"{name}_zero_point"].astype("float32")
    return (array.astype("float32") - zero) * tensors[f"{name}_scale"]


def _joined(found: Mapping[str, Any], graph: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """Put the channels that were multiplied in 32 bits back into their products."""
    joined = {
        name.replace(".dense.dense.", ".dense."): array.copy()
        for name, array in found.items()
        if ".outliers." not in name
    }
    makers = {name: node for node in graph.node for name in node.output}
    for node in graph.node:
        if node.op_type == "MatMul" and ".outliers." in node.input[1]:
            channels = known[makers[node.input[0]].input[1]]
            part = node.input[1].removeprefix("model.").partition(".outliers.")[0]
            joined[f"{part}.weight"][:, channels] = known[node.input[1]].T
    return joined


def _load(model: Any, restored: Mapping[str, Any], export: Path) -> None:
    import numpy as np
    import torch

    wanted = model.state_dict()
    given = {name: torch.from_numpy(array.copy()) for name, array in restored.items()}
    if set(given) != set(wanted) or any(wanted[n].shape != t.shape for n, t in given.items()):
        raise ModelError(
            f"{export} does not fit the base.",
            hint="Give the BERT that the reader was trained from; its card names it.",
        )
    for name in filter(_EMBEDDINGS.fullmatch, given):
        steps = np.unique(restored[name])
        half = _ROUNDING * float(np.diff(steps).min()) if len(steps) > 1 else 0.0
        same = (wanted[name] - given[name]).abs() <= half
        given[name] = torch.where(same, wanted[name], given[name])
    model.load_state_dict(given)
