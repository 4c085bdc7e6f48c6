"""Embed texts with sentence-transformers in float32, for comparison with our int8 model.

Runs in the workstation's environment (torch and sentence-transformers), not the laptop's:

    python -m tests.bench.bench_scifact --texts texts.json
    WORKSTATION_PYTHON tests/bench/embed_f32.py MODEL_FOLDER texts.json f32.npz
    python -m tests.bench.bench_scifact --f32-vectors f32.npz --json out.json

`texts.json` holds pairs of a key and a text; the result has `keys` and `vectors`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="folder of a sentence-transformers model")
    parser.add_argument("texts", type=Path)
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(options.model), device="cpu", local_files_only=True)
    pairs = json.loads(options.texts.read_text(encoding="utf-8"))
    texts = [text for _, text in pairs]
    vectors = model.encode(texts, batch_size=16, normalize_embeddings=True, show_progress_bar=True)
    keys = np.array([key for key, _ in pairs])
    np.savez(options.target, keys=keys, vectors=np.asarray(vectors, np.float32))


if __name__ == "__main__":
    main()
