"""Convert a trained reader to a small ONNX file for the laptop.

The graph takes `input_ids`, `attention_mask` and `token_type_ids` (int64, shape (batch,
tokens)) and gives `starts` and `ends` (float32, shape (batch, tokens)) and `relevance`
(float32, shape (batch,)), all logits. Weights are int8 with 7 bits of range, as those of the
embedder and for the same reason (`convert.embedder.onnx_export`); a few channels with outliers
stay in 32 bits (`convert.reader.outlier_channels`).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from assistant.engine.embedder import load_tokenizer
from assistant.engine.reader import OUTPUTS, OnnxReader
from assistant.engine.reader_windows import ReaderWindow, WindowMaker, tokenize
from assistant.errors import ModelError
from assistant.models.embedder_folder import MODEL_FILE, TOKENIZER_FILE
from assistant.models.installed_readers import CONFIG_FILE, reader_info
from assistant.types import CancelToken, Reading
from convert.atomic_output import Progress, quiet, run_atomic_step
from convert.base_model import offline, read_object, write_json
from convert.embedder.laptop_export import parity_texts
from convert.embedder.onnx_export import (
    BY_TEXT,
    BY_TOKEN,
    OPSET,
    encoded,
    quantize_weights,
    write_graph,
)
from convert.reader.bert_folder import CONFIG, BertFolder, check_bert
from convert.reader.outlier_channels import KEPT_EXACT, split_outliers
from convert.reader.settings import ReaderSettings
from convert.reader.span_model import ARCHITECTURE, TUNING_FILE, load_reader_model
from convert.step_record import file_sha256

STEP = "reader export"
FORMAT = 1
LEAST_OVERLAP = 0.85
"""Least mean overlap (Jaccard, characters) of the best spans of int8 and of 32 bits."""

LEAST_CORRELATION = 0.97
"""Least correlation (Pearson) of the best spans' margins."""

_PARITY_TEXTS = 24
_QUESTIONS = 4
_OPENING = 8
"""The first words of a text stand for a question: of it, and of the others."""


def run_export_reader(
    source: Path,
    out: Path,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
    *,
    data: Sequence[Path] = (),
) -> dict[str, Any]:
    """Export the reader in `source` to `out`; return the figures of the comparison.

    On passages of `data` (by default of the sample library) the int8 model must find the
    spans that the weights in 32 bits find, with margins that go with theirs.

    Raises `ModelError` if it does not, and for a model that can't be exported; `out` is then
    what it was.
    """
    token = cancel or CancelToken()
    bert, described = _described(source)

    def work(temporary: Path) -> dict[str, Any]:
        progress("exporting", 0, 0)
        exact = temporary / "exact"
        exact.mkdir()
        trace(bert, exact / MODEL_FILE)
        texts = parity_texts(data)[:_PARITY_TEXTS]
        with TemporaryDirectory() as scratch:
            split = Path(scratch) / MODEL_FILE
            trace(bert, split, _windows(source, texts, described["max_tokens"]))
            quantize_weights(split, temporary / MODEL_FILE, exact=KEPT_EXACT)
        for folder in (exact, temporary):
            _describe(source, folder, described)
        token.raise_if_cancelled()
        progress("comparing with the weights in 32 bits", 0, 0)
        figures = _parity(temporary, exact, texts)
        shutil.rmtree(exact)
        return figures | {"bytes": (temporary / MODEL_FILE).stat().st_size}

    names = (MODEL_FILE, TOKENIZER_FILE, CONFIG_FILE)
    return run_atomic_step(out, STEP, work, inputs={"model": source}, settings={}, outputs=names)


def _described(source: Path) -> tuple[BertFolder, dict[str, Any]]:
    bert = check_bert(source)
    architectures = read_object(source / CONFIG).get("architectures")
    if architectures != [ARCHITECTURE]:
        raise ModelError(
            f"{source} is no reader: {architectures}.",
            hint="Train one first: assistant-convert reader train",
        )
    tuning = source / TUNING_FILE
    table = read_object(tuning) if tuning.is_file() else {}
    limit = min(int(table.get("max_tokens", ReaderSettings().max_tokens)), bert.positions)
    described = {"format": FORMAT, "architecture": "bert", "task": "span", "max_tokens": limit,
                 "quantization": "int8", "opset": OPSET}  # fmt: skip
    return bert, described


def trace(bert: BertFolder, target: Path, windows: Sequence[ReaderWindow] = ()) -> None:
    """Write the graph in 32 bits; with `windows` its products are split at their outliers."""
    offline()
    import torch

    inputs = ["input_ids", "attention_mask", "token_type_ids"]
    given = [
        dict(zip(inputs, (torch.tensor([row]) for row in rows), strict=True))
        for rows in ((w.ids, (1,) * len(w.ids), w.kinds) for w in windows)
    ]

    class Wrapper(torch.nn.Module):  # type: ignore[misc,unused-ignore]
        """Token ids, mask and kinds to logits, inputs by position (the tracer's wish)."""

        def __init__(self) -> None:
            super().__init__()
            self.model = load_reader_model(bert).eval()
            if given:
                split_outliers(self.model, given)

        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
            kinds = {"input_ids": input_ids, "token_type_ids": token_type_ids}
            return self.model.heads(encoded(self.model.bert, attention_mask, **kinds))

    axes = dict(zip(OUTPUTS, (BY_TOKEN, BY_TOKEN, BY_TEXT), strict=True))
    write_graph(Wrapper(), inputs, axes, target)


def _windows(source: Path, texts: Sequence[str], max_tokens: int) -> list[ReaderWindow]:
    """Return a window for each text, asked for what another one begins with."""
    path = source / TOKENIZER_FILE
    tokenizer = load_tokenizer(path, file_sha256(path))
    begin, end = tokenizer.encode("", add_special_tokens=True).ids
    maker = WindowMaker(begin, end, max_tokens)
    asked = [tokenize(tokenizer, question) for question in _openings(texts)]
    return [
        next(maker.windows(asked[number % len(asked)], read, 0))
        for number, read in enumerate(tokenize(tokenizer, text) for text in texts)
        if read.ids
    ]


def _openings(texts: Sequence[str]) -> list[str]:
    step = max(1, len(texts) // _QUESTIONS)
    return [" ".join(text.split()[:_OPENING]) for text in texts[::step]]


def _describe(source: Path, folder: Path, described: dict[str, Any]) -> None:
    shutil.copyfile(source / TOKENIZER_FILE, folder / TOKENIZER_FILE)
    pins = {
        "model_sha256": file_sha256(folder / MODEL_FILE),
        "tokenizer_sha256": file_sha256(folder / TOKENIZER_FILE),
    }
    write_json(folder / CONFIG_FILE, described | pins)


def _parity(folder: Path, exact: Path, texts: Sequence[str]) -> dict[str, Any]:
    """Compare what int8 and 32 bits read in some texts, as the laptop runs them."""
    questions = _openings(texts)
    found = []
    for one in (folder, exact):
        reader = OnnxReader(reader_info(one), 1)
        found.append([one for question in questions for one in reader.read(question, texts)])
    return check_parity(*found)


def check_parity(readings: Sequence[Reading], exact: Sequence[Reading]) -> dict[str, Any]:
    """Return how well readings agree with exact ones. Raises `ModelError` if not enough."""
    pairs = [(a, b) for a, b in zip(readings, exact, strict=True) if a.spans and b.spans]
    overlap = float(np.mean([_overlap(a, b) for a, b in pairs]))
    margins = np.array([(a.spans[0].score, b.spans[0].score) for a, b in pairs]).T
    correlation = float(np.corrcoef(margins[0], margins[1])[0, 1])
    if not (overlap >= LEAST_OVERLAP and correlation >= LEAST_CORRELATION):
        raise ModelError(
            f"The int8 reader differs from that in 32 bits: its spans overlap by {overlap:.3f}, "
            f"its margins correlate by {correlation:.4f}; {LEAST_OVERLAP} and "
            f"{LEAST_CORRELATION} are asked for.",
            title="The export was refused",
            hint="Nothing was written. Train longer, or with a smaller learning_rate.",
        )
    return {"overlap": round(overlap, 4), "correlation": round(correlation, 5),
            "pairs": len(pairs)}  # fmt: skip


def _overlap(one: Reading, other: Reading) -> float:
    a, b = one.spans[0], other.spans[0]
    shared = min(a.end, b.end) - max(a.start, b.start)
    return max(0, shared) / (max(a.end, b.end) - min(a.start, b.start))
