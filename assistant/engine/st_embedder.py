"""Any sentence-transformers model as embedder: an extra, for machines that have torch.

The model is a local folder; nothing is ever fetched and no code of the model's own is
run. The laptop's default (`embedder.py`) needs none of this.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assistant.errors import EngineError, ModelError
from assistant.types import CancelToken, EmbedderIdentity, Vectors

_BATCH = 16
_RUNS_CODE = frozenset(
    {".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".npz", ".h5", ".py"}
)


def folder_identity(folder: Path) -> EmbedderIdentity:
    """Describe a model folder without loading it. Raises `ModelError`."""
    _refuse_pickles(folder)
    try:
        pooling = _json(folder / "1_Pooling" / "config.json")
        limits = _json(folder / "sentence_bert_config.json")
        modes = sorted(k for k, v in pooling.items() if k.startswith("pooling_mode") and v is True)
        prompts_file = folder / "config_sentence_transformers.json"
        prompts = _json(prompts_file).get("prompts", {}) if prompts_file.is_file() else {}
        return EmbedderIdentity(
            name=folder.resolve().name,
            sha256=_hash_folder(folder),
            dimension=int(pooling["word_embedding_dimension"]),
            pooling="+".join(mode.removeprefix("pooling_mode_") for mode in modes),
            query_prefix=str(prompts.get("query", "")),
            document_prefix=str(prompts.get("document", prompts.get("passage", ""))),
            max_tokens=int(limits["max_seq_length"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{folder} is no sentence-transformers model: {error}.",
            hint="Name a local folder with modules.json, 1_Pooling and the weights.",
        ) from error


class SentenceTransformersEmbedder:
    """An `Embedder` on torch, for a local sentence-transformers folder."""

    def __init__(self, folder: Path, threads: int) -> None:
        self._identity = folder_identity(folder)
        self._model = _load(folder, threads)
        self._model.max_seq_length = self._identity.max_tokens
        self._tokenizer: Any = self._model.tokenizer
        self._lock = threading.Lock()

    @property
    def identity(self) -> EmbedderIdentity:
        return self._identity

    @property
    def text_token_limit(self) -> int:
        specials = int(self._tokenizer.num_special_tokens_to_add(pair=False))
        prefix = len(self._tokens(self._identity.document_prefix))
        return self._identity.max_tokens - specials - prefix

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(self._tokens(text)) for text in texts]

    def embed_documents(self, texts: Sequence[str], cancel: CancelToken | None = None) -> Vectors:
        limit = self.text_token_limit
        if any(count > limit for count in self.count_tokens(texts)):
            raise EngineError(f"A text is over the embedder's limit of {limit} tokens.")
        prefixed = [self._identity.document_prefix + text for text in texts]
        rows = [np.empty((0, self._identity.dimension), dtype=np.float32)]
        for at in range(0, len(prefixed), _BATCH):
            if cancel is not None:
                cancel.raise_if_cancelled()
            rows.append(self._encode(prefixed[at : at + _BATCH]))
        return np.concatenate(rows)

    def embed_query(self, text: str) -> Vectors:
        """Embed one query; the mean of its windows if it is over the limit."""
        room = self.text_token_limit
        tokens = self._tokens(text)
        parts = [text]
        if len(tokens) > room:
            # Half of the room: cut anywhere, a part may tokenize to more tokens than it had.
            cuts = [tokens[at : at + room // 2] for at in range(0, len(tokens), room // 2)]
            parts = [self._tokenizer.decode(cut) for cut in cuts]
        vectors = self._encode([self._identity.query_prefix + part for part in parts])
        mean: Vectors = vectors.mean(axis=0)
        return (mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)

    def _tokens(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False, verbose=False)
        return ids

    def _encode(self, texts: Sequence[str]) -> Vectors:
        with self._lock:
            try:
                vectors: Vectors = self._model.encode(
                    list(texts), normalize_embeddings=True, show_progress_bar=False
                )
            except Exception as error:  # torch's errors share no base
                raise EngineError(f"The embedder failed: {error}.") from error
        return np.asarray(vectors, dtype=np.float32)


def _load(folder: Path, threads: int) -> Any:
    # Set before the import: these libraries read them only once.
    for variable in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ[variable] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    try:
        import torch
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise ModelError(
            "sentence-transformers is not installed.",
            hint="Install the extra: pip install 'airgap-assistant[sentence-transformers]'",
        ) from error
    torch.set_num_threads(threads)
    try:
        return SentenceTransformer(
            str(folder), device="cpu", local_files_only=True, trust_remote_code=False
        )
    except Exception as error:  # it raises whatever its parts raise
        raise ModelError(f"{folder} can't be loaded: {error}.") from error


def _refuse_pickles(folder: Path) -> None:
    """Refuse weights in a format whose loading can run code: safetensors only."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _RUNS_CODE:
            raise ModelError(
                f"{folder} holds {path.name}, a format whose loading can run code.",
                hint="Use a model whose weights are safetensors, and remove the other files.",
            )


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _hash_folder(folder: Path) -> str:
    """Hash all files that decide the vectors, by name and content."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".json", ".safetensors", ".bin", ".txt", ".model") and path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
