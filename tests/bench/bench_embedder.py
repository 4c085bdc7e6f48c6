"""Ways to run the embedder: texts a second, memory, and closeness to float32.

    python -m tests.bench.bench_embedder [--json OUT]
        [--workstation PYTHON --source WHEEL_OR_FOLDER] [--gguf FILE]

Each way runs in a process of its own on the same texts of about 190 tokens (SciFact
abstracts, cut). With `--workstation` (a Python that has torch, sentence-transformers and
onnx) and the model's source, float32 is measured too and the committed file is remade and
compared; `--gguf` measures llama.cpp on a GGUF of the same model.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.report import EXIT_SKIPPED, ROOT, Figure, add_json_option, at_least, publish
from tests.bench.report import shared_data as data_folder

THREADS = 2
TEXTS = 128
TOKENS = 190
ROUNDS = 3
BUNDLED = ROOT / "models" / "all-minilm-l6-v2-int8"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--workstation", help="a Python with torch and sentence-transformers")
    parser.add_argument("--source", type=Path, help="the model's wheel or folder")
    parser.add_argument("--gguf", type=Path, help="a GGUF of the same model")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--scratch", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options.worker, options.scratch)
        return 0
    corpus = data_folder() / "scifact" / "corpus.jsonl.gz"
    if not corpus.is_file():
        print(f"{corpus} is missing: the texts are taken from it")
        return EXIT_SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        figures, details = measure(options, corpus, Path(folder))
    publish("embedder", figures, details, options.json)
    return 0


def measure(
    options: argparse.Namespace, corpus: Path, scratch: Path
) -> tuple[list[Figure], dict[str, Any]]:
    """Run every way that is possible here; return figures and details."""
    (scratch / "texts.json").write_text(json.dumps(texts_of(corpus)), encoding="utf-8")
    ways = [f"batch:{BUNDLED}:{size}" for size in (1, 4, 8, 16, 32)]
    results: dict[str, dict[str, float]] = {}
    figures: list[Figure] = []
    if options.workstation and options.source:
        exported = scratch / "f32"
        command = [options.workstation, "-m", "convert.cli", "export-embedder"]
        for target in ([exported, "--float32"], [scratch / "again"]):
            whole = [*command, options.source, *target]
            subprocess.run(whole, capture_output=True, check=True, cwd=ROOT)
        figures.append(remade(scratch / "again"))
        ways += [f"single:{exported}", f"batch:{exported}:8", f"batch:{exported}:1"]
        results["sentence-transformers f32"] = run(
            f"torch:{options.source}", scratch, options.workstation
        )
    if options.gguf:
        ways.append(f"gguf:{options.gguf}")
    for way in [f"single:{BUNDLED}", *ways]:
        results[label(way)] = run(way, scratch, sys.executable)
    reference = scratch / "sentence-transformers f32.npy"
    if reference.is_file():
        close = closeness(scratch, reference)
        for name, (mean, least) in close.items():
            results[name] |= {"cosine_mean": mean, "cosine_min": least}
        ours = close[label(f"single:{BUNDLED}")]
        figures.append(at_least("embedder int8, mean cosine to f32", ours[0], 0.99))
        figures.append(at_least("embedder int8, least cosine to f32", ours[1], 0.98))
    figures += [
        Figure(f"embed, {name}", r["rate"], "texts/s", note=f"peak {r['peak_mb']:.0f} MB")
        for name, r in results.items()
    ]
    return figures, results


def label(way: str) -> str:
    """Name a way for people."""
    kind, _, rest = way.partition(":")
    path = rest.rpartition(":")[0] if kind == "batch" else rest
    weights = "f32" if Path(path).name == "f32" else "int8"
    if kind == "single":
        return f"ONNX {weights}, one text a run, {THREADS} runs side by side"
    if kind == "batch":
        return f"ONNX {weights}, batch {rest.rpartition(':')[2]}, {THREADS} threads a run"
    return "sentence-transformers f32" if kind == "torch" else "llama.cpp GGUF"


def run(way: str, scratch: Path, python: str) -> dict[str, float]:
    """Run one way in a fresh process; return texts a second and peak memory in MB."""
    command = [python, "-m", "tests.bench.bench_embedder", "--worker", way]
    done = subprocess.run(
        [*command, "--scratch", str(scratch)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    if done.returncode:
        raise SystemExit(f"{way} failed:\n{done.stderr[-2000:]}")
    result: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def texts_of(corpus: Path) -> list[str]:
    """Cut abstracts to about 190 tokens."""
    tokenizer = tokenizer_of(BUNDLED)
    texts: list[str] = []
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        for line in lines:
            text = json.loads(line)["text"]
            encoding = tokenizer.encode(text)
            if len(encoding.ids) > TOKENS + 10:
                texts.append(text[: encoding.offsets[TOKENS - 2][1]])
            if len(texts) == TEXTS:
                break
    return texts


def tokenizer_of(folder: Path) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def remade(folder: Path) -> Figure:
    """Compare a fresh export with the committed file."""
    digests = [
        hashlib.sha256((place / "model.onnx").read_bytes()).hexdigest()
        for place in (folder, BUNDLED)
    ]
    same = digests[0] == digests[1]
    return Figure("export gives the committed bytes", float(same), "", "= 1", same)


def closeness(scratch: Path, reference: Path) -> dict[str, tuple[float, float]]:
    """Return (mean, least) cosine to float32 of each way's vectors."""
    truth = np.load(reference)
    found = {}
    for path in scratch.glob("*.npy"):
        cosines = (np.load(path) * truth).sum(axis=1)
        found[path.stem] = (float(cosines.mean()), float(cosines.min()))
    return found


# -- in the worker -------------------------------------------------------------------------


def work(way: str, scratch: Path) -> None:
    """Embed the texts one way, print the best rate, leave the vectors."""
    texts = json.loads((scratch / "texts.json").read_text(encoding="utf-8"))
    kind, _, rest = way.partition(":")
    embed = {"single": single, "batch": batch, "torch": torch, "gguf": gguf}[kind](rest, scratch)
    vectors, best = np.empty(0), float("inf")
    for _ in range(ROUNDS):
        started = time.perf_counter()
        vectors = embed(texts)
        best = min(best, time.perf_counter() - started)
    np.save(scratch / f"{label(way)}.npy", vectors)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    print(json.dumps({"rate": len(texts) / best, "peak_mb": peak * 1024 / 1e6}))


def session(folder: Path, threads: int) -> Any:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False
    return ort.InferenceSession(
        str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )


def single(rest: str, scratch: Path) -> Any:
    folder = Path(rest)
    if folder == BUNDLED:
        from assistant.engine.embedder import OnnxEmbedder
        from assistant.models.catalogue import bundled_models_dir, load_catalogue

        entry = load_catalogue().default_embedder
        return OnnxEmbedder(entry, bundled_models_dir(), THREADS).embed_documents
    tokenizer, runner = tokenizer_of(folder), session(folder, 1)

    def one(text: str) -> Any:
        ids = np.array([tokenizer.encode(text).ids], dtype=np.int64)
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        return runner.run(None, feeds)[0][0]

    pool = ThreadPoolExecutor(THREADS)
    return lambda texts: np.array(list(pool.map(one, texts)))


def batch(rest: str, scratch: Path) -> Any:
    place, _, size = rest.rpartition(":")
    tokenizer, runner = tokenizer_of(Path(place)), session(Path(place), THREADS)

    def embed(texts: list[str]) -> Any:
        rows = [tokenizer.encode(text).ids for text in texts]
        order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
        out = np.empty((len(rows), 384), dtype=np.float32)
        for at in range(0, len(order), int(size)):
            part = order[at : at + int(size)]
            ids = np.zeros((len(part), max(len(rows[row]) for row in part)), dtype=np.int64)
            mask = np.zeros_like(ids)
            for line, row in enumerate(part):
                ids[line, : len(rows[row])] = rows[row]
                mask[line, : len(rows[row])] = 1
            out[part] = runner.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        return out

    return embed


def torch(rest: str, scratch: Path) -> Any:
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch as library
    from sentence_transformers import SentenceTransformer

    from convert.embedder.onnx_export import model_folder

    library.set_num_threads(THREADS)
    folder = model_folder(Path(rest), scratch / "source")
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    return lambda texts: model.encode(texts, normalize_embeddings=True, batch_size=32)


def gguf(rest: str, scratch: Path) -> Any:
    from llama_cpp import Llama

    model = Llama(
        rest, embedding=True, n_ctx=256, n_batch=256, n_ubatch=256, n_threads=THREADS, verbose=False
    )

    def embed(texts: list[str]) -> Any:
        vectors = np.array([model.embed(text) for text in texts], dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    return embed


if __name__ == "__main__":
    sys.exit(main())
