"""Convert a cross-encoder to a small ONNX file for the laptop.

The graph takes `input_ids`, `attention_mask` and `token_type_ids` (int64, shape (batch,
tokens)) and gives `score` (float32, shape (batch, 1)), a logit. Weights are int8 with 7
bits of range, as those of the embedder and for the same reason (`convert.embedder.onnx_export`).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assistant.engine.reranker import CONFIG_FILE, OnnxReranker, reranker_info
from assistant.errors import ModelError
from assistant.models.embedder_folder import MODEL_FILE, TOKENIZER_FILE
from assistant.types import CancelToken
from convert.atomic_output import Progress, quiet, run_atomic_step
from convert.base_model import offline, read_json, write_json
from convert.embedder.laptop_export import parity_texts
from convert.embedder.onnx_export import BY_TEXT, OPSET, encoded, quantize_weights, write_graph
from convert.reranker.cross_encoder import check_bert
from convert.step_record import file_sha256

STEP = "reranker export"
LEAST_CORRELATION = 0.99
_TUNING_FILE = "tuning.json"
_DEFAULT_WEIGHT = 1.0
_DEFAULT_TOKENS = 256
_QUESTIONS = 6
_PARITY_TEXTS = 20
_OPENING = 8
"""The first words of a text stand for a question: of it, and not of the others."""


def run_export_reranker(
    source: Path,
    out: Path,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
    *,
    data: Sequence[Path] = (),
) -> dict[str, Any]:
    """Export the cross-encoder in `source` to `out`; return the figures of the comparison.

    On pairs out of `data` (by default of the sample library) the int8 scores must correlate
    (Pearson) with those of the weights in 32 bits by 0.99 or more.

    Raises `ModelError` if they do not, and for a model that can't be exported; `out` is
    then what it was.
    """
    token = cancel or CancelToken()
    settings = _described(source)

    def work(temporary: Path) -> dict[str, Any]:
        progress("exporting", 0, 0)
        exact = temporary / "exact"
        exact.mkdir()
        trace(source, exact / MODEL_FILE)
        quantize_weights(exact / MODEL_FILE, temporary / MODEL_FILE)
        for folder in (exact, temporary):
            _describe(source, folder, settings)
        token.raise_if_cancelled()
        progress("comparing with the weights in 32 bits", 0, 0)
        figures = _parity(temporary, exact, data)
        shutil.rmtree(exact)
        return figures

    names = (MODEL_FILE, TOKENIZER_FILE, CONFIG_FILE)
    return run_atomic_step(out, STEP, work, inputs={"model": source}, settings={}, outputs=names)


def _described(source: Path) -> dict[str, Any]:
    """Return limit and weight as the tuning left them, else what suits any reranker."""
    bert = check_bert(source)
    architectures = read_json(source / "config.json").get("architectures")
    if architectures != ["BertForSequenceClassification"]:
        raise ModelError(
            f"{source} is no cross-encoder: {architectures}.",
            hint="Tune one first: assistant-convert embedder tune-reranker",
        )
    tuning = source / _TUNING_FILE
    table = read_json(tuning) if tuning.is_file() else {}
    return {
        "architecture": "bert",
        "max_tokens": int(table.get("max_tokens", min(_DEFAULT_TOKENS, bert.positions))),
        "weight": float(table.get("weight", _DEFAULT_WEIGHT)),
        "opset": OPSET,
    }


def trace(folder: Path, target: Path) -> None:
    """Write the graph in 32 bits."""
    offline()
    import torch
    from transformers import BertForSequenceClassification

    class Wrapper(torch.nn.Module):  # type: ignore[misc,unused-ignore]
        """Token ids, mask and kinds to a logit, inputs by position (the tracer's wish)."""

        def __init__(self) -> None:
            super().__init__()
            self.model = BertForSequenceClassification.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                num_labels=1,
                attn_implementation="eager",
            ).eval()

        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
            kinds = {"input_ids": input_ids, "token_type_ids": token_type_ids}
            bert = self.model.bert
            return self.model.classifier(bert.pooler(encoded(bert, attention_mask, **kinds)))

    inputs = ["input_ids", "attention_mask", "token_type_ids"]
    write_graph(Wrapper(), inputs, {"score": BY_TEXT}, target)


def _describe(source: Path, folder: Path, settings: dict[str, Any]) -> None:
    shutil.copyfile(source / TOKENIZER_FILE, folder / TOKENIZER_FILE)
    table = {
        **settings,
        "model_sha256": file_sha256(folder / MODEL_FILE),
        "tokenizer_sha256": file_sha256(folder / TOKENIZER_FILE),
    }
    write_json(folder / CONFIG_FILE, table)


def _parity(folder: Path, exact: Path, data: Sequence[Path]) -> dict[str, Any]:
    """Compare int8 and 32-bit scores of some questions and texts, as the laptop runs them."""
    texts = parity_texts(data)[:_PARITY_TEXTS]
    questions = [" ".join(text.split()[:_OPENING]) for text in texts[:_QUESTIONS]]
    given = []
    for one in (folder, exact):
        reranker = OnnxReranker(reranker_info(one), 1)
        given.append(np.ravel([reranker.score(question, texts) for question in questions]))
    correlation = float(np.corrcoef(given[0], given[1])[0, 1])
    if not correlation >= LEAST_CORRELATION:
        raise ModelError(
            f"The int8 scores differ from those in 32 bits: correlation {correlation:.4f}, "
            f"{LEAST_CORRELATION} is asked for.",
            title="The export was refused",
            hint="Nothing was written. Tune longer, or with a smaller learning_rate.",
        )
    return {
        "correlation": round(correlation, 5),
        "greatest_difference": round(float(np.abs(given[0] - given[1]).max()), 4),
        "spread": round(float(given[1].std()), 4),
        "pairs": len(given[0]),
        "bytes": (folder / MODEL_FILE).stat().st_size,
    }
